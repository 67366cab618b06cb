"""Rules over one snapshot, folded into one root finding each, ranked. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.diagnose.cluster.cause_graph import CauseGraph
from watchkeeper.diagnose.cluster.edits import Edit, edit_before
from watchkeeper.diagnose.cluster.rule import SHELF, Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot
from watchkeeper.shelf import plugins

_LEVELS = (Level.BROKEN, Level.AT_RISK, Level.ADVICE)
_MOST_PROOFS = 6
_NOT_BY = frozenset({("crash_loop", "node"), ("job", "node")})
"""(rule, rule): the first does not follow from the second. A process that ended with a code of its own did not lose its machine."""


@dataclass(frozen=True, slots=True)
class ClusterFinding:
    """One root with everything that follows from it."""

    rule: str
    kind: str
    level: Level
    cause: Ref
    """the object at fault"""
    workload: Ref
    """whose users or pods suffer by it first; the cause itself where that is a workload"""
    words: str
    fix: str
    weight: float
    proofs: tuple[Proof, ...]
    subjects: tuple[Ref, ...]
    consequences: tuple[str, ...]
    """what follows from it, in words"""
    since: datetime | None
    edit: Edit | None
    """what was changed in the half hour before"""


@dataclass(frozen=True, slots=True)
class _Group:
    """Symptoms with the same cause and kind."""

    rule: str
    members: tuple[Symptom, ...]

    @property
    def head(self) -> Symptom:
        return self.members[0]

    @property
    def subjects(self) -> frozenset[Ref]:
        return frozenset(m.subject for m in self.members)

    @property
    def order(self) -> tuple[int, float, Ref, str]:
        return (self.head.depth, -self.head.weight, self.head.cause, self.head.kind)


def check(snapshot: Snapshot, rules: Mapping[str, Rule] | None = None) -> list[ClusterFinding]:
    """What is wrong, worst first: broken before at risk before advice, then by weight and by how much follows from it."""
    shelf = plugins(SHELF, "RULE") if rules is None else rules
    symptoms = [(name, s) for name, rule in shelf.items() for s in rule.look(snapshot)]
    groups = _grouped(symptoms)
    graph = CauseGraph(snapshot)
    swallowed = _swallowed(groups, graph)
    roots = [g for g in groups if g not in swallowed]
    below: dict[int, list[_Group]] = defaultdict(list)
    for group in swallowed:
        below[id(_root(group, swallowed))].append(group)
    found = [_finding(g, below[id(g)], snapshot) for g in roots]
    return sorted(found, key=lambda f: (_LEVELS.index(f.level), -f.weight, -len(f.consequences), f.cause))


def _grouped(symptoms: Sequence[tuple[str, Symptom]]) -> list[_Group]:
    by_key: dict[tuple[Ref, str], list[tuple[str, Symptom]]] = defaultdict(list)
    for name, symptom in symptoms:
        by_key[symptom.cause, symptom.kind].append((name, symptom))
    out = []
    for members in by_key.values():
        members.sort(key=lambda m: (m[1].depth, -m[1].weight, m[1].subject))
        out.append(_Group(members[0][0], tuple(s for _, s in members)))
    return sorted(out, key=lambda g: g.order)


def _swallowed(groups: Sequence[_Group], graph: CauseGraph) -> dict[_Group, _Group]:
    """group -> the group it follows from. What names a mechanism follows from nothing."""
    reach = [graph.reach(g.subjects) for g in groups]
    out: dict[_Group, _Group] = {}
    for n, group in enumerate(groups):
        if group.head.depth == 0:
            continue
        for m, other in enumerate(groups):
            if m == n or other.head.level is Level.ADVICE or not _touches(reach[n], other):
                continue
            if (group.rule, other.rule) in _NOT_BY:
                continue
            if _touches(reach[m], group) and not other.order < group.order:
                continue
            if other.head.level is Level.AT_RISK and group.head.level is Level.BROKEN:
                continue
            out[group] = other
            break
    return out


def _touches(reach: frozenset[Ref], other: _Group) -> bool:
    return not reach.isdisjoint(other.subjects) or other.head.cause in reach


def _root(group: _Group, swallowed: Mapping[_Group, _Group]) -> _Group:
    seen = {group}
    while group in swallowed and swallowed[group] not in seen:
        group = swallowed[group]
        seen.add(group)
    return group


def _finding(group: _Group, below: Iterable[_Group], snapshot: Snapshot) -> ClusterFinding:
    head = group.head
    proofs = dict.fromkeys(p for m in group.members for p in m.proofs)
    consequences = dict.fromkeys(
        [*(m.words for m in group.members[1:]), *(m.words for g in below for m in g.members[:1])]
    )
    times = [m.since for m in group.members if m.since is not None]
    since = min(times) if times else None
    workload = _workload(group, snapshot)
    return ClusterFinding(
        group.rule, head.kind, head.level, head.cause, workload, head.words, head.fix, head.weight,
        tuple(proofs)[:_MOST_PROOFS], tuple(sorted(group.subjects)), tuple(c for c in consequences if c != head.words),
        since, edit_before(snapshot, head.cause, workload, since),
    )  # fmt: skip


def _workload(group: _Group, snapshot: Snapshot) -> Ref:
    """Whose users or pods suffer by it first: a pod's owner, who stands behind a Service, whom a certificate names."""
    for who in (group.head.cause, *sorted(group.subjects)):
        thing = snapshot.get(who)
        if who.kind in ("Pod", "ReplicaSet", "Job") and thing is not None:
            return snapshot.workload_of(thing)
        if who.kind in ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Pod", "Job"):
            return who
    for who in (*sorted(group.subjects), group.head.cause):
        if who.kind == "Service":
            return _behind(snapshot, who)
        if who.kind == "Certificate":
            names = ((snapshot.get(who) or {}).get("spec") or {}).get("dnsNames") or []
            known = [Ref("Service", who.namespace, str(n).split(".")[0]) for n in names]
            return next((_behind(snapshot, s) for s in known if snapshot.get(s) is not None), who)
        if who.kind == "PersistentVolumeClaim":
            return _mounting(snapshot, who)
    return group.head.cause


def _behind(snapshot: Snapshot, service: Ref) -> Ref:
    """The workload a Service reaches, or the one named like it."""
    selector = ((snapshot.get(service) or {}).get("spec") or {}).get("selector")
    pods = snapshot.selected(service.namespace, selector)
    if pods:
        return snapshot.workload_of(pods[0])
    named = (Ref(kind, service.namespace, service.name) for kind in ("Deployment", "StatefulSet", "DaemonSet"))
    return next((w for w in named if snapshot.get(w) is not None), service)


def _mounting(snapshot: Snapshot, claim: Ref) -> Ref:
    """The workload whose pods mount a claim."""
    for thing in snapshot.of("Pod", "Deployment", "StatefulSet"):
        volumes = snapshot.template(thing).get("volumes") or []
        named = {(v.get("persistentVolumeClaim") or {}).get("claimName") for v in volumes}
        if thing["metadata"].get("namespace") == claim.namespace and claim.name in named:
            return snapshot.workload_of(thing)
    return claim
