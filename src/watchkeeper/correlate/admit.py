"""Which alerts are one incident. Pure: alerts and what is open in, admissions with their reasons out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.clock import Ids
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import CorrelationSettings


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """What grouping needs to know of an incident: where it hurts, since when, and its alerts' fingerprints."""

    id: str
    namespace: str
    services: frozenset[str]
    onset: datetime
    fingerprints: frozenset[str]
    accepts_more: bool = True
    """False once its repair is under way: then only its own alerts join."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The alert belongs to an incident that is open."""

    alert: Alert
    incident_id: str
    because: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The alert opens an incident of its own."""

    alert: Alert
    incident_id: str
    because: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A resolved alert that nobody waits for."""

    alert: Alert
    because: str


Admission = Joined | Opened | Ignored


def admit(
    alerts: Sequence[Alert],
    open_incidents: Sequence[OpenIncident],
    topology: Topology,
    rules: CorrelationSettings,
    ids: Ids,
    service_of: Callable[[Alert], str],
) -> list[Admission]:
    """One admission per alert, in order; an alert may join an incident that one before it opened.

    Cost: O(alerts x open incidents).
    """
    known = list(open_incidents)
    out: list[Admission] = []
    for alert in alerts:
        admission = _admit_one(alert, known, topology, rules, ids, service_of(alert))
        out.append(admission)
        if not isinstance(admission, Ignored):
            known = _remember(known, admission, service_of(alert))
    return out


def _admit_one(
    alert: Alert,
    known: Sequence[OpenIncident],
    topology: Topology,
    rules: CorrelationSettings,
    ids: Ids,
    service: str,
) -> Admission:
    for incident in known:
        if alert.fingerprint in incident.fingerprints:
            return Joined(alert, incident.id, "the same alert opened or joined it before")
    if alert.status is AlertStatus.RESOLVED:
        return Ignored(alert, "resolved, and no open incident has it")
    for incident in known:
        reason = _related(alert, service, incident, topology, rules) if incident.accepts_more else ""
        if reason:
            return Joined(alert, incident.id, reason)
    return Opened(alert, ids.new("inc"), "no open incident is related to it in time and place")


def _related(alert: Alert, service: str, incident: OpenIncident, topology: Topology, rules: CorrelationSettings) -> str:
    apart = abs(alert.starts_at - incident.onset)
    if apart > timedelta(minutes=rules.join_minutes):
        return ""
    when = f"{apart.total_seconds():.0f} s apart"
    if service and service in incident.services:
        return f"the same service, {service}, {when}"
    near = _near(service, topology, rules.hops) & incident.services
    if near:
        return f"{service} is within {rules.hops} calls of {min(near)}, {when}"
    if service and service in topology.services:
        return ""
    namespace = alert.labels.get("namespace", "")
    if namespace and namespace == incident.namespace:
        return f"the same namespace, {namespace}, {when}; no call graph known for {service or alert.name}"
    return ""


def _near(service: str, topology: Topology, hops: int) -> frozenset[str]:
    seen = edge = frozenset({service})
    for _ in range(hops):
        edge = frozenset(
            n for s in edge for n in topology.callees.get(s, frozenset()) | topology.callers.get(s, frozenset())
        )
        seen |= edge
    return seen


def _remember(known: list[OpenIncident], admission: Joined | Opened, service: str) -> list[OpenIncident]:
    alert = admission.alert
    if isinstance(admission, Opened):
        fresh = OpenIncident(
            admission.incident_id,
            alert.labels.get("namespace", ""),
            frozenset({service} - {""}),
            alert.starts_at,
            frozenset({alert.fingerprint}),
        )
        return [*known, fresh]
    return [_with(i, alert, service) if i.id == admission.incident_id else i for i in known]


def _with(incident: OpenIncident, alert: Alert, service: str) -> OpenIncident:
    return OpenIncident(
        incident.id,
        incident.namespace or alert.labels.get("namespace", ""),
        incident.services | ({service} - {""}),
        min(incident.onset, alert.starts_at),
        incident.fingerprints | {alert.fingerprint},
        incident.accepts_more,
    )
