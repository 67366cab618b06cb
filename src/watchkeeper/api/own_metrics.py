"""What every replica tells alike: gauges read from the database when somebody scrapes."""

from watchkeeper import observe
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.redaction import redact
from watchkeeper.domain.severity import Severity
from watchkeeper.remediate.propose import SHELF as ACTIONS
from watchkeeper.shelf import plugins
from watchkeeper.store.port import Store

_TOLD = 20
"""Newest incidents told one by one: enough for a feed, few enough for a time series database."""
_LONGEST = 160


def begin_at_zero() -> None:
    """Actions and severities are told from the start: a counter that begins at one shows no rate for its first repair."""
    for severity in Severity:
        observe.INCIDENTS.labels(str(severity))
    for name in plugins(ACTIONS, "ACTION"):
        for counter in (observe.ATTEMPTS, observe.SUCCESSES, observe.ROLLBACKS):
            counter.labels(name)


async def refresh(store: Store) -> None:
    """Bring the gauges up to date. A database that does not answer leaves them as they were told last."""
    if not await store.healthy():
        return
    counts = await store.counts()
    for stage in filter(lambda s: s.open, Stage):
        # None is a number too: what vanishes looks like a Watchkeeper that does not answer.
        observe.OPEN_INCIDENTS.labels(str(stage)).set(counts.get(str(stage), 0))
    totals = await store.metrics()
    observe.TRUE_POSITIVES.set(totals["true_positives"])
    observe.FALSE_POSITIVES.set(totals["false_positives"])
    observe.INCIDENT_INFO.clear()
    for incident in (await store.list_incidents(limit=_TOLD)).items:
        observe.INCIDENT_INFO.labels(
            incident.id, str(incident.severity), str(incident.stage), incident.service, incident.cause_kind,
            redact(incident.root_cause)[:_LONGEST],
        ).set(incident.opened_at.timestamp() * 1000)  # fmt: skip
