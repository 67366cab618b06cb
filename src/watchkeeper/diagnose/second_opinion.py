"""What a model may add to a diagnosis, and the checks that decide what of it counts. Pure.

A model may re-rank and word what the engine found, ask for more evidence, and name actions of the catalogue. It never adds a
cause, an evidence item, a confidence or a command.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Hypothesis, Sentence
from watchkeeper.domain.faults import FAULTS

_MOST = 8
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_FORBIDDEN = re.compile(
    r"https?:|www\.|[<>`\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\$\(|&&|\|\||\b(?:kubectl|helm|terraform|curl|sudo|rm -)\b",
    re.IGNORECASE,
)
"""A sentence about evidence has no links, markup, direction marks or commands in it."""
_VERDICT = re.compile(r"\b(?:root )?causes?d?\b|\bcertain|\bconfiden|\bsafe to\b|\bapprove", re.IGNORECASE)
"""A model words evidence; the verdict and its certainty are not its to give."""
_LEEWAY = 0.15
"""The engine's first cause stays first unless the other is at most this much less probable."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Said(_Answer):
    """One sentence with the evidence it rests on."""

    text: str = Field(max_length=400)
    cites: list[str] = Field(max_length=10)


class Want(_Answer):
    """Further evidence, by a read-only tool."""

    tool: Literal["metrics", "logs", "traces", "objects", "changes", "similar", "runbooks"]
    service: str = Field("", max_length=100)
    signal: str = Field("", max_length=40)


class Suggested(_Answer):
    """An action of the catalogue for a workload; arguments are plain values."""

    action: str = Field(max_length=60)
    service: str = Field(max_length=100)
    arguments: dict[str, str | int | float | bool] = Field({}, max_length=8)
    cites: list[str] = Field([], max_length=10)


class Drafted(_Answer):
    """A fix beyond the catalogue: a whole file, suggested to people in a pull request. Nothing of ours applies it."""

    kind: Literal["helm", "terraform", "manifest", "script"]
    title: str = Field(max_length=120)
    path: str = Field("", max_length=300)
    """Of the file in the repository; without one the draft stays words."""
    text: str = Field(max_length=8000)
    cites: list[str] = Field(max_length=10)


class Opinion(_Answer):
    """The shape of an answer."""

    ranking: list[str] = Field([], max_length=20)
    """Hypothesis ids such as H2, best first; those left out keep the engine's order."""
    sentences: list[Said] = Field([], max_length=20)
    want: list[Want] = Field([], max_length=4)
    actions: list[Suggested] = Field([], max_length=5)
    draft: Drafted | None = None


def accepted(diagnosis: Diagnosis, opinion: Opinion, model: str) -> tuple[Diagnosis, tuple[str, ...]]:
    """The diagnosis with what of the opinion holds, and what was dropped and why."""
    dropped: list[str] = []
    known = {e.id: e for e in diagnosis.evidence}
    ranked = _ranked(diagnosis, opinion.ranking, dropped)
    said = [
        s for one in opinion.sentences[:_MOST] if (s := _sentence(one, known, diagnosis, model, dropped)) is not None
    ]
    said += [s for one in opinion.actions if (s := _action(one, known, diagnosis, model, dropped)) is not None]
    if ranked is diagnosis.hypotheses and not said:
        return diagnosis, tuple(dropped)
    sentences = diagnosis.sentences
    if ranked is not diagnosis.hypotheses:
        first = ranked[0]
        finding = first.findings[0]
        words = f"{FAULTS[first.kind].title} in {first.service}: {finding.summary}. (Put first by {model}; the engine ranked it lower.)"
        sentences = (Sentence(words, tuple(e.id for e in finding.evidence), model), *sentences)
    return replace(diagnosis, hypotheses=ranked, sentences=(*sentences, *said), model=model), tuple(dropped)


def _ranked(diagnosis: Diagnosis, ranking: Sequence[str], dropped: list[str]) -> tuple[Hypothesis, ...]:
    """The model's order where its first cause is supported as well as the engine's."""
    engine = diagnosis.hypotheses
    by_id = {f"H{n}": h for n, h in enumerate(engine, 1)}
    unknown = [i for i in ranking if i not in by_id]
    if unknown:
        dropped.append(f"ranked causes that do not exist: {len(unknown)}")
    wanted = [by_id[i] for i in dict.fromkeys(ranking) if i in by_id]
    if not wanted or diagnosis.abstained or wanted[0] is engine[0]:
        return engine
    if not supported_as_well(wanted[0], engine[0]):
        dropped.append(f"put {wanted[0].service} before {engine[0].service} with less support")
        return engine
    return (*wanted, *(h for h in engine if h not in wanted))


def supported_as_well(challenger: Hypothesis, first: Hypothesis) -> bool:
    """As many kinds of signal, as many that a workload cannot forge, and hardly less probable."""
    return (
        _support(challenger) >= _support(first)
        and _trusted(challenger) >= _trusted(first)
        and challenger.confidence >= first.confidence - _LEEWAY
    )


def _support(hypothesis: Hypothesis) -> int:
    return len({e.signal for e in hypothesis.evidence})


def _trusted(hypothesis: Hypothesis) -> int:
    return len({e.signal for e in hypothesis.evidence if e.origin.trusted})


def _sentence(
    one: Said, known: dict[str, EvidenceItem], diagnosis: Diagnosis, model: str, dropped: list[str]
) -> Sentence | None:
    """Only what the cited evidence says: its ids exist, its numbers and services appear in it."""
    text = " ".join(one.text.split())
    if not text or not one.cites or not set(one.cites) <= set(known):
        dropped.append("a sentence without evidence that exists")
        return None
    if _FORBIDDEN.search(text):
        dropped.append("a sentence with a link, markup or a command")
        return None
    basis = " ".join(
        f"{e.statement} {e.service} {e.excerpt} {e.before} {e.during}" for e in (known[c] for c in one.cites)
    )
    if _VERDICT.search(text):
        dropped.append("a sentence that names a cause or how sure it is: the engine does that")
        return None
    stated = {float(n) for n in _NUMBER.findall(basis)}
    if any(
        not any(abs(float(n) - s) <= max(0.005 * abs(s), 0.5 if "." not in n and s != int(s) else 0.0) for s in stated)
        for n in _NUMBER.findall(text)
    ):
        dropped.append("a sentence with a number that its evidence does not have")
        return None
    others = {s for h in diagnosis.hypotheses for s in (h.service, *h.explains)} - {known[c].service for c in one.cites}
    if any(re.search(rf"\b{re.escape(s)}\b", text) and s not in basis for s in others if s):
        dropped.append("a sentence about a service that its evidence does not name")
        return None
    return Sentence(text, tuple(one.cites), model)


def _action(
    one: Suggested, known: dict[str, EvidenceItem], diagnosis: Diagnosis, model: str, dropped: list[str]
) -> Sentence | None:
    """Only an action that the catalogue lists for that cause; its values are decided by our planner, not here."""
    fitting = [h for h in diagnosis.hypotheses if h.service == one.service and one.action in FAULTS[h.kind].actions]
    if not fitting or not one.cites or not set(one.cites) <= set(known):
        dropped.append("an action that the catalogue does not have for this cause")
        return None
    return Sentence(f"Suggested: {one.action.replace('_', ' ')} of {one.service}.", tuple(one.cites), model)
