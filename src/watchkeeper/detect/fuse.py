"""Several metrics of one service to one finding: alone a metric may be odd, two within half an hour are a story."""

from typing import Any

import numpy as np
import numpy.typing as npt

PAGES_PER_METRIC = 0.3
"""False pages a day that each metric may cause where two must agree."""
_TOGETHER = 6
"""Samples within which metrics count as agreeing."""
_AGREE = 2


def fused(flags: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """flags[sample, metric] to one a sample: a metric is flagged now, and enough of them lately. Sees only the past."""
    lately = flags.copy()
    for back in range(1, _TOGETHER):
        lately[back:] |= flags[:-back]
    agreed: npt.NDArray[np.bool_] = (lately.sum(axis=1) >= _AGREE) & flags.any(axis=1)
    return agreed
