"""What stands on the shelf of writers: how one form of declaration is edited. Pure: texts in, edits out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.domain.remediation import FileEdit
from watchkeeper.estate.effects import Intent, judge_edit
from watchkeeper.shelf import plugins

Files = Mapping[str, str]
SHELF = "watchkeeper.estate.writers"


@dataclass(frozen=True, slots=True)
class HelmPlace:
    """Where a field of an object comes from in a values file: a person's word, for charts are not rendered here."""

    target: str
    """namespace/Kind/name"""
    field: str
    """path in the object, such as spec.replicas"""
    file: str
    """the values file in the repository"""
    path: str
    """path in it, such as web.replicaCount"""


@dataclass(frozen=True, slots=True)
class Rules:
    """What people declared about the repository."""

    helm: tuple[HelmPlace, ...] = ()


Candidate = FileEdit | str
"""An edit to be proven, or why there is none of this form."""


@dataclass(frozen=True, slots=True)
class Writer:
    """`candidates` come smallest first; `proof` says "" where an edited repository does what was meant and no more."""

    candidates: Callable[[Files, Intent, Rules], Iterator[Candidate]]
    proof: Callable[[Files, Files, Intent, Rules], str]


def by_rendering(before: Files, after: Files, intent: Intent, rules: Rules) -> str:
    """The proof of everything our renderer knows."""
    return judge_edit(before, after, intent)


def write(files: Files, intent: Intent, rules: Rules | None = None) -> tuple[FileEdit, ...] | str:
    """The first edit whose effects are exactly the intended ones; else every reason why there is none."""
    rules = rules or Rules()
    reasons: list[str] = []
    for writer in plugins(SHELF, "WRITER").values():
        for candidate in writer.candidates(files, intent, rules):
            why = candidate
            if isinstance(candidate, FileEdit):
                why = writer.proof(files, {**files, candidate.path: candidate.after}, intent, rules)
                if not why:
                    return (candidate,)
            reasons.append(str(why))
    return said(reasons, intent)


def said(reasons: Sequence[str], intent: Intent) -> str:
    """Each reason once."""
    return "; ".join(dict.fromkeys(reasons)) or f"no file of the repository declares {intent.target}"
