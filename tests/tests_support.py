"""Small values the tests share."""

from datetime import UTC, datetime

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.severity import Severity

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)

ALERT = Alert(
    source="alertmanager", fingerprint="f1", status=AlertStatus.FIRING, name="HighErrorRate",
    labels={"alertname": "HighErrorRate", "namespace": "shop", "app": "checkout", "severity": "critical"},
    annotations={"summary": "checkout answers with errors"}, starts_at=NOW, ends_at=None, received_at=NOW,
    expression="vector(1) > 0",
)  # fmt: skip

INCIDENT = Incident(
    id="inc-1", title="checkout answers with errors", stage=Stage.OPENED, severity=Severity.CRITICAL,
    environment="staging", namespace="shop", service="checkout", opened_at=NOW, onset=NOW, updated_at=NOW,
)  # fmt: skip
