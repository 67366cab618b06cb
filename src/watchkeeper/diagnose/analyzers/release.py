"""A release shortly before the trouble, of a service that itself got worse since."""

from datetime import timedelta

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.analyzers import own_errors, own_latency
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Change, Signal

_BEFORE = timedelta(minutes=15)
"""A release this long before the onset may still be what broke it."""


def examine(case: Case) -> list[Finding]:
    """The newest release of a service counts as much as the service's own symptoms do: a quiet release is none.

    What we changed to repair this very incident came after its trouble; in any other incident it is as suspect as all.
    """
    symptoms: dict[str, float] = {}
    for found in (*own_errors.examine(case), *own_latency.examine(case)):
        symptoms[found.service] = max(symptoms.get(found.service, 0.0), found.strength)
    window, own = case.evidence.window, case.evidence.incident_id
    newest: dict[str, Change] = {}
    for change in case.evidence.changes:
        if change.repairs and change.repairs == own:
            continue
        if change.kind in ("release", "config") and window.onset - _BEFORE <= change.at <= window.end:
            newest[change.service] = change
    return strongest(
        _finding(c, symptoms.get(c.service, 0.0)) for c in newest.values() if symptoms.get(c.service, 0.0) > 0.2
    )


def _finding(change: Change, symptom: float) -> Finding:
    kind = "release" if change.kind == "release" else "configuration"
    words = f"{change.service} was changed at {change.at:%H:%M:%S} ({change.words}), and is worse since"
    return finding(
        "release", kind, change.service, "availability", min(symptom + 0.1, 0.98), words, signal=Signal.CHANGES,
        origin=change.origin, at=change.at, source=change.link,
    )  # fmt: skip


ANALYZER = Analyzer("release", Signal.CHANGES, examine)
