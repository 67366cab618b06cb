"""What requests usually do on their way, and what they no longer do. A request is what one entry span of a service began.

An implication such as "whoever writes A also writes B" that held before and is broken now says where a path is cut: between A
and B. Of several broken ones, those that come later in the same traces, and still follow the earlier ones, are consequences.
"""

import math

import polars as pl

ERROR_WORDS = r"(?i)error|exception|fail(ed|ure)?|fatal|panic|timeout|refused"
ANY_REQUEST = "any request"
_WHOLE = 100_000
"""Spans or lines up to which all traces are looked at."""
_REQUESTS = 400
"""Traces of a service on either side of the onset that are looked at where there are many: more say no more."""
_LEAST = 4
"""Requests on either side from which a share means something."""
_CERTAIN = 5.0
"""Decimal digits of significance from which a loss counts in full."""
_PRICE = 0.4
"""What each decimal digit of the number of things looked at takes off the significance."""
_RESTORED = 0.35
"""Part of a drop that may remain among requests that passed the earlier place, for the drop to be its consequence."""
_KEPT = 12
"""Losses a service that are looked at for explanations of others."""
_VAGUE = 0.05
"""Share of a service's lines without a known span from which all its requests are told apart by trace alone."""
_USUAL = 0.95
"""Quantile of the normal duration of traces that a trace is given to end."""
_DEEPEST = 12
"""Doublings of the depth of calls inside one service."""
_KEYS = ["trace_id", "service", "request"]


def events(lines: pl.DataFrame, spans: pl.DataFrame, children: pl.DataFrame, entry: pl.DataFrame) -> pl.DataFrame:
    """trace_id, service, number, kind (line, served, step), event, at_us, late: what each request did, each thing once.

    `number` is the request's: one for each span with which a service began to serve, or for each trace where lines do not
    say which span wrote them.
    """
    parts = []
    if not spans.is_empty():
        # An operation that no span of the same service called is one that was served.
        served = spans.join(entry, on=["trace_id", "span_id"]).with_columns(pl.col("entry").alias("request"))
        served = served.filter(pl.col("span_id") == pl.col("entry")).with_columns(pl.lit("served").alias("kind"))
        caller = entry.rename({"span_id": "parent_span_id", "entry": "request"})
        steps = children.join(caller, on=["trace_id", "parent_span_id"]).with_columns(
            pl.lit("step").alias("kind"), pl.col("p_service").alias("service")
        )
        parts += [
            frame.filter(~pl.col("operation").str.contains(ERROR_WORDS)).with_columns(
                pl.col("operation").alias("event"), pl.col("start_time_us").alias("at_us")
            )
            for frame in (served, steps)
        ]
    if not lines.is_empty():
        usual = (pl.col("trace_id").fill_null("") != "") & ~pl.col("message").str.contains(ERROR_WORDS)
        told = lines.filter(usual).join(entry.rename({"entry": "request"}), on=["trace_id", "span_id"], how="left")
        told = told.with_columns(
            pl.lit("line").alias("kind"), pl.col("statement").alias("event"), (pl.col("timestamp") * 1000).alias("at_us")
        )  # fmt: skip
        shares = told.group_by("service").agg(pl.col("request").is_null().mean().alias("share"))
        vague = shares.filter(pl.col("share") > _VAGUE)["service"].to_list()
        whole = pl.when(pl.col("service").is_in(vague)).then(pl.lit("")).otherwise("request").alias("request")
        parts = [p.with_columns(whole) for p in (*parts, told)]
    columns = [*_KEYS, "kind", "event", "at_us", "late"]
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    done = _ended(pl.concat([p.select(columns) for p in parts]).drop_nulls("request"))
    known = done.group_by(_KEYS).agg(pl.col("late").any()).with_row_index("number")
    once = done.group_by(*_KEYS, "kind", "event").agg(pl.col("at_us").min()).join(known, on=_KEYS)
    return once.select("trace_id", "service", "number", "kind", "event", "at_us", "late")


def entries(spans: pl.DataFrame, children: pl.DataFrame) -> pl.DataFrame:
    """trace_id, span_id, entry: the span with which the service of a span began to serve. O(spans x log depth)."""
    key = ["trace_id", "span_id"]
    inside = children.filter(pl.col("service") == pl.col("p_service"))
    at = (
        spans.select(key).unique(key)
        .join(inside.select(*key, pl.col("parent_span_id").alias("entry")).unique(key), on=key, how="left")
        .with_columns(pl.col("entry").fill_null(pl.col("span_id")))
    )  # fmt: skip
    for _ in range(_DEEPEST):
        up = at.rename({"span_id": "entry", "entry": "above"})
        higher = at.join(up, on=["trace_id", "entry"], how="left").with_columns(
            pl.col("above").fill_null(pl.col("entry"))
        )
        at, before = higher.select(*key, pl.col("above").alias("entry")), at
        if (higher["above"] == higher["entry"]).all():
            return before
    return at


def _ended(done: pl.DataFrame) -> pl.DataFrame:
    """Without traces that began so shortly before the end of what was read that they may still be on their way."""
    begun, last = pl.col("at_us").min().over("trace_id"), pl.col("at_us").max().over("trace_id")
    timed = done.with_columns(begun.alias("begun"), (last - begun).alias("took"))
    usual = timed.filter(~pl.col("late"))["took"].quantile(_USUAL) or 0.0
    end = int(timed["at_us"].max() or 0)  # type: ignore[arg-type]
    return timed.filter(pl.col("begun") <= end - usual).drop("begun", "took")


def sampled(seen: pl.DataFrame) -> pl.DataFrame | None:
    """trace_id of the few traces that show every service often enough, on either side; None where all can be looked at.

    `seen`: trace_id, service, late. The same traces every time. O(rows).
    """
    if seen.height <= _WHOLE:
        return None
    pairs = seen.unique()
    place = pl.col("trace_id").hash(7).rank("ordinal").over("service", "late")
    return pairs.filter(place <= _REQUESTS).select("trace_id").unique()


def losses(done: pl.DataFrame) -> pl.DataFrame:
    """service, kind, context, thing, before, after, sure: how much rarer a thing became in requests that did `context`.

    `sure` is between 0 and 1: the part that was lost, weighed by how usual it was and how unlikely chance is (G-test).
    O(requests x events of a request squared).
    """
    if done.is_empty():
        return pl.DataFrame()
    requests = done.select("number", "service", "late").unique("number")
    contexts = pl.concat(
        [
            done.select("number", "service", pl.col("event").alias("context"), "late").unique(),
            requests.select("number", "service", pl.lit(ANY_REQUEST).alias("context"), "late"),
        ]
    ).with_columns(pl.col("context").cast(pl.Categorical))
    side = ((~pl.col("late")).sum().alias("n_before"), pl.col("late").sum().alias("n_after"))
    sizes = (
        contexts.group_by("service", "context").agg(*side).filter(pl.min_horizontal("n_before", "n_after") >= _LEAST)
    )
    things = done.filter(pl.col("kind") != "served").rename({"event": "thing"})
    usual = things.group_by("service", "kind", "thing").agg(*side).filter(pl.col("n_before") >= _LEAST)
    place = ["service", "kind", "thing"]
    usual = (
        usual.select(place).with_row_index("place").with_columns(pl.col("place").count().over("service").alias("tests"))
    )
    # Only numbers are joined: requests, contexts and things are many, and their names long.
    context = sizes.with_row_index("context_number")
    asked = contexts.join(context, on=["service", "context"]).select("number", "context_number", "late")
    told = things.join(usual, on=place).select("number", "place")
    counted = (
        asked.join(told, on="number")
        .group_by("context_number", "place")
        .agg((~pl.col("late")).sum().alias("k_before"), pl.col("late").sum().alias("k_after"))
        .join(context.select("context_number", "context", "n_before", "n_after"), on="context_number")
        .with_columns(
            (pl.col("k_before") / pl.col("n_before")).alias("before"), (pl.col("k_after") / pl.col("n_after")).alias("after")
        )
        .filter(pl.col("after") < pl.col("before"))
        .join(usual, on="place")
        .with_columns(pl.col("context").cast(pl.String))
        .filter(pl.col("context") != pl.col("thing"))
    )  # fmt: skip
    lost = 1 - pl.col("after") / pl.col("before")
    sure = lost * pl.col("before").sqrt() * certainty(_PRICE * pl.col("tests").log10())
    told_of = ["service", "kind", "context", "thing", "before", "after", "sure"]
    return counted.with_columns(sure.alias("sure")).filter(pl.col("sure") > 0.05).select(told_of)


def certainty(price: pl.Expr | float = 0.0) -> pl.Expr:
    """0 to 1: how unlikely chance is, by a G-test on k of n before and after; `price` in decimal digits."""
    return ((_g_statistic() / (2 * math.log(10)) - price) / _CERTAIN).clip(0, 1)


def _g_statistic() -> pl.Expr:
    """Twice the log likelihood ratio of "the two shares differ" against "they are one"."""
    a, b = pl.col("k_before").cast(pl.Float64), (pl.col("n_before") - pl.col("k_before")).cast(pl.Float64)
    c, d = pl.col("k_after").cast(pl.Float64), (pl.col("n_after") - pl.col("k_after")).cast(pl.Float64)
    n = a + b + c + d
    cells = ((a, (a + b) * (a + c)), (b, (a + b) * (b + d)), (c, (c + d) * (a + c)), (d, (c + d) * (b + d)))
    parts = [pl.when(o > 0).then(o * (o * n / e).log()).otherwise(0.0) for o, e in cells]
    return (2 * pl.sum_horizontal(parts)).clip(0)


def originals(done: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """The losses that no earlier loss at another service explains."""
    if lost.is_empty():
        return lost
    place = ["service", "kind", "thing"]
    kept = (
        lost.sort("sure", "context", "thing", descending=[True, False, False])
        .unique(place, keep="first", maintain_order=True)
        .group_by("service", maintain_order=True)
        .head(_KEPT)
        .with_row_index("place")
    )
    seen = done.rename({"event": "thing"}).join(kept.select("place", *place), on=place)
    seen = seen.group_by("trace_id", "place").agg(pl.col("at_us").min(), pl.col("late").any())
    where = kept.select("place", "service", "before", "after")
    pairs = seen.join(seen, on="trace_id", suffix="_first").filter(pl.col("place") != pl.col("place_first"))
    # How often does the later one still follow the earlier one?
    both = pairs.group_by("place", "place_first").agg(
        (~pl.col("late")).sum().alias("k_before"), pl.col("late_first").sum().alias("k_after"),
        (pl.col("at_us") > pl.col("at_us_first")).mean().alias("later"),
    )  # fmt: skip
    sizes = seen.group_by("place").agg((~pl.col("late")).sum().alias("n_before"), pl.col("late").sum().alias("n_after"))
    follows = (
        both.join(sizes.rename({"place": "place_first"}), on="place_first")
        .join(where, on="place")
        .join(where.rename({"place": "place_first"}), on="place_first", suffix="_first")
        .filter((pl.col("service") != pl.col("service_first")) & (pl.col("later") > 0.5) & (pl.col("n_after") >= 3))
    )
    drop = pl.col("k_before") / pl.col("n_before") - pl.col("k_after") / pl.col("n_after")
    whole = pl.col("k_before") / pl.col("n_before") >= 0.5 * pl.col("before")
    explained = follows.filter(whole & (drop < _RESTORED * (pl.col("before") - pl.col("after"))))
    return kept.join(explained.select("place").unique(), on="place", how="anti").drop("place")
