"""Who hears what, when."""

from datetime import UTC, datetime, time, timedelta

from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity
from watchkeeper.notify.routing import Delivery, Quiet, Route, deliveries, escalations

NIGHT, DAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUIET = Quiet(time(22), time(7), UTC)
ROUTES = (
    Route(("slack",), quiet=QUIET, then=("pagerduty",)),
    Route(("teams",), team="shop"),
    Route(("pagerduty",), least=Severity.CRITICAL),
)


def notice(severity: Severity, kind: NoticeKind = NoticeKind.OPENED) -> Notice:
    return Notice("inc-1", "x", severity, "opened", (), (), "inc-1", kind)


def test_quiet_hours_wait_for_the_morning_except_for_what_is_critical_or_blind() -> None:
    assert deliveries(notice(Severity.HIGH), "", ROUTES, NIGHT) == [Delivery("slack", NIGHT.replace(hour=7))]
    assert deliveries(notice(Severity.HIGH), "", ROUTES, DAY) == [Delivery("slack", DAY)]
    assert {d.announcer for d in deliveries(notice(Severity.CRITICAL), "", ROUTES, NIGHT)} == {"slack", "pagerduty"}
    assert all(d.at == NIGHT for d in deliveries(notice(Severity.CRITICAL), "", ROUTES, NIGHT))
    assert Delivery("slack", NIGHT) in deliveries(notice(Severity.INFO, NoticeKind.BLIND), "", ROUTES, NIGHT)


def test_a_team_with_a_route_of_its_own_hears_it_there_and_small_things_are_not_said() -> None:
    assert deliveries(notice(Severity.HIGH), "shop", ROUTES, DAY) == [Delivery("teams", DAY)]
    assert deliveries(notice(Severity.INFO), "", ROUTES, DAY) == []


def test_where_nobody_answers_the_next_one_hears_it_counted_from_when_it_was_heard() -> None:
    assert escalations(notice(Severity.HIGH), "", ROUTES, DAY) == [Delivery("pagerduty", DAY + timedelta(minutes=15))]
    morning = NIGHT.replace(hour=7, minute=15)
    assert escalations(notice(Severity.HIGH), "", ROUTES, NIGHT) == [Delivery("pagerduty", morning)]
    assert escalations(notice(Severity.HIGH), "shop", ROUTES, DAY) == []
