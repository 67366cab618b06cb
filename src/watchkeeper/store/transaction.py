"""One unit of work on PostgreSQL: implements `store.port.Transaction`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.errors import Conflict, NotFound
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.incident import Incident, IncidentEvent
from watchkeeper.domain.redaction import redact, redact_json
from watchkeeper.domain.remediation import Approval, Plan, Verdict
from watchkeeper.domain.topology import Edge, Topology
from watchkeeper.store import chain, codec, rows
from watchkeeper.store.port import PlanRecord, PlanState, StoredAlert, StoredToken
from watchkeeper.store.statements.chat import ChatStatements
from watchkeeper.store.statements.conversation import ConversationStatements
from watchkeeper.store.statements.deliveries import DeliveryStatements
from watchkeeper.store.statements.exhibits import ExhibitStatements
from watchkeeper.store.statements.intake import (
    ANNOUNCED,
    CARRY_OUT_QUEUE,
    EVENTS_CHANNEL,
    PRIORITY,
    QUEUE,
    QUEUE_OF,
    STEP_TASK,
    WAKE,
    IntakeStatements,
    incident_columns,
)
from watchkeeper.store.statements.logins import LoginStatements
from watchkeeper.store.statements.memory import MemoryStatements
from watchkeeper.store.statements.models import ModelStatements
from watchkeeper.store.statements.moving import MovingStatements
from watchkeeper.store.statements.muting import MutingStatements
from watchkeeper.store.statements.overview import OverviewStatements
from watchkeeper.store.statements.people import PeopleStatements
from watchkeeper.store.statements.periodic import PeriodicStatements
from watchkeeper.store.statements.pipelines import PipelineStatements
from watchkeeper.store.statements.standing import StandingStatements
from watchkeeper.store.statements.upkeep import UpkeepStatements
from watchkeeper.store.statements.watching import WatchStatements

__all__ = ["CARRY_OUT_QUEUE", "EVENTS_CHANNEL", "QUEUE", "STEP_TASK", "PostgresTransaction"]
QUARANTINE_BYTES = 64 * 1024
QUARANTINE_DAYS = 7
CALLS_DAYS = 7

_INCIDENT_COLUMNS = tuple(Incident.__dataclass_fields__)


class PostgresTransaction(
    ChatStatements,
    ConversationStatements,
    DeliveryStatements,
    ModelStatements,
    ExhibitStatements,
    MemoryStatements,
    IntakeStatements,
    LoginStatements,
    MovingStatements,
    MutingStatements,
    OverviewStatements,
    PeopleStatements,
    PeriodicStatements,
    PipelineStatements,
    StandingStatements,
    UpkeepStatements,
    WatchStatements,
):
    """The first topics, and all others mixed in."""

    async def add_alert(self, alert: Alert, incident_id: str, because: str) -> bool:
        """Keep an alert; False where the same delivery was kept before."""
        body = redact_json(rows.ALERT.dump_python(alert, mode="json"))
        return await self._do(
            "insert into alerts (source, fingerprint, starts_at, status, incident_id, because, body, received_at) "
            "values (:source, :fingerprint, :starts_at, :status, :incident, :because, cast(:body as jsonb), :received)"
            " on conflict do nothing",
            source=alert.source, fingerprint=alert.fingerprint, starts_at=alert.starts_at, status=str(alert.status),
            incident=incident_id, because=because, body=json.dumps(body), received=alert.received_at,
        ) == 1  # fmt: skip

    async def known_alert(self, alert: Alert) -> StoredAlert | None:
        """The stored alert with the same key."""
        row = await self._row(
            "select * from alerts where source = :source and fingerprint = :fingerprint "
            "and starts_at = :starts_at and status = :status",
            source=alert.source, fingerprint=alert.fingerprint, starts_at=alert.starts_at, status=str(alert.status),
        )  # fmt: skip
        return rows.stored_alert(row) if row else None

    async def alerts_of(self, incident_id: str) -> list[StoredAlert]:
        """Each fingerprint's newest delivery, by start."""
        found = await self._rows(
            "select * from (select distinct on (source, fingerprint) * from alerts where incident_id = :id "
            "order by source, fingerprint, starts_at desc, seq desc) newest order by starts_at, seq",
            id=incident_id,
        )
        return [rows.stored_alert(row) for row in found]

    async def open_incidents(self) -> list[Incident]:
        """Not resolved, newest first."""
        found = await self._rows("select * from incidents where stage <> 'resolved' order by opened_at desc, id desc")
        return [rows.incident(row) for row in found]

    async def create_incident(self, incident: Incident) -> None:
        """A new row."""
        names = ", ".join(_INCIDENT_COLUMNS)
        marks = ", ".join(f":{c}" for c in _INCIDENT_COLUMNS)
        await self._do(f"insert into incidents ({names}) values ({marks})", **incident_columns(incident))  # noqa: S608

    async def incident(self, incident_id: str, *, lock: bool = False) -> Incident:
        """Raises NotFound."""
        tail = "for update" if lock else ""
        row = await self._row(f"select * from incidents where id = :id {tail}", id=incident_id)  # noqa: S608
        if row is None:
            raise NotFound(f"no incident {incident_id}")
        return rows.incident(row)

    async def save_incident(self, incident: Incident) -> Incident:
        """Write over the version it was read at; Conflict if somebody was faster."""
        values = incident_columns(incident)
        sets = ", ".join(f"{c} = :{c}" for c in _INCIDENT_COLUMNS if c not in ("id", "version"))
        changed = await self._do(
            f"update incidents set {sets}, version = version + 1 where id = :id and version = :version",  # noqa: S608
            **values,
        )
        if changed != 1:
            raise Conflict(f"{incident.id} changed since it was read")
        return await self.incident(incident.id)

    async def add_event(
        self, incident_id: str, kind: str, text: str, at: datetime, data: Mapping[str, Any] | None = None
    ) -> IncidentEvent:
        """A line of the timeline, told to the live feed on commit."""
        shown = json.dumps(redact_json(dict(data or {})), default=str)
        row = await self._row(
            "insert into events (incident_id, at, kind, text, data, owed) "
            "values (:id, :at, :kind, :text, cast(:data as jsonb), :owed) returning *",
            id=incident_id, at=at, kind=kind, text=redact(text), data=shown, owed=kind in ANNOUNCED,
        )  # fmt: skip
        assert row is not None
        await self._do("select pg_notify(:channel, :id)", channel=EVENTS_CHANNEL, id=str(row["id"]))
        self.told.append(row["id"])
        return rows.event(row)

    async def events(self, incident_id: str, after: int = 0) -> list[IncidentEvent]:
        """The timeline, oldest first."""
        found = await self._rows(
            "select * from events where incident_id = :id and id > :after order by id", id=incident_id, after=after
        )
        return [rows.event(row) for row in found]

    async def save_diagnosis(self, incident_id: str, diagnosis: Diagnosis, at: datetime) -> None:
        """Keep it as the newest."""
        body = json.dumps(redact_json(json.loads(codec.diagnosis_to_json(diagnosis))))
        await self._do(
            "insert into diagnoses (incident_id, at, body) values (:id, :at, cast(:body as jsonb))",
            id=incident_id, at=at, body=body,
        )  # fmt: skip

    async def diagnosis(self, incident_id: str) -> Diagnosis | None:
        """The newest."""
        row = await self._row(
            "select body from diagnoses where incident_id = :id order by seq desc limit 1", id=incident_id
        )
        return codec.diagnosis_from_json(row["body"]) if row else None

    async def save_plan(self, plan: Plan, verdict: Verdict) -> None:
        """A new plan in state proposed."""
        await self._do(
            "insert into plans (id, incident_id, target, state, created_at, body, verdict) values "
            "(:id, :incident, :target, 'proposed', :at, cast(:body as jsonb), cast(:verdict as jsonb))",
            id=plan.id, incident=plan.incident_id, target=str(plan.target), at=plan.created_at,
            body=codec.plan_to_json(plan), verdict=codec.verdict_to_json(verdict),
        )  # fmt: skip

    async def plan(self, plan_id: str) -> PlanRecord:
        """Raises NotFound."""
        row = await self._row("select * from plans where id = :id", id=plan_id)
        if row is None:
            raise NotFound(f"no plan {plan_id}")
        return rows.plan_record(row)

    async def plans_of(self, incident_id: str) -> list[PlanRecord]:
        """Newest first."""
        found = await self._rows(
            "select * from plans where incident_id = :id order by created_at desc, id desc", id=incident_id
        )
        return [rows.plan_record(row) for row in found]

    async def proposed_for(self, incident_ids: Sequence[str]) -> dict[str, PlanRecord]:
        """One statement for all of them."""
        found = await self._rows(
            "select distinct on (incident_id) * from plans where incident_id = any(:ids) and state = 'proposed' "
            "order by incident_id, created_at desc, id desc",
            ids=list(incident_ids),
        )
        return {row["incident_id"]: rows.plan_record(row) for row in found}

    async def plans_on(self, target: str, since: datetime) -> list[PlanRecord]:
        """Newest first."""
        found = await self._rows(
            "select * from plans where target = :target and created_at >= :since order by created_at desc, id desc",
            target=target, since=since,
        )  # fmt: skip
        return [rows.plan_record(row) for row in found]

    async def expired_mitigations(self, at: datetime) -> list[PlanRecord]:
        """Oldest first."""
        found = await self._rows(
            "select * from plans where state = 'succeeded' and not facts ? 'removal' "
            "and (body ->> 'lasts_until')::timestamptz <= :at order by created_at",
            at=at,
        )
        return [rows.plan_record(row) for row in found]

    async def set_plan(self, plan_id: str, state: PlanState, facts: Mapping[str, Any] | None = None) -> PlanRecord:
        """Change the state and merge facts."""
        changed = await self._do(
            "update plans set state = :state, facts = facts || cast(:facts as jsonb) where id = :id",
            id=plan_id, state=str(state), facts=json.dumps(redact_json(dict(facts or {})), default=str),
        )  # fmt: skip
        if changed != 1:
            raise NotFound(f"no plan {plan_id}")
        return await self.plan(plan_id)

    async def add_approval(self, approval: Approval) -> Approval:
        """Keep a decision; a person's first one stands."""
        await self._do(
            "insert into approvals (plan_id, plan_digest, decision, by_whom, role, door, at, reason, person) values "
            "(:plan, :digest, :decision, :by, :role, :door, :at, :reason, :person) on conflict do nothing",
            plan=approval.plan_id, digest=approval.plan_digest, decision=str(approval.decision), by=approval.by,
            role=str(approval.role), door=approval.door, at=approval.at, reason=redact(approval.reason), person=approval.person,
        )  # fmt: skip
        who = approval.person or approval.by
        kept = await self.approvals_of(approval.plan_id)
        return next(a for a in kept if (a.person or a.by) == who)

    async def approvals_of(self, plan_id: str) -> list[Approval]:
        """Oldest first."""
        found = await self._rows("select * from approvals where plan_id = :id order by seq", id=plan_id)
        return [rows.approval(row) for row in found]

    async def add_change(self, change: Change) -> bool:
        """Keep a reported change; False where its id is known."""
        body = redact_json(rows.CHANGE.dump_python(change, mode="json"))
        return await self._do(
            "insert into changes (id, at, kind, service, body) values "
            "(:id, :at, :kind, :service, cast(:body as jsonb)) on conflict do nothing",
            id=change.id, at=change.at, kind=change.kind, service=change.service, body=json.dumps(body),
        ) == 1  # fmt: skip

    async def changes(self, start: datetime, end: datetime) -> list[Change]:
        """Oldest first."""
        found = await self._rows(
            "select * from changes where at between :start and :end order by at, id", start=start, end=end
        )
        return [rows.change(row) for row in found]

    async def remember_calls(self, topology: Topology, at: datetime) -> None:
        """One row an edge; what was not seen for a week is forgotten."""
        edges = sorted(topology.edges)
        await self._do(
            "insert into calls (caller, callee, origin, seen_at) "
            "select caller, callee, max(origin), :at from "
            "unnest(cast(:callers as text[]), cast(:callees as text[]), cast(:origins as text[])) "
            "as e (caller, callee, origin) group by caller, callee "
            "on conflict (caller, callee) do update set seen_at = excluded.seen_at, origin = excluded.origin",
            at=at, callers=[e.caller for e in edges], callees=[e.callee for e in edges],
            origins=[e.origin for e in edges],
        )  # fmt: skip
        await self._do("delete from calls where seen_at < :limit", limit=at - timedelta(days=CALLS_DAYS))

    async def known_calls(self) -> Topology:
        """The call graph as last seen."""
        found = await self._rows("select caller, callee, origin from calls")
        return Topology(frozenset(Edge(r["caller"], r["callee"], r["origin"]) for r in found))

    async def audit(self, actor: str, action: str, subject: str, details: Mapping[str, Any], at: datetime) -> None:
        """Append to the chain; one appender at a time."""
        await self.lock("audit")
        last = await self._row("select seq, digest from audit order by seq desc limit 1")
        seq, previous = (last["seq"] + 1, last["digest"]) if last else (1, chain.GENESIS)
        stored = json.dumps(redact_json(dict(details)), sort_keys=True, ensure_ascii=False, default=str)
        await self._do(
            "insert into audit (seq, at, actor, action, subject, details, previous, digest) values "
            "(:seq, :at, :actor, :action, :subject, :details, :previous, :digest)",
            seq=seq, at=at, actor=actor, action=action, subject=subject, details=stored, previous=previous,
            digest=chain.digest_of(seq, at, actor, action, subject, stored, previous),
        )  # fmt: skip

    async def quarantine(self, door: str, body: bytes, problem: str, at: datetime) -> None:
        """Redacted, cut at 64 KiB; what is older than seven days goes."""
        shown = redact(body[:QUARANTINE_BYTES].decode("utf-8", "replace"))
        await self._do("delete from quarantine where at < :limit", limit=at - timedelta(days=QUARANTINE_DAYS))
        await self._do(
            "insert into quarantine (at, door, problem, body) values (:at, :door, :problem, :body)",
            at=at, door=door, problem=redact(problem), body=shown,
        )  # fmt: skip

    async def defer_step(self, incident_id: str, at: datetime | None = None) -> None:
        """Enqueue the next step with procrastinate's own function, in this transaction.

        A step that waits for later is brought forward rather than doubled: one job waits per incident.
        """
        await self.lock(f"step {incident_id}")
        brought = await self._do(
            "update procrastinate_jobs j set scheduled_at = "  # noqa: S608
            "case when cast(:at as timestamptz) is null or scheduled_at is null then null else least(scheduled_at, :at) end, "
            f"queue_name = coalesce((select {QUEUE_OF} from incidents i where i.id = :id), queue_name) "
            "where queueing_lock = :id and status = 'todo'",
            id=incident_id, at=at,
        )  # fmt: skip
        if brought:
            await self._do(
                f"select pg_notify('procrastinate_queue_v1#' || {QUEUE_OF}, :note) from incidents i where i.id = :id",  # noqa: S608
                id=incident_id, note=WAKE,
            )  # fmt: skip
            return
        await self._do(
            f"select procrastinate_defer_jobs_v1(array[row(cast(coalesce((select {QUEUE_OF} from incidents i where i.id = :id), "  # noqa: S608
            f":queue) as varchar), cast(:task as varchar), coalesce((select {PRIORITY} from incidents where id = :id), 0), "
            "cast(:id as text), cast(:id as text), jsonb_build_object('incident_id', cast(:id as text)), "
            "cast(:at as timestamptz))::procrastinate_job_to_defer_v1])",
            queue=QUEUE, task=STEP_TASK, id=incident_id, at=at,
        )  # fmt: skip

    async def save_token(self, token: StoredToken, secret_hash: str) -> None:
        """A new token, or the same one with its revocation."""
        await self._do(
            "insert into tokens (id, name, role, secret_hash, created_at, expires_at, revoked) values "
            "(:id, :name, :role, :hash, :created, :expires, :revoked) "
            "on conflict (id) do update set revoked = excluded.revoked",
            id=token.id, name=token.name, role=str(token.role), hash=secret_hash, created=token.created_at,
            expires=token.expires_at, revoked=token.revoked,
        )  # fmt: skip

    async def token(self, secret_hash: str) -> StoredToken | None:
        """By the hash of its secret."""
        row = await self._row("select * from tokens where secret_hash = :hash", hash=secret_hash)
        return rows.token(row) if row else None

    async def flag(self, name: str) -> str:
        """A switch; "" when unset."""
        row = await self._row("select value from flags where name = :name", name=name)
        return str(row["value"]) if row else ""

    async def set_flag(self, name: str, value: str) -> None:
        """Set a switch."""
        await self._do(
            "insert into flags (name, value) values (:name, :value) on conflict (name) do update set value = :value",
            name=name, value=value,
        )  # fmt: skip
