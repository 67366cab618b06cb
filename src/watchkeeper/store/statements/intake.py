"""Alerts in by batches. Every statement takes whole columns, so that a batch of a thousand costs as many round trips as one of one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.incident import CARRIED_OUT, Incident
from watchkeeper.domain.redaction import redact, redact_json
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.situation import Situation, Standing, StandingKey
from watchkeeper.store.ports.intake import AlertKey, Kept, NewEvent, SituationHead
from watchkeeper.store.statements.connection import Statements

EVENTS_CHANNEL = "watchkeeper_events"
STEP_TASK = "advance_incident"
QUEUE = "incidents"
CARRY_OUT_QUEUE = "carry_out"
"""Steps that need writing credentials wait here; only workers that carry out take from it."""
_CARRIED_OUT = ", ".join(f"'{stage}'" for stage in sorted(CARRIED_OUT))
# A pull request that was left open is closed by those who may write.
_LEFT_OPEN = "i.stage = 'escalated' and exists (select 1 from plans p where p.incident_id = i.id and jsonb_exists(p.facts, 'pull_request'))"
QUEUE_OF = f"case when i.stage in ({_CARRIED_OUT}) or ({_LEFT_OPEN}) then '{CARRY_OUT_QUEUE}' else '{QUEUE}' end"
"""The queue of the next step of incident `i`."""
WAKE = '{"type": "job_inserted", "job_id": 0}'
"""What procrastinate itself sends when a job is inserted."""
ANNOUNCED = (
    "incident.opened", "incident.diagnosed", "incident.reopened", "incident.resolved", "incident.escalated",
    "approval.requested", "change.pull_request", "change.undone",
)  # fmt: skip
"""Lines of the timeline that people are told."""
PRIORITY = "case severity when 'critical' then 30 when 'high' then 20 when 'warning' then 10 else 0 end"
INCIDENT_COLUMNS = tuple(Incident.__dataclass_fields__)
ACCEPTING = ("opened", "diagnosed", "awaiting_approval", "escalated")
_REPAIRED = (
    "select s.incident_id, s.version, array(select distinct service from (select i.service union all select i.cause_service "  # noqa: S608
    "union all select problem->>'service' from jsonb_array_elements(s.body->'problems') problem "
    "union all select p.body->'target'->>'name' from plans p where p.incident_id = i.id and p.state in ('approved', 'applying', 'applied') "
    "union all select caller from plans p, jsonb_array_elements_text(p.body->'blast_radius'->'callers') caller "
    "where p.incident_id = i.id and p.state in ('approved', 'applying', 'applied')) touched (service) where service <> '') as repaired "
    f"from incidents i join situations s on s.incident_id = i.id where i.stage in ({_CARRIED_OUT}) limit :limit"
)
"""Incidents under repair with the services that notice it. Found by the index over open incidents."""
_ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
_SITUATION: TypeAdapter[Situation] = TypeAdapter(Situation)


class Redactor:
    """Redaction with a memory: labels of one batch say the same over and over."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def text(self, value: str) -> str:
        """As `redact`."""
        said = self._seen.get(value)
        if said is None:
            said = self._seen[value] = redact(value)
        return said

    def labels(self, pairs: Any) -> dict[str, Any]:
        """As `redact_json` of {key: text}."""
        out = {}
        for key, value in pairs.items():
            name = f"{key}\x1f{value}"
            said = self._seen.get(name)
            if said is None:
                said = self._seen[name] = next(iter(redact_json({key: value}).values()))
            out[self.text(key)] = said
        return out

    def body(self, alert: Alert) -> dict[str, Any]:
        """The alert as stored."""
        return {
                "source": alert.source, "fingerprint": alert.fingerprint, "status": str(alert.status),
                "name": self.text(alert.name), "labels": self.labels(alert.labels),
                "annotations": self.labels(alert.annotations), "starts_at": alert.starts_at.isoformat(),
                "ends_at": alert.ends_at.isoformat() if alert.ends_at else None,
                "received_at": alert.received_at.isoformat(), "generator_url": self.text(alert.generator_url),
                "expression": self.text(alert.expression),
        }  # fmt: skip


def _table(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as one JSON parameter: much cheaper to write than an array a column."""
    return json.dumps(list(rows), default=datetime.isoformat)


class IntakeStatements(Statements):
    """Implements `store.ports.intake.IntakeRecords`."""

    async def known_alerts(self, alerts: Sequence[Alert]) -> dict[AlertKey, str]:
        """Those that are stored, with their incident."""
        found = await self._rows(
            "select a.source, a.fingerprint, a.starts_at, a.status, a.incident_id from alerts a join "
            "jsonb_to_recordset(cast(:rows as jsonb)) as e (source text, fingerprint text, starts_at timestamptz, status text) "
            "using (source, fingerprint, starts_at, status)",
            rows=_table(
                {"source": a.source, "fingerprint": a.fingerprint, "starts_at": a.starts_at, "status": a.status} for a in alerts
            ),
        )  # fmt: skip
        return {
            (r["source"], r["fingerprint"], r["starts_at"], AlertStatus(r["status"])): r["incident_id"] for r in found
        }

    async def keep_alerts(self, rows: Sequence[Kept]) -> None:
        """Insert; those stored before get their new incident and content."""
        write = Redactor()
        await self._do(
            "insert into alerts (source, fingerprint, starts_at, status, incident_id, because, body, received_at) "
            "select source, fingerprint, starts_at, status, incident_id, because, body, received_at from "
            "jsonb_to_recordset(cast(:rows as jsonb)) as e (source text, fingerprint text, starts_at timestamptz, status text, "
            "incident_id text, because text, body jsonb, received_at timestamptz) "
            "on conflict (source, fingerprint, starts_at, status) do update set "
            "incident_id = case when excluded.incident_id = '' then alerts.incident_id else excluded.incident_id end, "
            "because = excluded.because, body = excluded.body",
            rows=_table(
                {
                    "source": r.alert.source, "fingerprint": r.alert.fingerprint, "starts_at": r.alert.starts_at,
                    "status": r.alert.status, "incident_id": r.incident_id, "because": write.text(r.because),
                    "body": write.body(r.alert), "received_at": r.alert.received_at,
                }
                for r in rows
            ),
        )  # fmt: skip

    async def standing(self, keys: Sequence[StandingKey]) -> dict[StandingKey, Standing]:
        """How these alerts stood."""
        found = await self._rows(
            "select s.*, coalesce(i.stage <> 'resolved', false) as incident_open from standing s join "
            "jsonb_to_recordset(cast(:rows as jsonb)) as e (source text, fingerprint text) "
            "using (source, fingerprint) left join incidents i on i.id = s.incident_id",
            rows=_table({"source": k[0], "fingerprint": k[1]} for k in keys),
        )  # fmt: skip
        return {
            (r["source"], r["fingerprint"]): Standing(
                r["source"], r["fingerprint"], r["firing"], r["starts_at"], r["incident_id"], r["incident_open"],
                Severity(r["severity"]), r["content"], r["seen_at"], tuple(r["changed"]),
            )
            for r in found
        }  # fmt: skip

    async def save_standing(self, rows: Sequence[Standing]) -> None:
        """Write over."""
        await self._do(
            "insert into standing (source, fingerprint, firing, starts_at, incident_id, severity, content, seen_at, changed) "
            "select source, fingerprint, firing, starts_at, incident_id, severity, content, seen_at, changed from "
            "jsonb_to_recordset(cast(:rows as jsonb)) as e (source text, fingerprint text, firing boolean, starts_at timestamptz, "
            "incident_id text, severity text, content text, seen_at timestamptz, changed timestamptz[]) "
            "on conflict (source, fingerprint) do update set firing = excluded.firing, starts_at = excluded.starts_at, "
            "incident_id = excluded.incident_id, severity = excluded.severity, content = excluded.content, "
            "seen_at = excluded.seen_at, changed = excluded.changed",
            rows=_table(
                {
                    "source": r.source, "fingerprint": r.fingerprint, "firing": r.firing, "starts_at": r.starts_at,
                    "incident_id": r.incident_id, "severity": r.severity, "content": r.content, "seen_at": r.seen_at,
                    "changed": r.changed,
                }
                for r in rows
            ),
        )  # fmt: skip

    async def situation_heads(self, since: datetime, limit: int) -> dict[str, SituationHead]:
        """Open incidents with an alert that started since then, newest first; and those under repair, however old."""
        found = await self._rows(
            "select s.incident_id, s.version, i.stage = any(:accepting) as accepts "
            "from situations s join incidents i on i.id = s.incident_id "
            "where s.last_at >= :since and i.stage <> 'resolved' order by s.last_at desc limit :limit",
            since=since, limit=limit, accepting=list(ACCEPTING),
        )  # fmt: skip
        repaired = await self._rows(_REPAIRED, limit=limit)
        heads = {r["incident_id"]: SituationHead(r["version"], r["accepts"]) for r in found}
        return heads | {r["incident_id"]: SituationHead(r["version"], False, tuple(r["repaired"])) for r in repaired}

    async def situations(self, ids: Sequence[str]) -> list[Situation]:
        """Read whole."""
        found = await self._rows("select body, version from situations where incident_id = any(:ids)", ids=list(ids))
        return [_SITUATION.validate_python({**r["body"], "version": r["version"]}) for r in found]

    async def save_situations(self, rows: Sequence[Situation]) -> None:
        """Write over; the version grows."""
        bodies = ",".join(_SITUATION.dump_json(r).decode() for r in rows)
        heads = _table({"incident_id": r.incident_id, "last_at": r.last_at, "version": r.version} for r in rows)
        await self._do(
            "insert into situations (incident_id, last_at, version, body) select e.incident_id, e.last_at, e.version, b.body from "
            "jsonb_to_recordset(cast(:heads as jsonb)) as e (incident_id text, last_at timestamptz, version bigint) "
            "join jsonb_array_elements(cast(:bodies as jsonb)) as b (body) on b.body->>'incident_id' = e.incident_id "
            "on conflict (incident_id) do update set last_at = excluded.last_at, version = excluded.version, body = excluded.body",
            heads=heads, bodies=f"[{bodies}]",
        )  # fmt: skip

    async def create_incidents(self, incidents: Sequence[Incident]) -> None:
        """New rows."""
        columns = [incident_columns(i) for i in incidents]
        names = ", ".join(INCIDENT_COLUMNS)
        await self._do(
            f"insert into incidents ({names}) select {names} from "  # noqa: S608
            "jsonb_populate_recordset(null::incidents, cast(:rows as jsonb))",
            rows=json.dumps(columns, default=datetime.isoformat),
        )

    async def add_events(self, events: Sequence[NewEvent]) -> None:
        """Lines of timelines, told on commit."""
        write = Redactor()
        found = await self._rows(
            "insert into events (incident_id, kind, text, at, data, owed) "
            "select incident_id, kind, text, at, data, kind = any(:announced) from jsonb_to_recordset(cast(:rows as jsonb)) "
            "as e (incident_id text, kind text, text text, at timestamptz, data jsonb) returning id",
            announced=list(ANNOUNCED),
            rows=_table(
                {
                    "incident_id": e.incident_id, "kind": e.kind, "text": write.text(e.text), "at": e.at,
                    "data": redact_json(json.loads(json.dumps(dict(e.data), default=str))),
                }
                for e in events
            ),
        )  # fmt: skip
        ids = sorted(r["id"] for r in found)
        await self._do(
            "select pg_notify(:channel, id) from unnest(cast(:ids as text[])) id",
            channel=EVENTS_CHANNEL, ids=[str(i) for i in ids],
        )  # fmt: skip
        self.told.extend(ids)

    async def defer_steps(self, incident_ids: Sequence[str]) -> None:
        """One job waits per incident: one that waits for later is brought forward."""
        ids = sorted(set(incident_ids))
        await self._do(
            "select pg_advisory_xact_lock(hashtextextended('step ' || id, 0)) from unnest(cast(:ids as text[])) id",
            ids=ids,
        )
        await self._do(
            "update procrastinate_jobs j set scheduled_at = null, "  # noqa: S608
            f"queue_name = (select {QUEUE_OF} from incidents i where i.id = j.queueing_lock), "
            f"priority = greatest(priority, (select {PRIORITY} from incidents i where i.id = j.queueing_lock)) "
            "where queueing_lock = any(:ids) and status = 'todo'", ids=ids,
        )  # fmt: skip
        await self._do(
            f"select procrastinate_defer_jobs_v1(array_agg(row(cast({QUEUE_OF} as varchar), cast(:task as varchar), {PRIORITY}, "  # noqa: S608
            "i.id, i.id, jsonb_build_object('incident_id', i.id), null)::procrastinate_job_to_defer_v1)) "
            "from incidents i where i.id = any(:ids) and not exists (select 1 from procrastinate_jobs j "
            "where j.queueing_lock = i.id and j.status = 'todo') having count(*) > 0",
            task=STEP_TASK, ids=ids,
        )  # fmt: skip
        await self._do(
            "select pg_notify('procrastinate_queue_v1#' || queue, :note) from "  # noqa: S608
            f"(select distinct {QUEUE_OF} as queue from incidents i where i.id = any(:ids)) woken", ids=ids, note=WAKE,
        )  # fmt: skip

    async def restless(self, incident_id: str, since: datetime, changes: int, quiet_since: datetime) -> bool:
        """Does an alert of it flap?"""
        found = await self._row(
            "select exists (select 1 from standing s where incident_id = :id and exists (select 1 from unnest(s.changed) m "
            "where m > :quiet) and (select count(*) from unnest(s.changed) m where m >= :since) >= :changes) as flaps",
            id=incident_id, quiet=quiet_since, since=since, changes=changes,
        )  # fmt: skip
        return bool(found and found["flaps"])

    async def not_repeated(self, source: str, before: datetime, limit: int) -> list[Alert]:
        """Alerts of a sender that fire and were last seen before."""
        found = await self._rows(
            "select a.body from standing s join alerts a using (source, fingerprint, starts_at) "
            "where s.source = :source and s.firing and s.seen_at < :before and a.status = 'firing' limit :limit",
            source=source, before=before, limit=limit,
        )  # fmt: skip
        return [_ALERT.validate_python(r["body"]) for r in found]

    async def nth_newest(self, number: int) -> datetime | None:
        """When the alert was stored that so many are newer than."""
        row = await self._row("select received_at from alerts order by seq desc offset :number limit 1", number=number)
        return row["received_at"] if row else None


def incident_columns(incident: Incident) -> dict[str, Any]:
    """The row, redacted."""
    values = asdict(incident)
    values.update(
        stage=str(incident.stage), severity=str(incident.severity), title=redact(incident.title),
        root_cause=redact(incident.root_cause),
    )  # fmt: skip
    return values
