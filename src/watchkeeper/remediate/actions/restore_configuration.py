"""Put configuration back from history: environment values of the revision before, or a file the repository once held."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template

_REVISION = "deployment.kubernetes.io/revision"


def draft(situation: Situation) -> Draft | str:
    """Fits values that changed with the newest revision, or a ConfigMap that is referred to and was deleted."""
    changes = tuple(_values(situation))
    if changes:
        names = ", ".join(c.path.rsplit("env[name=", 1)[-1].split("]")[0] for c in changes)
        words = f"put {names} of {situation.workload.name} back to what the revision before had"
        undo = "set the newer values again"
        return Draft({"variables": names}, changes, words, undo, single_pod_risk(situation))
    return _lost(situation)


def _values(situation: Situation) -> Iterator[FieldChange]:
    before = _revision_before(situation)
    if before is None:
        return
    old = {c.get("name"): c for c in before.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])}
    for container in situation.containers:
        then = {v.get("name"): v.get("value") for v in old.get(container.get("name"), {}).get("env") or []}
        for variable in container.get("env") or []:
            name, now = variable.get("name"), variable.get("value")
            if now is not None and then.get(name) is not None and then[name] != now:
                path = template(f"spec.containers[name={container['name']}].env[name={name}].value")
                yield FieldChange(path, now, then[name])


def _revision_before(situation: Situation) -> Mapping[str, Any] | None:
    now = _number(situation.live)
    mine = [
        r for r in situation.objects("ReplicaSet")
        if any(o.get("name") == situation.workload.name for o in r["metadata"].get("ownerReferences") or []) and 0 < _number(r) < now
    ]  # fmt: skip
    return max(mine, key=_number, default=None)


def _number(thing: Mapping[str, Any]) -> int:
    said = str((thing.get("metadata", {}).get("annotations") or {}).get(_REVISION, "0"))
    return int(said) if said.isdigit() else 0


def _lost(situation: Situation) -> Draft | str:
    """A ConfigMap (never a Secret) that the pods refer to, that is not there, and that a file of the repository once declared."""
    there = {c["metadata"].get("name") for c in situation.objects("ConfigMap")}
    wanted = [n for n in _referred(situation) if n not in there]
    for name in wanted:
        for path, versions in sorted(situation.background.earlier.items()):
            text = next((t for t in versions if _declares(t, situation.workload.namespace, name)), "")
            if text and not _declares(situation.files.get(path, ""), situation.workload.namespace, name):
                words = f"put the ConfigMap {name} back as {path} declared it"
                target = situation.beside("ConfigMap", name)
                undo = f"take {path} away again"
                return Draft(
                    {"name": name, "path": path}, (), words, undo, single_pod_risk(situation), target, {}, {path: text}
                )
    if wanted:
        return (
            f"{', '.join(wanted)} is not in the cluster, and no earlier version of the repository's files declares it"
        )
    return "no value changed with the newest revision, and every ConfigMap it refers to is there"


def _referred(situation: Situation) -> list[str]:
    """Names of ConfigMaps, optional ones left out."""
    found = []
    for volume in situation.pod_spec.get("volumes") or []:
        source = volume.get("configMap") or {}
        if source.get("name") and not source.get("optional"):
            found.append(str(source["name"]))
    for container in situation.containers:
        sources = [s.get("configMapRef") or {} for s in container.get("envFrom") or []]
        sources += [(v.get("valueFrom") or {}).get("configMapKeyRef") or {} for v in container.get("env") or []]
        found += [str(s["name"]) for s in sources if s.get("name") and not s.get("optional")]
    return list(dict.fromkeys(found))


def _declares(text: str, namespace: str, name: str) -> bool:
    if "ConfigMap" not in text:
        return False
    try:
        documents = [d for d in yaml.safe_load_all(text) if isinstance(d, Mapping)]
    except (yaml.YAMLError, ValueError):
        return False
    heads = [d.get("metadata") or {} for d in documents if d.get("kind") == "ConfigMap"]
    return any(h.get("name") == name and h.get("namespace", namespace) == namespace for h in heads)


ACTION = Action(
    "restore_configuration", "Restore configuration from history", draft,
    applies="A setting changed or vanished, and the pods fail since.",
    preconditions=("the revision before had other values for the same variables", "or: an earlier version of the repository declares the missing ConfigMap"),
    radius="All pods of the workload, one after the other.",
    risk="Low with two pods or more, medium with one.",
    undo="Set the newer values again, or take the file away.",
    never=("invents a value", "touches a Secret", "takes a value from a log line"),
    kinds=("Deployment", "ConfigMap"),
)  # fmt: skip
