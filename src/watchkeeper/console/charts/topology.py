"""Who calls whom, in layers from callers to callees, with the blame on it."""

from collections.abc import Mapping, Sequence

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
    """Columns in which callers stand left of callees (cycles aside), ordered to keep lines short. O(names x calls)."""
    depth = dict.fromkeys(names, 0)
    for _ in range(len(names)):
        moved = False
        for caller, callee in calls:
            if depth[callee] < depth[caller] + 1 < len(names) and not _above(callee, caller, calls, depth):
                depth[callee], moved = depth[caller] + 1, True
        if not moved:
            break
    columns: list[list[str]] = [[n for n in names if depth[n] == d] for d in sorted(set(depth.values()))]
    return _untangled(columns, calls)


def _above(start: str, goal: str, calls: Sequence[tuple[str, str]], depth: Mapping[str, int]) -> bool:
    """Does `start` call `goal`, directly or not? Then the edge closes a cycle and does not push."""
    seen, todo = {start}, [start]
    while todo:
        one = todo.pop()
        for caller, callee in calls:
            if caller == one and callee not in seen:
                if callee == goal:
                    return True
                seen.add(callee)
                todo.append(callee)
    return False


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
