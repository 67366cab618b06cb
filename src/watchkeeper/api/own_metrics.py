"""What every replica tells alike: gauges read from the database when somebody scrapes."""

from watchkeeper import observe
from watchkeeper.domain.redaction import redact
from watchkeeper.remediate.propose import SHELF as ACTIONS
from watchkeeper.shelf import plugins
from watchkeeper.store.port import Store

_TOLD = 20
"""Newest incidents told one by one: enough for a feed, few enough for a time series database."""
_LONGEST = 160


def begin_at_zero() -> None:
    """Every action of the catalogue is told from the start: a counter that begins at one shows no rate for its first repair."""
    for name in plugins(ACTIONS, "ACTION"):
        for counter in (observe.ATTEMPTS, observe.SUCCESSES, observe.ROLLBACKS):
            counter.labels(name)


async def refresh(store: Store) -> None:
    """Bring the gauges up to date. A database that does not answer leaves them as they were told last."""
    if not await store.healthy():
        return
    observe.OPEN_INCIDENTS.clear()
    for stage, number in (await store.counts()).items():
        observe.OPEN_INCIDENTS.labels(stage).set(number)
    totals = await store.metrics()
    observe.TRUE_POSITIVES.set(totals["true_positives"])
    observe.FALSE_POSITIVES.set(totals["false_positives"])
    observe.INCIDENT_INFO.clear()
    for incident in (await store.list_incidents(limit=_TOLD)).items:
        observe.INCIDENT_INFO.labels(
            incident.id, str(incident.severity), str(incident.stage), incident.service, incident.cause_kind,
            redact(incident.root_cause)[:_LONGEST],
        ).set(incident.opened_at.timestamp() * 1000)  # fmt: skip
