"""Templates. Everything is escaped; characters without a picture of their own are shown, not obeyed."""

import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def visible(text: object) -> str:
    """Control, direction and surrogate characters as escapes; line breaks and tabs stay."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else f"\\u{ord(c):04x}" for c in str(text)
    )


def ago(at: datetime, now: datetime) -> str:
    """Such as 40 s, 12 min, 3 h, 2 d."""
    seconds = max((now - at).total_seconds(), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters["visible"] = visible
    return made


def render(name: str, **values: object) -> str:
    """A page."""
    return _environment().get_template(name).render(**values)
