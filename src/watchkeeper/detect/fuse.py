"""Several metrics of one service to one finding: alone a metric may be odd, several at once are a story.

`Together` adds up, as samples come, how surprising each metric is within half an hour, and how far each has shifted over half a
day: two that break records are as telling as four in their outer tails. Where only flags are known, `fused` counts them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

PAGES_PER_METRIC = 0.3
"""False pages a day that each metric may cause where two must agree."""
_TOGETHER = 6
"""Samples within which flags count as agreeing."""
_AGREE = 2
_SLOT, _SLOTS = 300.0, 6
"""Surprises of half an hour are kept as the largest of each five minutes."""
_USUAL = 1.0
"""Tail lengths by which a sample in the tail lies in it on average: only what is beyond counts."""
_ENOUGH = 10.0
"""Tail lengths that all metrics together must lie beyond the usual, for 0.1 false pages a day."""
_MOST = 8.0
"""Of one metric: no metric alone is a story."""
_ACTIVE = 2.0
"""Tail lengths from which a metric takes part."""
_SHIFTED, _MOST_SHIFTED, _ENOUGH_SHIFTED = 2.5, 4.0, 14.0
"""Usual distances of half a day's shift that count for nothing, the most beyond them of one metric, and of all that are told."""
_HOUR, _DAY = 3600.0, 86400.0


def fused(flags: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """flags[sample, metric] to one a sample: a metric is flagged now, and enough of them lately. Sees only the past."""
    lately = flags.copy()
    for back in range(1, _TOGETHER):
        lately[back:] |= flags[:-back]
    agreed: npt.NDArray[np.bool_] = (lately.sum(axis=1) >= _AGREE) & flags.any(axis=1)
    return agreed


class Together:
    """A fleet, streaming. `service`: the number of each series' service, from 0. State: 24 bytes a series."""

    ARRAYS = ("recent", "told", "shifted")

    def __init__(self, service: npt.NDArray[Any], false_pages_per_day: float = 0.1) -> None:
        self.service = np.asarray(service, np.int64)
        self.services = int(self.service.max()) + 1 if len(self.service) else 0
        self._less = float(np.log(false_pages_per_day / 0.1))
        self.recent = np.zeros((_SLOTS, len(self.service)), np.float32)
        """tail lengths beyond the usual, by five minutes"""
        self._most, self._total = np.zeros(len(self.service), np.float32), np.zeros(self.services)
        self._summed = -1
        """of each series the largest of `recent`, their sum by service, and the five minutes for which they were made anew"""
        self.newest = -1
        """number of the five minutes of the newest sample, since 1970"""
        self.told, self.shifted = np.full((2, self.services), -np.inf)
        """when something sudden was last told, and when half a day's shift was last large"""

    def grown(self, service: npt.NDArray[Any], false_pages_per_day: float) -> "Together":
        """With further series, and services that have no past, behind those known."""
        out = Together(service, false_pages_per_day)
        out.recent[:, : len(self.service)], out.newest = self.recent, self.newest
        out.told[: self.services], out.shifted[: self.services] = self.told, self.shifted
        return out

    def step(self, at: float, surprise: npt.NDArray[Any], shift: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """After each step of the detector: its `surprise` and `shift`; which services are told at unix seconds `at`."""
        slot, before = int(at // _SLOT), self.newest
        for passed in range(max(before + 1, slot - _SLOTS + 1), slot + 1):
            self.recent[passed % _SLOTS] = 0
        if slot != self._summed:
            self._summed, self._most = slot, self.recent.max(axis=0)
            self._total = self._sum(np.arange(len(self._most)), self._most)
        self.newest = max(slot, before)
        told = self._sudden(slot % _SLOTS, surprise)
        self.told[told] = at
        return told | self._slow(at, shift) if slot * _SLOT // _HOUR > before * _SLOT // _HOUR else told

    def witnesses(self, told: npt.NDArray[np.bool_], shift: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which series of the services that were told made them so."""
        out: npt.NDArray[np.bool_] = told[self.service] & (
            (self.recent.max(axis=0) > _ACTIVE - _USUAL) | (shift > _SHIFTED)
        )
        return out

    def _sudden(self, slot: int, surprise: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        beyond = np.flatnonzero(surprise > _USUAL)
        depth = surprise[beyond]
        more = np.minimum(depth, _MOST) - _USUAL
        self.recent[slot, beyond] = np.maximum(self.recent[slot, beyond], more)
        grown = np.maximum(more - self._most[beyond], 0)
        self._most[beyond] += grown
        self._total += self._sum(beyond, grown)
        told = np.zeros(self.services, bool)
        told[self.service[beyond[depth > _ACTIVE]]] = True
        found: npt.NDArray[np.bool_] = told & (self._total > _ENOUGH - self._less - 1e-3)
        return found

    def _slow(self, at: float, shift: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """What has lasted for a day is known, and half a day that holds something told is no news."""
        of = np.flatnonzero(shift > _SHIFTED)
        large = self._sum(of, np.minimum(shift[of] - _SHIFTED, _MOST_SHIFTED)) > _ENOUGH_SHIFTED - self._less
        fresh: npt.NDArray[np.bool_] = large & (at - self.shifted > _DAY) & (at - self.told > _DAY / 2)
        self.shifted[large] = at
        return fresh

    def _sum(self, of: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        total: npt.NDArray[np.float64] = np.bincount(self.service[of], values, self.services).astype(float)
        return total
