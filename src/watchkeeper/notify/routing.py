"""Routes by team and severity, quiet hours, escalation: a notice in, names of announcers and times out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import NotifySettings


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


def routes_of(settings: NotifySettings) -> tuple[Route, ...]:
    """The routes of the settings."""
    return tuple(
        Route(
            r.announcers, r.team, Severity(r.least), r.then, timedelta(minutes=r.after_minutes),
            Quiet(r.quiet.start, r.quiet.end, ZoneInfo(r.quiet.timezone), Severity(r.quiet.loudest)) if r.quiet else None,
        )
        for r in settings.routes
    )  # fmt: skip


def deliveries(notice: Notice, team: str, routes: Sequence[Route], now: datetime) -> list[Delivery]:
    """Every announcer once, at its earliest. What ends in quiet hours waits for their end; blindness never waits."""
    return _earliest((name, _heard_at(notice, r, now)) for r in _fitting(notice, team, routes) for name in r.announcers)


def escalations(notice: Notice, team: str, routes: Sequence[Route], now: datetime) -> list[Delivery]:
    """Who is next, and when, should nobody answer what this notice asks: counted from when it is heard."""
    fitting = _fitting(notice, team, routes)
    return _earliest((name, _heard_at(notice, r, now) + r.after) for r in fitting for name in r.then)


def _heard_at(notice: Notice, route: Route, now: datetime) -> datetime:
    quiet = route.quiet
    loud = quiet is None or notice.kind is NoticeKind.BLIND or notice.severity.rank <= quiet.loudest.rank
    return now if quiet is None or loud or not quiet.covers(now) else quiet.over(now)


def _earliest(found: Iterable[tuple[str, datetime]]) -> list[Delivery]:
    first: dict[str, datetime] = {}
    for name, at in found:
        first[name] = min(first.get(name, at), at)
    return [Delivery(name, at) for name, at in first.items()]


def _fitting(notice: Notice, team: str, routes: Sequence[Route]) -> list[Route]:
    """Routes of the team; those without a team where it has none of its own."""
    severe = [r for r in routes if notice.severity.rank <= r.least.rank or notice.kind is NoticeKind.BLIND]
    own = [r for r in severe if r.team and r.team == team]
    return own or [r for r in severe if not r.team]
