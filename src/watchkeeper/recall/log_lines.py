"""A frame of log lines to templates with counts, the question's best templates, and then their best lines."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from watchkeeper.detect.templates import ANY, TemplateMiner
from watchkeeper.recall.search import Document, Floats, SearchIndex

_ROWS_LOOKED_AT = 200
_LEVEL_ORDER = ("fatal", "error", "warn", "info", "debug", "trace")


@dataclass(frozen=True, slots=True)
class TemplateCount:
    """One statement of one service. Times are unix milliseconds."""

    number: int
    service: str
    template: str
    count: int
    first: int
    last: int
    levels: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class LogHit:
    """A statement that answers a question, with the lines of it that answer best: (unix milliseconds, message)."""

    found: TemplateCount
    score: float
    because: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]


def with_templates(lines: pl.DataFrame) -> tuple[pl.DataFrame, list[TemplateCount]]:
    """The lines with a column `number`, and what each number stands for, the most frequent first.

    `lines` follows LOG_SCHEMA. O(characters).
    """
    miner = TemplateMiner()
    patterns = miner.add_all(lines["message"].fill_null("").to_list())
    text = {n: miner.template(n) for n in set(patterns)}
    lines = lines.with_columns(
        pl.Series("template", [text[n] for n in patterns], dtype=pl.String), pl.col("service").fill_null("")
    )
    groups = (
        lines.group_by("service", "template")
        .agg(
            pl.len().alias("count"), pl.col("timestamp").min().alias("first"), pl.col("timestamp").max().alias("last"),
            pl.col("level").fill_null("").str.to_lowercase().unique().alias("levels"),
            pl.col("message").sort_by("timestamp").last().alias("example"),
        )
        .sort(["count", "service", "template"], descending=[True, False, False])
        .with_row_index("number")
    )  # fmt: skip
    counted = [
        TemplateCount(**{**row, "levels": tuple(sorted(filter(None, row["levels"]), key=_level_order))})
        for row in groups.iter_rows(named=True)
    ]
    return lines.join(groups.select("number", "service", "template"), on=["service", "template"]), counted


def _level_order(level: str) -> tuple[int, str]:
    return (_LEVEL_ORDER.index(level) if level in _LEVEL_ORDER else len(_LEVEL_ORDER), level)


def index_of(counted: Sequence[TemplateCount]) -> SearchIndex:
    """Templates with the example that shows what their variables hold; services and levels as context."""
    return SearchIndex(
        [Document(str(t.number), t.template, f"{t.service} {' '.join(t.levels)} {t.example[:300]}") for t in counted]
    )


def best(
    question: str,
    lines: pl.DataFrame,
    counted: Sequence[TemplateCount],
    limit: int,
    each: int = 3,
    similarity: Floats | None = None,
) -> list[LogHit]:
    """Templates that answer, then of each the lines that answer best. `lines` and `counted` as from `with_templates`."""
    hits = index_of(counted).search(question, limit, similarity)
    return [LogHit(counted[int(h.id)], h.score, h.because, _rows(question, lines, int(h.id), each)) for h in hits]


def _rows(question: str, lines: pl.DataFrame, number: int, each: int) -> tuple[tuple[int, str], ...]:
    newest = lines.filter(pl.col("number") == number).sort("timestamp", descending=True)
    newest = newest.unique("message", keep="first", maintain_order=True).head(_ROWS_LOOKED_AT)
    found = list(zip(newest["timestamp"].to_list(), newest["message"].to_list(), strict=True))
    order = SearchIndex([Document(str(n), text) for n, (_, text) in enumerate(found)]).bm25(question, each)
    chosen = [int(n) for n in order] + [n for n in range(len(found)) if str(n) not in order]
    return tuple(found[n] for n in chosen[:each])


def logql(selector: str, template: str) -> str:
    """A query that finds the template's lines again: its longest word literally (fast), then its words in order.

    The template is text a workload wrote: everything in it is quoted twice, as a regular expression and as a string.
    """
    # Brackets and marks that mining put around variables are not always in the lines with the same spaces.
    pieces = [p for p in re.split(r"\s+|" + re.escape(ANY), template) if re.search(r"\w", p)]
    if not pieces:
        return selector
    longest = max(pieces, key=len)
    pattern = ".*".join(_escaped(p) for p in pieces[:12])
    return f"{selector} |= {_string(longest)} |~ {_string(pattern)}"


def _escaped(piece: str) -> str:
    return re.sub(r"([.+*?()|\[\]{}^$\\])", r"\\\1", piece)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
