"""What language models may cost, counted where all replicas see it, and answers that need not be asked for again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Allowance:
    """An account with its limits; 0: none."""

    account: str
    tokens: int
    cost: float


class ModelRecords(Protocol):
    """Spending on models, and their cached answers."""

    async def reserve_model(self, allowances: Sequence[Allowance], tokens: int, cost: float, at: datetime) -> str:
        """Take tokens and cost from every account, or from none: "" or the account whose limit would be passed."""
        ...

    async def settle_model(self, accounts: Sequence[str], tokens: int, cost: float) -> None:
        """Add the difference between what was reserved and what was used; negative gives back."""
        ...

    async def model_spending(self, account: str) -> tuple[int, float]:
        """Tokens and cost of an account."""
        ...

    async def model_refusal_said(self, account: str, at: datetime) -> bool:
        """Note that people were told the account is used up; True the first time only."""
        ...

    async def model_answer(self, key: str) -> Mapping[str, Any] | None:
        """A cached answer."""
        ...

    async def keep_model_answer(self, key: str, body: Mapping[str, Any], at: datetime) -> None:
        """Remember it; answers older than 30 days go."""
        ...
