"""Alerts of the past through admission, as if they had come then. Pure; nothing is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper.correlate.admit import Ignored, Known, admit
from watchkeeper.correlate.neighbours import Neighbours
from watchkeeper.domain.alert import Alert
from watchkeeper.domain.clock import Ids
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.situation import Situation, Standing, StandingKey
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import CorrelationSettings

_CHANGES_KEPT = 12


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert from firing to over."""

    alert: Alert
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """An incident as it would have been."""

    id: str
    episodes: tuple[Episode, ...]
    because: tuple[str, ...]
    """why each joined, in the order of the episodes"""

    @property
    def starts_at(self) -> datetime:
        """The first alert."""
        return min(e.alert.starts_at for e in self.episodes)


def replay(
    episodes: Sequence[Episode],
    topology: Topology,
    rules: CorrelationSettings,
    ids: Ids,
    service_of: Callable[[Alert], str],
) -> list[Past]:
    """Incidents in the order they would have been opened. An incident is closed when none of its alerts fires.

    Cost: O(episodes log episodes + what admission costs).
    """
    desk = _Replay(Neighbours(topology, rules.hops), rules, ids, service_of)
    for moment, starting, ending in _moments(episodes):
        desk.step(moment, starting, ending)
    return [Past(i, tuple(desk.members[i]), tuple(desk.because[i])) for i in desk.members]


def _moments(episodes: Sequence[Episode]) -> list[tuple[datetime, list[Episode], list[Episode]]]:
    starting: dict[datetime, list[Episode]] = {}
    ending: dict[datetime, list[Episode]] = {}
    for episode in episodes:
        starting.setdefault(episode.alert.starts_at, []).append(episode)
        ending.setdefault(episode.ends_at, []).append(episode)
    return [(m, starting.get(m, []), ending.get(m, [])) for m in sorted(starting.keys() | ending.keys())]


class _Replay:
    def __init__(
        self, calls: Neighbours, rules: CorrelationSettings, ids: Ids, service_of: Callable[[Alert], str]
    ) -> None:
        self._calls, self._rules, self._ids, self._service_of = calls, rules, ids, service_of
        self._open: dict[str, Situation] = {}
        self._last: dict[str, datetime] = {}
        self._standing: dict[StandingKey, Standing] = {}
        self._firing: dict[str, int] = {}
        self.members: dict[str, list[Episode]] = {}
        self.because: dict[str, list[str]] = {}

    def step(self, now: datetime, starting: Sequence[Episode], ending: Sequence[Episode]) -> None:
        """What ends at this moment ends before what starts."""
        for episode in ending:
            self._end(episode, now)
        if not starting:
            return
        recent = now - timedelta(minutes=self._rules.join_minutes)
        open_now = [s for i, s in self._open.items() if self._last[i] >= recent]
        standing = {
            k: self._standing[k] for e in starting if (k := (e.alert.source, e.alert.fingerprint)) in self._standing
        }
        done = admit(
            [e.alert for e in starting],
            Known(open_now, self._opened(standing)),
            self._calls,
            self._rules,
            self._ids,
            self._service_of,
            now,
        )
        for episode, admission in zip(starting, done.admissions, strict=True):
            if isinstance(admission, Ignored):
                continue
            self._keep(episode, admission.incident_id, admission.because, now)
        for situation in done.situations:
            self._open[situation.incident_id] = situation
            self._last[situation.incident_id] = situation.last_at

    def _opened(self, standing: Mapping[StandingKey, Standing]) -> dict[StandingKey, Standing]:
        return {k: replace(s, incident_open=bool(self._firing.get(s.incident_id))) for k, s in standing.items()}

    def _keep(self, episode: Episode, incident_id: str, because: str, now: datetime) -> None:
        alert, key = episode.alert, (episode.alert.source, episode.alert.fingerprint)
        self.members.setdefault(incident_id, []).append(episode)
        self.because.setdefault(incident_id, []).append(because)
        self._firing[incident_id] = self._firing.get(incident_id, 0) + 1
        changed = (*(self._standing[key].changed if key in self._standing else ()), now)[-_CHANGES_KEPT:]
        self._standing[key] = Standing(
            *key, True, alert.starts_at, incident_id, True, Severity.WARNING, "", now, changed
        )

    def _end(self, episode: Episode, now: datetime) -> None:
        key = (episode.alert.source, episode.alert.fingerprint)
        standing = self._standing.get(key)
        if standing is None or not standing.firing or standing.starts_at != episode.alert.starts_at:
            return
        self._standing[key] = replace(
            standing, firing=False, seen_at=now, changed=(*standing.changed, now)[-_CHANGES_KEPT:]
        )
        self._firing[standing.incident_id] -= 1
        if not self._firing[standing.incident_id]:
            self._open.pop(standing.incident_id, None)
