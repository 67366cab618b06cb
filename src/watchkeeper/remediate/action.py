"""What stands on the shelf of actions: when a repair fits, and which fields it sets. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper.domain.diagnosis import Hypothesis
from watchkeeper.domain.evidence import EvidenceFile
from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.domain.topology import Workload


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action sees: the cause, the evidence and the workload as it is now."""

    cause: Hypothesis
    evidence: EvidenceFile
    workload: Workload
    live: Mapping[str, Any]
    now: datetime

    @property
    def replicas(self) -> int:
        """Wanted pods."""
        return int(self.live.get("spec", {}).get("replicas", 1))

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """Of the pod template."""
        return list(self.live.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []))

    def container(self) -> Mapping[str, Any] | None:
        """The one named like the workload, or the only one; None where that is a guess."""
        named = [c for c in self.containers if c.get("name") == self.workload.name]
        return named[0] if named else self.containers[0] if len(self.containers) == 1 else None


@dataclass(frozen=True, slots=True)
class Draft:
    """What an action would do, before it is bound to a plan. `fields` hold the live values as `before`."""

    arguments: Mapping[str, Any]
    fields: tuple[FieldChange, ...]
    words: str
    undo_words: str
    risk: Risk


@dataclass(frozen=True, slots=True)
class Action:
    """One repair, one file. `draft` answers with a Draft, or with the reason why it does not fit."""

    name: str
    title: str
    draft: Callable[[Situation], Draft | str]


def template(field: str) -> str:
    """Path of a field of the pod template."""
    return f"spec.template.{field}"


def single_pod_risk(situation: Situation) -> Risk:
    """A rollout of one pod can be felt; of several, one at a time, hardly."""
    return Risk.LOW if situation.replicas > 1 else Risk.MEDIUM
