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
from watchkeeper.domain.remediation import BlastRadius, FileEdit, Plan, Risk
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.effects import Intent, judge_added, rendered
from watchkeeper.estate.owners import owner_of
from watchkeeper.estate.provenance import Provenance, folder_in, out_of_reach, provenances
from watchkeeper.estate.scripts import script
from watchkeeper.estate.valid import problem_of
from watchkeeper.estate.writer import Rules, write
from watchkeeper.remediate.action import Action, Background, Draft, Situation
from watchkeeper.remediate.checks import checks_after, checks_before
from watchkeeper.remediate.cost import cost_of
from watchkeeper.settings import RemediationSettings
from watchkeeper.shelf import plugins

SHELF = "watchkeeper.remediate.actions"
TAKEN_BACK = "# taken back by Watchkeeper\n"
"""What an undo leaves of a file that a plan created: hosts cannot be asked to forget a file on a branch."""
_GIVE_UP = 2
"""A repair that failed so often on a target is proposed last."""


@dataclass(frozen=True, slots=True)
class Estate:
    """The repository as it stands: {path: text} at the base branch, and what people declared about it."""

    repository: str
    base_branch: str
    files: Mapping[str, str]
    rules: Rules | None = None
    route: str = ""
    """How plans reach the cluster (domain.remediation.Plan.route)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Plans, best first, and why the other actions do not fit."""

    plans: tuple[Plan, ...]
    refused: Mapping[str, str]
    """action -> reason"""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What every plan of one proposal shares."""

    incident: Incident
    diagnosis: Diagnosis
    estate: Estate
    time_to_decide: timedelta
    ids: Ids
    settings: RemediationSettings
    objective: float


def propose(
    incident: Incident,
    diagnosis: Diagnosis,
    evidence: EvidenceFile,
    estate: Estate,
    *,
    now: datetime,
    time_to_decide: timedelta,
    ids: Ids,
    background: Background | None = None,
    settings: RemediationSettings | None = None,
    objective: float = 99.9,
) -> Proposal:
    """One plan for each action that the cause's kind names and that fits its workload.

    What failed twice on the target comes last; what nobody but a person can carry out comes after what we can.
    """
    cause = diagnosis.cause
    if cause is None:
        return Proposal((), {"any": diagnosis.abstained_because or "the diagnosis is inconclusive"})
    workload = evidence.workloads.get(cause.service) or _no_service(evidence, cause.service)
    if workload is None:
        return Proposal((), {"any": f"no one workload is known by the name {cause.service}"})
    live = _live(evidence, workload)
    if live is None:
        return Proposal((), {"any": f"{workload} was not seen in the cluster"})
    known = background or Background()
    situation = Situation(cause, evidence, workload, live, now, estate.files, known)
    asked = _Asked(incident, diagnosis, estate, time_to_decide, ids, settings or RemediationSettings(), objective)
    plans, refused = [], {}
    for name in FAULTS[cause.kind].actions:
        made = _plan(name, situation, asked)
        if isinstance(made, Plan):
            plans.append(made)
        else:
            refused[name] = made
    if not FAULTS[cause.kind].actions:
        refused["any"] = f"no action of the catalogue cures {FAULTS[cause.kind].title.lower()}"
    plans.sort(key=lambda p: (bool(p.suggestion), _failures(known, p.action) >= _GIVE_UP))
    return Proposal(tuple(plans), refused)


def _failures(known: Background, action: str) -> int:
    return sum(t.action == action and t.helped is False for t in known.tried)


def _no_service(evidence: EvidenceFile, name: str) -> Workload | None:
    """A machine or a job, which no service is known by; None where several are called so."""
    heads = [(o.get("kind"), o["metadata"]) for o in evidence.objects if o.get("kind") in ("Node", "Job")]
    found = {Workload(h.get("namespace") or "", str(kind), name) for kind, h in heads if h.get("name") == name}
    return found.pop() if len(found) == 1 else None


def _live(evidence: EvidenceFile, workload: Workload) -> Mapping[str, Any] | None:
    for thing in evidence.objects:
        head = thing.get("metadata", {})
        if (thing.get("kind"), head.get("namespace") or "", head.get("name")) == (
            workload.kind, workload.namespace, workload.name,
        ):  # fmt: skip
            return thing
    return None


def _plan(name: str, situation: Situation, asked: _Asked) -> Plan | str:
    action: Action = plugins(SHELF, "ACTION")[name]
    draft = action.draft(situation)
    if isinstance(draft, str):
        return draft
    target = draft.target or situation.workload
    owner = _owner(situation, draft, target, direct=asked.estate.route == "direct")
    if owner:
        return owner
    if asked.estate.route == "direct" and any(f.after is None and f.before is not None for f in draft.fields):
        why = "server-side apply does not take away a field that somebody else set"
        return _sealed(name, situation, draft, (), asked, (why,))
    sources = () if asked.estate.route == "direct" else _sources(situation, draft)
    edits = _render(target, draft, asked, folder_in(sources, asked.estate.repository))
    if isinstance(edits, str) and not _declared_nowhere(edits):
        return _sealed(name, situation, draft, (), asked, (edits,))
    if isinstance(edits, str):
        # Declared in no file we can read: with a script it is still worth telling people.
        return edits if not draft.by_hand else _sealed(name, situation, draft, (), asked, (edits,))
    if far := _out_of_reach(sources, edits, asked.estate):
        return _sealed(name, situation, draft, (), asked, (far,))
    return _sealed(name, situation, draft, edits, asked, ())


def _declared_nowhere(reason: str) -> bool:
    return reason.startswith("no file of the repository declares") and "not rendered" not in reason


def _owner(situation: Situation, draft: Draft, target: Workload, *, direct: bool) -> str:
    live = situation.live if draft.live is None else draft.live
    for change in draft.fields:
        owner = owner_of(change.path, target, live, situation.evidence.objects, direct=direct)
        if owner:
            return f"{owner} owns {change.path.removeprefix('spec.')}: change it there"
    return ""


def _sources(situation: Situation, draft: Draft) -> tuple[Provenance, ...]:
    """Where Argo CD or Flux take the target from; () where they do not, or nobody can say."""
    return provenances(situation.live if draft.live is None else draft.live, situation.evidence.objects)


def _out_of_reach(sources: tuple[Provenance, ...], edits: tuple[FileEdit, ...], estate: Estate) -> str:
    """Why merging would change nothing: what deploys the object takes it from elsewhere."""
    reasons = (out_of_reach(sources, estate.files, estate.repository, estate.base_branch, e.path) for e in edits)
    return next((reason for reason in reasons if reason), "")


def _sealed(
    name: str,
    situation: Situation,
    draft: Draft,
    edits: tuple[FileEdit, ...],
    asked: _Asked,
    suggestion: tuple[str, ...],
) -> Plan:
    cause, workload, estate = situation.cause, situation.workload, asked.estate
    target = draft.target or workload
    independent, trusted = corroboration(cause)
    by_hand = _by_hand(target, edits, estate)
    return Plan(
        id=asked.ids.new("plan"), incident_id=asked.incident.id, action=name, target=target, environment=asked.incident.environment,
        severity=asked.incident.severity, arguments=draft.arguments,
        because=f"{asked.diagnosis.root_cause} So: {draft.words}.",
        evidence_ids=tuple(item.id for item in cause.evidence), evidence_digest=asked.diagnosis.evidence_digest,
        confidence=cause.confidence, independent_signals=independent, trusted_signals=trusted,
        repository=estate.repository, base_branch=estate.base_branch, edits=edits, fields=draft.fields,
        blast_radius=_blast_radius(situation), risk=_risk(draft, situation), reversible=draft.reversible,
        checks_before=checks_before(workload), checks_after=checks_after(situation.evidence, workload, asked.objective),
        undo=tuple(FileEdit(e.path, e.after, e.before or TAKEN_BACK) for e in edits), undo_words=draft.undo_words,
        manual_commands=by_hand, created_at=situation.now, expires_at=situation.now + asked.time_to_decide,
        route=estate.route, cost=cost_of(draft.fields, situation.live, asked.settings, int(draft.arguments.get("nodes", 0))),
        lasts_until=situation.now + timedelta(hours=draft.hours) if draft.hours else None, suggestion=suggestion,
        script=script(draft.words, draft.by_hand) if draft.by_hand else "",
    ).sealed()  # fmt: skip


def _risk(draft: Draft, situation: Situation) -> Risk:
    """The action's own, raised where much is touched or what is touched keeps data."""
    order = [Risk.LOW, Risk.MEDIUM, Risk.HIGH, Risk.FORBIDDEN]
    more = situation.replicas > 20 or situation.workload.kind == "StatefulSet"
    return order[min(order.index(draft.risk) + more, 2)] if draft.risk is not Risk.FORBIDDEN else draft.risk


def _render(target: Workload, draft: Draft, asked: _Asked, folder: str) -> tuple[FileEdit, ...] | str:
    files = asked.estate.files
    if draft.files:
        return _whole_files(files, draft, target)
    if not draft.fields or (draft.by_hand and target.kind == "Node"):
        return f"no file of the repository declares what is done to {target}: it is done by hand"
    intent = Intent(target, draft.fields, asked.incident.environment, folder)
    edits = write(files, intent, asked.estate.rules)
    if isinstance(edits, str):
        return edits
    after = rendered({**files, **{e.path: e.after for e in edits}}, intent)
    problem = problem_of(after) if after is not None else ""
    before = rendered(files, intent)
    if problem and before is not None and not problem_of(before):
        return f"the API would not accept it: {problem}"
    return edits


def _whole_files(files: Mapping[str, str], draft: Draft, target: Workload) -> tuple[FileEdit, ...] | str:
    edits = tuple(FileEdit(path, files.get(path, ""), text) for path, text in draft.files.items())
    problem = judge_added(files, {**files, **draft.files}, (target.kind, target.namespace, target.name))
    return problem or edits


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
    if situation.workload.kind == "Node":
        on_it = [
            o
            for o in situation.evidence.objects
            if o.get("kind") == "Pod" and o.get("spec", {}).get("nodeName") == name
        ]
        return BlastRadius((str(situation.workload),), len(on_it), (), f"{len(on_it)} pod(s) run on {name}.")
    callers = tuple(sorted(situation.evidence.topology.callers.get(name, frozenset())))
    heard = f"; {', '.join(callers)} call it and may notice" if callers else "; no caller is known"
    return BlastRadius(
        (str(situation.workload),), pods, callers, f"{pods} pod(s) of {name} are replaced or added{heard}."
    )


def _by_hand(target: Workload, edits: tuple[FileEdit, ...], estate: Estate) -> tuple[str, ...]:
    if not edits:
        return (f"find where {target} is declared, change the fields the plan names, and have it reviewed",)
    rollout = target.kind in ("Deployment", "StatefulSet", "DaemonSet")
    watch = "rollout status" if rollout else "get"
    return (
        f"edit {', '.join(e.path for e in edits)} in {estate.repository} on a branch off {estate.base_branch} as the plan's diff shows",
        "open a pull request, wait for its checks, merge it",
        f"kubectl -n {target.namespace} {watch} {target.kind.lower()}/{target.name}",
    )
