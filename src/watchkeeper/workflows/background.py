"""What a plan is made and judged with beyond the evidence: earlier repairs, earlier files, bills, takeovers, standings."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.errors import CodeHostError
from watchkeeper.domain.remediation import AutoApproved, Plan, Verdict
from watchkeeper.domain.topology import Workload
from watchkeeper.remediate.action import Background, Tried
from watchkeeper.remediate.judge import judge, past_of, set_by_people
from watchkeeper.remediate.shadow import Word
from watchkeeper.remediate.standing import Outcome, Standing, narrow, standing
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.workflows.foresee_load import load_band
from watchkeeper.workflows.house import House
from watchkeeper.workflows.take_over import taken_over

_REMEMBERED = timedelta(days=30)
_WITH_HISTORY = ("configuration", "crash", "release")
"""Kinds of fault for which earlier versions of files are read."""

_WITH_FORECAST = ("overload",)
"""Kinds for which the load of the coming day is asked of the prediction room."""


async def background_of(house: House, host: CodeHost | None, target: Workload | None, kind: str) -> Background:
    """Earlier repairs of the target; for some kinds what its files said before, or which load is foreseen."""
    tried: tuple[Tried, ...] = ()
    if target is not None:
        async with house.store.transaction() as tx:
            records = await tx.plans_on(str(target), house.clock.now() - _REMEMBERED)
        tried = tuple(_tried(r) for r in records if carried_out(r))
    earlier: Mapping[str, tuple[str, ...]] = {}
    if host is not None and kind in _WITH_HISTORY:
        delivery = house.settings.delivery
        try:
            earlier = await host.earlier(delivery.base_branch, delivery.path)
        except CodeHostError:
            # Without history fewer actions fit; the others do not need it.
            earlier = {}
    foreseen: Mapping[str, float] = {}
    if target is not None and kind in _WITH_FORECAST:
        band = await load_band(house, target.name)
        foreseen = {target.name: float(band.high.max())} if band is not None else {}
    return Background(tried, earlier, foreseen)


def carried_out(record: PlanRecord) -> bool:
    """Did it reach the cluster?"""
    return "merge_sha" in record.facts


def _tried(record: PlanRecord) -> Tried:
    helped = {PlanState.SUCCEEDED: True, PlanState.UNDONE: False, PlanState.FAILED: False}.get(record.state)
    return Tried(record.plan.action, record.plan.fields, record.plan.created_at, helped)


async def judged(house: House, plan: Plan) -> Verdict:
    """What policy says now, narrowed by what the action has earned here."""
    now = house.clock.now()
    async with house.store.transaction() as tx:
        records = await tx.plans_on(str(plan.target), now - _REMEMBERED)
        stopped = bool(await tx.flag("kill_switch"))
        held = await taken_over(house, tx, plan)
        cost = await tx.automatic_cost(plan.target.namespace, now - _REMEMBERED)
        found = await standing_of(house, tx, plan.action, plan.target.namespace)
    recent = [r for r in records if r.plan.created_at > now - timedelta(hours=24)]
    past = past_of(
        [(r.plan, str(r.state), "pull_request" in r.facts) for r in recent], plan, now, namespace_cost=cost, taken_over=held,
        by_people=people_set(records),
    )  # fmt: skip
    return narrow(judge(plan, house.settings.remediation, house.guard, now, past, kill_switch=stopped), found)


def people_set(records: Sequence[PlanRecord]) -> dict[str, Any]:
    """path -> the value before our own chain of changes."""
    return set_by_people([(r.plan, str(r.state), carried_out(r)) for r in records])


async def standing_of(house: House, tx: Transaction, action: str, namespace: str) -> Standing:
    """From the outcomes here and an admin's word."""
    outcomes = [Outcome(Word(o.word), o.at, o.minutes) for o in await tx.outcomes(action, namespace)]
    granted = (await tx.grants()).get((action, namespace))
    return standing(action, namespace, outcomes, granted, house.settings.remediation)


async def still_alone(house: House, tx: Transaction, plan: Plan, verdict: Verdict) -> str:
    """Why what policy let run alone may not any more, at the moment of use; "" where it may."""
    if not isinstance(verdict, AutoApproved):
        return ""
    found = await standing_of(house, tx, plan.action, plan.target.namespace)
    return "" if found.may else found.because
