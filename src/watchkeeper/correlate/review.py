"""Which alert rules to delete or to fix, from what they did. Pure."""

import difflib
import statistics
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml

from watchkeeper.correlate.replay import Episode

_SHORT = timedelta(minutes=5)
_BESIDE = timedelta(minutes=2)
_LEAST = 5
_ALWAYS = 0.95
_FLAPS_A_DAY = 6
_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Advice:
    """One rule, what is wrong with it, and how it could read."""

    rule: str
    episodes: int
    finding: str
    remedy: str
    diff: str


def advise(episodes: Sequence[Episode], rules: Mapping[str, Mapping[str, Any]], most: int = 10) -> list[Advice]:
    """The rules that would spare most, first. `rules`: name -> the rule as Prometheus tells it (may be empty)."""
    by_rule: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        by_rule[episode.alert.name].append(episode)
    times = {name: _Times(some) for name, some in by_rule.items()}
    found = []
    for name, some in by_rule.items():
        if len(some) >= _LEAST:
            said = _short(some) or _flapping(some) or _always_with(name, some, by_rule, times)
            if said:
                found.append(Advice(name, len(some), said[0], said[1], _diff(rules.get(name), name, said[2])))
    return sorted(found, key=lambda a: (-a.episodes, a.rule))[:most]


Said = tuple[str, str, dict[str, str] | None]
"""(finding, remedy, what changes in the rule; None: it goes)"""


def _short(some: Sequence[Episode]) -> Said | None:
    lasted = [(e.ends_at - e.alert.starts_at).total_seconds() for e in some]
    if max(lasted) > _SHORT.total_seconds():
        return None
    words = f"never longer than 5 minutes in {len(some)} firings (median {statistics.median(lasted):.0f} s)"
    return words, "wait longer before it fires, or delete it: nobody could have acted in that time", {"for": "10m"}


def _flapping(some: Sequence[Episode]) -> Said | None:
    days: Counter[tuple[str, str]] = Counter()
    last: dict[str, datetime] = {}
    for episode in sorted(some, key=lambda e: e.alert.starts_at):
        alert = episode.alert
        if alert.fingerprint in last and alert.starts_at - last[alert.fingerprint] <= _PAUSE:
            days[(alert.fingerprint, f"{alert.starts_at:%F}")] += 1
        last[alert.fingerprint] = episode.ends_at
    worst = max(days.values(), default=0)
    if worst < _FLAPS_A_DAY or sum(days.values()) < len(some) / 3:
        return None
    return (
        f"flapping: back within 15 minutes up to {worst} times a day",
        "keep it firing until it is quiet",
        {"keep_firing_for": "15m"},
    )


def _always_with(
    name: str,
    some: Sequence[Episode],
    by_rule: Mapping[str, Sequence[Episode]],
    times: Mapping[str, "_Times"],
) -> Said | None:
    """Another rule that fires around every start of this one, and more often by itself or first."""
    best = ("", 0.0)
    for other in by_rule:
        if other == name or len(by_rule[other]) < _LEAST:
            continue
        share, back = times[other].beside(some), times[name].beside(by_rule[other])
        keeps = (back, name) < (share, other) if back < _ALWAYS else name > other
        if share >= _ALWAYS and keeps and share > best[1]:
            best = (other, share)
    if not best[0]:
        return None
    return (
        f"always together with {best[0]} ({best[1]:.0%} of {len(some)} firings)",
        f"delete it: {best[0]} says the same",
        None,
    )


class _Times:
    """When a rule fired, as spans that do not overlap, each begun a little early."""

    def __init__(self, some: Sequence[Episode]) -> None:
        self.starts: list[datetime] = []
        self.ends: list[datetime] = []
        for low, high in sorted(
            (e.alert.starts_at - _BESIDE, max(e.ends_at, e.alert.starts_at + _BESIDE)) for e in some
        ):
            if self.ends and low <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], high)
            else:
                self.starts.append(low)
                self.ends.append(high)

    def beside(self, some: Sequence[Episode]) -> float:
        """Share of the episodes that begin in one of the spans. O(episodes log spans)."""
        hits = 0
        for episode in some:
            place = bisect_right(self.starts, episode.alert.starts_at) - 1
            hits += place >= 0 and episode.alert.starts_at <= self.ends[place]
        return hits / len(some)


def _diff(rule: Mapping[str, Any] | None, name: str, change: Mapping[str, str] | None) -> str:
    """Unified, as YAML of a rule file."""
    if rule is None:
        before: dict[str, Any] = {"alert": name}
    else:
        before = {"alert": name, "expr": rule.get("query", "")}
        if rule.get("duration"):
            before["for"] = f"{float(rule['duration']):g}s"
        before |= {k: dict(rule[k]) for k in ("labels", "annotations") if rule.get(k)}
    after = None if change is None else {**before, **change}
    lines = [_yaml(before), _yaml(after)]
    return "".join(difflib.unified_diff(lines[0], lines[1], "rules.yaml", "rules.yaml", n=3))


def _yaml(rule: Mapping[str, Any] | None) -> list[str]:
    if rule is None:
        return []
    text: str = yaml.safe_dump([dict(rule)], sort_keys=False, allow_unicode=True, width=1000)
    return text.splitlines(keepends=True)
