"""Is this alert expected? Maintenance of the settings, silences of Alertmanager, issues people accepted."""

from collections.abc import Sequence
from datetime import datetime

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.muting import KnownIssue, Mute, matchers_of
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import CorrelationSettings


def maintenance(rules: CorrelationSettings) -> list[Mute]:
    """The windows of the settings."""
    return [
        Mute(
            f"maintenance-{n}", "maintenance", matchers_of(w.match), datetime.fromisoformat(w.start),
            datetime.fromisoformat(w.end), w.because,
        )
        for n, w in enumerate(rules.maintenance, 1)
    ]  # fmt: skip


def muted(alert: Alert, mutes: Sequence[Mute], now: datetime) -> str:
    """Why nobody is woken, or ""."""
    for mute in mutes:
        if mute.covers(alert.labels, now):
            by = f" by {mute.owner}" if mute.owner else ""
            return f"{mute.kind} {mute.id}{by} until {mute.ends_at:%Y-%m-%d %H:%M}: {mute.because}"
    return ""


def accepted(alert: Alert, severity: Severity, issues: Sequence[KnownIssue], others: int, now: datetime) -> str:
    """Why it is accepted, or "". `others`: different alerts the issue covers already."""
    for issue in issues:
        if not issue.covers(alert.labels, now):
            continue
        if severity.rank < issue.worst_severity.rank:
            continue
        if issue.most_alerts and others >= issue.most_alerts:
            continue
        return f"known issue {issue.id}, accepted by {issue.owner} until {issue.expires_at:%Y-%m-%d}: {issue.reason}"
    return ""
