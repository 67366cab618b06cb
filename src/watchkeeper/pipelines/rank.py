"""Which of the candidate lines says why. Pure: a scan in, findings out, best first."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from watchkeeper.pipelines.cause import Pattern
from watchkeeper.pipelines.generic import HEADLINE, PASSED, WARNING, usual
from watchkeeper.pipelines.scan import Candidate, Scan
from watchkeeper.pipelines.steps import Step

SHOWN = 3
_LEAST = 1.0
"""What scores less is not shown beside a better one"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate with its score and the words for it."""

    candidate: Candidate
    score: float
    category: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the log: templates of the last green run, files the change touched."""

    green: frozenset[str] = frozenset()
    changed: Collection[str] = field(default=())
    failed_tests: Collection[str] = field(default=())
    """Names of tests, as test reports give them"""


_LAST = Pattern("last_line", "", (), re.compile(""), 1.0, "", "")
_FIRST_COUNTS = frozenset({"compile", "lint", "test"})
"""Where a tool lists many, the first one it names is as near as the last."""
_MASTERS = frozenset({"disk", "oom"})
"""Everything else follows from these."""
_TELLING = 6
"""Letters of a test's name"""


def weigh(seen: Scan, known: Known) -> list[Weighed]:
    """Every candidate with its score, best first; never empty where the log holds a line."""
    failing = seen.steps[0] if seen.steps else Step("", 1, seen.lines)
    nearest = _nearest(seen)
    found = [_weighed(c, seen, known, failing, nearest) for c in [*seen.candidates, *_fallback(seen)]]
    return sorted(found, key=lambda w: (-w.score, w.candidate.line))


def _fallback(seen: Scan) -> list[Candidate]:
    """The last lines before the end, and the line that said the step failed."""
    rows = [(n, text) for n, text in seen.tail if not HEADLINE.search(text) and not PASSED.search(text)][-1:]
    rows += [(step.end, f"{step.name} exited with {step.code or 'an error'}") for step in seen.steps[:1]]
    rows = rows or seen.tail[-1:]
    return [Candidate(n, text, _LAST, {}, text) for n, text in rows]


def _weighed(c: Candidate, seen: Scan, known: Known, failing: Step, nearest: dict[tuple[int, str], int]) -> Weighed:
    step = next((s for s in seen.steps if s.start <= c.line <= s.end), None)
    prior = usual((step or failing).name)
    category = c.pattern.category or prior
    parts = [
        (c.pattern.weight, f"a line of the kind {c.pattern.name}"),
        _place(c, seen, step, failing),
        _nearness(nearest.get(((step or failing).start, c.pattern.name), c.line), step or failing),
        (1.5, "") if c.pattern.category in _MASTERS and c.pattern.weight >= 9 else (0.0, ""),
        (-min(3.0, 0.8 * math.log2(1 + _repeats(c, seen))), ""),
        (-4.0, "the last green run has it too") if c.template in known.green else (0.0, ""),
        (1.5, "it names a file of the change") if _changed(c, known) else (0.0, ""),
        (1.5, "it names a test that a report lists as failed") if _listed(c, known) else (0.0, ""),
        (1.0, "") if prior and prior == c.pattern.category else (0.0, ""),
        *_stops(c),
    ]
    words = tuple(w for amount, w in parts if w and amount)
    return Weighed(c, sum(amount for amount, _ in parts), category, words)


def _place(c: Candidate, seen: Scan, step: Step | None, failing: Step) -> tuple[float, str]:
    if step is not None:
        first = step is failing
        return (2.5 if first else 1.5), "inside the step that failed"
    if not seen.steps:
        return 0.0, ""
    if seen.cleaning_from and c.line >= seen.cleaning_from:
        return -8.0, ""
    certain = c.pattern.weight >= 8.5 and c.pattern.category in ("network", "git", "dependency", "auth")
    return (-3.0 if c.line > failing.end else -0.5 if certain else -2.0), ""


def _nearest(seen: Scan) -> dict[tuple[int, str], int]:
    """(step, pattern) -> the last line at which it was seen, for tools that list all they found."""
    steps = seen.steps or [Step("", 1, seen.lines)]
    return {
        (s.start, c.pattern.name): c.line
        for s in steps
        for c in seen.candidates
        if s.start <= c.line <= s.end and c.pattern.category in _FIRST_COUNTS
    }


def _nearness(line: int, step: Step) -> tuple[float, str]:
    """Up to 2 for a line just before the end of the step."""
    length = max(1, step.end - step.start)
    reach = min(length, 2000)
    return 2.0 * max(0.0, 1 - max(0, step.end - line) / reach), ""


def _repeats(c: Candidate, seen: Scan) -> int:
    return max(0, seen.templates.get(c.template, 1) - 1 - (2 if c.pattern.category in ("test", "lint") else 0))


def _changed(c: Candidate, known: Known) -> bool:
    file = c.fields.get("file", "")
    return bool(file) and any(file.endswith(path) or path.endswith(file.removeprefix("./")) for path in known.changed)


def _listed(c: Candidate, known: Known) -> bool:
    """The last part of a test's name is what runners print; shorter ones are words of every log."""
    names = (re.split(r"[.:/]+", name.partition("[")[0].strip(" .:/"))[-1] for name in known.failed_tests)
    return any(len(name) >= _TELLING and name in c.text for name in names)


def _stops(c: Candidate) -> list[tuple[float, str]]:
    out = []
    if PASSED.search(c.text):
        out.append((-5.0, ""))
    if WARNING.search(c.text):
        out.append((-3.0, ""))
    if c.pattern.weight < 6 and HEADLINE.search(c.text):
        out.append((-3.0, ""))
    return out


def choose(weighed: list[Weighed]) -> list[Weighed]:
    """The best three that differ: not side by side, and rather of different kinds."""
    left = list(weighed)
    taken: list[Weighed] = []
    while left and len(taken) < SHOWN:
        best = max(left, key=lambda w: (w.score - _alike(w, taken), -w.candidate.line))
        if taken and best.score < _LEAST:
            break
        taken.append(best)
        left = [w for w in left if abs(w.candidate.line - best.candidate.line) > 2]
    return taken


def _alike(w: Weighed, taken: list[Weighed]) -> float:
    return sum(
        1.5 if w.candidate.pattern.name == t.candidate.pattern.name else 0.5 if w.category == t.category else 0.0
        for t in taken
    )


def category_of(chosen: list[Weighed]) -> str:
    """The first answer's; where it has none, that of the best typed line."""
    return next((w.category for w in chosen if w.category), "")
