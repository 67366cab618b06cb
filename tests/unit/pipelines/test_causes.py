"""The shelf of causes: every pattern finds its own example, none can run away, hostile lines do no harm."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from watchkeeper.pipelines.categories import CATEGORIES
from watchkeeper.pipelines.cause import LINE, Pattern
from watchkeeper.pipelines.generic import COMMANDS, GENERIC, HEADLINE, PASSED, WARNING
from watchkeeper.pipelines.review import review
from watchkeeper.pipelines.scan import families, scan
from watchkeeper.pipelines.steps import MARKS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from re import _constants as op  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]

PATTERNS = [p for f in (*families().values(), GENERIC) for p in f.patterns]
EVERY = (
    [p.expression for p in PATTERNS]
    + [m.expression for m in MARKS]
    + [HEADLINE, PASSED, WARNING]
    + [w for _, w in COMMANDS]
)


def name_of(pattern: Pattern) -> str:
    return f"{pattern.category or 'generic'}-{pattern.name}"


def repeats(tree: Any, inside: int = 0) -> Iterator[tuple[int, int]]:
    """(nesting, most) of every repetition that may run longer than twelve times."""
    for kind, value in tree:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            most = int(value[1])
            if most > 12:
                yield inside + 1, most
            yield from repeats(value[2], inside + (most > 12))
        elif kind is op.SUBPATTERN:
            yield from repeats(value[3], inside)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from repeats(branch, inside)
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from repeats(value[1], inside)


def test_each_category_of_the_table_is_a_file_and_the_other_way_round() -> None:
    assert set(families()) == set(CATEGORIES)
    assert all(p.category == name for name, f in families().items() for p in f.patterns)


@pytest.mark.parametrize("pattern", PATTERNS, ids=name_of)
def test_a_pattern_finds_its_example_in_a_log(pattern: Pattern) -> None:
    assert pattern.expression.search(pattern.example)
    assert all(len(n.encode()) >= 2 and n == n.lower() for n in pattern.needles)
    seen = scan([f"a line\n{pattern.example}\n".encode()])
    (found,) = [c for c in seen.candidates if c.line == 2]
    assert found.pattern.weight >= pattern.weight
    assert "{" not in review([pattern.example.encode()]).fix


@pytest.mark.parametrize("expression", EVERY, ids=lambda e: e.pattern[:50])
def test_nothing_long_repeats_inside_what_repeats(expression: re.Pattern[str]) -> None:
    assert [n for n in repeats(parser.parse(expression.pattern)) if n[0] > 1] == []


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "error: ",
        " ",
        "::",
        "FAILED ",
        "( ",
        "E  ",
        "/a.py:1: ",
        "_ ",
        "x.x",
        "\t",
        "\u00e9",
        "failed to solve: ",
        "0",
    ],
)
def test_hostile_lines_are_cut_and_cost_no_more_than_others(unit: str) -> None:
    lines = [unit * (100_000 // len(unit)), unit * (LINE // len(unit)) + "!", "x" + unit * 300 + "error"]
    seen = scan([("\n".join(lines) + "\n").encode()])
    assert seen.lines == 3
    assert all(len(c.text) <= LINE for c in seen.candidates)
    for expression in EVERY:
        expression.search((unit * LINE)[:LINE])
        expression.search((unit * LINE)[: LINE - 1] + "\x00")
