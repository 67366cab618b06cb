"""Untrusted text on a terminal: control characters and direction marks are shown, never obeyed."""

import unicodedata


def plain(text: object) -> str:
    """The text with every control, format and surrogate character written as an escape; line breaks become spaces."""
    flat = str(text).replace("\n", " ").replace("\t", " ")
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else f"\\u{ord(c):04x}" for c in flat)
