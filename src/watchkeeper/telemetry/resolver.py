"""Which workload do these labels mean? One place for every signal; the first rule that fits wins."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.settings import EntitiesSettings

_POD = r"(?P<name>.+?)-(?:[a-z0-9]{6,10}-[a-z0-9]{5}|\d{1,3})"
"""Pods of Deployments (name-hash-hash) and of StatefulSets (name-0)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Read `label`; where there is a pattern it must match wholly, and its group `name` is the workload."""

    signal: str
    label: str
    pattern: str = ""


SHIPPED: Sequence[Rule] = (
    Rule("any", "app_kubernetes_io_name"),
    Rule("any", "app.kubernetes.io/name"),
    Rule("any", "app"),
    Rule("any", "deployment"),
    Rule("any", "statefulset"),
    Rule("any", "daemonset"),
    # What the cluster calls a workload beats what a program calls itself.
    Rule("traces", "k8s.deployment.name"),
    Rule("traces", "k8s.pod.name", _POD),
    Rule("any", "service.name"),
    Rule("any", "service_name"),
    Rule("any", "pod", _POD),
    Rule("any", "k8s.pod.name", _POD),
    Rule("any", "job_name"),
    Rule("any", "persistentvolumeclaim"),
    Rule("any", "name"),
    Rule("logs", "container"),
    Rule("any", "service"),
    Rule("any", "container"),
    Rule("any", "pod"),
    Rule("any", "job"),
)
"""Shown by `watchkeeper doctor`; `entities.rules` come before these."""

_NOBODY = frozenset(
    {"", "POD", "kube-state-metrics", "cadvisor", "kubelet", "node-exporter", "kubernetes-pods", "pods", "prometheus"}
)


class Resolver:
    """Labels to a workload's name."""

    def __init__(self, settings: EntitiesSettings) -> None:
        own = [Rule(r.signal, r.label, r.pattern) for r in settings.rules]
        self.rules: Sequence[Rule] = (*own, *SHIPPED)
        self._compiled = [(r, re.compile(r.pattern) if r.pattern else None) for r in self.rules]
        self._aliases = settings.aliases

    def resolve(self, signal: str, labels: Mapping[str, str]) -> str:
        """The name, or "" where no rule fits."""
        for rule, pattern in self._compiled:
            said = labels.get(rule.label, "") if rule.signal in ("any", signal) else ""
            if said in _NOBODY:
                continue
            if pattern is not None:
                found = pattern.fullmatch(said)
                if found is None:
                    continue
                said = found.group("name")
            return self._aliases.get(said, said)
        return ""
