"""A cause hides its symptoms: they join its incident and wake nobody again."""

from collections.abc import Iterable, Mapping, Sequence

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.muting import all_match, matchers_of
from watchkeeper.domain.situation import Problem
from watchkeeper.settings import CorrelationSettings, InhibitRule

SHIPPED: Sequence[InhibitRule] = (
    InhibitRule(
        source='{alertname=~"(Kube)?Node(Down|NotReady|Unreachable|Offline).*|HostDown|InstanceDown"}',
        target='{alertname!~"(Kube)?Node(Down|NotReady|Unreachable|Offline).*"}',
        equal=("node",),
    ),
    InhibitRule(source='{alertname="InfoInhibitor"}', target='{severity="info"}', equal=("namespace",)),
)
"""A node that is down hides what runs on it."""


def may_hide(labels: Mapping[str, str], rules: CorrelationSettings) -> bool:
    """Could a problem with these labels hide any other?"""
    return any(all_match(matchers_of(rule.source), labels) for rule in (*rules.inhibit, *SHIPPED))


def hidden_by(alert: Alert, causes: Iterable[Problem], rules: CorrelationSettings) -> Problem | None:
    """The problem that hides this alert. Cost: O(rules whose target fits x causes)."""
    known = list(causes)
    fitting = (
        [] if not known else [r for r in (*rules.inhibit, *SHIPPED) if all_match(matchers_of(r.target), alert.labels)]
    )
    if not fitting:
        return None
    for problem in known:
        labels = dict(problem.labels)
        if any(_is_cause(rule, labels, alert.labels) for rule in fitting):
            return problem
    return None


def _is_cause(rule: InhibitRule, cause: Mapping[str, str], symptom: Mapping[str, str]) -> bool:
    if not all_match(matchers_of(rule.source), cause):
        return False
    return all(symptom.get(name) and cause.get(name) == symptom.get(name) for name in rule.equal)
