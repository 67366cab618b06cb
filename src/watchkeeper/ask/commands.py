"""Orders in words. Only those that cannot harm are read; what changes the system is decided on its plan."""

import re

from watchkeeper.ask import phrases
from watchkeeper.ask.question import Command, Unclear, Verb
from watchkeeper.ask.unread import Unread

_VERBS = {
    Verb.APPROVE: r"^\W*(?:please |pls )?(?:approve|accept|lgtm|ship it|go ahead|do it|yes)\b",
    Verb.REJECT: r"^\W*(?:please |pls )?(?:reject|decline|deny|no\b(?! )|don't do it)",
    Verb.SILENCE: r"^\W*(?:please |pls )?(?:silence|mute|snooze|be quiet|shut up|quiet)\b",
    Verb.REAL: r"^\W*(?:please |pls )?(?:(?:mark|label|flag)\s+(?P<a>\S+)\s+(?:as )?real|(?:this|that|it) (?:was|is) real)\b",
    Verb.NOISE: r"^\W*(?:please |pls )?(?:(?:mark|label|flag)\s+(?P<a>\S+)\s+(?:as )?(?:noise|false(?: positive| alarm)?)|(?:this|that|it) (?:was|is) (?:noise|a false (?:positive|alarm)))\b",
    Verb.RESOLVE: r"^\W*(?:please |pls )?(?:resolve|close)\b(?! time)",
}
_UNITS = {"m": 1, "h": 60, "d": 1440}


def read_command(unread: Unread) -> Command | Unclear | None:
    """An order, why it is not followed, or None where the words are no order."""
    for verb, pattern in _VERBS.items():
        found = re.search(pattern, unread.text.strip())
        if found is not None:
            subject = re.search(phrases.PLAN_ID, unread.text) or re.search(phrases.INCIDENT_ID, unread.text)
            if subject is None and verb is Verb.RESOLVE:
                return Unclear("Which incident? Name its id", ("which incidents are open?",))
            reason = re.search(r"\b(?:because|reason:?|since)\s+(.{1,300})$", unread.text.strip())
            return Command(
                verb,
                subject.group(1) if subject else "",
                reason.group(1).strip() if reason else "",
                _minutes(unread.text),
            )
    act = re.search(phrases.ACTS, unread.text.strip())
    if act is not None:
        return Unclear(
            f"I do not {act.group(1)} anything because somebody says so: a repair is planned from evidence and decided on its plan",
            ("is anything waiting for approval?", "what is wrong right now?"),
        )
    return None


def _minutes(text: str) -> int:
    found = re.search(r"\bfor (\d{1,3}|an?) ?(m|min|minutes?|h|hours?|hr|d|days?)\b", text)
    if found is None:
        return 0
    number = 1 if found.group(1) in ("a", "an") else int(found.group(1))
    return number * _UNITS[found.group(2)[0]]
