"""How often a statement was written, minute by minute; the line marks the onset."""

from markupsafe import Markup

from watchkeeper.console.charts.svg import Scale, clock, picture, short, tag
from watchkeeper.domain.exhibit import LinesExhibit

WIDTH, HEIGHT = 640, 90
_LEFT, _BOTTOM = 40, 20


def draw(exhibit: LinesExhibit, key: str) -> Markup:
    """One bar a count."""
    most = max((*exhibit.counts, 1))
    x = Scale(0, max(len(exhibit.counts), 1), _LEFT, WIDTH - 8)
    y = Scale(0, most, HEIGHT - _BOTTOM, 8)
    width = max((WIDTH - 8 - _LEFT) / max(len(exhibit.counts), 1) - 1.5, 1)
    bars = [
        tag(
            "rect", tag("title", f"{clock(at)} UTC: {count}"), x=f"{x(n):.1f}", y=f"{y(count):.1f}", width=f"{width:.1f}",
            height=f"{HEIGHT - _BOTTOM - y(count):.1f}", class_="bar late" if at >= exhibit.onset else "bar",
        )
        for n, (at, count) in enumerate(zip(exhibit.times, exhibit.counts, strict=True))
        if count
    ]  # fmt: skip
    words = f"Written {exhibit.before} times before {clock(exhibit.onset)} UTC and {exhibit.during} times since."
    axis = [
        tag("line", x1=_LEFT, x2=WIDTH - 8, y1=HEIGHT - _BOTTOM, y2=HEIGHT - _BOTTOM, class_="grid"),
        tag("text", short(most), x=_LEFT - 6, y=14, text_anchor="end", class_="tick"),
        *(
            tag("text", clock(exhibit.times[n]), x=f"{x(n):.1f}", y=HEIGHT - 5, class_="tick")
            for n in _quarters(exhibit)
        ),
    ]
    return picture(key, WIDTH, HEIGHT, f"A statement of {exhibit.service}", words, *axis, *bars, class_="chart bars")


def _quarters(exhibit: LinesExhibit) -> list[int]:
    return sorted({len(exhibit.times) * n // 4 for n in range(4)}) if exhibit.times else []
