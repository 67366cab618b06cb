"""Small real classes to stand in for the clock, ids and a model. For our tests and for plugin authors."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from watchkeeper.domain.errors import WatchkeeperError
from watchkeeper.llm.port import Completion, Prompt, estimated_tokens


class ManualClock:
    """Stands still until told otherwise."""

    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time it was last set to."""
        return self._at

    def advance(self, **parts: float) -> datetime:
        """Move on by a `timedelta(**parts)`."""
        self._at += timedelta(**parts)
        return self._at


class CountingIds:
    """`inc-1`, `inc-2`, `plan-1`, …"""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def new(self, kind: str) -> str:
        """The next number of this kind."""
        self._seen[kind] += 1
        return f"{kind}-{self._seen[kind]}"


class ScriptedModel:
    """Answers with prepared texts (or raises prepared errors) in order, and remembers what it was asked."""

    name = "scripted"
    provider = "scripted"

    def __init__(self, answers: Iterable[str | WatchkeeperError]) -> None:
        self._answers = list(answers)
        self.asked: list[Prompt] = []

    async def complete(self, prompt: Prompt) -> Completion:
        """The next prepared answer."""
        self.asked.append(prompt)
        answer = self._answers.pop(0)
        if isinstance(answer, WatchkeeperError):
            raise answer
        return Completion(answer, estimated_tokens(prompt.system + prompt.user), estimated_tokens(answer), self.name)

    async def aclose(self) -> None:
        """Nothing was opened."""
