"""Shadows, outcomes, grants: implements `store.ports.standing.StandingRecords`."""

import json
from collections.abc import Mapping
from datetime import datetime

from watchkeeper.domain.redaction import redact_json
from watchkeeper.store.ports.standing import OutcomeRecord, Shadow
from watchkeeper.store.statements.connection import Statements


class StandingStatements(Statements):
    """One shadow an incident, one outcome a plan."""

    async def save_shadow(self, shadow: Shadow) -> None:
        """The newest stands."""
        await self._do(
            "insert into shadows (incident_id, plan_id, action, namespace, target, planned_at, snapshot) values "
            "(:incident, :plan, :action, :namespace, :target, :at, cast(:snapshot as jsonb)) on conflict (incident_id) do update set "
            "plan_id = excluded.plan_id, action = excluded.action, namespace = excluded.namespace, target = excluded.target, "
            "planned_at = excluded.planned_at, snapshot = excluded.snapshot",
            incident=shadow.incident_id, plan=shadow.plan_id, action=shadow.action, namespace=shadow.namespace,
            target=shadow.target, at=shadow.planned_at, snapshot=json.dumps(redact_json(dict(shadow.snapshot)), default=str),
        )  # fmt: skip

    async def open_shadows(self) -> list[tuple[Shadow, datetime]]:
        """Oldest first."""
        found = await self._rows(
            "select s.*, coalesce(i.resolved_at, i.updated_at) as ended from shadows s join incidents i on i.id = s.incident_id "
            "where i.stage = 'resolved' order by s.planned_at"
        )
        return [
            (
                Shadow(
                    r["incident_id"],
                    r["plan_id"],
                    r["action"],
                    r["namespace"],
                    r["target"],
                    r["planned_at"],
                    r["snapshot"],
                ),
                r["ended"],
            )
            for r in found
        ]

    async def add_outcome(self, outcome: OutcomeRecord) -> bool:
        """Once a plan."""
        kept = await self._do(
            "insert into outcomes (incident_id, plan_id, action, namespace, word, because, minutes, at) values "
            "(:incident, :plan, :action, :namespace, :word, :because, :minutes, :at) on conflict do nothing",
            incident=outcome.incident_id, plan=outcome.plan_id, action=outcome.action, namespace=outcome.namespace,
            word=outcome.word, because=str(redact_json(outcome.because)), minutes=outcome.minutes, at=outcome.at,
        )  # fmt: skip
        await self._do("delete from shadows where incident_id = :id", id=outcome.incident_id)
        return kept == 1

    async def outcomes(self, action: str = "", namespace: str = "") -> list[OutcomeRecord]:
        """Oldest first."""
        found = await self._rows(
            "select * from outcomes where (:action = '' or action = :action) and (:namespace = '' or namespace = :namespace) order by at, plan_id",
            action=action, namespace=namespace,
        )  # fmt: skip
        return [OutcomeRecord(**row) for row in found]

    async def grant(self, action: str, namespace: str, by: str, at: datetime) -> None:
        """The newest word stands."""
        await self._do(
            "insert into grants (action, namespace, by_whom, at) values (:action, :namespace, :by, :at) "
            "on conflict (action, namespace) do update set by_whom = excluded.by_whom, at = excluded.at",
            action=action, namespace=namespace, by=by, at=at,
        )  # fmt: skip

    async def revoke(self, action: str, namespace: str) -> None:
        """Taken back."""
        await self._do(
            "delete from grants where action = :action and namespace = :namespace", action=action, namespace=namespace
        )

    async def grants(self) -> Mapping[tuple[str, str], datetime]:
        """All."""
        return {(r["action"], r["namespace"]): r["at"] for r in await self._rows("select * from grants")}

    async def automatic_cost(self, namespace: str, since: datetime) -> float:
        """Plans that policy let run, still standing."""
        row = await self._row(
            "select coalesce(sum((body #>> '{cost,monthly}')::double precision), 0) as total from plans "
            "where verdict ->> 'kind' = 'AutoApproved' and state in ('applying', 'applied', 'succeeded') "
            "and body #>> '{target,namespace}' = :namespace and created_at >= :since",
            namespace=namespace, since=since,
        )  # fmt: skip
        return float(row["total"]) if row else 0.0
