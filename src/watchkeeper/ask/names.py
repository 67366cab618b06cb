"""Which service is meant: by its name, its aliases, and by small slips of the hand."""

import re

from rapidfuzz import fuzz, process

from watchkeeper.ask.question import Known
from watchkeeper.ask.unread import Unread

_SUFFIX = (
    r"(?:[-_ ]?(?:services?|svc|apis?|app|application|deployment|workload|component|microservice|pods|server|backend))?"
)
_SHORT = {"db": "database", "fe": "frontend", "gw": "gateway"}
_NEAR = 84.0
_APART = 6.0
"""Points by which the best match must lead the second."""


def read_services(unread: Unread, known: Known, vocabulary: frozenset[str]) -> tuple[str, ...]:
    """Every service that is named, in the order of the words. Takes their words."""
    found: dict[str, int] = {}
    spoken = {_spoken(s): s for s in known.services} | {_spoken(a): s for a, s in known.aliases.items()}
    for short, full in _SHORT.items():
        if full in known.services and short not in spoken:
            spoken[short] = full
    for name in sorted(spoken, key=len, reverse=True):
        pattern = name.replace(" ", "[-_ ]?")
        plural = "" if name.endswith("s") else "s?"
        while match := unread.take(rf"(?<![\w-])(?:the )?{pattern}{plural}(?:'s)?{_SUFFIX}(?:'s)?(?![\w-])"):
            found.setdefault(spoken[name], match.start())
    for word in unread.words():
        service = _near(word, spoken, vocabulary)
        if service and (match := unread.take(rf"(?<![\w-])(?:the )?{re.escape(word)}{_SUFFIX}(?![\w-])")):
            found.setdefault(service, match.start())
    return tuple(sorted(found, key=lambda s: found[s]))


def nearest_services(word: str, known: Known) -> list[str]:
    """Names that look a little like it, for "did you mean"."""
    return [name for name, score, _ in process.extract(word, known.services, scorer=fuzz.ratio, limit=3) if score >= 72]


def _near(word: str, spoken: dict[str, str], vocabulary: frozenset[str]) -> str:
    """A service whose name differs by a slip: same beginning or ending, and clearly the best."""
    bare = re.sub(r"[-_]?(service|svc|api|app)$", "", word.removesuffix("'s"))
    if len(bare) < 4 or bare in vocabulary or word in vocabulary:
        return ""
    ranked = process.extract(bare, list(spoken), scorer=fuzz.ratio, limit=2)
    if not ranked or ranked[0][1] < _NEAR or abs(len(ranked[0][0]) - len(bare)) > 2:
        return ""
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _APART and spoken[ranked[0][0]] != spoken[ranked[1][0]]:
        return ""
    return spoken[ranked[0][0]]


def _spoken(name: str) -> str:
    return re.sub(r"[-_ ]+", " ", name.lower())
