"""What people said about alerts beforehand: matchers, silences, maintenance, accepted issues, corrections of grouping."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from watchkeeper.domain.severity import Severity

_ONE = re.compile(r'\s*([A-Za-z_][\w.:]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))\s*')
LONGEST_PATTERN = 1000


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label, with Alertmanager's meaning: patterns match whole values, a missing label is ""."""

    name: str
    value: str
    regex: bool = False
    equal: bool = True

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Does this set of labels fulfil it? A pattern that does not compile matches nothing."""
        said = labels.get(self.name, "")
        if not self.regex:
            return (said == self.value) == self.equal
        pattern = _compiled(self.value)
        return pattern is not None and (pattern.fullmatch(said) is not None) == self.equal

    def __str__(self) -> str:
        sign = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
        return f'{self.name}{sign[(self.regex, self.equal)]}"{self.value}"'


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > LONGEST_PATTERN:
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None


@lru_cache(maxsize=4096)
def matchers_of(text: str) -> tuple[Matcher, ...]:
    """Matchers from `{namespace="shop", alertname=~"Node.*"}`; the braces may be left out. Raises ValueError."""
    inner, at, out = text.strip().removeprefix("{").removesuffix("}"), 0, []
    while at < len(inner):
        found = _ONE.match(inner, at)
        if found is None:
            raise ValueError(f"not a matcher: {inner[at:]!r}")
        name, sign, quoted, bare = found.groups()
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None and "~" not in sign else quoted
        out.append(Matcher(name, (bare or "").strip() if value is None else value, "~" in sign, "!" not in sign))
        at = found.end()
        if at < len(inner) and inner[at] != ",":
            raise ValueError(f"a comma is expected before {inner[at:]!r}")
        at += 1
    return tuple(out)


def all_match(matchers: tuple[Matcher, ...], labels: Mapping[str, str]) -> bool:
    """True where every matcher is fulfilled; no matcher at all fulfils nothing."""
    return bool(matchers) and all(m.matches(labels) for m in matchers)


@dataclass(frozen=True, slots=True)
class Mute:
    """Alerts that are expected for a while: stored, but nobody is woken."""

    id: str
    kind: str
    """`silence` (from Alertmanager, or a person's button) or `maintenance` (from the settings)"""
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    because: str
    owner: str = ""

    def covers(self, labels: Mapping[str, str], at: datetime) -> bool:
        """Does it mute these labels at this moment?"""
        return self.starts_at <= at < self.ends_at and all_match(self.matchers, labels)


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """Something that is broken and accepted, until a day, and unless it gets worse."""

    id: str
    matchers: tuple[Matcher, ...]
    reason: str
    owner: str
    expires_at: datetime
    worst_severity: Severity = Severity.WARNING
    """a worse one is not covered"""
    most_alerts: int = 0
    """more different alerts at once are not covered; 0: any number"""

    def covers(self, labels: Mapping[str, str], at: datetime) -> bool:
        """Is it about these labels, and not expired?"""
        return at < self.expires_at and all_match(self.matchers, labels)


class Link(StrEnum):
    """What a person said of two problems."""

    TOGETHER = "together"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Correction:
    """A person merged, split or moved: problems of `left` and of `right` belong together, or do not."""

    link: Link
    left: tuple[str, ...]
    """problem keys (`domain.situation.key_of`)"""
    right: tuple[str, ...]
    by: str
    at: datetime
    reason: str = ""

    def about(self, key: str, others: frozenset[str]) -> bool:
        """Does it speak of this problem and one of the others?"""
        return (key in self.left and not others.isdisjoint(self.right)) or (
            key in self.right and not others.isdisjoint(self.left)
        )
