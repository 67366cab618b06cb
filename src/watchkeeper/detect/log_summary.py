"""Gigabytes of lines to a table of templates, as they stream by: counts, first and last, and what a baseline never had.

Memory is bounded by the miner (shapes and patterns it keeps), not by the lines. A line's own time is looked for only where a
template is seen first or last in a chunk.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.detect.templates import TemplateMiner

LONGEST_LINE = 1000
"""Characters of a line that are mined: what it says stands in front."""
_HEAD = 80
_TIME = re.compile(
    r"\d{4}[-/.]\d{2}[-/.]\d{2}[T _-]\d{2}[:.]\d{2}[:.]\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2}(?: \d{4})?"
    r"|\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?"
    r"|\d{2}[-/.]\d{2}(?:[-/.]\d{2,4})?[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?"
    r"|\b1[0-9]{9}(?:\.\d+|\d{3})?\b"
)
_LEADING = re.compile(rf"^[\[(\"]?(?:{_TIME.pattern})[\])\"]?,?\s*")


@dataclass(slots=True)
class TemplateRow:
    """What is known of one template. `first` and `last` are times as the lines write them, "" where they write none."""

    template: str
    count: int
    first: str
    last: str
    first_line: int
    last_line: int
    example: str
    new: bool = False
    """was it never in the baseline?"""


@dataclass(slots=True)
class _Seen:
    count: int
    first_line: int
    last_line: int
    first: str
    last: str
    example: str


class LogSummary:
    """Add the baseline, then the lines; `rows` joins patterns that turned out to be one template."""

    def __init__(self) -> None:
        self._miner = TemplateMiner()
        self._before: set[int] = set()
        self._seen: dict[int, _Seen] = {}
        self.lines = 0
        self.has_baseline = False

    def add_baseline(self, lines: Sequence[str]) -> None:
        """Lines of a time in which all was well."""
        self.has_baseline = True
        self._before.update(self._miner.add_all(map(message_of, lines)))

    def add(self, lines: Sequence[str]) -> None:
        """The next lines. O(characters)."""
        numbers = self._miner.add_all(map(message_of, lines))
        counts: dict[int, int] = {}
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for at, number in enumerate(numbers):
            counts[number] = counts.get(number, 0) + 1
            first.setdefault(number, at)
            last[number] = at
        for number, count in counts.items():
            self._note(number, count, lines[first[number]], lines[last[number]], first[number], last[number])
        self.lines += len(lines)

    def _note(self, number: int, count: int, first: str, last: str, first_at: int, last_at: int) -> None:
        seen = self._seen.get(number)
        last_line = self.lines + last_at + 1
        if seen is None:
            begun = self.lines + first_at + 1
            self._seen[number] = _Seen(count, begun, last_line, time_of(first), time_of(last), first[:LONGEST_LINE])
        else:
            seen.count += count
            seen.last_line, seen.last = last_line, time_of(last)

    def rows(self) -> list[TemplateRow]:
        """By count, the most frequent first."""
        known = {self._miner.template(n) for n in self._before}
        joined: dict[str, TemplateRow] = {}
        for number, seen in sorted(self._seen.items(), key=lambda kv: kv[1].first_line):
            text = self._miner.template(number)
            row = joined.get(text)
            if row is None:
                new = self.has_baseline and text not in known
                joined[text] = TemplateRow(
                    text, seen.count, seen.first, seen.last, seen.first_line, seen.last_line, seen.example, new
                )
                continue
            row.count += seen.count
            if seen.last_line > row.last_line:
                row.last_line, row.last = seen.last_line, seen.last
        return sorted(joined.values(), key=lambda r: (-r.count, r.first_line))


def message_of(line: str) -> str:
    """The line without the time it begins with, cut to what is mined."""
    return _LEADING.sub("", line[:LONGEST_LINE], count=1)


def time_of(line: str) -> str:
    """The first time near the beginning of a line, as written there."""
    found = _TIME.search(line[:_HEAD])
    return found.group(0) if found else ""
