"""Why an alert may be part of an incident: the same place, a call away, one label, one change, one text. Strongest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz

from watchkeeper.correlate.gathering import Facts, Group
from watchkeeper.correlate.inhibit import hidden_by
from watchkeeper.correlate.neighbours import Neighbours
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.muting import Correction, Link, all_match, matchers_of
from watchkeeper.domain.sighting import SOURCE
from watchkeeper.domain.situation import Problem
from watchkeeper.settings import CorrelationSettings


@dataclass(frozen=True, slots=True)
class Relation:
    """How strongly (0 to 1) and why."""

    score: float
    words: str


@dataclass(frozen=True, slots=True)
class Context:
    """What relating needs beside the alert and the group."""

    calls: Neighbours
    rules: CorrelationSettings
    corrections: Sequence[Correction] = ()
    changes: Sequence[Change] = ()


def relate(facts: Facts, group: Group, context: Context) -> Relation | None:
    """The strongest relation, None where there is none or a person said that there is none."""
    said = _said(facts, group, context.corrections)
    if said is not None:
        return Relation(1.0, said.words) if said.score else None
    if not group.accepts_more:
        return _by_repair(facts, group)
    for look in (
        _by_rule,
        _by_problem,
        _by_inhibition,
        _by_service,
        _by_calls,
        _by_mark,
        _by_change,
        _by_text,
        _by_moment,
        _by_namespace,
    ):
        found = look(facts, group, context)
        if found is not None:
            return found
    return None


def _said(facts: Facts, group: Group, corrections: Iterable[Correction]) -> Relation | None:
    """The newest word of a person: score 0 for apart."""
    keys = frozenset(group.keys)
    about = [c for c in corrections if c.about(facts.key, keys)]
    if not about:
        return None
    newest = max(about, key=lambda c: c.at)
    reason = f" ({newest.reason})" if newest.reason else ""
    return Relation(
        float(newest.link is Link.TOGETHER),
        f"{newest.by} said on {newest.at:%Y-%m-%d} that they belong together{reason}",
    )


def _by_repair(facts: Facts, group: Group) -> Relation | None:
    """What our own scanner sees of a service while we repair it. Alerts of others stay apart: they may mean harm done."""
    if facts.alert.source != SOURCE or facts.service not in group.repaired:
        return None
    return Relation(0.97, f"seen while a repair that {facts.service} notices is under way")


def _apart(at: datetime, moment: datetime) -> str:
    return f"{abs((at - moment).total_seconds()):.0f} s apart"


def _near(facts: Facts, moment: datetime, context: Context) -> bool:
    return abs(facts.alert.starts_at - moment) <= timedelta(minutes=context.rules.join_minutes)


def _closeness(facts: Facts, moment: datetime, context: Context) -> float:
    """0 for the same moment, 0.1 at the end of the window: what was closer in time wins among equals."""
    return 0.1 * abs((facts.alert.starts_at - moment).total_seconds()) / (60 * context.rules.join_minutes)


def _by_rule(facts: Facts, group: Group, context: Context) -> Relation | None:
    for rule in context.rules.together:
        matchers = matchers_of(rule.match)
        if not all_match(matchers, facts.alert.labels):
            continue
        for problem in group.problems.values():
            labels = dict(problem.labels)
            same = all(labels.get(n, "") == facts.alert.labels.get(n, "") for n in rule.equal)
            if same and all_match(matchers, labels) and _near(facts, problem.last_at, context):
                return Relation(1.0, f"{rule.words}: {rule.match}")
    return None


def _by_problem(facts: Facts, group: Group, context: Context) -> Relation | None:
    problem = group.problems.get(facts.fingerprint.value)
    if problem is None or not _near(facts, problem.last_at, context):
        return None
    return Relation(
        0.99, f"the same problem, on another replica or again, {_apart(facts.alert.starts_at, problem.last_at)}"
    )


def _by_inhibition(facts: Facts, group: Group, context: Context) -> Relation | None:
    near = [p for p in group.causes.values() if _near(facts, p.last_at, context)]
    cause = hidden_by(facts.alert, near, context.rules)
    return Relation(0.98, f"{cause.name} causes it, so it wakes nobody again") if cause else None


def _by_service(facts: Facts, group: Group, context: Context) -> Relation | None:
    last = group.by_service.get(facts.service) if facts.service else None
    if last is None or not _near(facts, last, context):
        return None
    score = 0.95 - _closeness(facts, last, context)
    return Relation(score, f"the same service, {facts.service}, {_apart(facts.alert.starts_at, last)}")


def _by_calls(facts: Facts, group: Group, context: Context) -> Relation | None:
    service, calls = facts.service, context.calls
    if not calls.known(service):
        return None
    near = {s: at for s, at in group.by_service.items() if s and _near(facts, at, context)}
    downs, ups = calls.callees(service), calls.callers(service)
    victims = [(downs[s], s) for s in near if s in downs]
    if victims:
        distance, name = min(victims)
        score = 0.9 - 0.1 * (distance - 1) - _closeness(facts, near[name], context)
        return Relation(score, f"{service} calls {name} ({distance} away), {_apart(facts.alert.starts_at, near[name])}")
    rival = _rival(facts, group, context)
    deeper = [(ups[s], s) for s in near if s in ups]
    if deeper and not rival:
        distance, name = min(deeper)
        score = 0.85 - 0.1 * (distance - 1) - _closeness(facts, near[name], context)
        return Relation(score, f"{name} calls {service} ({distance} away), {_apart(facts.alert.starts_at, near[name])}")
    return None if rival else _by_common_caller(facts, near, context)


def _rival(facts: Facts, group: Group, context: Context) -> str:
    """A cause the group has already, where this one has nothing to do with any of its causes and began at another time.

    Causes are the deepest services: those that no further service of the group explains. Trouble with many of them is
    scattered already: then a further place says nothing.
    """
    late = timedelta(seconds=context.rules.same_onset_seconds)
    calls, at = context.calls, facts.alert.starts_at
    deepest = group.deepest(calls)
    if len(deepest) > context.rules.clear_causes:
        return ""
    for other in deepest:
        if other == facts.service or calls.explains(facts.service, other) or calls.explains(other, facts.service):
            return ""
        if abs(at - group.first_by_service[other]) <= late:
            return ""
    return min(deepest, default="")


def _by_common_caller(facts: Facts, near: dict[str, datetime], context: Context) -> Relation | None:
    """Two that one service calls, at the same moment: the caller, or what is behind both, troubles them."""
    late = timedelta(seconds=context.rules.same_onset_seconds)
    mine = context.calls.topology.callers.get(facts.service, frozenset())
    for other, at in near.items():
        shared = mine & context.calls.topology.callers.get(other, frozenset())
        if shared and abs(facts.alert.starts_at - at) <= late and context.rules.hops >= 2:
            score = 0.5 - _closeness(facts, at, context)
            return Relation(
                score, f"{min(shared)} calls both {facts.service} and {other}, {_apart(facts.alert.starts_at, at)}"
            )
    return None


def _by_mark(facts: Facts, group: Group, context: Context) -> Relation | None:
    shared = facts.marks & group.marks
    for problem in group.problems.values() if shared else ():
        both = shared.intersection(problem.labels)
        if both and _near(facts, problem.last_at, context):
            name, value = min(both)
            words = f"the same {name}, {value}, {_apart(facts.alert.starts_at, problem.last_at)}"
            return Relation(0.8 - _closeness(facts, problem.last_at, context), words)
    return None


def _by_change(facts: Facts, group: Group, context: Context) -> Relation | None:
    """One change of the last half hour named both services."""
    for change in context.changes:
        text = f"{change.service} {change.summary}"
        if not facts.service or facts.service not in text or not change.at <= facts.alert.starts_at:
            continue
        for other, at in group.by_service.items():
            if other and other in text and other != facts.service and _near(facts, at, context):
                return Relation(0.75, f"one change touched {facts.service} and {other}: {change.summary[:80]}")
    return None


def _by_text(facts: Facts, group: Group, context: Context) -> Relation | None:
    """The same rule says nearly the same, and the call graph knows nothing of either."""
    if context.calls.known(facts.service):
        return None
    late = timedelta(seconds=context.rules.same_onset_seconds)
    for problem in group.problems.values():
        if problem.name != facts.alert.name or problem.namespace != facts.namespace or _elsewhere(facts, problem):
            continue
        if abs(facts.alert.starts_at - problem.first_at) > late or context.calls.known(problem.service):
            continue
        alike = fuzz.token_set_ratio(facts.alert.summary[:200], problem.text) / 100
        if alike >= context.rules.text_alike:
            return Relation(
                0.6,
                f"the same rule with nearly the same words ({alike:.0%}), {_apart(facts.alert.starts_at, problem.last_at)}",
            )
    return None


def _by_namespace(facts: Facts, group: Group, context: Context) -> Relation | None:
    """The weakest: where the call graph does not know the service, and only what began at the same moment."""
    if not facts.namespace or context.calls.known(facts.service):
        return None
    late = timedelta(seconds=context.rules.same_onset_seconds)
    for problem in group.problems.values():
        known = context.calls.known(problem.service)
        if problem.namespace != facts.namespace or abs(facts.alert.starts_at - problem.first_at) > (
            late / 3 if known else late
        ):
            continue
        if _elsewhere(facts, problem):
            continue
        when = _apart(facts.alert.starts_at, problem.first_at)
        who = facts.service or facts.alert.name
        return Relation(0.4, f"the same namespace, {facts.namespace}, {when}; no call graph known for {who}")
    return None


def _elsewhere(facts: Facts, problem: Problem) -> bool:
    """Do telling labels of one name differ?"""
    mine, theirs = dict(facts.marks), dict(problem.labels)
    return any(name in theirs and theirs[name] != value for name, value in mine.items())


def _by_moment(facts: Facts, group: Group, context: Context) -> Relation | None:
    """The same call graph, about the same time, no other cause known: calls carry trouble further than `hops`."""
    calls, at = context.calls, facts.alert.starts_at
    if not calls.known(facts.service):
        return None
    spread = timedelta(minutes=context.rules.spread_minutes)
    if _rival(facts, group, context):
        return None
    for other, last in sorted(group.last_new.items(), key=lambda pair: abs(at - pair[1])):
        if other and abs(at - last) <= spread and calls.connected(facts.service, other):
            score = 0.45 - _closeness(facts, last, context)
            return Relation(score, f"the same call graph as {other}, {_apart(at, last)}")
    return None
