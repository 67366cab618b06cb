"""Several metrics of one service to one finding: alone a metric may be odd, several within half an hour are a story.

`together` adds up how surprising each metric is: two that break records are as telling as four in their outer tails. Where only
flags are known, `fused` counts them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

PAGES_PER_METRIC = 0.3
"""False pages a day that each metric may cause where two must agree."""
_TOGETHER = 6
"""Samples within which metrics count as agreeing."""
_SECONDS = 1800.0
_AGREE = 2
_USUAL = 1.0
"""Tail lengths by which a sample in the tail lies in it on average: only what is beyond counts."""
_ENOUGH = 10.0
"""Tail lengths that all metrics together must lie beyond the usual, for 0.1 false pages a day."""
_MOST = 8.0
"""Of one metric: no metric alone is a story."""
_ACTIVE = 2.0


def fused(flags: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """flags[sample, metric] to one a sample: a metric is flagged now, and enough of them lately. Sees only the past."""
    lately = flags.copy()
    for back in range(1, _TOGETHER):
        lately[back:] |= flags[:-back]
    agreed: npt.NDArray[np.bool_] = (lately.sum(axis=1) >= _AGREE) & flags.any(axis=1)
    return agreed


def together(surprise: npt.NDArray[Any], interval: float, false_pages_per_day: float = 0.1) -> npt.NDArray[np.bool_]:
    """surprise[sample, metric] (`AdaptiveDetector.surprise` after each step) to one flag a sample. `interval`: seconds.

    Each metric counts with its most surprising sample of the last half hour. Sees only the past.
    """
    beyond = np.clip(surprise - _USUAL, 0, _MOST - _USUAL)
    most = _rolling_max(beyond, max(round(_SECONDS / interval), 1))
    enough = _ENOUGH - np.log(false_pages_per_day / 0.1) - 1e-3
    found: npt.NDArray[np.bool_] = (most.sum(axis=1) > enough) & (surprise > _ACTIVE).any(axis=1)
    return found


def _rolling_max(values: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """Over the last `width` samples, by doubling: O(samples log width)."""
    most, covered = values.copy(), 1
    while covered < width:
        back = min(covered, width - covered)
        before = most.copy()
        most[back:] = np.maximum(before[back:], before[:-back])
        covered += back
    return most
