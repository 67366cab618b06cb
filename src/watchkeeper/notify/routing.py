"""Routes by team and severity, quiet hours, escalation: a notice in, names of announcers and times out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which only what is at least `loudest` is said; they may pass midnight."""

    start: time
    end: time
    zone: tzinfo
    loudest: Severity = Severity.CRITICAL

    def covers(self, at: datetime) -> bool:
        """Is it quiet then?"""
        now = at.astimezone(self.zone).time()
        return self.start <= now < self.end if self.start <= self.end else now >= self.start or now < self.end

    def over(self, at: datetime) -> datetime:
        """The next end of the quiet hours."""
        local = at.astimezone(self.zone)
        end = local.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        return end if end > local else end + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Route:
    """Who hears notices of a team (empty: any) that are at least this severe. `then` hears it where nobody answers in time."""

    announcers: tuple[str, ...]
    team: str = ""
    least: Severity = Severity.WARNING
    then: tuple[str, ...] = ()
    after: timedelta = timedelta(minutes=15)
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Say it there, not before `at`."""

    announcer: str
    at: datetime


def deliveries(notice: Notice, team: str, routes: Sequence[Route], now: datetime) -> list[Delivery]:
    """Every announcer once, at its earliest. What ends in quiet hours waits for their end; blindness never waits."""
    found: dict[str, datetime] = {}
    for route in _fitting(notice, team, routes):
        loud = (
            notice.kind is NoticeKind.BLIND
            or route.quiet is None
            or notice.severity.rank <= route.quiet.loudest.rank
            or not route.quiet.covers(now)
        )
        at = now if loud or route.quiet is None else route.quiet.over(now)
        for name in route.announcers:
            found[name] = min(found.get(name, at), at)
    return [Delivery(name, at) for name, at in found.items()]


def escalations(
    notice: Notice, team: str, routes: Sequence[Route], asked_at: datetime, answered: bool, now: datetime
) -> list[Delivery]:
    """Who is next, where nobody answered in the route's time."""
    if answered:
        return []
    due = [r for r in _fitting(notice, team, routes) if now - asked_at >= r.after]
    return [Delivery(name, now) for name in dict.fromkeys(n for r in due for n in r.then)]


def _fitting(notice: Notice, team: str, routes: Sequence[Route]) -> list[Route]:
    """Routes of the team; those without a team where it has none of its own."""
    severe = [r for r in routes if notice.severity.rank <= r.least.rank or notice.kind is NoticeKind.BLIND]
    own = [r for r in severe if r.team and r.team == team]
    return own or [r for r in severe if not r.team]
