"""What the scanner saw, as alerts at the door that everybody uses."""

from datetime import UTC, datetime

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.sighting import Sighting, SightingKind

SOURCE = "watchkeeper"
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
