"""A small line without axes, and a heat map of counts."""

from collections.abc import Sequence

from markupsafe import Markup

from watchkeeper.console.charts.svg import Scale, bounds, clipped, path, picture, short, tag


def sparkline(values: Sequence[float | None], key: str, title: str) -> Markup:
    """The shape of a series; its words tell first, last, smallest and largest."""
    low, high = bounds(values)
    x, y = Scale(0, max(len(values) - 1, 1), 2, 118), Scale(low, high, 26, 4)
    known = [v for v in values if v is not None]
    words = (
        f"From {short(known[0])} to {short(known[-1])}, between {short(low)} and {short(high)}."
        if known
        else "No data."
    )
    line = path(((x(n), y(v)) if v is not None else None for n, v in enumerate(values)), class_="line")
    return picture(key, 120, 30, title, words, line, class_="chart spark")


def heat_map(rows: Sequence[tuple[str, Sequence[int]]], columns: Sequence[str], key: str, title: str) -> Markup:
    """Names down, columns across, the share of the largest count as opacity."""
    most = max((v for _, values in rows for v in values), default=0) or 1
    cell, left, top = 24, 150, 20
    parts = [
        tag("text", c, x=left + n * cell + cell / 2, y=14, text_anchor="middle", class_="tick")
        for n, c in enumerate(columns)
        if n % 4 == 0
    ]
    for m, (name, values) in enumerate(rows):
        parts.append(
            tag("text", clipped(name, 22), x=left - 6, y=top + m * cell + 16, text_anchor="end", class_="name")
        )
        parts += [
            tag(
                "rect", tag("title", f"{name}, {columns[n]}: {value}"), x=left + n * cell + 1, y=top + m * cell + 1, width=cell - 2,
                height=cell - 2, rx=3, class_="heat", fill_opacity=f"{0.06 + 0.94 * value / most:.2f}",
            )
            for n, value in enumerate(values)
        ]  # fmt: skip
    busiest = max(rows, key=lambda r: sum(r[1]), default=("nothing", ()))
    words = f"Most at {busiest[0]} ({sum(busiest[1])})." if rows else "Nothing to show."
    return picture(
        key, left + cell * len(columns), top + cell * len(rows) + 4, title, words, *parts, class_="chart heatmap"
    )
