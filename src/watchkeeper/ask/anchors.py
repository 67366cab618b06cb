"""Times that hang on an event of the records: "during the incident", "since cart's last release", "before and after the deploy"."""

import re

from watchkeeper.ask import phrases
from watchkeeper.ask.names import read_services
from watchkeeper.ask.question import Anchor, Anchored, Known
from watchkeeper.ask.unread import Unread

_JUST = r"(?:right |just |shortly |immediately |directly )?"
_SIDES: tuple[tuple[Anchored, str], ...] = (
    (Anchored.BOTH, r"(?:before (?:and|vs\.?|versus|to|or) after|(?:compared? (?:to|with)|compares (?:to|with)|vs\.?|versus|than|against) " + _JUST + "before)"),
    (Anchored.BEFORE, _JUST + r"(?:before|prior to|ahead of|leading up to|preceding)"),
    (Anchored.DURING, r"(?:during|throughout|at the time of|in the middle of|while)"),
    (Anchored.AFTER, r"(?:" + _JUST + r"after|since|following|as of)"),
)  # fmt: skip
_WHICH = r"(?:(?:the|our|that|this|its|last|latest|most recent|newest|previous|new|new version|version)\s+)*"
_EVENTS = (
    ("incident", r"(?:incident|outage)(?: (?:started|began|happened|ended))?"),
    ("release", r"(?:deploy(?:ment)?|release|roll-?out|upgrade)"),
)
_OF = {"incident": "in|at|of|with|on", "release": "of|to"}


def read_anchor(unread: Unread, known: Known) -> Anchor | None:
    """The event a time hangs on; takes its words. None where there is none, or where it is of something unknown."""
    for side, lead in _SIDES:
        named = unread.take(rf"\b{lead}\s+{_WHICH}{phrases.INCIDENT_ID.removeprefix(chr(92) + 'b')}")
        if named is not None:
            return Anchor(side, "incident", incident=named.group(1))
        for kind, event in _EVENTS:
            pattern = rf"\b{lead}\s+{_WHICH}(?:(?P<a>[a-z][\w-]*?)(?:'s)?\s+{_WHICH})?{event}(?:\s+(?:{_OF[kind]})\s+(?:the\s+)?(?P<b>[a-z][\w-]*))?\b"
            found = re.search(pattern, unread.text)
            if found is None:
                continue
            services = [
                read_services(Unread(w), known, phrases.VOCABULARY) for w in (found.group("a"), found.group("b")) if w
            ]
            if all(services):
                unread.take(pattern)
                return Anchor(side, kind, services[0][0] if services else "")
    return None
