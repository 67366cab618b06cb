"""How a picture is written: escaped elements, scales, round steps. Attributes only, no style: the CSP forbids it."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from markupsafe import Markup, escape

from watchkeeper.console.visible import visible


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element; `_` in attribute names is `-`, a trailing one is dropped (class_); None leaves an attribute out."""
    # Joined as text, each part escaped by itself: `Markup.format` takes most of a page's time.
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(visible(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(c if isinstance(c, Markup) else escape(visible(c)) for c in children)
    return Markup(f"<{name}{written}>{inner}</{name}>")  # noqa: S704 - names are ours


def picture(
    key: str, width: float, height: float, title: str, words: str, *children: object, **attributes: object
) -> Markup:
    """The outermost element with its text alternative. `key` is unique on its page."""
    return tag(
        "svg", tag("title", title, id=f"{key}-t"), tag("desc", words, id=f"{key}-d"), *children, role="img",
        aria_labelledby=f"{key}-t {key}-d", viewBox=f"0 0 {width:g} {height:g}", **attributes,
    )  # fmt: skip


def path(points: Iterable[tuple[float, float] | None], **attributes: object) -> Markup:
    """A line through points; None lifts the pen."""
    steps, down = [], False
    for point in points:
        if point is None:
            down = False
            continue
        steps.append(f"{'L' if down else 'M'}{point[0]:.1f} {point[1]:.1f}")
        down = True
    return tag("path", d="".join(steps), fill="none", **attributes)


class Scale:
    """From values to pixels, linearly. A range of no width is widened."""

    def __init__(self, low: float, high: float, first: float, last: float) -> None:
        if not high > low:
            low, high = low - (abs(low) or 1.0) * 0.5, high + (abs(high) or 1.0) * 0.5
        self.low, self.high, self.first, self.last = low, high, first, last

    def __call__(self, value: float) -> float:
        """Pixels, kept inside the picture."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)


def round_steps(low: float, high: float, most: int = 4) -> list[float]:
    """At most about `most` round values within a range."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number a person can read: 1.2 k, 340 m, 0.05."""
    size = abs(value)
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.3g}"


def clock(at: float) -> str:
    """UTC, as everywhere in pictures: they are made once for all readers."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")


def clipped(text: str, most: int) -> str:
    """Cut with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def bounds(values: Sequence[float | None], *more: float) -> tuple[float, float]:
    """Smallest and largest finite value."""
    known = [v for v in (*values, *more) if v is not None and math.isfinite(v)]
    return (min(known), max(known)) if known else (0.0, 1.0)
