"""What a file of the shelf `pipelines.causes` is made of: line patterns of one category, each with its fix.

A pattern is looked for only on lines that hold one of its `needles` (lower case), so that a log is searched by plain
substring search and a regular expression sees few lines. Expressions are linear: gaps are bounded, nothing repeats
what repeats (tests/unit/pipelines/test_causes.py walks every one of them).
"""

import re
from dataclasses import dataclass

LINE = 600
"""Characters of a line that patterns see; what stands behind is neither matched nor shown."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way in which a tool says why it failed. Named groups are the captured fields: package, file, line, …"""

    name: str
    category: str
    needles: tuple[str, ...]
    expression: re.Pattern[str]
    weight: float
    """9 names the cause exactly, 6 most likely, 3 a line that only says that something is wrong"""
    fix: str
    """What to do; `{field}` stands for a captured field. "" where nothing general can be said"""
    example: str


@dataclass(frozen=True, slots=True)
class Family:
    """All patterns of one category."""

    category: str
    patterns: tuple[Pattern, ...]


Row = tuple[str, str, str, float, str, str]
"""name, needles parted by |, expression, weight, fix, example"""


def family(category: str, rows: list[Row]) -> Family:
    """Compile the rows of one file."""
    return Family(
        category,
        tuple(
            Pattern(name, category, tuple(needles.split("|")), re.compile(expression), weight, fix, example)
            for name, needles, expression, weight, fix, example in rows
        ),
    )
