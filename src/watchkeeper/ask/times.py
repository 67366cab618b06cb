"""Spans of time in the asker's zone: "in the last hour", "at 2 PM", "between 1:50 and 2:10", "yesterday"."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from watchkeeper.ask.question import Span
from watchkeeper.ask.unread import Unread

EITHER_SIDE = timedelta(minutes=10)
"""Looked at before and after a moment."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_UNIT = r"(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|w)\b"
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "fifteen": 15,
            "twenty": 20, "thirty": 30, "half": 0.5, "half an": 0.5, "half a": 0.5, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3}  # fmt: skip
_NUMBER = r"(\d+(?:\.\d+)?|half(?: an?)?|a couple of|couple of|a few|few|an?|one|two|three|four|five|six|ten|fifteen|twenty|thirty)"
_CLOCK = r"(\d{1,2}(?:[:.]\d{2})?(?::\d{2})?\s?(?:a\.?m\b\.?|p\.?m\b\.?)|\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}h\d{2}\b|noon|midday|midnight)"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZONES: dict[str, tzinfo] = {
    "utc": UTC, "gmt": UTC, "z": UTC, "cet": ZoneInfo("Europe/Paris"), "cest": ZoneInfo("Europe/Paris"),
    "est": timezone(timedelta(hours=-5)), "edt": timezone(timedelta(hours=-4)), "et": ZoneInfo("America/New_York"),
    "pst": timezone(timedelta(hours=-8)), "pdt": timezone(timedelta(hours=-7)), "pt": ZoneInfo("America/Los_Angeles"),
    "bst": timezone(timedelta(hours=1)),
}  # fmt: skip
_ZONE = r"(?:\s?\b(utc|gmt|z|cet|cest|est|edt|et|pst|pdt|pt|bst)\b)?"
_DATE = r"(\d{4}-\d{2}-\d{2})"


_SAID_OTHERWISE = (
    (r"\b(?:an?|one|1) hour and a half\b|\b1\.5 ?h\b|\b1,5 ?h(?:ours?)?\b", "90 minutes"),
    (r"\b(\d+)(?: and a half|,5) hours?\b", r"\1.5 hours"),
    (r"\b(\d+) ?h ?(\d{1,2}) ?m(?:in)?\b", lambda m: f"{int(m.group(1)) * 60 + int(m.group(2))} minutes"),
    (r"\b(at|around|about|since|after|before|from|till|until|to|and|between|um|gegen|\u00e0|vers) (\d{1,2}) ?(?:h|uhr|o'clock)(?![\w])", r"\1 \2:00"),
    (r"\b(\d{1,2})[.:](\d{2}) ?(?:h|uhr|hrs|hours)(?![\w])", r"\1:\2"),
    (r"\b(\d{2})(\d{2}) ?(utc|z|hrs|hours)(?![\w])", r"\1:\2 \3"),
    (r"(?<=\d) (?:hrs|hours)(?=\s*(?:[?.!,]|$))(?<=:\d\d hrs)", ""),
    (r"\b(?:right|just|shortly) (?:after|before) (?:about )?(?=\d|noon|midnight)", "around "),
    (r"\b(?:during|over|at) lunch(?: ?time| break)?\b", "between 12:00 and 13:00"),
    (r"\blunch(?: ?time| break)?\b", "noon"),
    (r"\b(?:in |over |for |during )?the last day\b", "in the last 24 hours"),
    (r"\bsince (?:about )?(\d+(?:\.\d+)?|an?|one|two|three|four|five|six|ten|half an|a few|few)(?= ?(?:m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?)\b(?! ago))", r"in the last \1"),
    (r"\bsince (?:about )?(\d+(?:\.\d+)?|an?|one|two|three|four|five|six|ten|half an|a few|few) ?(minutes?|hours?|days?|weeks?) ago\b", r"in the last \1 \2"),
    (r"\bsince (?:the )?(?:beginning|start) of (?:the )?(?:day|today)\b|\b(?:earlier|so far|all day) today\b", "today"),
    (r"\b(?:earlier|so far) this (week|month|morning)\b", r"this \1"),
    (r"\btoday (?:at|around) (?=(?:noon|\d))", "at "),
)  # fmt: skip
"""The same times in the words of others, brought to the words that are read."""


class FutureAsked(Exception):
    """The words name a time that has not come."""


class NoSuchTime(Exception):
    """The words name a time that no clock shows."""


def read_span(unread: Unread, now: datetime, zone: tzinfo, default: timedelta) -> Span:
    """The time that is meant; `default` before now where nothing is said. Takes its words. Raises FutureAsked."""
    if unread.has(r"\b(tomorrow|next (hour|day|week|month|minutes?))\b"):
        raise FutureAsked
    local = now.astimezone(zone)
    for pattern, plain in _SAID_OTHERWISE:
        unread.text = re.sub(pattern, plain, unread.text)
    for reader in (_dated, _between, _since, _clocked, _ago, _last, _day):
        found = reader(unread, local)
        if found is not None:
            return _not_after(found, now)
    named = unread.takes(r"\b(right now|just now|at the moment|at present|currently|as of now|now|present|live|atm)\b")
    return Span(now - default, now, "now", named=named)


def read_versus(unread: Unread, now: datetime, zone: tzinfo) -> Callable[[Span], Span] | None:
    """What a span is compared with, as a rule to apply to it. Takes its words; read it before the span."""
    lead = r"\b(?:compared? (?:to|with)|versus|vs\.?|against|relative to|than|from)\s+"
    local = now.astimezone(zone)
    if unread.takes(r"\bbefore (?:and|vs\.?|versus) after\b"):
        return lambda span: (
            Span(span.start, span.moment, f"the time before {span.words}") if span.moment else before(span)
        )
    if unread.takes(lead + r"(?:the )?(?:same time )?yesterday\b(?: at (?:this|the same) time)?"):
        return partial(_earlier, timedelta(days=1), "the same time yesterday")
    if unread.takes(lead + r"(?:the )?last (?:week|one)\b") and unread.has(r"\bthis week\b"):
        return partial(_earlier, timedelta(days=7), "the same days of last week")
    if unread.takes(r"\byesterday (?:vs\.?|versus|against|compared (?:to|with)) today\b") or (
        unread.has(r"\btoday\b") and unread.takes(lead + r"yesterday\b")
    ):
        unread.text += " today "
        return partial(_earlier, timedelta(days=1), "the same hours of yesterday")
    if unread.takes(lead + r"(?:the )?(?:same time |this time )?last week\b"):
        return partial(_earlier, timedelta(days=7), "the same time last week")
    if found := unread.take(lead + _NUMBER + r"\s*" + _UNIT + r" (?:ago|earlier|before)\b"):
        seconds = _number(found.group(1)) * _UNITS[found.group(2)[0]]
        said = _length(seconds)
        said = said if said[0].isdigit() else f"an {said}" if said == "hour" else f"a {said}"
        return partial(_earlier, timedelta(seconds=seconds), f"{said} earlier")
    if unread.takes(
        lead
        + r"(?:the |its )?(?:usual|normal|before(?! ?(?:noon|midnight|lunch|\d))|baseline|average|previous (?:hour|period)|earlier|(?:hour|period) before|previous)\b"
    ):
        return before
    if found := unread.take(lead.replace("|from", "") + _CLOCK + _ZONE):
        at = _latest(found.group(1), local, found.group(2))
        return lambda span: Span(at - EITHER_SIDE / 2, at + EITHER_SIDE / 2, _clock_words(at, local), at)
    return None


def before(span: Span) -> Span:
    """At least an hour before the span."""
    return Span(span.start - max(span.end - span.start, timedelta(hours=1)), span.start, "the time before")


def _earlier(back: timedelta, words: str, span: Span) -> Span:
    return Span(span.start - back, span.end - back, words)


def _not_after(span: Span, now: datetime) -> Span:
    if span.start > now or (span.moment is not None and span.moment > now):
        raise FutureAsked
    return replace(span, end=min(span.end, now))


def _dated(unread: Unread, local: datetime) -> Span | None:
    found = unread.take(
        r"(?:\b(?:at|on|around|about|near|for)\s+)?" + _DATE + r"(?:[t ]\s?(?:at )?(\d{1,2}:\d{2})(?::\d{2})?)?" + _ZONE
    )
    if found is None:
        return None
    try:
        day = date.fromisoformat(found.group(1))
        zone = _ZONES[found.group(3)] if found.group(3) else local.tzinfo
        if found.group(2):
            hour, minute = map(int, found.group(2).split(":"))
            at = datetime.combine(day, time(hour, minute), zone)
            return _around(at, f"{at:%Y-%m-%d %H:%M}")
        start = datetime.combine(day, time(), zone)
    except ValueError:
        return None
    return Span(start, start + timedelta(days=1), f"{day}")


def _between(unread: Unread, local: datetime) -> Span | None:
    loose = r"(\d{1,2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\b\.?)?|noon|midnight)"
    found = unread.take(
        r"\b(?:between|from)\s+"
        + loose
        + _ZONE
        + r"\s*(?:and|to|till|until|-|\u2013)\s*"
        + loose
        + _ZONE
        + r"(?:\s+(yesterday|today))?"
    ) or unread.take(_CLOCK + _ZONE + r"\s*(?:-|\u2013|to)\s*" + _CLOCK + _ZONE + r"(?:\s+(yesterday|today))?")
    if found is None:
        return None
    first, zone_a, second, zone_b, day = found.groups()
    half = re.search(r"[ap]\.?m", second)
    if half and not re.search(r"[ap]\.?m|noon|midnight", first):
        first = f"{first} {half.group(0)}"
    zone = zone_a or zone_b
    if day == "yesterday":
        end, start = _latest(second, local, zone, day), _latest(first, local, zone, day)
        start -= timedelta(days=1) if start > end else timedelta()
    else:
        start = _latest(first, local, zone, day or "")
        end = datetime.combine(start.date(), _time_of_day(second), start.tzinfo)
        while end <= start:
            end += timedelta(hours=12) if _HALF.fullmatch(second.strip()) else timedelta(days=1)
        end = min(end, local.astimezone(start.tzinfo))
    return Span(start, end, f"{_clock_words(start, local)} to {_clock_words(end, local)}")


def _since(unread: Unread, local: datetime) -> Span | None:
    found = unread.take(
        r"\b(?:since|after|starting(?: at)?)\s+(?:about |around )?" + _CLOCK + _ZONE + r"(?:\s+(yesterday|today))?"
    )
    if found is not None:
        start = _latest(found.group(1), local, found.group(2), found.group(3) or "")
        return Span(start, local, f"since {_clock_words(start, local)}")
    if unread.takes(r"\bsince (?:this )?morning\b"):
        return Span(_midnight(local) + timedelta(hours=6), local, "since 06:00")
    if unread.takes(r"\bsince midnight\b"):
        return Span(_midnight(local), local, "since midnight")
    if unread.takes(r"\bsince yesterday\b"):
        return Span(_midnight(local) - timedelta(days=1), local, "since yesterday")
    for number, name in enumerate(_DAYS):
        if unread.takes(rf"\bsince (?:last )?{name}\b"):
            start = _midnight(local) - timedelta(days=(local.weekday() - number) % 7 or 7)
            return Span(start, local, f"since {name.title()}")
    return None


def _clocked(unread: Unread, local: datetime) -> Span | None:
    day = r"(?:\s+(?:on )?(yesterday|today|this morning|this afternoon|last night|tonight))?"
    before = unread.take(
        r"\b(yesterday|today|this morning|this afternoon|last night)\s+(?:at|around|about)\s+" + _CLOCK + _ZONE
    )
    if before is not None:
        at = _latest(before.group(2), local, before.group(3), before.group(1))
        return _around(at, _clock_words(at, local))
    found = unread.take(r"\b(?:at|around|about|near|by|circa|@)?\s*(?:around |about )?" + _CLOCK + _ZONE + day)
    if found is None:
        loose = unread.take(
            r"\b(?:at|around)\s+(?:about )?(\d{1,2})(?:\s?o'?clock)?" + _ZONE + day + r"(?=\s*[?.!,;]?\s*(?:$|¦))"
        )
        if loose is None or int(loose.group(1)) > 23:
            return None
        hour = int(loose.group(1))
        both = [
            _latest(f"{h}:00", local, loose.group(2), loose.group(3) or "")
            for h in ({hour, hour + 12} if 1 <= hour <= 11 else {hour})
        ]
        at = max(b for b in both if b <= local) if any(b <= local for b in both) else min(both)
        return _around(at, _clock_words(at, local))
    at = _latest(found.group(1), local, found.group(2), found.group(3) or "")
    return _around(at, _clock_words(at, local))


def _ago(unread: Unread, local: datetime) -> Span | None:
    found = unread.take(r"\b(?:about |around |roughly )?" + _NUMBER + r"\s*" + _UNIT + r" (?:ago|back|earlier)\b")
    if found is None:
        return None
    seconds = _number(found.group(1)) * _UNITS[found.group(2)[0]]
    at = local - timedelta(seconds=seconds)
    if found.group(2)[0] in "dw" and seconds % 86400 == 0:
        # Who says days means a day.
        return Span(_midnight(at), _midnight(at) + timedelta(days=1), f"{at:%A %Y-%m-%d}")
    said = _length(seconds)
    said = said if said[0].isdigit() else f"an {said}" if said == "hour" else f"a {said}"
    return _around(at, f"{said} ago ({at:%H:%M})")


def _last(unread: Unread, local: datetime) -> Span | None:
    lead = r"\b(?:(?:in|over|during|for|within|throughout|across|of)\s+)?(?:the\s+)?(?:last|past|previous|prior)\s+"
    found = unread.take(lead + _NUMBER + r"?[\s-]*" + _UNIT) or unread.take(
        r"\b(?:over|for|in|within|during)\s+(?:the )?()" + _NUMBER.replace("(", "(?:", 1) + r"?\s*" + _UNIT
    )
    if found is None:
        found = unread.take(
            r"(?<![\w.])()(\d+)\s?(m|mins?|minutes|h|hrs?|hours|d|days)\b(?! ?(?:cores|limit|ago|earlier|later))"
        )
        if found is None:
            return None
        seconds = float(found.group(2)) * _UNITS[found.group(3)[0]]
    elif found.group(1) == "" and not found.group(0).lstrip().startswith(("last", "past")):
        said = re.search(_NUMBER + r"\s*" + _UNIT, found.group(0))
        if said is None:
            return None
        seconds = _number(said.group(1)) * _UNITS[said.group(2)[0]]
    else:
        seconds = _number(found.group(1) or "1") * _UNITS[found.group(2)[0]]
    if not 1 <= seconds <= 90 * 86400:
        return None
    return Span(local - timedelta(seconds=seconds), local, f"the last {_length(seconds)}")


def _day(unread: Unread, local: datetime) -> Span | None:
    midnight = _midnight(local)
    table: tuple[tuple[str, Callable[[], tuple[datetime, datetime]], str], ...] = (
        (r"\b(?:yesterday morning)\b", lambda: (midnight - timedelta(hours=18), midnight - timedelta(hours=12)), "yesterday morning"),
        (r"\b(?:yesterday afternoon)\b", lambda: (midnight - timedelta(hours=12), midnight - timedelta(hours=6)), "yesterday afternoon"),
        (r"\b(?:yesterday evening|yesterday night)\b", lambda: (midnight - timedelta(hours=6), midnight), "yesterday evening (18:00 to midnight)"),
        (r"\b(?:(?:over|during|on|at) the weekend|(?:this |the )?(?:last|past) weekend)\b", lambda: _weekend(midnight), "the weekend"),
        (r"\b(?:last night|overnight|during the night|tonight)\b", lambda: _night(local), "last night (20:00 to 08:00)"),
        (r"\b(?:this morning)\b", lambda: (midnight + timedelta(hours=6), midnight + timedelta(hours=12)), "this morning (06:00 to 12:00)"),
        (r"\b(?:this afternoon)\b", lambda: (midnight + timedelta(hours=12), midnight + timedelta(hours=18)), "this afternoon"),
        (r"\b(?:this evening)\b", lambda: (midnight + timedelta(hours=18), midnight + timedelta(hours=24)), "this evening"),
        (r"\byesterday\b", lambda: (midnight - timedelta(days=1), midnight), "yesterday"),
        (r"\b(?:today|so far today)\b", lambda: (midnight, local), "today"),
        (r"\bthis week\b", lambda: (midnight - timedelta(days=local.weekday()), local), "this week"),
        (r"\blast week\b", lambda: (midnight - timedelta(days=local.weekday() + 7), midnight - timedelta(days=local.weekday())), "last week"),
        (r"\bthis month\b", lambda: (midnight.replace(day=1), local), "this month"),
        (r"\b(?:(?:in|over|for) the )?(?:last|past) month\b", lambda: (local - timedelta(days=30), local), "the last 30 days"),
        (r"\b(?:recently|lately|recent|in the last while|of late)\b", lambda: (local - timedelta(hours=1), local), "the last hour"),
    )  # fmt: skip
    for pattern, edges, words in table:
        if unread.takes(pattern):
            start, end = edges()
            return Span(start, end, words)
    for number, name in enumerate(_DAYS):
        if unread.takes(rf"\b(?:on |last )?{name}\b"):
            start = midnight - timedelta(days=(local.weekday() - number) % 7)
            return Span(start, start + timedelta(days=1), f"{name.title()} {start:%Y-%m-%d}")
    return None


def _weekend(midnight: datetime) -> tuple[datetime, datetime]:
    """The newest that began."""
    saturday = midnight - timedelta(days=(midnight.weekday() - 5) % 7)
    return saturday, saturday + timedelta(days=2)


def _night(local: datetime) -> tuple[datetime, datetime]:
    midnight = _midnight(local)
    return midnight - timedelta(hours=4), midnight + timedelta(hours=8)


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _around(at: datetime, words: str) -> Span:
    return Span(at - EITHER_SIDE, at + EITHER_SIDE, words, at)


def _latest(clock: str, local: datetime, zone: str | None = None, day: str = "") -> datetime:
    """The newest such clock time that is not after `local`; of the named day where there is one."""
    here = local.astimezone(_ZONES[zone]) if zone else local
    at = datetime.combine(here.date(), _time_of_day(clock), here.tzinfo)
    if day == "yesterday":
        return at - timedelta(days=1)
    if day == "last night":
        return at - timedelta(days=1) if at.hour >= 12 else at
    if day in ("today", "this morning", "this afternoon", "tonight"):
        return at
    at = at - timedelta(days=1) if at > here else at
    later = at + timedelta(hours=12)
    return later if _HALF.fullmatch(clock.strip()) and later <= here else at


_HALF = re.compile(r"(?:[1-9])(?:[:.]\d{2})?")
"""A clock time that may be before or after noon: the newest of both is meant. Who means the night writes 02:00 or 2 AM."""


def _time_of_day(clock: str) -> time:
    clock = clock.replace(".m", "m").rstrip(".").replace(" ", "")
    if clock in ("noon", "midday"):
        return time(12)
    if clock == "midnight":
        return time(0)
    found = re.match(r"(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2}))?([ap])?", clock)
    assert found is not None
    hour, minute, second, half = found.groups()
    hours = int(hour) % 12 + (12 if half == "p" else 0) if half and 1 <= int(hour) <= 12 else int(hour)
    try:
        return time(hours, int(minute or 0), int(second or 0))
    except ValueError:
        raise NoSuchTime(clock) from None


def _clock_words(at: datetime, local: datetime) -> str:
    here = at.astimezone(local.tzinfo)
    return f"{here:%H:%M}" if here.date() == local.date() else f"{here:%H:%M} on {here:%Y-%m-%d}"


def _number(word: str) -> float:
    word = word.strip()
    return float(_NUMBERS[word]) if word in _NUMBERS else float(word)


def _length(seconds: float) -> str:
    for unit, size in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return unit if number == 1 else f"{number} {unit}s"
    return f"{seconds:g} seconds" if seconds % 60 else f"{seconds / 60:g} minutes"
