"""A frame of lines to statements, and a query that finds the lines again."""

import json
import re

import polars as pl

from watchkeeper.domain.evidence import LOG_SCHEMA
from watchkeeper.recall.log_lines import best, logql, with_templates


def frame() -> pl.DataFrame:
    rows = [(1000 * n, "web", "info", f"request {n} served in {n * 3} ms", "", "") for n in range(50)]
    rows += [(1000 * n, "db", "ERROR", f"could not write block {n}: no space left on device", "", "") for n in range(9)]
    rows += [(500, None, None, "login of user ann refused", None, None)]
    return pl.DataFrame(rows, schema=LOG_SCHEMA, orient="row")


def test_statements_are_counted_with_first_last_and_levels() -> None:
    _, counted = with_templates(frame())
    assert [(t.service, t.count, t.levels) for t in counted[:2]] == [("web", 50, ("info",)), ("db", 9, ("error",))]
    assert (counted[1].first, counted[1].last) == (0, 8000)
    assert counted[1].template == "could not write block <*>: no space left on device"


def test_a_question_finds_the_statement_then_its_lines() -> None:
    numbered, counted = with_templates(frame())
    hit = best("disk is full", numbered, counted, 3)[0]
    assert hit.found.service == "db"
    assert len(hit.lines) == 3
    assert all("no space left" in text for _, text in hit.lines)


def test_the_query_finds_the_lines_of_a_hostile_template() -> None:
    line = 'bad "quote" \\ back`tick [x] (y) a.b*c+ {z} $1 ^|  tail 77 end'
    _, counted = with_templates(pl.DataFrame([(1, "s", "", line, "", "")], schema=LOG_SCHEMA, orient="row"))
    query = logql('{namespace=~".+"}', counted[0].template)
    literal, pattern = (json.loads(s) for s in re.findall(r'(?:\|=|\|~) ("(?:[^"\\]|\\.)*")', query))
    assert literal in line
    assert re.search(pattern, line)
    assert not re.search(pattern, "another line")


def test_a_template_of_variables_only_gives_the_selector() -> None:
    assert logql('{a=~".+"}', "<*>") == '{a=~".+"}'


def test_an_empty_frame_has_no_statements() -> None:
    numbered, counted = with_templates(pl.DataFrame(schema=LOG_SCHEMA))
    assert counted == []
    assert best("anything", numbered, counted, 3) == []
