"""What every repository host can be asked. One file per host on the shelf `codehosts.hosts`.

A host module defines `build(settings, cluster) -> CodeHost`; `cluster` says how its API is reached, None without one. Every write is idempotent by its key: the branch
carries the plan's digest, so asking twice finds the first one's work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ChecksState(StrEnum):
    """`NONE` is not green: nobody has reported yet."""

    NONE = "none"
    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Checks:
    """All check runs and commit statuses of one commit, folded."""

    state: ChecksState
    words: str
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the host shows it now."""

    number: int
    url: str
    branch: str
    base: str
    head_sha: str
    state: str
    """open, closed, merged"""
    merge_sha: str = ""
    mergeable: bool | None = None
    review_required: bool = False
    reviewers: tuple[str, ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True)
class ClusterDoor:
    """How the cluster's API is reached, for what is applied directly."""

    server: str
    token: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


class CodeHost(Protocol):
    """A repository and its pull requests. Raises CodeHostError and its children."""

    name: str

    async def read_file(self, path: str, ref: str) -> str | None:
        """The file's text at a branch or commit, None where it is not."""
        ...

    async def list_files(self, ref: str, under: str = "") -> list[str]:
        """Paths of all files at a ref, sorted."""
        ...

    async def earlier(self, ref: str, under: str = "") -> Mapping[str, tuple[str, ...]]:
        """{path: texts it had before its last changes, newest first} of files changed or removed lately."""
        ...

    async def head(self, branch: str) -> str | None:
        """The commit a branch points at, None where there is no such branch."""
        ...

    async def propose(
        self, *, branch: str, base: str, files: Mapping[str, str], title: str, body: str, message: str
    ) -> PullRequest:
        """One commit with `files` on `branch` off `base`, and a pull request for it; found again if already there."""
        ...

    async def pull_request(self, number: int) -> PullRequest:
        """As it stands now."""
        ...

    async def find_pull_request(self, branch: str) -> PullRequest | None:
        """The newest pull request of a branch, in any state."""
        ...

    async def checks(self, sha: str) -> Checks:
        """Check runs and statuses of a commit."""
        ...

    async def merge(self, number: int, *, expected_head: str) -> PullRequest:
        """Merge if the head is still the expected one. Raises MergeRefused with the host's reason."""
        ...

    async def close(self, number: int, *, comment: str) -> PullRequest:
        """Close without merging, saying why; the branch is deleted. Closing twice is fine."""
        ...

    async def comment(self, number: int, body: str, *, key: str) -> None:
        """One comment per key: the second call edits the first one's words."""
        ...

    async def probe(self) -> list[tuple[str, bool, str]]:
        """(what, ok, words) per permission that is needed."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...
