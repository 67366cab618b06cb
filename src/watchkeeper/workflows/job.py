"""What a file on the shelf `workflows.jobs` must define as `JOB`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from watchkeeper.settings import Settings
from watchkeeper.workflows.house import House


@dataclass(frozen=True, slots=True)
class Job:
    """`seconds` between two runs, 0 where the settings switch it off; `run` may run twice and must not mind."""

    seconds: Callable[[Settings], float]
    run: Callable[[House], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ShardedJob:
    """A job in parts, each claimed by itself: as many workers help as are free. `run` is told (part, parts)."""

    seconds: Callable[[Settings], float]
    shards: Callable[[Settings], int]
    run: Callable[[House, int, int], Awaitable[None]]


def parts(name: str, job: "Job | ShardedJob", house: House) -> dict[str, tuple[float, Callable[[], Awaitable[None]]]]:
    """Name -> (seconds, what to run): one entry, or one a shard."""
    seconds = job.seconds(house.settings)
    if isinstance(job, Job):
        return {name: (seconds, partial(job.run, house))}
    of = job.shards(house.settings)
    return {f"{name}-{n}-of-{of}": (seconds, partial(job.run, house, n, of)) for n in range(of)}
