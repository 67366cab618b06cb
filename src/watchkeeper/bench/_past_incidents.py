"""Seeded synthetic incidents as diagnosis would leave them: mistaken rankings, varied wordings, noise, few alert names."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeeper.bench._mechanisms import MECHANISMS, ORDINARY, Mechanism
from watchkeeper.bench._wordings import MORE
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Finding, Hypothesis
from watchkeeper.domain.evidence import Change, Origin, Signal
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.topology import Topology

_ESTATES = (
    (("web", "cart"), ("web", "catalog"), ("web", "checkout"), ("checkout", "payment"), ("checkout", "stock"), ("cart", "sessions"),
     ("catalog", "search"), ("payment", "ledger"), ("stock", "ledger")),
    (("gateway", "booking"), ("gateway", "profile"), ("booking", "seats"), ("booking", "pricing"), ("pricing", "rules"),
     ("profile", "identity"), ("seats", "inventory"), ("booking", "mailer"), ("mailer", "templates")),
    (("app", "feed"), ("app", "upload"), ("feed", "ranking"), ("feed", "graph"), ("upload", "transcode"), ("transcode", "blobs"),
     ("ranking", "models"), ("graph", "blobs"), ("app", "billing")),
)  # fmt: skip
_STACKS = (
    "{}", "level=error msg={}", "[http-nio-8080-exec-3] ERROR c.shop.core.Handler - {}", "ERROR:root:{}", "E0612 11:04:02.1 main.go:88] {}",
    '{{"severity":"ERROR","message":"{}"}}',
)  # fmt: skip
"""How different stacks frame a line."""
_STARVED = ("HighErrorRate", "HighLatency", "AvailabilityBurn")
_PODS = ("PodNotReady", "DeploymentReplicasMismatch")
_WRONG, _QUIET, _SILENT_METRIC = 0.3, 0.12, 0.2
"""How often diagnosis ranks another kind first, no telling line was read, and a symptom was not measured."""
_BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Labelled:
    """An incident as it was seen, and which mechanism caused it."""

    incident: Incident
    alerts: tuple[Alert, ...]
    diagnosis: Diagnosis
    topology: Topology
    label: str


def made(seed: int, each: int = 6) -> list[Labelled]:
    """`each` incidents of every mechanism, over services of three estates, in a mixed order."""
    dice = random.Random(seed)
    order = [m for m in MECHANISMS for _ in range(each)]
    dice.shuffle(order)
    return [_one(dice, mechanism, number) for number, mechanism in enumerate(order)]


def _one(dice: random.Random, mechanism: Mechanism, number: int) -> Labelled:
    topology = Topology.of(dice.choice(_ESTATES))
    cause = dice.choice(sorted(topology.services))
    hurt = dice.choice(sorted(topology.upstream(cause))) if dice.random() < 0.7 else cause
    at = _BEGAN + timedelta(hours=7 * number)
    names = _alert_names(dice, mechanism)
    # What the alert says is about where it hurts, whatever the cause.
    title = (
        f"{names[0]} on {hurt}: {dice.choice(('above its objective', 'firing for 5 minutes', 'users are affected'))}"
    )
    incident = Incident(
        id=f"past-{number}", title=title, stage=Stage.RESOLVED, severity=Severity.HIGH, environment="production", namespace="shop",
        service=hurt, opened_at=at, onset=at, updated_at=at, resolved_at=at + timedelta(minutes=40),
    )  # fmt: skip
    alerts = tuple(
        Alert("alertmanager", f"{number}-{n}", AlertStatus.FIRING, n, {"alertname": n, "service": hurt}, {"summary": title}, at, None, at)
        for n in names
    )  # fmt: skip
    return Labelled(incident, alerts, _diagnosis(dice, mechanism, cause, topology, at), topology, mechanism.name)


def _alert_names(dice: random.Random, mechanism: Mechanism) -> list[str]:
    pods = any(s.split()[0] in ("replicas", "restarts") for s in mechanism.shows)
    names = [dice.choice(_PODS) if pods and dice.random() < 0.4 else dice.choice(_STARVED)]
    return names + [n for n in ("WatchLatencySLO",) if dice.random() < 0.3]


def _diagnosis(dice: random.Random, m: Mechanism, cause: str, topology: Topology, at: datetime) -> Diagnosis:
    ids = iter(f"E{n}" for n in range(1, 100))
    items = list(_measured(dice, m, cause, ids)) + list(_said(dice, m, cause, ids))
    others = sorted(topology.services - {cause})
    noise = [
        _measure(next(ids), dice.choice(others), *dice.choice(_NOISE), dice=dice) for _ in range(dice.randrange(1, 4))
    ] + [_line(next(ids), dice.choice((*others, cause)), dice.choice(ORDINARY)) for _ in range(dice.randrange(1, 4))]
    first = dice.choice(m.mistaken_for) if dice.random() < _WRONG else m.kind
    second = next(k for k in dice.sample((m.kind, *m.mistaken_for), 1 + len(m.mistaken_for)) if k != first)
    changes = [Change("c", at, k, cause, "a change") for k in m.changes if dice.random() < 0.8]
    if dice.random() < 0.25:
        changes.append(Change("d", at, dice.choice(("release", "config", "scale")), dice.choice(others), "another"))
    hypotheses = (
        _hypothesis(cause, first, dice.uniform(0.5, 1.0), items),
        _hypothesis(dice.choice((cause, *others)), second, dice.uniform(0.2, 0.6), noise[:2]),
        _hypothesis(dice.choice(others), dice.choice(MECHANISMS).kind, dice.uniform(0.05, 0.3), noise[2:]),
    )
    return Diagnosis(hypotheses, (), changes=tuple(changes))


_NOISE = (("latency-95", "up"), ("cpu-rate", "up"), ("workload", "down"), ("availability", "down"), ("mem-rate", "up"),
          ("net-rx", "down"), ("client-latency-95", "up"))  # fmt: skip


def _measured(dice: random.Random, m: Mechanism, cause: str, ids: Iterator[str]) -> Iterator[EvidenceItem]:
    for shown in m.shows:
        if dice.random() >= _SILENT_METRIC:
            metric, direction = shown.split()
            yield _measure(next(ids), cause, metric, direction, dice=dice)


def _said(dice: random.Random, m: Mechanism, cause: str, ids: Iterator[str]) -> Iterator[EvidenceItem]:
    if dice.random() >= _QUIET:
        for words in dice.sample((*m.says, *MORE[m.name]), dice.choice((1, 1, 2))):
            yield _line(next(ids), cause, dice.choice(_STACKS).format(words))


def _measure(number: str, service: str, metric: str, direction: str, dice: random.Random) -> EvidenceItem:
    before = dice.uniform(1, 90)
    during = before * (dice.uniform(1.3, 6) if direction == "up" else dice.uniform(0.05, 0.7))
    words = f"{metric} of {service} {'rose' if direction == 'up' else 'fell'} from {before:.3g} to {during:.3g}"
    return EvidenceItem(
        number, Signal.METRICS, service, words, Origin.WORKLOAD, metric=metric, before=before, during=during
    )


def _line(number: str, service: str, text: str) -> EvidenceItem:
    return EvidenceItem(number, Signal.LOGS, service, f"{service} writes “{text}”", Origin.WORKLOAD, excerpt=text)


def _hypothesis(service: str, kind: str, score: float, items: list[EvidenceItem]) -> Hypothesis:
    findings = tuple(Finding("made", kind, service, e.metric, 0.7, e.statement, (e,)) for e in items)
    return Hypothesis(service, kind, "", score, score, findings)
