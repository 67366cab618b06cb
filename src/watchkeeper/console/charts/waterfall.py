"""One request, span by span: who worked, and who waited."""

from markupsafe import Markup

from watchkeeper.console.charts.svg import Scale, clipped, picture, short, tag
from watchkeeper.domain.exhibit import SpanBar, TraceExhibit

WIDTH, _ROW, _NAMES, _TOP = 720, 22, 250, 22


def draw(exhibit: TraceExhibit, key: str) -> Markup:
    """A row a span, indented by depth; the blamed service and errors stand out."""
    end = max((s.start + s.length for s in exhibit.spans), default=1.0)
    x = Scale(0, end, _NAMES, WIDTH - 70)
    height = _TOP + _ROW * len(exhibit.spans) + 6
    marks = [tag("text", lasted(end * n / 4), x=f"{x(end * n / 4):.1f}", y=14, class_="tick") for n in range(4)]
    rows = [part for n, span in enumerate(exhibit.spans) for part in _row(span, _TOP + n * _ROW, x, exhibit.blamed)]
    return picture(
        key, WIDTH, height, f"Request {exhibit.trace_id}", in_words(exhibit), *marks, *rows, class_="chart waterfall"
    )


def in_words(exhibit: TraceExhibit) -> str:
    """Who took longest."""
    total = max((s.start + s.length for s in exhibit.spans), default=0.0)
    mine = [s for s in exhibit.spans if s.service == exhibit.blamed]
    longest = max((s.length for s in mine), default=0.0)
    failed = sum(s.error for s in mine)
    told = f"{len(exhibit.spans)} spans in {lasted(total)}; {exhibit.blamed} took up to {lasted(longest)}"
    left = f"; {exhibit.left_out} more spans are not drawn" if exhibit.left_out else ""
    return f"{told}, {failed} of its {len(mine)} spans failed{left}."


def lasted(milliseconds: float) -> str:
    """In the unit a person would choose."""
    return f"{milliseconds / 1000:.3g} s" if milliseconds >= 1000 else f"{short(milliseconds)} ms"


def _row(span: SpanBar, y: float, x: Scale, blamed: str) -> list[Markup]:
    kind = " blamed" if span.service == blamed else ""
    kind += " failed" if span.error else ""
    left, right = x(span.start), x(span.start + span.length)
    indent = min(span.depth, 8) * 10
    name = clipped(f"{span.service} {span.operation}", 38 - min(span.depth, 8) * 2)
    return [
        tag("text", name, x=4 + indent, y=y + 15, class_=f"name{kind}"),
        tag(
            "rect", tag("title", f"{span.service} {span.operation}: {lasted(span.length)}"), x=f"{left:.1f}", y=y + 4,
            width=f"{max(right - left, 1.5):.1f}", height=_ROW - 8, rx=2, class_=f"span{kind}",
        ),
        tag("text", lasted(span.length), x=f"{min(right + 5, WIDTH - 64):.1f}", y=y + 15, class_="tick"),
    ]  # fmt: skip
