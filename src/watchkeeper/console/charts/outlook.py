"""A series with the band it was expected in, the samples that were flagged, and where it is going."""

from collections.abc import Sequence

from markupsafe import Markup

from watchkeeper.console.charts.svg import Scale, bounds, clock, path, picture, round_steps, short, tag
from watchkeeper.domain.outlook import Line, Outlook

WIDTH, HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 24
_LOOK = (
    "svg{background:#fff;font:11px system-ui,sans-serif}.band{fill:#cfe3ef}.coming{fill:#f3dcb5}.line{stroke:#20506b;stroke-width:1.4}"
    ".middle{stroke:#a86a00;stroke-width:1.4;stroke-dasharray:4 3}.dot{fill:#b3261e}.grid{stroke:#ddd}.limit{stroke:#b3261e;stroke-dasharray:6 3}"
    ".tick{fill:#555}.moment{stroke:#777}"
)
"""For a picture that stands alone; on our pages the style sheet has the colours."""


def draw(seen: Outlook, key: str, *, alone: bool = False) -> Markup:
    """`alone`: with its own colours and namespace, as a file."""
    every = [*seen.values, *seen.low, *seen.high, *seen.ahead_low, *seen.ahead_high, seen.limit]
    low, high = bounds(every)
    stretch = [*seen.times, *seen.ahead] or [0.0]
    x = Scale(stretch[0], stretch[-1], _LEFT, WIDTH - _RIGHT)
    y = Scale(low - (high - low) * 0.05, high + (high - low) * 0.05, HEIGHT - _BOTTOM, _TOP)
    parts = [
        *([tag("style", Markup(_LOOK))] if alone else []),  # noqa: S704 - our own constant
        *_axes(x, y),
        _area(x, y, seen.times, seen.low, seen.high, "band"),
        _area(x, y, seen.ahead, seen.ahead_low, seen.ahead_high, "coming"),
        _curve(x, y, seen.times, seen.values, "line"),
        _curve(x, y, seen.ahead, seen.ahead_middle, "middle"),
    ]
    if seen.limit is not None:
        at = f"{y(seen.limit):.1f}"
        parts.append(tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=at, y2=at, class_="limit"))
    for place in seen.flagged:
        value = seen.values[place]
        if value is not None:
            words = tag("title", f"{clock(seen.times[place])} UTC: {short(value)}")
            parts.append(
                tag("circle", words, cx=f"{x(seen.times[place]):.1f}", cy=f"{y(value):.1f}", r=3, class_="dot")
            )
    space = {"xmlns": "http://www.w3.org/2000/svg"} if alone else {}
    return picture(
        key, WIDTH, HEIGHT, f"{seen.metric} of {seen.service}", in_words(seen), *parts, class_="chart outlook", **space
    )


def in_words(seen: Outlook) -> str:
    """What a person who cannot see the picture should know."""
    known = [v for v in seen.values if v is not None]
    unit = f" {seen.unit}" if seen.unit else ""
    parts = (
        [f"Between {short(min(known))} and {short(max(known))}{unit}, now {short(known[-1])}{unit}."]
        if known
        else ["No data."]
    )
    if seen.flagged:
        first, last = seen.times[seen.flagged[0]], seen.times[seen.flagged[-1]]
        parts.append(f"{len(seen.flagged)} unusual samples, from {clock(first)} to {clock(last)} UTC.")
    else:
        parts.append("No sample is unusual.")
    coming = [v for v in seen.ahead_high if v is not None]
    if coming:
        floor = min(v for v in seen.ahead_low if v is not None)
        parts.append(
            f"Until {clock(seen.ahead[-1])} UTC expected between {short(floor)} and {short(max(coming))}{unit}."
        )
    if seen.limit is not None:
        parts.append(f"Limit {short(seen.limit)}{unit}.")
    return " ".join(parts)


def _curve(x: Scale, y: Scale, times: Sequence[float], values: Line, look: str) -> Markup:
    points = ((x(t), y(v)) if v is not None else None for t, v in zip(times, values, strict=False))
    return path(points, class_=look)


def _area(x: Scale, y: Scale, times: Sequence[float], low: Line, high: Line, look: str) -> Markup:
    known = [(t, a, b) for t, a, b in zip(times, low, high, strict=False) if a is not None and b is not None]
    if len(known) < 2:
        return Markup("")
    there = [f"{x(t):.1f} {y(b):.1f}" for t, _, b in known]
    back = [f"{x(t):.1f} {y(a):.1f}" for t, a, _ in reversed(known)]
    return tag("path", d=f"M{'L'.join([*there, *back])}Z", class_=look)


def _axes(x: Scale, y: Scale) -> list[Markup]:
    out = []
    for value in round_steps(y.low, y.high):
        at = y(value)
        out.append(tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=f"{at:.1f}", y2=f"{at:.1f}", class_="grid"))
        out.append(tag("text", short(value), x=_LEFT - 6, y=f"{at + 4:.1f}", text_anchor="end", class_="tick"))
    for n in range(5):
        when = x.low + (x.high - x.low) * n / 4
        out.append(tag("text", clock(when), x=f"{x(when):.1f}", y=HEIGHT - 6, text_anchor="middle", class_="tick"))
    return out
