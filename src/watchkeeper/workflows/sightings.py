"""What the scanner saw, as alerts at the door that everybody uses."""

from datetime import UTC, datetime
from typing import Any

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.sighting import SOURCE, Sighting, SightingKind

_NAMES = {SightingKind.DEPARTURE: "SignalsDepart", SightingKind.LIMIT: "LimitWillBeReached"}


def alert_of(sighting: Sighting, now: datetime, ended: datetime | None = None) -> Alert:
    """Severity is `warning`, and `critical` only where a hard limit is about to be reached."""
    severity = "critical" if sighting.severe else "warning"
    return Alert(
        source=SOURCE, fingerprint=sighting.fingerprint,
        status=AlertStatus.FIRING if ended is None else AlertStatus.RESOLVED, name=_NAMES[sighting.kind],
        labels={
            "alertname": _NAMES[sighting.kind], "namespace": sighting.namespace, "app": sighting.service,
            "severity": severity,
        },
        annotations={"summary": sighting.words, "description": sighting.because},
        starts_at=datetime.fromtimestamp(sighting.began, UTC), ends_at=ended, received_at=now,
    )  # fmt: skip


def shown(sighting: Sighting) -> dict[str, Any]:
    """JSON for people and programs."""
    crossing = sighting.crossing
    return {
        "fingerprint": sighting.fingerprint, "service": sighting.service, "namespace": sighting.namespace,
        "kind": str(sighting.kind), "began": iso(sighting.began), "last": iso(sighting.last), "opens": sighting.opens,
        "because": sighting.because, "severe": sighting.severe, "words": sighting.words,
        "departures": [
            {"metric": d.metric, "began": iso(d.began), "usual": d.usual, "value": d.value, "margins": round(d.size, 2)}
            for _, d in sorted(sighting.departures.items())
        ],
        "crossing": None if crossing is None else {
            "metric": crossing.metric, "limit": crossing.limit, "value": crossing.value, "earliest": iso(crossing.earliest),
            "expected": iso(crossing.expected), "latest": iso(crossing.latest),
        },
    }  # fmt: skip


def iso(at: float) -> str:
    """Unix seconds as ISO 8601, UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
