"""What can ail a container, and for which containers."""

from dataclasses import dataclass, replace

from watchkeeper.simulate.ports import Container


@dataclass(frozen=True, slots=True)
class Effects:
    """Departures from normal; the default is none."""

    error_rate: float = 0.0
    latency_factor: float = 1.0
    cpu_factor: float = 1.0
    memory_growth: float = 0.0
    """MiB that are added in the long run"""
    memory_seconds: float = 60.0
    """time constant of that growth"""
    leaked: float = 0.0
    """connections of the pool that are never given back"""
    early_return: float = 0.0
    """share of requests that are answered before the service made any call"""
    lives: float = 0.0
    """seconds after which the process ends with an error; 0: it does not"""
    never_ready: bool = False
    unscrapable: bool = False
    exception: str = ""
    """what the log says with each error"""
    pace: float = 0.0
    """seconds until a fault has its full strength"""

    def with_(self, other: "Effects") -> "Effects":
        """Both together."""
        return Effects(
            1 - (1 - self.error_rate) * (1 - other.error_rate), self.latency_factor * other.latency_factor,
            self.cpu_factor * other.cpu_factor, self.memory_growth + other.memory_growth,
            other.memory_seconds if other.memory_growth else self.memory_seconds, self.leaked + other.leaked,
            1 - (1 - self.early_return) * (1 - other.early_return), other.lives or self.lives,
            self.never_ready or other.never_ready, self.unscrapable or other.unscrapable,
            other.exception or self.exception, other.pace or self.pace,
        )  # fmt: skip

    def scaled(self, share: float) -> "Effects":
        """Part of the way from nothing to this."""
        return replace(
            self, error_rate=self.error_rate * share, latency_factor=1 + (self.latency_factor - 1) * share,
            cpu_factor=1 + (self.cpu_factor - 1) * share, leaked=self.leaked * share,
            early_return=self.early_return * share,
        )  # fmt: skip


NOTHING = Effects()


@dataclass(frozen=True, slots=True)
class Curse:
    """Effects on containers of a service that start from now on, of one image or of any."""

    service: str
    effects: Effects
    image: str = ""

    def fits(self, container: Container) -> bool:
        """Is this one of them?"""
        return container.owner == self.service and self.image in ("", container.image)
