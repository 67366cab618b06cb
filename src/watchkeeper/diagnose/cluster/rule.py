"""What stands on the shelf of rules: a kind of trouble, how it shows in a snapshot, and a safe way out. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot


class Level(StrEnum):
    """How bad it is."""

    BROKEN = "broken"  # something does not work now
    AT_RISK = "at_risk"  # it works, and will not for long
    ADVICE = "advice"  # good housekeeping; never an incident


@dataclass(frozen=True, slots=True)
class Proof:
    """One observation. `trusted`: from fields that only the control plane writes; else quoted text of others."""

    text: str
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Symptom:
    """One object that is not well.

    `cause` is the object at fault where the rule can tell (a missing ConfigMap, a quota, the workload whose template is
    wrong), `depth` how much of a mere consequence it is: 0 names a mechanism, 1 a state whose reason may lie elsewhere,
    2 and more what others suffer by it. `weight` is 0 to 1, comparable with the strength of analyzers' findings.
    """

    kind: str
    subject: Ref
    cause: Ref
    words: str
    fix: str
    weight: float
    depth: int = 0
    proofs: tuple[Proof, ...] = ()
    since: datetime | None = None
    level: Level = Level.BROKEN


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of object or symptom, one file."""

    name: str
    look: Callable[[Snapshot], Iterable[Symptom]]


SHELF = "watchkeeper.diagnose.cluster.rules"
