"""Incidents as JSON out and in, and a person's name replaced everywhere."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchkeeper.domain.errors import Conflict, InvalidInput
from watchkeeper.store import chain, rows
from watchkeeper.store.statements.connection import Statements

_NOT_MOVED = ("audit", "sessions", "tokens", "logins", "standing", "alembic_version")
"""The chain and the keys of an installation are its own; `standing` is made again by the next alert."""
_TABLES = (
    "select c.relname as name, exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'incident_id') as of_incident, "
    "exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'plan_id') as of_plan, "
    "array(select r.relname::text from pg_constraint k join pg_class r on r.oid = k.confrelid where k.conrelid = c.oid and k.contype = 'f') as needs "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() "
    "and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like 'procrastinate%' order by c.relname"
)
_COLUMNS = (
    "select a.attname as name, format_type(a.atttypid, a.atttypmod) as kind, (a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid), '') like 'nextval%') as numbered "
    "from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum "
    "where a.attrelid = cast(:name as regclass) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''"
)
_WORD = "[[:alnum:]_.@-]"


class MovingStatements(Statements):
    """Implements `store.ports.moving.MovingRecords`."""

    async def packed(self, incident_id: str) -> dict[str, list[dict[str, Any]]]:
        """Parents before children."""
        out = {}
        for table, where in await self._hanging():
            found = await self._rows(
                f"select to_jsonb(t) as row from {table} t where {where} "  # noqa: S608
                "order by to_jsonb(t) -> 'seq', to_jsonb(t) -> 'id'",
                id=incident_id,
            )
            if found:
                out[table] = [row["row"] for row in found]
        return out

    async def _hanging(self) -> list[tuple[str, str]]:
        """(table, condition) of what hangs on incident :id; parents before children."""
        known = {r["name"]: r for r in await self._rows(_TABLES) if r["name"] not in _NOT_MOVED}
        where = {"incidents": "t.id = :id"}
        for name, row in known.items():
            if row["of_incident"]:
                where[name] = "t.incident_id = :id"
            elif row["of_plan"]:
                where[name] = "t.plan_id in (select id from plans where incident_id = :id)"
        done: list[str] = []
        while len(done) < len(where):
            ready = [n for n in where if n not in done and not (set(known[n]["needs"]) & set(where)) - {n} - set(done)]
            done += ready or [n for n in where if n not in done]
        return [(name, where[name]) for name in done]

    async def unpack(self, tables: Mapping[str, list[Mapping[str, Any]]]) -> bool:
        """Numbers that the database gives are given anew."""
        incidents = tables.get("incidents", [])
        if len(incidents) != 1 or not isinstance(incidents[0].get("id"), str):
            raise InvalidInput("a line holds one incident", field="incidents")
        if await self._row("select 1 from incidents where id = :id", id=incidents[0]["id"]):
            return False
        for table, _ in await self._hanging():
            columns = [c for c in await self._rows(_COLUMNS, name=table) if not c["numbered"]]
            for row in tables.get(table, []):
                given = [c["name"] for c in columns if c["name"] in row]
                names = ", ".join(f'"{n}"' for n in given)
                await self._do(
                    f"insert into {table} ({names}) select {names} from "  # noqa: S608
                    f"jsonb_populate_record(null::{table}, cast(:row as jsonb)) on conflict do nothing",
                    row=json.dumps(row),
                )
        return True

    async def forget_person(self, name: str, pseudonym: str, at: datetime) -> dict[str, int]:
        """Whole names only: ann is not taken out of planning, nor out of ann.lee."""
        pattern = f"(?:{_whole(name)}|{_whole(json.dumps(name, ensure_ascii=False)[1:-1])})"
        changed: dict[str, int] = {}
        for table in [r["name"] for r in await self._rows(_TABLES) if r["name"] not in ("audit", "alembic_version")]:
            count = await self._in_table(table, pattern, pseudonym)
            if count:
                changed[table] = count
        await self._do("delete from logins where name = :pseudonym", pseudonym=pseudonym)
        await self._do("delete from sessions where name = :pseudonym", pseudonym=pseudonym)
        changed |= await self._in_audit(pattern, pseudonym, at, changed)
        return changed

    async def _in_table(self, table: str, pattern: str, pseudonym: str) -> int:
        columns = [c for c in await self._rows(_COLUMNS, name=table) if c["kind"] in ("text", "jsonb")]
        columns = [
            c for c in columns if not (table == "plans" and c["name"] == "body")
        ]  # approvals are bound to its digest
        if not columns:
            return 0
        sets = ", ".join(
            f'"{c["name"]}" = cast(regexp_replace(cast("{c["name"]}" as text), :pattern, :new, \'g\') as {c["kind"]})'
            for c in columns
        )
        found = " or ".join(f'cast("{c["name"]}" as text) ~ :pattern' for c in columns)
        return await self._do(f"update {table} set {sets} where {found}", pattern=pattern, new=pseudonym)  # noqa: S608

    async def _in_audit(
        self, pattern: str, pseudonym: str, at: datetime, elsewhere: Mapping[str, int]
    ) -> dict[str, int]:
        await self.lock("audit")
        entries = await self._rows("select * from audit order by seq")
        whole, words = chain.verify((rows.audit_entry(e, {}), e["details"]) for e in entries)
        if not whole:
            raise Conflict(f"the audit was altered before: {words}", hint="find out by whom; nothing was changed now")
        hit = await self._rows(
            "select seq, regexp_replace(actor, :p, :new, 'g') actor, regexp_replace(subject, :p, :new, 'g') subject, "
            "regexp_replace(details, :p, :new, 'g') details from audit where actor ~ :p or subject ~ :p or details ~ :p",
            p=pattern, new=pseudonym,
        )  # fmt: skip
        before = entries[-1]["digest"] if entries else chain.GENESIS
        if hit:
            await self._rechain(entries, {row["seq"]: row for row in hit})
        details = {
            "pseudonym": pseudonym, "entries": len(hit), "first": min((r["seq"] for r in hit), default=0), "digest_before": before,
            "elsewhere": dict(elsewhere),
        }  # fmt: skip
        await self._append("administrator", "person.forgotten", pseudonym, details, at)
        return {"audit": len(hit)} if hit else {}

    async def _rechain(self, entries: list[dict[str, Any]], new: Mapping[int, Mapping[str, Any]]) -> None:
        first = min(new)
        previous = next((e["digest"] for e in reversed(entries) if e["seq"] < first), chain.GENESIS)
        await self._do("alter table audit disable trigger audit_keeps")
        for entry in entries:
            if entry["seq"] < first:
                continue
            said = {**entry, **new.get(entry["seq"], {})}
            digest = chain.digest_of(
                said["seq"], said["at"], said["actor"], said["action"], said["subject"], said["details"], previous
            )
            await self._do(
                "update audit set actor = :actor, subject = :subject, details = :details, previous = :previous, digest = :digest where seq = :seq",
                actor=said["actor"], subject=said["subject"], details=said["details"], previous=previous, digest=digest, seq=said["seq"],
            )  # fmt: skip
            previous = digest
        await self._do("alter table audit enable trigger audit_keeps")

    async def _append(self, actor: str, action: str, subject: str, details: Mapping[str, Any], at: datetime) -> None:
        last = await self._row("select seq, digest from audit order by seq desc limit 1")
        seq, previous = (last["seq"] + 1, last["digest"]) if last else (1, chain.GENESIS)
        stored = json.dumps(dict(details), sort_keys=True, ensure_ascii=False)
        await self._do(
            "insert into audit (seq, at, actor, action, subject, details, previous, digest) values "
            "(:seq, :at, :actor, :action, :subject, :details, :previous, :digest)",
            seq=seq, at=at, actor=actor, action=action, subject=subject, details=stored, previous=previous,
            digest=chain.digest_of(seq, at, actor, action, subject, stored, previous),
        )  # fmt: skip


def _whole(name: str) -> str:
    """A regular expression of PostgreSQL that finds exactly this name."""
    escaped = re.sub(r"\W", lambda found: "\\" + found[0], name)
    return f"(?<!{_WORD}){escaped}(?!{_WORD})"
