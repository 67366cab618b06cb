"""Limits in a question: "above 80 %", "over 500 ms", "more than 3"."""

from watchkeeper.ask.question import Threshold
from watchkeeper.ask.unread import Unread

_ABOVE = r"above|over|more than|greater than|exceed(?:s|ing)?|higher than|bigger than|at least|beyond|past|>=?|slower than|longer than"
_BELOW = r"below|under|less than|lower than|fewer than|smaller than|at most|<=?|faster than|shorter than"
_UNITS = {
    "%": "%", "percent": "%", "pct": "%", "ms": "ms", "millis": "ms", "milliseconds": "ms", "millisecond": "ms", "s": "s", "sec": "s", "secs": "s",
    "second": "s", "seconds": "s", "mb": "MiB", "mib": "MiB", "megabytes": "MiB", "gb": "GiB", "gib": "GiB", "gigabytes": "GiB",
    "core": "cores", "cores": "cores", "millicores": "millicores", "rps": "/s", "qps": "/s", "req/s": "/s", "requests/s": "/s",
    "requests per second": "/s", "requests a second": "/s",
}  # fmt: skip
_WORDS = "|".join(sorted((u.replace("/", r"\/") for u in _UNITS), key=len, reverse=True))


def read_threshold(unread: Unread) -> Threshold | None:
    """The limit; None where there is none. Spans such as "over 5 minutes" are left alone."""
    number = r"\s*(?:the )?(\d+(?:\.\d+)?)(?![\d.])\s*"
    unit = rf"({_WORDS})?(?![a-z])(?!\s*(?:min|minute|hour|hr|day|week|h\b|d\b|m\b))"
    for pattern, above in ((_ABOVE, True), (_BELOW, False)):
        found = unread.take(rf"(?:\b|(?=[<>]))(?:{pattern}){number}{unit}")
        if found is not None:
            return Threshold(above, float(found.group(1)), _UNITS.get(found.group(2) or "", ""))
    return None


def in_unit(threshold: Threshold, unit: str) -> float | None:
    """The limit in a signal's unit; None where the two cannot be compared."""
    said, value = threshold.unit, threshold.value
    table = {
        ("ms", "s"): value / 1000, ("s", "s"): value, ("%", "%"): value, ("MiB", "MiB"): value, ("GiB", "MiB"): value * 1024,
        ("cores", "millicores"): value * 1000, ("millicores", "millicores"): value, ("/s", "requests/s"): value,
    }  # fmt: skip
    if said == "":
        return value if unit not in ("s", "MiB", "millicores") else None
    return table.get((said, unit))
