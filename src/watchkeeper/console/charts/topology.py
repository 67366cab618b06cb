"""Who calls whom, in layers from callers to callees, with the blame on it."""

from collections.abc import Sequence

from markupsafe import Markup

from watchkeeper.console.charts.svg import clipped, picture, tag
from watchkeeper.domain.exhibit import MapExhibit, Place

_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _EDGE = 132, 34, 56, 14, 10
_SWEEPS = 4


def draw(exhibit: MapExhibit, key: str) -> Markup:
    """Boxes in columns, calls as curves from left to right."""
    columns = layers([p.service for p in exhibit.places], exhibit.calls)
    tallest = max((len(c) for c in columns), default=1)
    width = len(columns) * (_BOX_W + _GAP_X) - _GAP_X + 2 * _EDGE
    height = tallest * (_BOX_H + _GAP_Y) - _GAP_Y + 2 * _EDGE
    at = {
        name: (_EDGE + n * (_BOX_W + _GAP_X), _EDGE + (height - 2 * _EDGE - _stack(column)) / 2 + m * (_BOX_H + _GAP_Y))
        for n, column in enumerate(columns)
        for m, name in enumerate(column)
    }
    roles = {p.service: p.role for p in exhibit.places}
    calls = [_call(at[a], at[b], {roles[a], roles[b]}) for a, b in exhibit.calls if a in at and b in at]
    boxes = [_box(place, *at[place.service]) for place in exhibit.places]
    return picture(key, width, height, "Who calls whom", in_words(exhibit), *calls, *boxes, class_="chart topology")


def in_words(exhibit: MapExhibit) -> str:
    """The roles, and what is left out."""
    told = []
    for role, words in (
        ("cause", "Cause"),
        ("suspect", "Also suspected"),
        ("affected", "Affected"),
        ("alerting", "Alerting"),
    ):
        names = [p.service for p in exhibit.places if p.role == role]
        if names:
            told.append(f"{words}: {', '.join(names)}.")
    more = f" {exhibit.left_out} further services are not drawn." if exhibit.left_out else ""
    return " ".join(told) + more


def layers(names: Sequence[str], calls: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Columns in which callers stand left of callees, ordered to keep lines short. A call that closes a cycle is not counted.

    O(names + calls), and as much again for each sweep that shortens lines.
    """
    callees: dict[str, list[str]] = {name: [] for name in names}
    for caller, callee in calls:
        callees[caller].append(callee)
    called = {callee for _, callee in calls}
    depth = dict.fromkeys(names, 0)
    for name in reversed(_finished([*(n for n in names if n not in called), *names], callees)):
        for callee in callees[name]:
            depth[callee] = max(depth[callee], depth[name] + 1)
    return _untangled([[n for n in names if depth[n] == d] for d in sorted(set(depth.values()))], calls)


def _finished(starts: Sequence[str], callees: dict[str, list[str]]) -> list[str]:
    """Names in the order a depth-first walk leaves them; calls back up the walk are taken out of `callees`."""
    left: dict[str, None] = {}
    on_the_way: set[str] = set()
    for start in starts:
        todo = [(start, False)]
        while todo:
            name, done = todo.pop()
            if done:
                on_the_way.discard(name)
                left[name] = None
            elif name not in left and name not in on_the_way:
                on_the_way.add(name)
                callees[name] = [c for c in callees[name] if c not in on_the_way]
                todo += [(name, True), *((c, False) for c in callees[name])]
    return list(left)


def _untangled(columns: list[list[str]], calls: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each column ordered by the mean place of its neighbours, a few times over."""
    for _ in range(_SWEEPS):
        place = {name: n / max(len(c) - 1, 1) for c in columns for n, name in enumerate(c)}
        mean: dict[str, float] = {}
        for name, own in place.items():
            near = [place[b] for a, b in calls if a == name and b in place] + [
                place[a] for a, b in calls if b == name and a in place
            ]
            mean[name] = sum(near) / len(near) if near else own
        columns = [sorted(c, key=lambda name: (mean[name], name)) for c in columns]
    return columns


def _stack(column: Sequence[str]) -> float:
    return len(column) * (_BOX_H + _GAP_Y) - _GAP_Y


def _call(start: tuple[float, float], end: tuple[float, float], roles: set[str]) -> Markup:
    (x1, y1), (x2, y2) = (start[0] + _BOX_W, start[1] + _BOX_H / 2), (end[0], end[1] + _BOX_H / 2)
    bend = max(abs(x2 - x1) / 2, 30)
    kind = "call hot" if "cause" in roles and roles - {"calm", "cause"} else "call"
    return tag(
        "path",
        d=f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}",
        fill="none",
        class_=kind,
    )


def _box(place: Place, x: float, y: float) -> Markup:
    told = f"{place.role}, {place.confidence:.0%}" if place.confidence else place.role
    return tag(
        "g", tag("title", f"{place.service}: {told}"), tag("rect", x=f"{x:.1f}", y=f"{y:.1f}", width=_BOX_W, height=_BOX_H, rx=7),
        tag("text", clipped(place.service, 17), x=f"{x + _BOX_W / 2:.1f}", y=f"{y + 15:.1f}", text_anchor="middle", class_="name"),
        tag("text", told, x=f"{x + _BOX_W / 2:.1f}", y=f"{y + 28:.1f}", text_anchor="middle", class_="tick"), class_=f"place {place.role}",
    )  # fmt: skip
