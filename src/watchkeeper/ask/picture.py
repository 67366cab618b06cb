"""Small pictures of curves: a sparkline of eight block characters, and an SVG without scripts or outside references."""

from collections.abc import Mapping
from html import escape

import numpy as np

from watchkeeper.ask.curve import Curve

_BLOCKS = "▁▂▃▄▅▆▇█"
_COLOURS = (
    "#2563eb",
    "#dc2626",
    "#059669",
    "#d97706",
    "#7c3aed",
    "#0891b2",
    "#be185d",
    "#4d7c0f",
    "#475569",
    "#b45309",
)
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 560, 160, 52, 18


def sparkline(curve: Curve, width: int = 16) -> str:
    """At most `width` characters, each the mean of its share of the time; "" where there is nothing to draw."""
    if len(curve.times) < 2:
        return ""
    edges = np.linspace(curve.times[0], curve.times[-1], min(width, len(curve.times)) + 1)
    places = np.clip(np.searchsorted(edges, curve.times, side="right") - 1, 0, len(edges) - 2)
    means = [float(curve.values[places == n].mean()) if (places == n).any() else None for n in range(len(edges) - 1)]
    known = [m for m in means if m is not None]
    low, high = min(min(known), 0.5 * max(known)), max(known)
    if high <= low:
        return _BLOCKS[0] * len(means)
    return "".join(" " if m is None else _BLOCKS[min(int((m - low) / (high - low) * 8), 7)] for m in means)


def svg(curves: Mapping[str, Curve], title: str, unit: str) -> str:
    """A chart of up to ten lines; "" where there is nothing to draw. Names are escaped."""
    drawn = {n: c for n, c in list(curves.items())[:10] if len(c.times) > 1}
    if not drawn:
        return ""
    first, last = min(float(c.times[0]) for c in drawn.values()), max(float(c.times[-1]) for c in drawn.values())
    top = max(float(c.values.max()) for c in drawn.values()) or 1.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + 14 * len(drawn)}" role="img" font-family="sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>",
        f'<line x1="{_LEFT}" y1="{_HEIGHT - _BOTTOM}" x2="{_WIDTH}" y2="{_HEIGHT - _BOTTOM}" stroke="#94a3b8"/>',
        f'<text x="0" y="14" fill="#475569">{top:.3g}</text><text x="0" y="{_HEIGHT - _BOTTOM}" fill="#475569">0 {escape(unit)}</text>',
    ]
    for number, (name, curve) in enumerate(drawn.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        xs = _LEFT + (curve.times - first) / max(last - first, 1e-9) * (_WIDTH - _LEFT)
        ys = 8 + (1 - np.clip(curve.values, 0, None) / top) * (_HEIGHT - _BOTTOM - 8)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        y = _HEIGHT + 10 + 14 * number
        parts.append(
            f'<rect x="{_LEFT}" y="{y - 8}" width="10" height="8" fill="{colour}"/><text x="{_LEFT + 14}" y="{y}" fill="#334155">{escape(name)}</text>'
        )
    return "".join([*parts, "</svg>"])
