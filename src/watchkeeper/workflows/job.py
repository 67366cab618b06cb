"""What a file on the shelf `workflows.jobs` must define as `JOB`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from watchkeeper.settings import Settings
from watchkeeper.workflows.house import House


@dataclass(frozen=True, slots=True)
class Job:
    """`seconds` between two runs, 0 where the settings switch it off; `run` may run twice and must not mind."""

    seconds: Callable[[Settings], float]
    run: Callable[[House], Awaitable[None]]
