"""Which alerts are one incident. Pure: alerts and what is known in, admissions with their reasons out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeeper.correlate.gathering import Facts, Gathering, facts_of
from watchkeeper.correlate.mute import accepted, muted
from watchkeeper.correlate.neighbours import Neighbours
from watchkeeper.correlate.relate import Context, Relation, relate
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.clock import Ids
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.muting import Correction, KnownIssue, Mute
from watchkeeper.domain.situation import Situation, Standing, StandingKey
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import CorrelationSettings


@dataclass(frozen=True, slots=True)
class Joined:
    """The alert belongs to an incident. `again`: it had been closed, and the alert opens it anew."""

    alert: Alert
    incident_id: str
    because: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The alert opens an incident of its own."""

    alert: Alert
    incident_id: str
    because: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Kept, but no incident: resolved and nobody waits for it, muted, or accepted."""

    alert: Alert
    because: str


Admission = Joined | Opened | Ignored


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when alerts arrive."""

    situations: Sequence[Situation] = ()
    standing: Mapping[StandingKey, Standing] = field(default_factory=dict)
    mutes: Sequence[Mute] = ()
    issues: Sequence[KnownIssue] = ()
    corrections: Sequence[Correction] = ()
    changes: Sequence[Change] = ()
    storm: bool = False
    """very many alerts came within the last minute"""


@dataclass(frozen=True, slots=True)
class Admitted:
    """One admission per alert, in order, and the situations that changed."""

    admissions: tuple[Admission, ...]
    situations: tuple[Situation, ...]


def admit(
    alerts: Sequence[Alert],
    known: Known,
    topology: Topology | Neighbours,
    rules: CorrelationSettings,
    ids: Ids,
    service_of: Callable[[Alert], str],
    now: datetime,
) -> Admitted:
    """An alert may join an incident that one before it opened.

    Cost: O(alerts x incidents that share a service, a neighbour, a telling label or a namespace with them).
    """
    calls = topology if isinstance(topology, Neighbours) else Neighbours(topology, rules.hops)
    desk = _Desk(known, Context(calls, rules, known.corrections, known.changes), ids, now, len(alerts))
    out = tuple(desk.admit(alert, service_of(alert)) for alert in alerts)
    return Admitted(out, tuple(g.situation() for g in desk.gathering.groups.values() if g.changed))


class _Desk:
    """Where alerts are looked at one after the other."""

    def __init__(self, known: Known, context: Context, ids: Ids, now: datetime, coming: int) -> None:
        self.known, self.context, self.ids, self.now = known, context, ids, now
        self.gathering = Gathering(known.situations, context.rules)
        self.storm = known.storm or coming > context.rules.storm_alerts_per_minute
        self._fresh: dict[StandingKey, str] = {}
        self._covered: dict[str, set[StandingKey]] = {}

    def admit(self, alert: Alert, service: str) -> Admission:
        key = (alert.source, alert.fingerprint)
        facts = facts_of(alert, service, self.context.rules)
        own = self._own(alert, key)
        if own is not None:
            if key not in self._fresh and alert.status is AlertStatus.FIRING:
                self.gathering.join(own.incident_id, facts)
            self._fresh[key] = own.incident_id
            return own
        if alert.status is AlertStatus.RESOLVED:
            return Ignored(alert, "resolved, and no open incident has it")
        quiet = muted(alert, self.known.mutes, self.now) or self._accepted(facts, key)
        if quiet:
            return Ignored(alert, quiet)
        admission = self._place(facts)
        self._fresh[key] = admission.incident_id
        return admission

    def _own(self, alert: Alert, key: StandingKey) -> Joined | None:
        """The incident that has this alert already."""
        if key in self._fresh:
            return Joined(alert, self._fresh[key], "the same alert opened or joined it before")
        standing = self.known.standing.get(key)
        if standing is None or not standing.incident_id:
            return None
        rules = self.context.rules
        if standing.incident_open:
            flaps = standing.changes_since(self.now - timedelta(minutes=rules.flap_minutes))
            if flaps >= rules.flap_changes:
                return Joined(
                    alert, standing.incident_id, f"flapping: on or off {flaps} times in {rules.flap_minutes:g} minutes"
                )
            return Joined(alert, standing.incident_id, "the same alert opened or joined it before")
        since = self.now - standing.seen_at
        if alert.status is AlertStatus.FIRING and since <= timedelta(minutes=rules.quiet_minutes):
            words = f"it fires again {since.total_seconds() / 60:.0f} minutes after it was over"
            return Joined(alert, standing.incident_id, words, again=True)
        return None

    def _accepted(self, facts: Facts, key: StandingKey) -> str:
        for issue in self.known.issues:
            if issue.covers(facts.alert.labels, self.now):
                others = self._covered.setdefault(issue.id, set())
                words = accepted(facts.alert, facts.severity, [issue], len(others - {key}), self.now)
                if words:
                    others.add(key)
                    return words
        return ""

    def _place(self, facts: Facts) -> Joined | Opened:
        best = self._best(facts)
        if best is not None:
            incident_id, relation = best
            self.gathering.join(incident_id, facts)
            return Joined(facts.alert, incident_id, relation.words)
        incident_id = self.ids.new("inc")
        self.gathering.open(incident_id, facts, self.now)
        return Opened(facts.alert, incident_id, "no open incident is related to it in time and place")

    def _best(self, facts: Facts) -> tuple[str, Relation] | None:
        best: tuple[str, Relation] | None = None
        for incident_id in self._candidates(facts):
            found = relate(facts, self.gathering.groups[incident_id], self.context)
            if found is not None and (best is None or found.score > best[1].score):
                best = incident_id, found
        return best or (self._storm(facts) if self.storm else None)

    def _candidates(self, facts: Facts) -> list[str]:
        """Incidents that share something with the alert, in the order they were opened. All, where people's words or rules may relate any."""
        gathering = self.gathering
        if self._any_may_relate(facts):
            return list(gathering.groups)
        found = gathering.by_problem.get(facts.fingerprint.value, {}) | gathering.repaired.get(facts.service, {})
        for service in (
            facts.service,
            *self.context.calls.callees(facts.service),
            *self.context.calls.callers(facts.service),
        ):
            found |= gathering.by_service.get(service, {}) if service else {}
        for caller in self.context.calls.topology.callers.get(facts.service, frozenset()):
            for sibling in self.context.calls.topology.callees.get(caller, frozenset()):
                found |= gathering.by_service.get(sibling, {})
        for mark in facts.marks:
            found |= gathering.by_mark.get(mark, {})
        if self.context.calls.known(facts.service):
            found |= dict.fromkeys(self._of_the_moment(facts))
        else:
            found |= gathering.by_namespace.get(facts.namespace, {})
        return list(found)

    def _of_the_moment(self, facts: Facts) -> list[str]:
        """Incidents with a new problem at this moment. O(incidents)."""
        late, at = timedelta(minutes=self.context.rules.spread_minutes), facts.alert.starts_at
        return [i for i, g in self.gathering.groups.items() if any(abs(at - m) <= late for m in g.last_new.values())]

    def _any_may_relate(self, facts: Facts) -> bool:
        rules = self.context.rules
        touched = facts.service and any(facts.service in f"{c.service} {c.summary}" for c in self.known.changes)
        return bool(self.known.corrections or rules.together or rules.inhibit or touched)

    def _storm(self, facts: Facts) -> tuple[str, Relation] | None:
        """In a storm what nothing relates joins the namespace's largest incident of the same moment."""
        moment = timedelta(seconds=self.context.rules.same_onset_seconds)
        near = [
            g for i in self.gathering.by_namespace.get(facts.namespace, {})
            if (g := self.gathering.groups[i]).accepts_more and abs(facts.alert.starts_at - max(g.by_service.values())) <= moment
        ]  # fmt: skip
        if not near or self.context.calls.known(facts.service):
            return None
        largest = max(near, key=lambda g: g.alerts)
        return largest.id, Relation(0.3, "part of a storm of alerts in the same namespace at the same moment")


def rethink(situation: Situation, rules: CorrelationSettings, now: datetime) -> str:
    """Why thinking starts again although nothing is new by name, or "": worse, or far more of it."""
    if situation.worst.rank < situation.thought_worst.rank:
        return f"it became worse: {situation.thought_worst} before, {situation.worst} now"
    if now - situation.thought_at < timedelta(minutes=rules.rethink_minutes):
        return ""
    grown = situation.alerts >= rules.grow_least and situation.alerts >= rules.grow_factor * situation.thought_alerts
    return f"there are far more alerts: {situation.thought_alerts} before, {situation.alerts} now" if grown else ""
