"""Is a confidence of 0.9 right nine times in ten? Stated against found, by bins."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from watchkeeper.console.charts.svg import Scale, picture, tag

_SIZE, _EDGE = 260, 34


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases with about the same stated confidence. `said` and `right` are shares, 0 to 1."""

    said: float
    right: float
    cases: int


def draw(bins: Sequence[Bin], key: str) -> Markup:
    """Points near the diagonal are honest; a point's size tells how many cases it stands for."""
    x, y = Scale(0, 1, _EDGE, _SIZE - 10), Scale(0, 1, _SIZE - _EDGE, 10)
    most = max((b.cases for b in bins), default=1)
    marks = [
        part
        for share in (0.0, 0.5, 1.0)
        for part in (
            tag("text", f"{share:.0%}", x=f"{x(share):.1f}", y=_SIZE - _EDGE + 16, text_anchor="middle", class_="tick"),
            tag("text", f"{share:.0%}", x=_EDGE - 6, y=f"{y(share) + 4:.1f}", text_anchor="end", class_="tick"),
        )
    ]
    diagonal = tag("line", x1=f"{x(0):.1f}", y1=f"{y(0):.1f}", x2=f"{x(1):.1f}", y2=f"{y(1):.1f}", class_="grid")
    points = [
        tag(
            "circle",
            tag("title", f"said {b.said:.0%}, right {b.right:.0%}, {b.cases} cases"),
            cx=f"{x(b.said):.1f}",
            cy=f"{y(b.right):.1f}",
            r=f"{3 + 7 * (b.cases / most) ** 0.5:.1f}",
            class_="dot",
        )
        for b in bins
    ]
    words = "; ".join(f"said {b.said:.0%}, right {b.right:.0%} of {b.cases}" for b in bins) or "No judged cases yet."
    return picture(
        key,
        _SIZE,
        _SIZE,
        "Stated confidence against cases that were right",
        words,
        diagonal,
        *marks,
        *points,
        class_="chart calibration",
    )
