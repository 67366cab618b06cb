"""Spending on language models, and their cached answers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from watchkeeper.domain.redaction import redact_json
from watchkeeper.store.ports.models import Allowance
from watchkeeper.store.statements.connection import Statements


class ModelStatements(Statements):
    """Implements `store.ports.models.ModelRecords`."""

    async def reserve_model(self, allowances: Sequence[Allowance], tokens: int, cost: float, at: datetime) -> str:
        """All accounts or none; one reservation at a time in the installation."""
        await self.lock("model_spending")
        for allowed in allowances:
            spent, paid = await self.model_spending(allowed.account)
            if (allowed.tokens and spent + tokens > allowed.tokens) or (allowed.cost and paid + cost > allowed.cost):
                return allowed.account
        for allowed in allowances:
            await self._do(
                "insert into model_spending (account, tokens, cost, at) values (:account, :tokens, :cost, :at) on conflict (account) "
                "do update set tokens = model_spending.tokens + excluded.tokens, cost = model_spending.cost + excluded.cost",
                account=allowed.account, tokens=tokens, cost=cost, at=at,
            )  # fmt: skip
        return ""

    async def settle_model(self, accounts: Sequence[str], tokens: int, cost: float) -> None:
        """Never below zero."""
        await self._do(
            "update model_spending set tokens = greatest(tokens + :tokens, 0), cost = greatest(cost + :cost, 0) where account = any(:accounts)",
            tokens=tokens, cost=cost, accounts=list(accounts),
        )  # fmt: skip

    async def model_spending(self, account: str) -> tuple[int, float]:
        """Tokens and cost."""
        row = await self._row("select tokens, cost from model_spending where account = :account", account=account)
        return (int(row["tokens"]), float(row["cost"])) if row else (0, 0.0)

    async def model_refusal_said(self, account: str, at: datetime) -> bool:
        """True the first time only."""
        return await self._do(
            "insert into model_spending (account, tokens, cost, at, said) values (:account, 0, 0, :at, true) "
            "on conflict (account) do update set said = true where not model_spending.said",
            account=account, at=at,
        ) == 1  # fmt: skip

    async def model_answer(self, key: str) -> Mapping[str, Any] | None:
        """By the digest of what was asked."""
        row = await self._row("select body from model_answers where key = :key", key=key)
        return dict(row["body"]) if row else None

    async def keep_model_answer(self, key: str, body: Mapping[str, Any], at: datetime) -> None:
        """The first answer stays."""
        await self._do("delete from model_answers where at < cast(:at as timestamptz) - interval '30 days'", at=at)
        await self._do(
            "insert into model_answers (key, body, at) values (:key, cast(:body as jsonb), :at) on conflict do nothing",
            key=key, body=json.dumps(redact_json(dict(body))), at=at,
        )  # fmt: skip
