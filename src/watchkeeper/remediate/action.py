"""What stands on the shelf of actions: when a repair fits, which fields it sets, and what it never does. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchkeeper.domain.diagnosis import Hypothesis
from watchkeeper.domain.evidence import EvidenceFile
from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.domain.topology import Workload

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """A repair that was carried out on the same target before."""

    action: str
    fields: tuple[FieldChange, ...]
    at: datetime
    helped: bool | None
    """None: it is not known yet."""


@dataclass(frozen=True, slots=True)
class Background:
    """What is known beyond the evidence: earlier repairs, earlier versions of the files, forecasts."""

    tried: tuple[Tried, ...] = ()
    """Newest first."""
    earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """path -> texts the file had before, newest first; a file that is gone today is here too"""
    expected_load: Mapping[str, float] = field(default_factory=dict)
    """service -> highest requests/s foreseen for the coming day, by the prediction room"""


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action sees: the cause, the evidence and the workload as it is now."""

    cause: Hypothesis
    evidence: EvidenceFile
    workload: Workload
    live: Mapping[str, Any]
    now: datetime
    files: Files = field(default_factory=dict)
    background: Background = Background()

    @property
    def replicas(self) -> int:
        """Wanted pods."""
        return int(self.live.get("spec", {}).get("replicas", 1))

    @property
    def pod_spec(self) -> Mapping[str, Any]:
        """Of the pod template."""
        found: Mapping[str, Any] = self.live.get("spec", {}).get("template", {}).get("spec", {})
        return found

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """Of the pod template."""
        return list(self.pod_spec.get("containers", []))

    @property
    def labels(self) -> Mapping[str, str]:
        """Of the pod template."""
        head = self.live.get("spec", {}).get("template", {}).get("metadata", {})
        return dict(head.get("labels") or {})

    def container(self) -> Mapping[str, Any] | None:
        """The one named like the workload, or the only one; None where that is a guess."""
        named = [c for c in self.containers if c.get("name") == self.workload.name]
        return named[0] if named else self.containers[0] if len(self.containers) == 1 else None

    def objects(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Those of the workload's namespace."""
        for thing in self.evidence.objects:
            if thing.get("kind") == kind and thing.get("metadata", {}).get("namespace") == self.workload.namespace:
                yield thing

    def pods(self) -> list[Mapping[str, Any]]:
        """The workload's own, by the labels of its template."""
        wanted = self.labels.items()
        return [p for p in self.objects("Pod") if wanted and wanted <= (p["metadata"].get("labels") or {}).items()]

    def beside(self, kind: str, name: str) -> Workload:
        """Another object of the workload's namespace, as a target."""
        return Workload(self.workload.namespace, kind, name, self.workload.cluster)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an action would do, before it is bound to a plan. `fields` hold the live values as `before`."""

    arguments: Mapping[str, Any]
    fields: tuple[FieldChange, ...]
    words: str
    undo_words: str
    risk: Risk
    target: Workload | None = None
    """Where it is not the workload itself: its autoscaler, service, volume claim, node …"""
    live: Mapping[str, Any] | None = None
    """The target as it is now, where it is not the workload."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Whole files put back, path -> text that the repository itself once held."""
    by_hand: tuple[tuple[str, ...], ...] = ()
    """Commands (argv) for a person where no file declares what must change."""
    hours: float = 0
    """A mitigation that lasts so long; 0: it is meant to stay."""
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """One repair, one file. `draft` answers with a Draft, or with the reason why it does not fit.

    Everything else is words for the runbook page that is generated from it, and `automatic`: may it run alone at all?
    """

    name: str
    title: str
    draft: Callable[[Situation], Draft | str]
    applies: str
    preconditions: tuple[str, ...]
    radius: str
    risk: str
    undo: str
    never: tuple[str, ...]
    before: tuple[str, ...] = ("the target still is what it was when this was planned", "an alert still fires")
    after: tuple[str, ...] = (
        "every pod is ready and answers its scrapes",
        "at least half of the traffic of before arrives",
        "what left its band is back in it, and the alert would not fire any more",
    )
    automatic: bool = False
    kinds: tuple[str, ...] = ("Deployment", "StatefulSet", "DaemonSet")
    """Kinds of object it sets fields of."""


def template(field: str) -> str:
    """Path of a field of the pod template."""
    return f"spec.template.{field}"


def single_pod_risk(situation: Situation) -> Risk:
    """A rollout of one pod can be felt; of several, one at a time, hardly."""
    return Risk.LOW if situation.replicas > 1 else Risk.MEDIUM
