"""What every CI system can be asked. One file per system on the shelf `codehosts.ci`, each with `build(settings)`.

A webhook's body is never believed: it only says that something happened to a run, which is then fetched again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from watchkeeper.domain.failed_test import FailedTest

Sink = Callable[[bytes], object]
TESTS = 200
"""Failed tests of a run that are read"""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened to a run. `delivery` is the same when the same news comes twice."""

    delivery: str
    repository: str
    """owner/name, project, or path of the job"""
    run_id: str


@dataclass(frozen=True, slots=True)
class JobRun:
    """One job of a run."""

    id: str
    name: str
    failed: bool
    failed_step: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the system shows it now. Times are aware."""

    system: str
    repository: str
    id: str
    attempt: int
    name: str
    branch: str
    sha: str
    url: str
    state: str
    """running, passed, failed, cancelled"""
    author: str
    event: str
    started_at: datetime
    finished_at: datetime | None
    pull_request: int | None = None
    definition: str = ""
    """What the system calls the pipeline itself: workflow or definition id, job path"""
    details: Mapping[str, str] | None = None

    @property
    def key(self) -> str:
        """Unique among all systems."""
        return f"{self.system}:{self.repository}:{self.id}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Words on a line of a file of the repository."""

    path: str
    line: int
    words: str
    title: str


class ContinuousIntegration(Protocol):
    """One CI system. Raises CodeHostError and its children; NotFound where a run is gone."""

    name: str

    def notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook announces; None where it is nothing to look at. Raises NotAllowed, InvalidInput."""
        ...

    async def run(self, repository: str, run_id: str) -> Run:
        """The run as it stands now, its newest attempt."""
        ...

    async def jobs(self, run: Run) -> tuple[JobRun, ...]:
        """All jobs of that attempt."""
        ...

    async def log(self, run: Run, job: JobRun, sink: Sink) -> bool:
        """Hand the job's log to `sink` block by block; False where the system does not keep it any more."""
        ...

    async def changed_files(self, run: Run) -> tuple[str, ...]:
        """Paths the run's change touches."""
        ...

    async def last_green(self, run: Run) -> Run | None:
        """The last run of the same pipeline that passed, on this branch, else on any."""
        ...

    async def failed_tests(self, run: Run) -> tuple[FailedTest, ...]:
        """What the test reports kept with the run say; () where none are kept. At most `TESTS`."""
        ...

    async def comment(self, run: Run, body: str, key: str) -> bool:
        """One comment per key on the run's pull request, edited when it is there; False where it cannot be written."""
        ...

    async def report(self, run: Run, title: str, summary: str, annotations: tuple[Annotation, ...]) -> bool:
        """A check on the commit with words on lines; False where the system or the token has none."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...


def text_of(value: Any) -> str:
    """A value of an answer as text; None is ""."""
    return "" if value is None else str(value)
