"""Spans in memory, by trace."""

from collections.abc import Iterable, Iterator

from watchkeeper.simulate.ports import Span


class SpanDb:
    """Implements ports.SpanStore."""

    def __init__(self) -> None:
        self._traces: dict[str, list[Span]] = {}

    def append(self, spans: Iterable[Span]) -> None:
        """Spans in any order."""
        for span in spans:
            self._traces.setdefault(span.trace_id, []).append(span)

    def trace(self, trace_id: str) -> list[Span]:
        """Its spans by start, empty where there is no such trace."""
        return sorted(self._traces.get(trace_id, []), key=lambda s: s.start)

    def between(self, start: float, end: float) -> Iterator[tuple[str, list[Span]]]:
        """Traces that begin in [start, end], newest first."""
        for trace_id, spans in reversed(list(self._traces.items())):
            if start <= min(s.start for s in spans) <= end:
                yield trace_id, spans
