"""Plan a repair and ask policy whether a person must agree."""

from collections.abc import Mapping
from datetime import timedelta

from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import AutoApproved, Denied, Plan, Verdict
from watchkeeper.remediate.judge import Past, judge, past_of
from watchkeeper.remediate.propose import Estate, Proposal, propose
from watchkeeper.store.port import PlanState
from watchkeeper.workflows.gather import gather
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import escalate, holding, move


async def step(house: House, incident: Incident) -> None:
    """diagnosed -> applying (policy agrees), awaiting_approval (a person must), or escalated (nothing fits)."""
    async with house.store.transaction() as tx:
        diagnosis = await tx.diagnosis(incident.id)
    if diagnosis is None or diagnosis.cause is None:
        why = diagnosis.abstained_because if diagnosis else "there is no diagnosis"
        await escalate(house, incident, f"inconclusive: {why}")
    elif own := _ourselves(house, incident):
        await escalate(house, incident, f"{own} is Watchkeeper itself: diagnosed, never repaired")
    elif not incident.severity.plans:
        await escalate(house, incident, f"severity {incident.severity}: people are told, nothing is planned")
    elif house.codehost is None:
        await escalate(house, incident, "no repository of manifests is configured: people decide")
    else:
        await _propose(house, house.codehost, incident, diagnosis)


def _ourselves(house: House, incident: Incident) -> str:
    """What of Watchkeeper the incident is about, "" if nothing: its services, its database, its namespace."""
    own = house.settings.notify.own_services
    named = next((s for s in (incident.cause_service, incident.service) if s in own), "")
    protected = (
        incident.namespace in house.settings.remediation.protected_namespaces and incident.namespace == "watchkeeper"
    )
    return named or (f"namespace {incident.namespace}" if protected else "")


async def _propose(house: House, host: CodeHost, incident: Incident, diagnosis: Diagnosis) -> None:
    proposal = await _proposal(house, host, incident, diagnosis)
    best: tuple[Plan, Verdict] | None = None
    for plan in proposal.plans:
        verdict = await _judge(house, plan)
        if not isinstance(verdict, Denied):
            best = plan, verdict
            break
        best = best or (plan, verdict)
    if best is None:
        reasons = "; ".join(f"{name}: {why}" for name, why in proposal.refused.items())
        await escalate(house, incident, f"no repair of the catalogue fits ({reasons})")
    else:
        await _keep(house, incident, *best)


async def _proposal(house: House, host: CodeHost, incident: Incident, diagnosis: Diagnosis) -> Proposal:
    """The evidence is read again: a plan is made for what is there now."""
    async with house.store.transaction() as tx:
        alerts = [stored.alert for stored in await tx.alerts_of(incident.id)]
    evidence = await gather(house, incident, alerts)
    delivery = house.settings.delivery
    estate = Estate(
        delivery.repository, delivery.base_branch, await manifests(host, delivery.base_branch, delivery.path)
    )
    return propose(
        incident, diagnosis, evidence, estate, now=house.clock.now(), ids=house.ids,
        time_to_decide=timedelta(minutes=house.settings.remediation.approval_timeout_minutes),
    )  # fmt: skip


async def manifests(host: CodeHost, branch: str, under: str) -> Mapping[str, str]:
    """{path: text} of the YAML files at one commit of the branch."""
    commit = await host.head(branch) or branch
    paths = [p for p in await host.list_files(commit, under) if p.endswith((".yaml", ".yml"))]
    found = {path: await host.read_file(path, commit) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


async def _judge(house: House, plan: Plan) -> Verdict:
    now = house.clock.now()
    async with house.store.transaction() as tx:
        records = await tx.plans_on(str(plan.target), now - timedelta(hours=24))
        stopped = bool(await tx.flag("kill_switch"))
    past: Past = past_of([(r.plan, str(r.state), "pull_request" in r.facts) for r in records], plan, now)
    return judge(plan, house.settings.remediation, house.guard, now, past, kill_switch=stopped)


async def _keep(house: House, incident: Incident, plan: Plan, verdict: Verdict) -> None:
    async with holding(house, incident) as tx:
        await tx.save_plan(plan, verdict)
        facts = {"plan": plan.id, "digest": plan.digest, "action": plan.action, "because": list(verdict.because)}
        words = f"{plan.action.replace('_', ' ')} of {plan.target.name}"
        await tx.add_event(incident.id, "plan.proposed", words, house.clock.now(), facts)
        if isinstance(verdict, Denied):
            await tx.set_plan(plan.id, PlanState.VOID, {"void_because": "policy denies it"})
            data = {**facts, "manual_commands": list(plan.manual_commands)}
            said = f"policy denies {words}: {'; '.join(verdict.because)}"
            await move(house, tx, incident, Stage.ESCALATED, "incident.escalated", said, data)
        elif isinstance(verdict, AutoApproved):
            await tx.set_plan(plan.id, PlanState.APPROVED)
            said = f"policy lets {words} run without a person"
            await move(house, tx, incident, Stage.APPLYING, "approval.granted", said, facts)
        else:
            said = f"a person must agree to {words}: {'; '.join(verdict.because)}"
            await move(house, tx, incident, Stage.AWAITING_APPROVAL, "approval.requested", said, facts)
