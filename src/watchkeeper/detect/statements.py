"""Which statement in the code wrote each log line: its source location where the line names one, else its template."""

import polars as pl

from watchkeeper.detect.templates import TemplateMiner

_LOCATION = r"\b[A-Za-z_][\w.$/]*(?:#|\.(?:java|go|py|js|ts|rb|cs|rs|kt|php):|:)\d+\b"
_HEAD = 400
"""Characters of a line within which its location stands."""
_CHUNK = 200_000


def statements(messages: pl.Series) -> pl.Series:
    """A statement for each message, in order. O(characters); memory for one chunk of messages beside the result."""
    located = messages.str.slice(0, _HEAD).str.extract(_LOCATION, 0)
    if not located.null_count():
        return located.alias("statement")
    rest = messages.filter(located.is_null()).fill_null("")
    miner = TemplateMiner()
    number = pl.concat(
        pl.Series(miner.add_all(chunk.to_series().to_list()), dtype=pl.UInt32)
        for chunk in rest.to_frame().iter_slices(_CHUNK)
    )
    known = number.unique()
    templates = pl.Series([miner.template(n) for n in known], dtype=pl.String)
    mined = number.replace_strict(known, templates, return_dtype=pl.String)
    at = pl.Series(located.is_null()).arg_true()
    return located.scatter(at, mined).alias("statement")
