"""Alerts in: stored in one transaction with the jobs they cause. Only then may the door say 2xx."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from watchkeeper import observe
from watchkeeper.correlate.admit import Admission, Admitted, Ignored, Joined, Known, Opened, admit, rethink
from watchkeeper.correlate.mute import maintenance
from watchkeeper.correlate.neighbours import Neighbours
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.severity import Severity, severity_of
from watchkeeper.domain.situation import Situation, Standing, StandingKey
from watchkeeper.store.port import PlanState, Transaction
from watchkeeper.store.ports.intake import AlertKey, Kept, NewEvent
from watchkeeper.workflows.house import House

_MOST_LINES = 3
"""Alerts of one batch that get a line of the timeline each; more are told in one."""
_CHANGES_KEPT = 12
_RETHINK = (Stage.DIAGNOSED, Stage.PROPOSED, Stage.AWAITING_APPROVAL, Stage.ESCALATED)
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery."""

    accepted: int
    duplicates: int
    incidents: tuple[str, ...]


@dataclass(slots=True)
class Memory:
    """What a process need not read again: situations whose version it has seen, and the call graph."""

    situations: dict[str, Situation] = field(default_factory=dict)
    calls: Neighbours | None = None

    def forget(self) -> None:
        """After a transaction that failed."""
        self.situations.clear()
        self.calls = None


async def receive_alerts(house: House, alerts: Sequence[Alert]) -> Receipt:
    """Store, group, and enqueue the next step of every incident touched. Raises StoreUnavailable."""
    return (await receive_deliveries(house, [alerts], Memory()))[0]


async def receive_deliveries(house: House, deliveries: Sequence[Sequence[Alert]], memory: Memory) -> list[Receipt]:
    """Several at once, in one transaction; a receipt each. Raises StoreUnavailable: then nothing was stored."""
    batch = list({a.key: a for alerts in deliveries for a in alerts}.values())
    if not batch:
        return [Receipt(0, 0, ()) for _ in deliveries]
    batch.sort(key=lambda a: a.starts_at)
    async with house.store.transaction() as tx:
        await tx.lock("intake")
        work = _Batch(house, tx, batch, memory)
        await work.store()
    work.remember()
    return _receipts(deliveries, work)


def _receipts(deliveries: Sequence[Sequence[Alert]], work: "_Batch") -> list[Receipt]:
    """An alert that is new in several deliveries of the batch is new in the first."""
    out, seen = [], set[AlertKey]()
    for alerts in deliveries:
        keys = dict.fromkeys(a.key for a in alerts)
        fresh = [k for k in keys if k in work.fresh and k not in seen]
        seen.update(fresh)
        touched = dict.fromkeys(work.incident_of[k] for k in keys if work.incident_of.get(k) and k in work.touching)
        out.append(Receipt(len(fresh), len(alerts) - len(fresh), tuple(touched)))
    return out


class _Batch:
    """One transaction's work, in the order of its statements."""

    def __init__(self, house: House, tx: Transaction, alerts: Sequence[Alert], memory: Memory) -> None:
        self.house, self.tx, self.alerts, self.memory = house, tx, alerts, memory
        self.now = house.clock.now()
        self.rules = house.settings.correlation
        self.fresh: set[AlertKey] = set()
        self.touching: set[AlertKey] = set()
        self.incident_of: dict[AlertKey, str] = {}
        self.events: list[NewEvent] = []
        self.saved: list[Situation] = []

    async def store(self) -> None:
        """Read what is known, admit what is new, write everything."""
        tx = self.tx
        watchdog = [a.name for a in self.alerts if a.name == self.house.settings.notify.watchdog]
        if watchdog:
            await tx.hear(watchdog, self.now)
        stored = await tx.known_alerts(self.alerts)
        keys = list(dict.fromkeys((a.source, a.fingerprint) for a in self.alerts))
        standing = await tx.standing(keys)
        self.incident_of.update(stored)
        self.fresh = {a.key for a in self.alerts if a.key not in stored}
        changed = [a for a in self.alerts if a.key in stored and self._changed(a, standing)]
        again = [a for a in self.alerts if a.key in stored and not stored[a.key] and a.status is AlertStatus.FIRING]
        todo = [a for a in self.alerts if a.key in self.fresh or a in again]
        if todo:
            await self._admit(todo, standing)
        await self._note_changes([a for a in changed if a not in again], standing)
        await tx.save_standing(self._standing(standing))
        if self.saved:
            await tx.save_situations(self.saved)
        if self.events:
            await tx.add_events(self.events)
        touched = sorted({self.incident_of[k] for k in self.touching} - {""})
        if touched:
            await tx.defer_steps(touched)

    async def _admit(self, todo: Sequence[Alert], standing: Mapping[StandingKey, Standing]) -> None:
        watchdog = self.house.settings.notify.watchdog
        known = await self._known(todo, standing)
        calls = await self._calls()
        real = [a for a in todo if a.name != watchdog]
        admitted = admit(real, known, calls, self.rules, self.house.ids, self.house.service_of, self.now)
        beats = [
            Ignored(a, "the alert that always fires: its absence is what matters") for a in todo if a.name == watchdog
        ]
        admissions = [*admitted.admissions, *beats]
        for admission in admissions:
            incident_id = "" if isinstance(admission, Ignored) else admission.incident_id
            self.incident_of[admission.alert.key] = incident_id
            if incident_id:
                self.touching.add(admission.alert.key)
        await self._write(admissions, admitted)
        _count(admissions, len(self.alerts) - len(todo))

    async def _write(self, admissions: Sequence[Admission], admitted: Admitted) -> None:
        opened = [a for a in admissions if isinstance(a, Opened)]
        if opened:
            await self.tx.create_incidents(
                [new_incident(self.house, a.alert, a.incident_id, a.because) for a in opened]
            )
        await self.tx.keep_alerts([Kept(a.alert, self.incident_of[a.alert.key], a.because) for a in admissions])
        for one in opened:
            self._say(one.incident_id, "incident.opened", one.alert.summary, _facts(one.alert))
        self._tell_joined([a for a in admissions if isinstance(a, Joined)])
        for incident_id in {a.incident_id: None for a in admissions if isinstance(a, Joined) and a.again}:
            await self._think_again(incident_id, "an alert that was over fires again", closed_too=True)
        for situation in admitted.situations:
            await self._keep_situation(situation)

    async def _keep_situation(self, situation: Situation, changed: str = "") -> None:
        """With thinking re-opened where there is a reason."""
        why = changed or rethink(situation, self.rules, self.now)
        if why and await self._think_again(situation.incident_id, why):
            situation = replace(
                situation, thought_alerts=situation.alerts, thought_worst=situation.worst, thought_at=self.now
            )
        self.saved.append(replace(situation, version=situation.version + 1))

    async def _think_again(self, incident_id: str, why: str, *, closed_too: bool = False) -> bool:
        """Back to the first stage, where no repair is under way. What was planned for the old picture is void."""
        incident = await self.tx.incident(incident_id, lock=True)
        if incident.stage not in _RETHINK and not (closed_too and incident.stage is Stage.RESOLVED):
            return incident.stage is Stage.OPENED
        for record in await self.tx.plans_of(incident_id):
            if record.state in (PlanState.PROPOSED, PlanState.APPROVED):
                await self.tx.set_plan(record.plan.id, PlanState.VOID, {"void_because": why})
                self._say(incident_id, "approval.void", f"the situation changed: {why}", {"plan": record.plan.id})
        after = replace(incident, stage=Stage.OPENED, updated_at=self.now, resolved_at=None)
        await self.tx.save_incident(after)
        self._say(incident_id, "incident.reopened", why, {})
        self.touching |= {k for k, i in self.incident_of.items() if i == incident_id}
        return True

    async def _note_changes(self, changed: Sequence[Alert], standing: Mapping[StandingKey, Standing]) -> None:
        """Alerts that still fire but say something else: kept, and thought about again."""
        if not changed:
            return
        because = {a.key: _difference(a, standing[(a.source, a.fingerprint)]) for a in changed}
        await self.tx.keep_alerts([Kept(a, "", because[a.key]) for a in changed])
        by_incident = {self.incident_of[a.key]: because[a.key] for a in changed if self.incident_of[a.key]}
        saved = {s.incident_id for s in self.saved}
        for situation in await self.tx.situations([i for i in by_incident if i not in saved]):
            worst = min(
                [situation.worst, *(_severity(a) for a in changed if self.incident_of[a.key] == situation.incident_id)],
                key=lambda s: s.rank,
            )
            worse = worst.rank < situation.thought_worst.rank
            due = self.now - situation.thought_at >= timedelta(minutes=self.rules.rethink_minutes)
            await self._keep_situation(
                replace(situation, worst=worst), by_incident[situation.incident_id] if due or worse else ""
            )

    def _changed(self, alert: Alert, standing: Mapping[StandingKey, Standing]) -> bool:
        before = standing.get((alert.source, alert.fingerprint))
        if before is None or alert.status is not AlertStatus.FIRING or not before.firing:
            return False
        return before.starts_at == alert.starts_at and before.content != _content(alert)

    def _standing(self, before: Mapping[StandingKey, Standing]) -> list[Standing]:
        """How each alert stands now: its newest episode in the batch, firing before resolved of the same one."""
        newest: dict[StandingKey, Standing] = {}
        for alert in sorted(self.alerts, key=lambda a: (a.starts_at, a.status is AlertStatus.RESOLVED)):
            key = (alert.source, alert.fingerprint)
            last = newest.get(key) or before.get(key)
            firing = alert.status is AlertStatus.FIRING
            if last is not None and (
                last.starts_at > alert.starts_at or (last.starts_at == alert.starts_at and firing and not last.firing)
            ):
                continue
            turned = last is None or last.firing != firing or last.starts_at != alert.starts_at
            changed = (
                (*(last.changed if last else ()), self.now)[-_CHANGES_KEPT:] if turned else last.changed if last else ()
            )
            incident_id = self.incident_of.get(alert.key) or (last.incident_id if last and not firing else "")
            newest[key] = Standing(
                alert.source, alert.fingerprint, firing, alert.starts_at, incident_id, True, _severity(alert),
                _content(alert), self.now, changed,
            )  # fmt: skip
        return list(newest.values())

    async def _known(self, todo: Sequence[Alert], standing: Mapping[StandingKey, Standing]) -> Known:
        """Open incidents of the time around these alerts; those whose version is remembered are not read again."""
        since = min(a.starts_at for a in todo) - timedelta(minutes=self.rules.join_minutes)
        heads = await self.tx.situation_heads(since, self.house.settings.intake.situations)
        have = self.memory.situations
        missing = [i for i, head in heads.items() if i not in have or have[i].version != head.version]
        for situation in await self.tx.situations(missing) if missing else ():
            have[situation.incident_id] = situation
        for gone in set(have) - set(heads):
            del have[gone]
        situations = [
            replace(have[i], accepts_more=head.accepts_more, repaired=head.repaired) for i, head in heads.items()
        ]
        hour = timedelta(minutes=60)
        changes = await self.tx.changes(min(a.starts_at for a in todo) - hour, self.now)
        return Known(
            situations, standing, [*maintenance(self.rules), *await self.tx.silences(self.now)],
            await self.tx.known_issues(self.now), await self.tx.corrections(), changes,
            await self._storming(),
        )  # fmt: skip

    async def _storming(self) -> bool:
        """Were so many stored within the last minute?"""
        at = await self.tx.nth_newest(self.rules.storm_alerts_per_minute)
        return at is not None and self.now - at < timedelta(minutes=1)

    async def _calls(self) -> Neighbours:
        topology = await self.tx.known_calls()
        if self.memory.calls is None or self.memory.calls.topology.edges != topology.edges:
            self.memory.calls = Neighbours(topology, self.rules.hops)
        return self.memory.calls

    def _tell_joined(self, joined: Sequence[Joined]) -> None:
        """A line each for a few, one line for many."""
        groups: defaultdict[tuple[str, str], list[Joined]] = defaultdict(list)
        for admission in joined:
            over = admission.alert.status is AlertStatus.RESOLVED
            groups[(admission.incident_id, "alert.resolved" if over else "alert.joined")].append(admission)
        for (incident_id, kind), some in groups.items():
            if len(some) <= _MOST_LINES:
                for one in some:
                    words = (
                        f"{one.alert.name}: {one.because}" if kind == "alert.joined" else f"{one.alert.name} is over"
                    )
                    self._say(incident_id, kind, words, _facts(one.alert))
                continue
            names = Counter(a.alert.name for a in some).most_common(5)
            what = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in names)
            words = f"{len(some)} alerts {'joined' if kind == 'alert.joined' else 'are over'}: {what}"
            self._say(
                incident_id, kind, words, {"alerts": len(some), "because": [a.because for a in some[:_MOST_LINES]]}
            )

    def _say(self, incident_id: str, kind: str, text: str, data: Mapping[str, object]) -> None:
        self.events.append(NewEvent(incident_id, kind, text, self.now, data))

    def remember(self) -> None:
        """After the commit."""
        self.memory.situations.update({s.incident_id: s for s in self.saved})


def new_incident(house: House, alert: Alert, incident_id: str, because: str) -> Incident:
    """The row an alert opens. The onset lies before the alert by what its rule waited; the lead is a guess."""
    now = house.clock.now()
    entities = house.settings.entities
    onset = alert.starts_at - timedelta(minutes=house.settings.evidence.lead_minutes)
    return Incident(
        id=incident_id,
        title=alert.summary[:200],
        stage=Stage.OPENED,
        severity=_severity(alert),
        environment=alert.labels.get(entities.environment_label, entities.default_environment),
        namespace=alert.labels.get("namespace", ""),
        service=house.service_of(alert),
        opened_at=now,
        onset=onset,
        updated_at=now,
        because=because,
    )


def _severity(alert: Alert) -> Severity:
    return severity_of(alert.labels.get("severity", "")) or Severity.WARNING


def _content(alert: Alert) -> str:
    """A digest of what the alert says, numbers left out: they change with every evaluation."""
    said = sorted(alert.labels.items()), sorted((k, _NUMBERS.sub("#", v)) for k, v in alert.annotations.items())
    return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()


def _difference(alert: Alert, before: Standing) -> str:
    severity = _severity(alert)
    if severity is not before.severity:
        return f"{alert.name} was {before.severity} and is {severity}"
    return f"{alert.name} still fires and says something else: {alert.summary[:120]}"


def _facts(alert: Alert) -> dict[str, object]:
    return {"alert": alert.name, "fingerprint": alert.fingerprint, "status": str(alert.status)}


def _count(admissions: Sequence[Admission], duplicates: int) -> None:
    for admission in admissions:
        outcome = type(admission).__name__.lower()
        observe.ALERTS.labels(admission.alert.source, outcome).inc()
        if isinstance(admission, Opened):
            observe.INCIDENTS.labels(str(_severity(admission.alert))).inc()
    if duplicates:
        observe.ALERTS.labels("any", "duplicate").inc(duplicates)
