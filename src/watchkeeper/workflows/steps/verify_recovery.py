"""Prove that the repair helped, by the signals that raised the incident. Data that vanished proves nothing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from watchkeeper import observe
from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.evidence import Series, Signal, Window
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import Check, Plan, Recovery, RecoveryState
from watchkeeper.remediate.live import ready_replicas, rollout_complete
from watchkeeper.remediate.shadow import Word
from watchkeeper.remediate.verify import key_of, live_is_ours, verify
from watchkeeper.store.port import PlanRecord, PlanState
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.house import House
from watchkeeper.workflows.outcomes import keep_outcome
from watchkeeper.workflows.progress import current_plan, escalate, holding, look_again, moment, move
from watchkeeper.workflows.steps.apply_change import live_object


async def step(house: House, incident: Incident) -> None:
    """verifying -> resolved (proven for long enough), rolling_back (worse, or no better in time), or escalated."""
    record = await current_plan(house, incident, PlanState.APPLIED)
    if record is None:
        await escalate(house, incident, "the repair to verify is gone")
        return
    rules, now = house.settings.remediation, house.clock.now()
    deployed = moment(record.facts, "deployed_at") or now
    ready_at = deployed + timedelta(seconds=rules.verify_after_seconds)
    if now < ready_at:
        await look_again(house, incident, (ready_at - now).total_seconds())
        return
    live = await live_object(house, record.plan)
    if live is not None and not live_is_ours(live, record.plan):
        await escalate(house, incident, "a person changed the target after the repair: it is theirs now", record)
        return
    recovery = verify(record.plan.checks_after, await measure(house, incident, record.plan))
    await _conclude(
        house, incident, record, recovery, late=now > ready_at + timedelta(minutes=rules.verify_timeout_minutes)
    )


async def _conclude(house: House, incident: Incident, record: PlanRecord, recovery: Recovery, *, late: bool) -> None:
    match recovery.state:
        case RecoveryState.RECOVERED:
            await _healthy(house, incident, record, recovery)
        case RecoveryState.WORSE:
            await _undo(house, incident, record, f"it got worse: {'; '.join(recovery.because)}")
        case RecoveryState.NOT_YET if late:
            await _undo(house, incident, record, f"it is no better: {'; '.join(recovery.because)}")
        case RecoveryState.INCONCLUSIVE if late:
            words = f"the repair is out, but recovery cannot be seen: {'; '.join(recovery.because)}"
            await escalate(house, incident, words, record)
        case _:
            await _note(house, incident, record, recovery)


async def _healthy(house: House, incident: Incident, record: PlanRecord, recovery: Recovery) -> None:
    """Recovered only once everything has held without a break for `verify_healthy_seconds`, on one run of the source."""
    now = house.clock.now()
    since = moment(record.facts, "healthy_since")
    began = await _source_began(house)
    if since is None or (began is not None and began > since.timestamp()):
        await _keep(house, incident, record, recovery, {"healthy_since": now.isoformat()})
    elif (now - since).total_seconds() < house.settings.remediation.verify_healthy_seconds:
        await look_again(house, incident)
    else:
        await _resolve(house, incident, record, recovery)


async def _source_began(house: House) -> float | None:
    if house.metrics is None:
        return None
    try:
        return await house.metrics.started_at()
    except SourceError:
        return house.clock.now().timestamp()


async def _resolve(house: House, incident: Incident, record: PlanRecord, recovery: Recovery) -> None:
    observe.SUCCESSES.labels(record.plan.action).inc()
    async with holding(house, incident) as tx:
        await tx.set_plan(record.plan.id, PlanState.SUCCEEDED, {"recovery": _measured(recovery)})
        await keep_outcome(house, tx, record, Word.HELPED, "recovery was proven")
        words = f"recovery is proven: {'; '.join(recovery.because[:4])}"
        data = {"plan": record.plan.id, "measurements": _measured(recovery)}
        await move(house, tx, incident, Stage.RESOLVED, "incident.resolved", words, data)


async def _undo(house: House, incident: Incident, record: PlanRecord, why: str) -> None:
    async with holding(house, incident) as tx:
        now = house.clock.now().isoformat()
        await tx.set_plan(record.plan.id, PlanState.APPLIED, {"undo_since": now, "undo_because": why})
        await keep_outcome(house, tx, record, Word.HARMED if why.startswith("it got worse") else Word.NO_HELP, why)
        words = f"{why}; the repair is taken back"
        await move(house, tx, incident, Stage.ROLLING_BACK, "recovery.measured", words, {"plan": record.plan.id})


async def _note(house: House, incident: Incident, record: PlanRecord, recovery: Recovery) -> None:
    """Not proven (yet): the healthy time starts again; said on the timeline when the reason changes."""
    if record.facts.get("recovery_state") == str(recovery.state) and not record.facts.get("healthy_since"):
        await look_again(house, incident)
    else:
        await _keep(house, incident, record, recovery, {"healthy_since": ""})


async def _keep(
    house: House, incident: Incident, record: PlanRecord, recovery: Recovery, facts: Mapping[str, str]
) -> None:
    async with house.store.transaction() as tx:
        await tx.set_plan(record.plan.id, PlanState.APPLIED, {**facts, "recovery_state": str(recovery.state)})
        words = f"{str(recovery.state).replace('_', ' ')}: {'; '.join(recovery.because[:4])}"
        data = {"plan": record.plan.id, "measurements": _measured(recovery)}
        await tx.add_event(incident.id, "recovery.measured", words, house.clock.now(), data)
    await look_again(house, incident)


def _measured(recovery: Recovery) -> dict[str, float | None]:
    return {key: None if value is None else round(value, 4) for key, value in recovery.measurements.items()}


async def measure(house: House, incident: Incident, plan: Plan) -> dict[str, float | None]:
    """A number for each check, None where it cannot be seen. The same queries that the diagnosis read."""
    now = house.clock.now()
    width = timedelta(seconds=max(house.settings.remediation.poll_seconds * 3, 10))
    metrics = tuple({str(c.arguments["metric"]) for c in plan.checks_after if "metric" in c.arguments} | {"up"})
    # Polls go on as long as they are owed: they count for the minute, not against the incident's budget.
    scope = Scope(Window(now - width, now - width, now), (plan.target.namespace,), plan.target.name, "", metrics)
    readings = await read_all([s for s in house.sources if Signal.METRICS in s.signals], scope)
    series = [s for r in readings for s in r.metrics]
    return {key_of(check): await _value(house, plan, check, series, now.timestamp()) for check in plan.checks_after}


async def _value(house: House, plan: Plan, check: Check, series: list[Series], now: float) -> float | None:
    match check.kind:
        case "ready":
            live = await _watched(house, plan, check)
            return None if live is None else float(rollout_complete(live) and ready_replicas(live) > 0)
        case "symptom":
            return await _still_firing(house, check)
        case "up":
            return _latest(series, str(check.arguments["service"]), "up", now, worst=min)
        case _:
            return _latest(series, str(check.arguments["service"]), str(check.arguments["metric"]), now, worst=max)


async def _watched(house: House, plan: Plan, check: Check) -> Mapping[str, Any] | None:
    """The workload whose pods must be ready: the target, or the one that a target beside it serves."""
    said = check.arguments
    if house.objects is None or "kind" not in said:
        return await live_object(house, plan)
    return await house.objects.get(str(said["kind"]), str(said["namespace"]), str(said["name"]))


def _latest(series: list[Series], service: str, metric: str, now: float, worst: object) -> float | None:
    """The newest value, of several series the worst; None where nothing is recent."""
    newest = []
    for s in series:
        if (s.service, s.metric) == (service, metric):
            recent = np.isfinite(s.values) & (s.times > now - 60)
            if recent.any():
                newest.append(float(s.values[recent][-1]))
    return worst(newest) if newest and callable(worst) else None


async def _still_firing(house: House, check: Check) -> float | None:
    """How many samples the alert's own expression has for its labels; None where it cannot be asked."""
    if house.metrics is None:
        return None
    labels = check.arguments["labels"]
    try:
        samples = await house.metrics.instant(str(check.arguments["expression"]))
    except SourceError:
        return None
    return float(sum(all(labels.get(k, v) == v for k, v in s.labels.items()) for s in samples))
