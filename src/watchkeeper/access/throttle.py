"""So many tries in so much time, then patience. Of this process only: the slow password hash does the rest."""

from collections import deque
from datetime import datetime, timedelta

_MOST_KEYS = 10_000


class Throttle:
    """At most `most` failures a key within `within`."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most, self._within = most, within
        self._failures: dict[str, deque[datetime]] = {}

    def patience(self, key: str, now: datetime) -> float:
        """Seconds until the key may try again; 0: now."""
        failures = self._failures.get(key)
        while failures and failures[0] <= now - self._within:
            failures.popleft()
        if not failures or len(failures) < self._most:
            return 0.0
        return (failures[0] + self._within - now).total_seconds()

    def failed(self, key: str, now: datetime) -> None:
        """Remember a failure. Of very many keys the oldest is forgotten."""
        if key not in self._failures and len(self._failures) >= _MOST_KEYS:
            del self._failures[next(iter(self._failures))]
        self._failures.setdefault(key, deque(maxlen=self._most)).append(now)
