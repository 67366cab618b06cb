"""One pass over a log of any size: candidates for the cause, the steps that failed, and the last lines before.

Memory is bounded: a chunk, the candidates of the step that runs, those of the first failing steps, some from outside.
All needles are looked for at once (Aho-Corasick, by polars); only lines that hold one are shown to expressions.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from watchkeeper.pipelines.cause import LINE, Family, Pattern
from watchkeeper.pipelines.generic import GENERIC
from watchkeeper.pipelines.steps import BEGINS, FAILS, MARKS, Mark, Step
from watchkeeper.shelf import plugins

CHUNK = 1024 * 1024
_LONGEST = 64 * 1024
"""Bytes of a line without an end that are kept; what follows is dropped until the next line."""
_HELD, _FAILING, _OUTSIDE, _TEMPLATES = 1500, 6, 600, 20_000
TAIL, _BEFORE = 80, 200
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]{0,24}[ -/]?[@-~]|[()][A-Z0-9])")
_PREFIX = re.compile(
    r"^(?:[^\t]{1,80}\t[^\t]{1,120}\t(?=\ufeff?\d{4}-))?\ufeff?(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]? ?)?(?:#\d{1,4} \d{1,6}\.\d{1,4} )?"
)
_VARIABLE = re.compile(r"0x[0-9a-fA-F]{1,40}|[0-9a-f]{12,64}|\d{1,40}")
_MASK = "#"
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""Only ASCII letters, as needles are looked for: other letters keep their case"""


@dataclass(slots=True)
class Candidate:
    """A line that may say why. `again`: further lines of the same template in its step."""

    line: int
    text: str
    pattern: Pattern
    fields: dict[str, str]
    template: str
    again: int = 0


@dataclass(slots=True)
class Scan:
    """What one pass saw."""

    lines: int = 0
    size: int = 0
    steps: list[Step] = field(default_factory=list)
    """Those that failed, first first"""
    candidates: list[Candidate] = field(default_factory=list)
    templates: Counter[str] = field(default_factory=Counter)
    tail: list[tuple[int, str]] = field(default_factory=list)
    """(line, text) before the first failing step's end, else before the end of the log"""
    last_step: Step | None = None
    cleaning_from: int = 0
    """Line at which the first cleaning up after a failure began, 0 if none"""


@cache
def families() -> dict[str, Family]:
    """category -> its patterns."""
    return dict(plugins("watchkeeper.pipelines.causes", "FAMILY"))


@cache
def _needles() -> dict[str, tuple[tuple[Pattern, ...], tuple[Mark, ...]]]:
    table: dict[str, tuple[list[Pattern], list[Mark]]] = {}
    for mark in MARKS:
        table.setdefault(mark.needle, ([], []))[1].append(mark)
    for group in (*families().values(), GENERIC):
        for pattern in group.patterns:
            for needle in pattern.needles:
                table.setdefault(needle, ([], []))[0].append(pattern)
    return {needle: (tuple(p), tuple(m)) for needle, (p, m) in table.items()}


def clean(line: str) -> str:
    """A line without time stamps and job names in front, cut to what patterns see."""
    return _PREFIX.sub("", line[: LINE + 240], count=1).rstrip("\r ")[:LINE]


def template_of(text: str) -> str:
    """The line with its numbers and ids masked, as history keeps it."""
    return _VARIABLE.sub(_MASK, text[:240]).strip()


def scan(blocks: Iterable[bytes]) -> Scan:
    """Look once at the bytes of a log, given in blocks of any size."""
    scanner = _Scanner()
    for chunk in _whole_lines(blocks):
        scanner.take(chunk)
    return scanner.done()


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks cut at line ends; an endless line is cut short, its number stays right.

    Small blocks are gathered first: each chunk costs building the automaton once.
    """
    gathered: list[bytes] = []
    size, rest, dropping = 0, b"", False
    for block in _pieces(blocks):
        if dropping:
            cut = block.find(b"\n")
            if cut < 0:
                continue
            block, dropping = block[cut:], False
        gathered.append(block)
        size += len(block)
        if size < CHUNK:
            continue
        held = rest + b"".join(gathered)
        gathered, size = [], 0
        cut = held.rfind(b"\n") + 1
        if cut:
            yield held[:cut]
        rest = held[cut:]
        if len(rest) > _LONGEST:
            rest, dropping = rest[:_LONGEST], True
    if rest or gathered:
        yield rest + b"".join(gathered)


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for at in range(0, len(block), CHUNK):
            yield block[at : at + CHUNK]


class _Scanner:
    def __init__(self) -> None:
        self.seen = Scan()
        self.step = Step("", 1)
        self.running: dict[str, Candidate] = {}
        self.outside: list[Candidate] = []
        self.before: list[str] = []

    def take(self, raw: bytes) -> None:
        """One chunk of whole lines."""
        chunk = _ESCAPES.sub(b"", raw) if b"\x1b" in raw else raw
        rows = chunk.decode("utf-8", "replace").split("\n")
        if not rows[-1]:
            rows.pop()
        for at, needles in self._found(rows):
            text, line = clean(rows[at]), self.seen.lines + at + 1
            tried = [_needles()[needle] for needle in dict.fromkeys(needles)]
            self._keep(line, text, [p for patterns, _ in tried for p in patterns])
            self._mark(line, text, [m for _, marks in tried for m in marks], rows, at)
        self.seen.size += len(raw)
        self.seen.lines += len(rows)
        self.before = (self.before + [row[: 4 * LINE] for row in rows[-_BEFORE:]])[-_BEFORE:]

    @staticmethod
    def _found(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
        """(place, needles in it) of every row that holds one. One pass: building the automaton is half of a small log's cost."""
        import polars as pl

        needles = list(_needles())
        held = pl.Series(rows, dtype=pl.String).str.extract_many(needles, ascii_case_insensitive=True, overlapping=True)
        places = (held.list.len() > 0).arg_true()
        for at, found in zip(places.to_list(), held.gather(places).to_list(), strict=True):
            yield at, [needle.translate(_LOWER) for needle in found]

    def _keep(self, line: int, text: str, patterns: list[Pattern]) -> None:
        best: Pattern | None = None
        found: re.Match[str] | None = None
        for pattern in patterns:
            if (best is None or pattern.weight > best.weight) and (match := pattern.expression.search(text)):
                best, found = pattern, match
        if best is None or found is None:
            return
        template = template_of(text)
        if len(self.seen.templates) < _TEMPLATES or template in self.seen.templates:
            self.seen.templates[template] += 1
        known = self.running.get(template)
        if known is not None:
            known.again += 1
            return
        if len(self.running) >= _HELD:
            self.running.pop(next(iter(self.running)))
        fields = {name: value for name, value in found.groupdict().items() if value}
        self.running[template] = Candidate(line, text, best, fields, template)

    def _mark(self, line: int, text: str, marks: list[Mark], rows: list[str], at: int) -> None:
        for mark in marks:
            match = mark.expression.search(text)
            if match is None:
                continue
            name = match.groupdict().get("name") or ""
            if mark.kind == BEGINS:
                self._begin(line, name or self._echoed(rows[at + 1 : at + 2]))
            elif mark.kind == FAILS:
                self._fail(
                    line, name, match.groupdict().get("code") or "", self.before + rows[max(0, at - _BEFORE) : at]
                )
            elif self.seen.steps and not self.seen.cleaning_from:
                self.seen.cleaning_from = line
            return

    @staticmethod
    def _echoed(following: list[str]) -> str:
        """The command a shell echoes below the line that begins a step."""
        return following[0][2:300] if following and following[0].startswith("$ ") else ""

    def _begin(self, line: int, name: str) -> None:
        self._leave(failed=False)
        self.step = Step(name, line)

    def _fail(self, line: int, name: str, code: str, before: list[str]) -> None:
        self.step.end, self.step.code = line, code
        self.step.name = self.step.name or name
        if not self.seen.steps:
            self.seen.tail = self._lines_before(before, line)
        if len(self.seen.steps) < _FAILING:
            self.seen.steps.append(self.step)
            self._leave(failed=True)
        else:
            self._leave(failed=False)
        self.step = Step("", line + 1)

    def _leave(self, *, failed: bool) -> None:
        if failed:
            self.seen.candidates += self.running.values()
        else:
            self.outside = (self.outside + list(self.running.values()))[-_OUTSIDE:]
        self.running = {}

    @staticmethod
    def _lines_before(rows: list[str], line: int) -> list[tuple[int, str]]:
        """The last rows that say something; `line` is the number of the line after them."""
        numbered = [(line - len(rows) + n, clean(row)) for n, row in enumerate(rows)]
        return [(n, text) for n, text in numbered if text.strip() and "travis_" not in text][-TAIL:]

    def done(self) -> Scan:
        """The end of the log."""
        self._leave_open()
        if not self.seen.steps:
            self.seen.tail = self._lines_before(self.before, self.seen.lines + 1)
        self.seen.last_step = self.step
        return self.seen

    def _leave_open(self) -> None:
        """What ran when the log ended counts as failing where no other step did."""
        self._leave(failed=not self.seen.steps)
        self.seen.candidates += self.outside
        self.seen.candidates.sort(key=lambda c: c.line)
