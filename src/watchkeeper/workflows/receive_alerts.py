"""Alerts in: stored in one transaction with the jobs they cause. Only then may the door say 2xx."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from watchkeeper import observe
from watchkeeper.correlate.admit import Admission, Ignored, Joined, Opened, OpenIncident, admit
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.severity import Severity, severity_of
from watchkeeper.store.port import Transaction
from watchkeeper.workflows.house import House


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery."""

    accepted: int
    duplicates: int
    incidents: tuple[str, ...]


async def receive_alerts(house: House, alerts: Sequence[Alert]) -> Receipt:
    """Store, group, and enqueue the next step of every incident touched. Raises StoreUnavailable."""
    async with house.store.transaction() as tx:
        await tx.lock("intake")
        fresh = [a for a in alerts if await tx.known_alert(a) is None]
        admissions = admit(
            fresh,
            await _open_incidents(house, tx),
            await tx.known_calls(),
            house.settings.correlation,
            house.ids,
            house.service_of,
        )
        for admission in admissions:
            await _keep(house, tx, admission)
        touched = tuple(dict.fromkeys(a.incident_id for a in admissions if not isinstance(a, Ignored)))
        for incident_id in touched:
            await tx.defer_step(incident_id)
    _count(admissions, len(alerts) - len(fresh))
    return Receipt(len(fresh), len(alerts) - len(fresh), touched)


async def _open_incidents(house: House, tx: Transaction) -> list[OpenIncident]:
    out = []
    for incident in await tx.open_incidents():
        alerts = [stored.alert for stored in await tx.alerts_of(incident.id)]
        services = {house.service_of(a) for a in alerts} | {incident.service, incident.cause_service}
        out.append(
            OpenIncident(
                incident.id,
                incident.namespace,
                frozenset(services - {""}),
                incident.onset,
                frozenset(a.fingerprint for a in alerts),
                accepts_more=incident.stage in (Stage.OPENED, Stage.DIAGNOSED, Stage.AWAITING_APPROVAL),
            )
        )
    return out


async def _keep(house: House, tx: Transaction, admission: Admission) -> None:
    alert = admission.alert
    incident_id = "" if isinstance(admission, Ignored) else admission.incident_id
    if isinstance(admission, Opened):
        await tx.create_incident(new_incident(house, alert, incident_id, admission.because))
        await tx.add_event(incident_id, "incident.opened", alert.summary, house.clock.now(), _facts(alert))
    elif isinstance(admission, Joined):
        kind = "alert.resolved" if alert.status is AlertStatus.RESOLVED else "alert.joined"
        words = f"{alert.name}: {admission.because}" if kind == "alert.joined" else f"{alert.name} is over"
        await tx.add_event(incident_id, kind, words, house.clock.now(), _facts(alert))
    await tx.add_alert(alert, incident_id, admission.because)


def new_incident(house: House, alert: Alert, incident_id: str, because: str) -> Incident:
    """The row an alert opens. The onset lies before the alert by what its rule waited; the lead is a guess."""
    now = house.clock.now()
    entities = house.settings.entities
    onset = alert.starts_at - timedelta(minutes=house.settings.evidence.lead_minutes)
    return Incident(
        id=incident_id,
        title=alert.summary[:200],
        stage=Stage.OPENED,
        severity=severity_of(alert.labels.get("severity", "")) or Severity.WARNING,
        environment=alert.labels.get(entities.environment_label, entities.default_environment),
        namespace=alert.labels.get("namespace", ""),
        service=house.service_of(alert),
        opened_at=now,
        onset=onset,
        updated_at=now,
        because=because,
    )


def _facts(alert: Alert) -> dict[str, object]:
    return {"alert": alert.name, "fingerprint": alert.fingerprint, "status": str(alert.status)}


def _count(admissions: Sequence[Admission], duplicates: int) -> None:
    for admission in admissions:
        outcome = type(admission).__name__.lower()
        observe.ALERTS.labels(admission.alert.source, outcome).inc()
        if isinstance(admission, Opened):
            severity = severity_of(admission.alert.labels.get("severity", "")) or Severity.WARNING
            observe.INCIDENTS.labels(str(severity)).inc()
    if duplicates:
        observe.ALERTS.labels("any", "duplicate").inc(duplicates)
