"""Untrusted words in Markdown: shown as they are, with no power. No links, mentions, markup, HTML or line breaks."""

import re
import unicodedata

_MARKS = re.compile(r"([\\`*_{}\[\]()<>#!|~&^$])")
_LIST = re.compile(r"^(\s*)([-+=]|\d{1,9}[.)])")


def escaped(text: object) -> str:
    """One line. Control characters and direction marks are written as escapes, bare addresses are broken, nobody is pinged."""
    flat = " ".join(str(text).split())
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else f"\\u{ord(c):04x}" for c in flat)
    shown = _MARKS.sub(r"\\\1", shown)
    shown = shown.replace("://", ":\u200b//").replace("@", "@\u200b")
    shown = re.sub(r"\bwww\.", "www\u200b.", shown, flags=re.IGNORECASE)
    return _LIST.sub(lambda m: f"{m[1]}\\{m[2]}" if not m[2][0].isdigit() else f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", shown)
