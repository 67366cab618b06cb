"""What an announcer is built with."""

from dataclasses import dataclass

from watchkeeper.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class PlatformTools:
    """The clock, and how people reach the console ("": unknown)."""

    clock: Clock
    public_url: str = ""
