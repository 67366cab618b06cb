"""Plan a repair and ask policy whether a person must agree."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import EvidenceFile
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.live import APPLIED, declared
from watchkeeper.domain.remediation import AutoApproved, Denied, Plan, Verdict
from watchkeeper.estate.writer import HelmPlace, Rules
from watchkeeper.remediate.judge import matches
from watchkeeper.remediate.propose import Estate, Proposal, propose
from watchkeeper.store.port import PlanState
from watchkeeper.workflows.background import background_of, judged
from watchkeeper.workflows.gather import gather
from watchkeeper.workflows.house import House
from watchkeeper.workflows.outcomes import keep_shadow
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
    elif house.codehost is None and house.direct is None:
        await _shadow_only(house, incident, diagnosis)
    else:
        await _propose(house, incident, diagnosis)


def _ourselves(house: House, incident: Incident) -> str:
    """What of Watchkeeper the incident is about, "" if nothing: its services, its database, its namespace."""
    own = house.settings.notify
    named = next((s for s in (incident.cause_service, incident.service) if s in own.own_services), "")
    return named or (f"namespace {own.own_namespace}" if incident.namespace == own.own_namespace else "")


async def _propose(house: House, incident: Incident, diagnosis: Diagnosis) -> None:
    evidence = await _evidence(house, incident)
    proposal = await _proposal(house, incident, diagnosis, evidence)
    best: tuple[Plan, Verdict] | None = None
    for plan in proposal.plans:
        verdict = await judged(house, plan)
        if not isinstance(verdict, Denied):
            best = plan, verdict
            break
        best = best or (plan, verdict)
    best = await _healed(house, incident, diagnosis, evidence, best)
    if best is None:
        async with house.store.transaction() as tx:
            await keep_shadow(house, tx, incident, None)
    if best is None:
        reasons = "; ".join(f"{name}: {why}" for name, why in proposal.refused.items())
        await escalate(house, incident, f"no repair of the catalogue fits ({reasons})")
    else:
        await _keep(house, incident, *best)


async def _shadow_only(house: House, incident: Incident, diagnosis: Diagnosis) -> None:
    """No repository: the plan is rendered on the live object, remembered for the scorecard, and goes nowhere."""
    evidence = await _evidence(house, incident)
    proposal = await _on_live(house, incident, diagnosis, evidence)
    why = "no repository of manifests is configured: people decide"
    if not proposal.plans:
        async with house.store.transaction() as tx:
            await keep_shadow(house, tx, incident, None)
        await escalate(house, incident, why)
        return
    await _keep(house, incident, proposal.plans[0], Denied((why,)))


async def _healed(
    house: House, incident: Incident, diagnosis: Diagnosis, evidence: EvidenceFile, best: tuple[Plan, Verdict] | None
) -> tuple[Plan, Verdict] | None:
    """The same repair straight on the cluster, where policy lets it run alone and the settings want no pull request."""
    wanted = house.settings.remediation.self_healing
    if best is None or house.direct is None or not isinstance(best[1], AutoApproved) or best[0].route:
        return best
    if not any(matches(best[0], entry) for entry in wanted):
        return best
    made = (await _on_live(house, incident, diagnosis, evidence)).plans
    plan = next((p for p in made if p.action == best[0].action and not p.suggestion), None)
    verdict = await judged(house, plan) if plan is not None else None
    return (plan, verdict) if plan is not None and isinstance(verdict, AutoApproved) else best


async def _evidence(house: House, incident: Incident) -> EvidenceFile:
    """Read again: a plan is made for what is there now."""
    async with house.store.transaction() as tx:
        alerts = [stored.alert for stored in await tx.alerts_of(incident.id)]
    return await gather(house, incident, alerts)


async def _on_live(house: House, incident: Incident, diagnosis: Diagnosis, evidence: EvidenceFile) -> Proposal:
    """Plans against the live objects themselves."""
    spaces = {incident.namespace} | {w.namespace for w in evidence.workloads.values()}
    files = dict(
        declared(o) for o in evidence.objects if o.get("kind") in APPLIED and o["metadata"].get("namespace") in spaces
    )
    return await _made(
        house, incident, diagnosis, evidence, Estate("the cluster itself", "live", files, route="direct"), None
    )


async def _proposal(house: House, incident: Incident, diagnosis: Diagnosis, evidence: EvidenceFile) -> Proposal:
    host, delivery = house.codehost, house.settings.delivery
    if host is None:
        return await _on_live(house, incident, diagnosis, evidence)
    files = await manifests(host, delivery.base_branch, delivery.path)
    places = tuple(HelmPlace(v.target, v.field, v.file, v.path) for v in delivery.helm_values)
    estate = Estate(delivery.repository, delivery.base_branch, files, Rules(places))
    return await _made(house, incident, diagnosis, evidence, estate, host)


async def _made(
    house: House,
    incident: Incident,
    diagnosis: Diagnosis,
    evidence: EvidenceFile,
    estate: Estate,
    host: CodeHost | None,
) -> Proposal:
    cause = diagnosis.cause
    target = evidence.workloads.get(cause.service) if cause else None
    known = await background_of(house, host, target, cause.kind if cause else "")
    return propose(
        incident, diagnosis, evidence, estate, now=house.clock.now(), ids=house.ids,
        time_to_decide=timedelta(minutes=house.settings.remediation.approval_timeout_minutes), background=known,
        settings=house.settings.remediation, objective=house.settings.anomaly_detection.objective,
    )  # fmt: skip


async def manifests(host: CodeHost, branch: str, under: str) -> Mapping[str, str]:
    """{path: text} of what declares something (YAML, Terraform) at one commit of the branch."""
    commit = await host.head(branch) or branch
    paths = [p for p in await host.list_files(commit, under) if p.endswith((".yaml", ".yml", ".tf"))]
    found = {path: await host.read_file(path, commit) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


async def _keep(house: House, incident: Incident, plan: Plan, verdict: Verdict) -> None:
    async with holding(house, incident) as tx:
        await tx.save_plan(plan, verdict)
        await keep_shadow(house, tx, incident, plan)
        facts: dict[str, Any] = {
            "plan": plan.id,
            "digest": plan.digest,
            "action": plan.action,
            "because": list(verdict.because),
        }
        if plan.cost is not None:
            facts["cost"] = plan.cost.words
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
