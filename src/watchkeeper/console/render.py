"""Templates. Everything is escaped; characters without a picture of their own are shown, not obeyed."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from watchkeeper.console.visible import visible

_LONGEST_NUMBERS = 20_000
_SAFE_LINKS = ("http://", "https://", "/")


def ago(at: datetime, now: datetime) -> str:
    """Such as 40 s, 12 min, 3 h, 2 d."""
    return lasting((now - at).total_seconds())


def lasting(seconds: float) -> str:
    """Such as 40 s, 12 min, 3 h, 2 d."""
    seconds = max(seconds, 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(at: datetime | None, form: str = "date") -> Markup:
    """A time that the reader's browser shows in the reader's zone; UTC without a script and on hover."""
    if at is None:
        return Markup("")
    shown = at.strftime("%H:%M:%S" if form == "clock" else "%b %d, %H:%M")
    return Markup('<time datetime="{}" data-as="{}" title="{} UTC">{}</time>').format(
        at.isoformat(), form, at.strftime("%Y-%m-%d %H:%M:%S"), shown
    )


def link(address: str) -> str:
    """An address one may follow; anything else leads nowhere."""
    return address if address.startswith(_SAFE_LINKS) and not address.startswith("//") else "#"


def spoken(name: object) -> str:
    """A name of the code as words."""
    return str(name).replace("_", " ").replace(".", " ")


def numbers(data: object, longest: int = _LONGEST_NUMBERS) -> str:
    """Values behind an answer as indented JSON, cut where it is very long."""
    text = json.dumps(data, indent=1, default=str, ensure_ascii=False)
    return text if len(text) <= longest else text[:longest] + "\n…"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "visible": visible,
        "moment": moment,
        "link": link,
        "spoken": spoken,
        "lasting": lasting,
        "numbers": numbers,
    }
    return made


def render(name: str, **values: object) -> str:
    """A page."""
    return _environment().get_template(name).render(**values)
