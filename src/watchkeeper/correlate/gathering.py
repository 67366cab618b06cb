"""Open incidents while a delivery is admitted: what joins changes what the next alert may join."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from watchkeeper.correlate.fingerprint import Fingerprint, fingerprint
from watchkeeper.correlate.inhibit import may_hide
from watchkeeper.correlate.neighbours import Neighbours
from watchkeeper.domain.alert import Alert
from watchkeeper.domain.severity import Severity, severity_of
from watchkeeper.domain.situation import MOST_PROBLEMS, Problem, Situation, key_of
from watchkeeper.settings import CorrelationSettings

_TEXT = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """What grouping reads out of an alert."""

    alert: Alert
    service: str
    fingerprint: Fingerprint
    severity: Severity
    namespace: str
    marks: frozenset[tuple[str, str]]

    @property
    def key(self) -> str:
        """As corrections name the problem."""
        return key_of(self.alert.name, self.service)


def facts_of(alert: Alert, service: str, rules: CorrelationSettings) -> Facts:
    """Read once per alert."""
    labels = alert.labels
    marks = frozenset((name, labels[name]) for name in rules.marks if labels.get(name))
    severity = severity_of(labels.get("severity", "")) or Severity.WARNING
    found = fingerprint(alert, service, rules.fingerprint_without)
    return Facts(alert, service, found, severity, labels.get("namespace", ""), marks)


class Group:
    """One incident that grows."""

    def __init__(self, situation: Situation, rules: CorrelationSettings) -> None:
        self.before = situation
        self.id = situation.incident_id
        self.accepts_more = situation.accepts_more
        self.repaired = frozenset(situation.repaired)
        self.problems = {p.fingerprint: p for p in situation.problems}
        self.alerts = situation.alerts
        self.worst = situation.worst
        self.changed = False
        self.by_service: dict[str, datetime] = {}
        self.first_by_service: dict[str, datetime] = {}
        self.last_new: dict[str, datetime] = {}
        """service -> when its newest problem first began"""
        self.marks: set[tuple[str, str]] = set()
        self.keys: set[str] = set()
        self._rules = rules
        self.causes: dict[str, Problem] = {}
        self._names = frozenset(rules.marks)
        self._deepest: frozenset[str] | None = None
        for problem in situation.problems:
            self._index(problem)

    def _index(self, problem: Problem) -> None:
        if problem.service not in self.by_service:
            self._deepest = None
        last, first = self.by_service.get(problem.service), self.first_by_service.get(problem.service)
        self.by_service[problem.service] = max(last, problem.last_at) if last else problem.last_at
        self.first_by_service[problem.service] = min(first, problem.first_at) if first else problem.first_at
        newest = self.last_new.get(problem.service)
        self.last_new[problem.service] = max(newest, problem.first_at) if newest else problem.first_at
        self.marks |= {pair for pair in problem.labels if pair[0] in self._names}
        self.keys.add(problem.key)
        if problem.fingerprint in self.causes or may_hide(dict(problem.labels), self._rules):
            self.causes[problem.fingerprint] = problem

    def add(self, facts: Facts) -> None:
        """Take an alert in. Beyond MOST_PROBLEMS it is counted only."""
        self.changed = True
        self.alerts += 1
        self.worst = min(self.worst, facts.severity, key=lambda s: s.rank)
        at, value = facts.alert.starts_at, facts.fingerprint.value
        known = self.problems.get(value)
        if known is not None:
            problem = replace(known, first_at=min(known.first_at, at), last_at=max(known.last_at, at))
        elif len(self.problems) < MOST_PROBLEMS:
            problem = Problem(
                value, facts.alert.name, facts.service, facts.namespace, facts.severity, at, at,
                facts.fingerprint.chosen, facts.alert.summary[:_TEXT],
            )  # fmt: skip
        else:
            return
        self.problems[value] = problem
        if known is None:
            self._index(problem)
        else:
            self.by_service[problem.service] = max(self.by_service[problem.service], at)

    def deepest(self, calls: Neighbours) -> frozenset[str]:
        """Services of the group from which no other of its services is reached by calls. O(services^2), kept."""
        if self._deepest is None:
            known = [s for s in self.by_service if s and calls.known(s)]
            self._deepest = frozenset(
                s for s in known if not any(o != s and calls.explains(o, s) and not calls.explains(s, o) for o in known)
            )
        return self._deepest

    def situation(self) -> Situation:
        """As it is now."""
        return replace(
            self.before, problems=tuple(self.problems.values()), alerts=self.alerts, worst=self.worst,
            accepts_more=self.accepts_more,
        )  # fmt: skip


class Gathering:
    """All groups, found by service, problem and telling label."""

    def __init__(self, situations: Iterable[Situation], rules: CorrelationSettings) -> None:
        self.groups: dict[str, Group] = {}
        self.by_service: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.by_problem: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.by_mark: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self.by_namespace: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.repaired: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """service -> incidents whose repair under way touches it"""
        self._rules = rules
        for situation in situations:
            group = self.groups[situation.incident_id] = Group(situation, rules)
            for problem in situation.problems:
                self._index(group.id, problem)
            for service in situation.repaired:
                self.repaired[service][group.id] = None

    def _index(self, group_id: str, problem: Problem) -> None:
        self.by_service[problem.service][group_id] = None
        self.by_problem[problem.fingerprint][group_id] = None
        self.by_namespace[problem.namespace][group_id] = None
        for pair in problem.labels:
            if pair[0] in self._rules.marks:
                self.by_mark[pair][group_id] = None

    def open(self, incident_id: str, facts: Facts, now: datetime) -> None:
        """A new incident of one alert."""
        at = facts.alert.starts_at
        problem = Problem(
            facts.fingerprint.value, facts.alert.name, facts.service, facts.namespace, facts.severity, at, at,
            facts.fingerprint.chosen, facts.alert.summary[:_TEXT],
        )  # fmt: skip
        fresh = Situation(incident_id, (problem,), 1, facts.severity, 1, facts.severity, now)
        self.groups[incident_id] = group = Group(fresh, self._rules)
        group.changed = True
        self._index(incident_id, problem)

    def join(self, incident_id: str, facts: Facts) -> None:
        """One more alert of a known incident; nothing where the incident is not among these."""
        group = self.groups.get(incident_id)
        if group is None:
            return
        group.add(facts)
        problem = group.problems.get(facts.fingerprint.value)
        if problem is not None:
            self._index(incident_id, problem)
