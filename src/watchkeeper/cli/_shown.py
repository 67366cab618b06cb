"""Untrusted text on a terminal: control characters and direction marks are shown, never obeyed."""

from watchkeeper.domain.escaping import pictured


def plain(text: object) -> str:
    """The text with every control, format and surrogate character written as an escape; line breaks become spaces."""
    flat = str(text).replace("\n", " ").replace("\t", " ")
    return "".join(pictured(c) for c in flat)
