"""Why a run failed: a log in, the failing step, the lines that say why, their category and what to do about it, out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from watchkeeper.domain.redaction import redact
from watchkeeper.pipelines.categories import UNKNOWN
from watchkeeper.pipelines.rank import Known, Weighed, category_of, choose, weigh
from watchkeeper.pipelines.scan import scan, template_of
from watchkeeper.pipelines.steps import Step

TEXT = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that says why. `text` is redacted; `fix` is "" where nothing general can be said."""

    line: int
    text: str
    category: str
    pattern: str
    score: float
    fix: str
    template: str
    fields: dict[str, str] = field(default_factory=dict)
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """What is thought of one failed log. `findings` are best first, at most three."""

    category: str
    findings: tuple[Finding, ...]
    step: str
    step_start: int
    step_end: int
    exit_code: str
    lines: int
    size: int
    """bytes"""

    @property
    def fix(self) -> str:
        """The first suggestion there is."""
        return next((f.fix for f in self.findings if f.fix), "")

    @property
    def template(self) -> str:
        """What history knows this failure by."""
        return self.findings[0].template if self.findings else ""


def review(blocks: Iterable[bytes], known: Known | None = None) -> Review:
    """Look at a log once. An empty log has no finding and no category."""
    seen = scan(blocks)
    chosen = choose(weigh(seen, known or Known())) if seen.lines else []
    step = seen.steps[0] if seen.steps else seen.last_step or Step("", 1)
    return Review(
        category_of(chosen) or UNKNOWN, tuple(_finding(w) for w in chosen), redact(step.name[:200]), step.start,
        step.end or seen.lines, step.code, seen.lines, seen.size,
    )  # fmt: skip


def templates_of(blocks: Iterable[bytes]) -> frozenset[str]:
    """The suspicious lines of a run that passed: what a failed run shares with it is no cause."""
    return frozenset(scan(blocks).templates)


def _finding(w: Weighed) -> Finding:
    fields = {name: redact(value)[:200] for name, value in w.candidate.fields.items()}
    text = redact(w.candidate.text.strip())[:TEXT]
    return Finding(
        w.candidate.line, text, w.category, w.candidate.pattern.name, round(w.score, 2),
        words_of(w.candidate.pattern.fix, fields), template_of(redact(w.candidate.text)), fields, w.because,
    )  # fmt: skip


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def words_of(fix: str, fields: dict[str, str]) -> str:
    """The suggestion with its fields filled in; fields the line did not have leave no hole behind."""
    return " ".join(fix.format_map(_Blank(fields)).replace(" :", ":").split()) if fix else ""
