"""What a log line says, out of the frame its stack puts around it: JSON, logfmt, level and logger in front."""

import json
import re

_KEYS = ("message", "msg", "error", "err", "exception", "event", "log", "reason")
_LOGFMT = re.compile(r'\b(?:msg|message|error|err)=("(?:[^"\\]|\\.)*"|.+)')
_FRONT = re.compile(
    r"^(?:\[[^\]]{1,60}\]\s*|[DIWEF]\d{4} [\d:.]+ +(?:\d+ )?[\w./-]+:\d+\]\s*|(?:level|lvl)=\w+\s+"
    r"|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|SEVERE|FATAL)\b(?::\w+:|:)?\s*|[a-z]\w*(?:\.[a-zA-Z]\w*){2,} - )"
)


def said(line: str) -> str:
    """The message alone; the line itself where it has no frame we know."""
    text = line.strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            parts = [str(found[k]) for k in _KEYS if isinstance(found.get(k), str)]
            if parts:
                return " ".join(parts)
    for _ in range(4):
        shorter = _FRONT.sub("", text, count=1)
        if shorter == text or not shorter:
            break
        text = shorter
    if (inner := _LOGFMT.search(text)) is not None:
        return inner.group(1).strip('"') + " " + text[: inner.start()]
    return text
