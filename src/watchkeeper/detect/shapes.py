"""What statement in the code wrote a log line: a small, stateless guess until lines are mined into templates."""

import re

_LOCATION = re.compile(r"\b[A-Za-z_][\w.$/]*(?:#|\.(?:java|go|py|js|ts|rb|cs|rs|kt|php):|:)\d+\b")
_VARIABLE = re.compile(r"\d|^[0-9a-fA-F]{8,}$|[/@\\]|://")
_SPLIT = re.compile(r"[\s,;=|\[\](){}\"']+")


def statement_of(line: str) -> str:
    """A source location such as `Orders#12` names the statement; without one, the constant words of the line do."""
    head = line[:400]
    location = _LOCATION.search(head)
    if location:
        return location.group(0)
    words = [w for w in _SPLIT.split(head) if w]
    return " ".join("<*>" if _VARIABLE.search(w) else w for w in words[:12])
