"""So many requests in so much time for each caller: a bucket that fills steadily. Of this process only."""

from collections import OrderedDict

_MOST_CALLERS = 20_000


class Allowance:
    """`per_minute` requests a caller, at most as many at once; 0: no limit. Time is monotonic seconds."""

    def __init__(self, per_minute: float) -> None:
        self._most, self._a_second = per_minute, per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> float:
        """Seconds until the caller may ask again; 0: it may now, and one request is taken from its bucket."""
        if not self._most:
            return 0.0
        left, at = self._buckets.pop(caller, (self._most, now))
        left = min(self._most, left + max(now - at, 0.0) * self._a_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._a_second
        self._buckets[caller] = (left if wait else left - 1, now)
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
        return wait
