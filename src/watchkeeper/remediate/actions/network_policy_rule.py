"""Allow one caller to reach one service, by a policy of its own beside those that stand in the way."""

from collections.abc import Mapping
from typing import Any

import yaml

from watchkeeper.domain.remediation import Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits a workload that an ingress policy selects, where one declared caller is not let in."""
    walls = [p for p in situation.objects("NetworkPolicy") if _selects(p, situation.labels) and "Ingress" in _types(p)]
    if not walls:
        return "no network policy stands before it"
    callers = sorted(situation.evidence.topology.callers.get(situation.workload.name, frozenset()))
    shut = [
        (c, labels) for c in callers if (labels := _labels(situation, c)) and not any(_lets(p, labels) for p in walls)
    ]
    if len(shut) != 1:
        return (
            "every known caller is let in"
            if not shut
            else f"several callers are shut out ({', '.join(c for c, _ in shut)}): a person decides"
        )
    ports = [p.get("containerPort") for c in situation.containers for p in c.get("ports") or []]
    if len(ports) != 1:
        return "which port the caller needs is not known"
    return _rule(situation, *shut[0], int(ports[0] or 0))


def _rule(situation: Situation, caller: str, labels: Mapping[str, str], port: int) -> Draft | str:
    name, space = situation.workload.name, situation.workload.namespace
    called = f"allow-{caller}-to-{name}"
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": called, "namespace": space},
        "spec": {
            "podSelector": {"matchLabels": dict(situation.labels)}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": dict(labels)}}], "ports": [{"port": port, "protocol": "TCP"}]}],
        },
    }  # fmt: skip
    folder = _folder(situation)
    if folder is None:
        return "no file of the repository declares the workload, so there is no place for the policy"
    path = f"{folder}{called}.yaml"
    words = f"allow {caller} to reach port {port} of {name}"
    target = situation.beside("NetworkPolicy", called)
    text = yaml.safe_dump(policy, sort_keys=False)
    return Draft(
        {"caller": caller, "port": port}, (), words, "take the policy away again", Risk.MEDIUM, target, {}, {path: text}
    )


def _folder(situation: Situation) -> str | None:
    needle = f"name: {situation.workload.name}"
    path = next(
        (p for p, t in sorted(situation.files.items()) if needle in t and f"kind: {situation.workload.kind}" in t), None
    )
    return None if path is None else path[: path.rfind("/") + 1]


def _types(policy: Mapping[str, Any]) -> list[str]:
    return list(policy.get("spec", {}).get("policyTypes") or ["Ingress"])


def _selects(policy: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    selector = policy.get("spec", {}).get("podSelector") or {}
    return not selector.get("matchExpressions") and (selector.get("matchLabels") or {}).items() <= labels.items()


def _lets(policy: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Careful: a source we cannot read counts as letting in, so that nothing is opened needlessly."""
    for rule in policy.get("spec", {}).get("ingress") or []:
        sources = rule.get("from")
        if not sources:
            return True
        for source in sources:
            selector = source.get("podSelector")
            if (
                selector is None
                or selector.get("matchExpressions")
                or (selector.get("matchLabels") or {}).items() <= labels.items()
            ):
                return True
    return False


def _labels(situation: Situation, caller: str) -> Mapping[str, str]:
    found = situation.evidence.workloads.get(caller)
    for thing in situation.evidence.objects:
        head = thing.get("metadata", {})
        if found and (thing.get("kind"), head.get("namespace"), head.get("name")) == (
            found.kind,
            situation.workload.namespace,
            found.name,
        ):
            return dict(thing.get("spec", {}).get("template", {}).get("metadata", {}).get("labels") or {})
    return {}


ACTION = Action(
    "network_policy_rule", "Allow a caller through a network policy", draft,
    applies="Requests of one known caller time out because a network policy does not let them in.",
    preconditions=("a policy selects the workload", "exactly one traced or declared caller of the same namespace is shut out", "the container declares one port"),
    radius="One caller, one port. Policies add up: nobody loses anything.",
    risk="Medium: it opens a door.",
    undo="Take the policy away.",
    never=("edits or removes a policy that stands", "opens to a namespace, an address range or everybody"),
    kinds=("NetworkPolicy",),
)  # fmt: skip
