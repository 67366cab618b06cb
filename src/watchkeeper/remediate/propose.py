"""From a diagnosis to plans: actions of the catalogue, rendered as edits of the repository, sealed with a digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.domain.clock import Ids
from watchkeeper.domain.diagnosis import Diagnosis, Hypothesis
from watchkeeper.domain.evidence import EvidenceFile, Origin
from watchkeeper.domain.faults import FAULTS
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.remediation import BlastRadius, FileEdit, Plan
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.manifests import edit, locate
from watchkeeper.remediate.action import Draft, Situation
from watchkeeper.remediate.checks import checks_after, checks_before
from watchkeeper.shelf import plugins

SHELF = "watchkeeper.remediate.actions"


@dataclass(frozen=True, slots=True)
class Estate:
    """The repository as it stands: {path: text} at the base branch."""

    repository: str
    base_branch: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Plans, best first, and why the other actions do not fit."""

    plans: tuple[Plan, ...]
    refused: Mapping[str, str]
    """action -> reason"""


def propose(
    incident: Incident,
    diagnosis: Diagnosis,
    evidence: EvidenceFile,
    estate: Estate,
    *,
    now: datetime,
    time_to_decide: timedelta,
    ids: Ids,
) -> Proposal:
    """One plan for each action that the cause's kind names and that fits its workload."""
    cause = diagnosis.cause
    if cause is None:
        return Proposal((), {"any": diagnosis.abstained_because or "the diagnosis is inconclusive"})
    workload = evidence.workloads.get(cause.service)
    if workload is None:
        return Proposal((), {"any": f"no one workload is known by the name {cause.service}"})
    live = _live(evidence, workload)
    if live is None:
        return Proposal((), {"any": f"{workload} was not seen in the cluster"})
    situation = Situation(cause, evidence, workload, live, now)
    plans, refused = [], {}
    for name in FAULTS[cause.kind].actions:
        made = _plan(name, situation, incident, diagnosis, estate, time_to_decide, ids)
        if isinstance(made, Plan):
            plans.append(made)
        else:
            refused[name] = made
    if not FAULTS[cause.kind].actions:
        refused["any"] = f"no action of the catalogue cures {FAULTS[cause.kind].title.lower()}"
    return Proposal(tuple(plans), refused)


def _live(evidence: EvidenceFile, workload: Workload) -> Mapping[str, Any] | None:
    for thing in evidence.objects:
        head = thing.get("metadata", {})
        if (thing.get("kind"), head.get("namespace"), head.get("name")) == (
            workload.kind, workload.namespace, workload.name,
        ):  # fmt: skip
            return thing
    return None


def _plan(
    name: str,
    situation: Situation,
    incident: Incident,
    diagnosis: Diagnosis,
    estate: Estate,
    time_to_decide: timedelta,
    ids: Ids,
) -> Plan | str:
    draft = plugins(SHELF, "ACTION")[name].draft(situation)
    if isinstance(draft, str):
        return draft
    edited = _render(situation.workload, draft, estate)
    if isinstance(edited, str):
        return edited
    cause, workload = situation.cause, situation.workload
    independent, trusted = corroboration(cause)
    return Plan(
        id=ids.new("plan"), incident_id=incident.id, action=name, target=workload, environment=incident.environment,
        severity=incident.severity, arguments=draft.arguments,
        because=f"{diagnosis.root_cause} So: {draft.words}.",
        evidence_ids=tuple(item.id for item in cause.evidence), evidence_digest=diagnosis.evidence_digest,
        confidence=cause.confidence, independent_signals=independent, trusted_signals=trusted,
        repository=estate.repository, base_branch=estate.base_branch, edits=(edited,), fields=draft.fields,
        blast_radius=_blast_radius(situation), risk=draft.risk, reversible=True,
        checks_before=checks_before(workload), checks_after=checks_after(situation.evidence, workload),
        undo=(FileEdit(edited.path, edited.after, edited.before),), undo_words=draft.undo_words,
        manual_commands=_by_hand(workload, edited, estate), created_at=situation.now,
        expires_at=situation.now + time_to_decide,
    ).sealed()  # fmt: skip


def _render(workload: Workload, draft: Draft, estate: Estate) -> FileEdit | str:
    located = locate(estate.files, workload.kind, workload.namespace, workload.name)
    if isinstance(located, str):
        return located
    return edit(estate.files, located, draft.fields)


def corroboration(cause: Hypothesis) -> tuple[int, int]:
    """Independent kinds of signal behind a cause, and how many of them a workload cannot forge.

    Everything the workload writes is one kind; status fields and kube-state-metrics are one kind too, for the latter
    only repeats the former.
    """
    kinds = {_KIND[item.origin] for item in cause.evidence} - {""}
    return len(kinds), len(kinds - {"workload"})


_KIND: Mapping[Origin, str] = {
    Origin.CONTROL_PLANE: "control plane", Origin.KUBE_STATE: "control plane", Origin.CADVISOR: "cadvisor",
    Origin.WORKLOAD: "workload", Origin.DECLARED: "",
}  # fmt: skip


def _blast_radius(situation: Situation) -> BlastRadius:
    name, pods = situation.workload.name, situation.replicas
    callers = tuple(sorted(situation.evidence.topology.callers.get(name, frozenset())))
    heard = f"; {', '.join(callers)} call it and may notice" if callers else "; no caller is known"
    return BlastRadius(
        (str(situation.workload),), pods, callers, f"{pods} pod(s) of {name} are replaced or added{heard}."
    )


def _by_hand(workload: Workload, edited: FileEdit, estate: Estate) -> tuple[str, ...]:
    return (
        f"edit {edited.path} in {estate.repository} on a branch off {estate.base_branch} as the plan's diff shows",
        "open a pull request, wait for its checks, merge it",
        f"kubectl -n {workload.namespace} rollout status {workload.kind.lower()}/{workload.name}",
    )
