"""Is it the change, or chance? From what happened to the same template before."""

from dataclasses import dataclass

from watchkeeper.pipelines.categories import PASSING

ENOUGH = 2


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a template in this repository, this run aside."""

    failures: int = 0
    branches: int = 0
    """Different branches it failed on"""
    passed_again: int = 0
    """How often the same commit passed when it was run again"""


@dataclass(frozen=True, slots=True)
class Flakiness:
    """The judgement and the words for it."""

    flaky: bool
    because: str


def judge(category: str, history: History, *, attempt: int = 1, retry_succeeded: bool = False) -> Flakiness:
    """Flaky where the same commit passed before or after, or unrelated branches meet the same failure."""
    if retry_succeeded:
        return Flakiness(True, f"the same commit passed when run again (attempt {attempt})")
    if history.passed_again:
        return Flakiness(True, f"it failed like this before and passed {history.passed_again} times when run again")
    if history.branches >= ENOUGH and category in PASSING | {"test"}:
        return Flakiness(True, f"{history.branches} other branches failed with the same line")
    return Flakiness(False, "")
