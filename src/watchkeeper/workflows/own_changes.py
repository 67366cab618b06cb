"""Our own repairs among the changes of a situation: shown as ours, and no suspect of the incident they repair."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from watchkeeper.domain.evidence import Change
from watchkeeper.domain.topology import Workload
from watchkeeper.remediate.own_changes import Delivered, marked
from watchkeeper.store.port import PlanRecord
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import moment

_LOOK_BACK = timedelta(days=1)
"""Plans made so long before a change may have been merged with it."""


async def with_ours(
    house: House, namespace: str, changes: Sequence[Change], incident_id: str = ""
) -> tuple[Change, ...]:
    """The same changes; those that a plan of this incident, or of any on a workload that changed, made are marked."""
    if not changes:
        return ()
    since = min(c.at for c in changes) - _LOOK_BACK
    names = sorted({c.service for c in changes if "revision" in c.details})
    async with house.store.transaction() as tx:
        records = list(await tx.plans_of(incident_id)) if incident_id else []
        for name in names:
            records += await tx.plans_on(str(Workload(namespace, "Deployment", name)), since)
    return marked(changes, list(delivered(records, house.clock.now())))


def delivered(records: Iterable[PlanRecord], now: datetime) -> Iterator[Delivered]:
    """What reached the cluster, and what was taken back; one that still rolls out ends now."""
    for record in records:
        facts = record.facts
        merged = moment(facts, "merged_at")
        if merged is not None:
            until = moment(facts, "deployed_at") or now
            yield Delivered(record.plan, merged, until, frozenset({str(facts.get("merge_sha"))}))
        undone = moment(facts, "undo_since")
        if undone is not None and facts.get("undo_merge_sha"):
            until = moment(facts, "undone_at") or now
            yield Delivered(record.plan, undone, until, frozenset({str(facts["undo_merge_sha"])}))
