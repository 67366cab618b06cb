"""Take secrets out of text before it is stored, logged or shown to a model."""

import re
from typing import Any

HIDDEN = "[redacted]"

_WHOLE = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # JSON web token
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS access key id
    r"\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b",
    r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"\bsk-[A-Za-z0-9_-]{20,}\b",  # model providers
    r"\bwk_[A-Za-z0-9_-]{20,}\b",  # our own tokens
    r"\bAIza[A-Za-z0-9_-]{30,}\b",  # Google
)
_AFTER = (
    r"(\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}",
    r"(://[^/\s:@]{1,100}:)[^/\s@]{1,200}(?=@)",  # password in a URL
    r"((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|client[_-]?secret|authorization)"
    r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?)[^\s\"',;&}]{4,200}",
)
_PATTERN_WHOLE = re.compile("|".join(_WHOLE), re.DOTALL)
_PATTERNS_AFTER = tuple(re.compile(p, re.IGNORECASE) for p in _AFTER)
_SECRET_KEY = re.compile(r"password|passwd|secret|token|api_?key|authorization|credential", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with what looks like a secret replaced; NUL and lone surrogates, which PostgreSQL refuses, too."""
    text = text.replace("\x00", "\ufffd")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    text = _PATTERN_WHOLE.sub(HIDDEN, text)
    for pattern in _PATTERNS_AFTER:
        text = pattern.sub(lambda m: m.group(1) + HIDDEN, text)
    return text


def redact_json(value: Any) -> Any:
    """The same for every string in a JSON value, and for whole values under keys that name secrets."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            redact(str(k)): HIDDEN if isinstance(v, str) and v and _SECRET_KEY.search(str(k)) else redact_json(v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_json(v) for v in value]
    return value
