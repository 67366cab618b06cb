"""A series with the range it usually keeps to, the onset and what was changed."""

import json

from markupsafe import Markup

from watchkeeper.console.charts.svg import Scale, bounds, clipped, clock, path, picture, round_steps, short, tag
from watchkeeper.domain.exhibit import SeriesExhibit

WIDTH, HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 24


def draw(exhibit: SeriesExhibit, key: str) -> Markup:
    """The series as a line, its usual range as a band, onset and changes as upright lines."""
    low, high = bounds(exhibit.values, exhibit.low, exhibit.high)
    x = Scale(exhibit.times[0], exhibit.times[-1], _LEFT, WIDTH - _RIGHT)
    y = Scale(low - (high - low) * 0.05, high + (high - low) * 0.05, HEIGHT - _BOTTOM, _TOP)
    line = path(
        ((x(t), y(v)) if v is not None else None for t, v in zip(exhibit.times, exhibit.values, strict=True)),
        class_="line",
    )
    band = tag(
        "rect", x=_LEFT, y=f"{y(exhibit.high):.1f}", width=WIDTH - _LEFT - _RIGHT,
        height=f"{max(y(exhibit.low) - y(exhibit.high), 1):.1f}", class_="band",
    )  # fmt: skip
    hover = json.dumps({"t": [round(t) for t in exhibit.times], "v": exhibit.values, "unit": exhibit.unit})
    return picture(
        key, WIDTH, HEIGHT, f"{exhibit.metric} of {exhibit.service}", in_words(exhibit), *_axes(x, y, exhibit.unit), band, line,
        *_moments(exhibit, x), class_="chart series", data_hover=hover, data_left=_LEFT, data_right=WIDTH - _RIGHT,
    )  # fmt: skip


def in_words(exhibit: SeriesExhibit) -> str:
    """What a person who cannot see the picture should know."""
    before = [v for t, v in zip(exhibit.times, exhibit.values, strict=True) if v is not None and t < exhibit.onset]
    after = [v for t, v in zip(exhibit.times, exhibit.values, strict=True) if v is not None and t >= exhibit.onset]
    unit = f" {exhibit.unit}" if exhibit.unit else ""
    parts = [f"Usually between {short(exhibit.low)} and {short(exhibit.high)}{unit}."]
    if before and after:
        parts.append(f"From {clock(exhibit.onset)} UTC on between {short(min(after))} and {short(max(after))}{unit}.")
    parts += [f"{clock(m.at)} UTC: {m.words}." for m in exhibit.marks]
    return " ".join(parts)


def _axes(x: Scale, y: Scale, unit: str) -> list[Markup]:
    out = [tag("text", unit, x=_LEFT, y=14, class_="unit")] if unit else []
    for value in round_steps(y.low, y.high):
        out.append(tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=f"{y(value):.1f}", y2=f"{y(value):.1f}", class_="grid"))
        out.append(tag("text", short(value), x=_LEFT - 6, y=f"{y(value) + 4:.1f}", text_anchor="end", class_="tick"))
    for number in range(5):
        at = x.low + (x.high - x.low) * number / 4
        anchor = "start" if number == 0 else "end" if number == 4 else "middle"
        out.append(tag("text", clock(at), x=f"{x(at):.1f}", y=HEIGHT - 6, text_anchor=anchor, class_="tick"))
    return out


def _moments(exhibit: SeriesExhibit, x: Scale) -> list[Markup]:
    out = []
    for at, words, kind in [(exhibit.onset, "onset", "onset"), *((m.at, m.words, "change") for m in exhibit.marks[:3])]:
        place = x(at)
        anchor = "end" if place > WIDTH * 0.7 else "start"
        label_y = 14 if kind == "onset" else 24
        out.append(
            tag("line", x1=f"{place:.1f}", x2=f"{place:.1f}", y1=_TOP, y2=HEIGHT - _BOTTOM, class_=f"moment {kind}")
        )
        out.append(
            tag(
                "text",
                clipped(words, 34),
                x=f"{place + (4 if anchor == 'start' else -4):.1f}",
                y=label_y,
                text_anchor=anchor,
                class_=f"label {kind}",
            )
        )
    return out
