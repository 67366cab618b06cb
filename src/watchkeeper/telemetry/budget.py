"""What a source may be asked, counted where all workers see it, and a breaker for sources that say "too much"."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from watchkeeper.domain.clock import Clock
from watchkeeper.domain.errors import BudgetExceeded, SourceUnavailable
from watchkeeper.settings import Budget


@dataclass(frozen=True, slots=True)
class Spend:
    """What questions cost."""

    queries: int = 0
    bytes: int = 0
    series: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(
            self.queries + other.queries, self.bytes + other.bytes, self.series + other.series, self.seconds + other.seconds
        )  # fmt: skip


class Ledger(Protocol):
    """Totals by account. `store.ledger.PostgresLedger` is the one that all workers share."""

    async def spend(self, account: str, amount: Spend) -> Spend:
        """Add to an account; its total afterwards."""
        ...


class MemoryLedger:
    """Totals of this process."""

    def __init__(self) -> None:
        self._totals: dict[str, Spend] = {}

    async def spend(self, account: str, amount: Spend) -> Spend:
        """Add to an account; its total afterwards."""
        self._totals[account] = self._totals.get(account, Spend()) + amount
        return self._totals[account]


class Purse:
    """The budget of one source."""

    def __init__(self, source: str, budget: Budget, ledger: Ledger, clock: Clock) -> None:
        self._source, self._budget, self._ledger, self._clock = source, budget, ledger, clock
        self._closed_until = clock.now() - timedelta(days=1)

    async def ask(self, incident: str) -> None:
        """Before each query. Raises BudgetExceeded, or SourceUnavailable while the breaker is open."""
        now = self._clock.now()
        if now < self._closed_until:
            left = (self._closed_until - now).total_seconds()
            raise SourceUnavailable(f"{self._source} asked us to wait; we ask again in {left:.0f} s", retry_after=left)
        minute = await self._ledger.spend(f"{self._source} {now:%Y-%m-%dT%H:%M}", Spend(queries=1))
        if minute.queries > self._budget.queries_per_minute:
            raise BudgetExceeded(f"{self._source}: more than {self._budget.queries_per_minute} queries this minute")
        if incident:
            self._check(await self._ledger.spend(f"{self._source} {incident}", Spend(queries=1)))

    async def pay(self, incident: str, amount: Spend) -> None:
        """After each answer."""
        if incident:
            await self._ledger.spend(f"{self._source} {incident}", amount)

    def trip(self, seconds: float) -> None:
        """Ask nothing for a while."""
        self._closed_until = self._clock.now() + timedelta(seconds=seconds)

    def _check(self, total: Spend) -> None:
        b = self._budget
        for what, used, limit in (
            ("queries", total.queries, b.queries_per_incident), ("bytes", total.bytes, b.bytes_per_incident),
            ("series", total.series, b.series_per_incident), ("seconds", total.seconds, b.seconds_per_incident),
        ):  # fmt: skip
            if used > limit:
                raise BudgetExceeded(f"{self._source}: this incident's budget of {limit:g} {what} is spent")
