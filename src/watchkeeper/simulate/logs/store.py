"""Log lines in memory, in order of time."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from watchkeeper.simulate.ports import LogLine


class LogDb:
    """Implements ports.LogStore. Inserting keeps order; a span of time is found by bisection."""

    def __init__(self) -> None:
        self._lines: list[LogLine] = []

    def append(self, lines: Iterable[LogLine]) -> None:
        """Lines in any order."""
        for line in lines:
            if self._lines and line.at < self._lines[-1].at:
                insort(self._lines, line, key=lambda x: x.at)
            else:
                self._lines.append(line)

    def between(self, start: float, end: float) -> list[LogLine]:
        """Lines in [start, end), oldest first."""
        low = bisect_left(self._lines, start, key=lambda x: x.at)
        return self._lines[low : bisect_left(self._lines, end, key=lambda x: x.at)]
