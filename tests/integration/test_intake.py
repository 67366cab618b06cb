"""Intake on a real database: batches, redelivery, back-pressure, what people say, retention, the outbox, the watchdog."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests_support import ALERT, NOW
from watchkeeper import app as front
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import IntakeFull, SourceUnavailable, StoreUnavailable
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.muting import Mute, matchers_of
from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import CountingIds, ManualClock
from watchkeeper.workflows.house import House
from watchkeeper.workflows.intake_desk import IntakeDesk
from watchkeeper.workflows.receive_alerts import receive_alerts
from watchkeeper.workflows.regroup import merge, move

SHELF = "watchkeeper.workflows.jobs"


@dataclass
class Ear:
    heard: list[Notice] = field(default_factory=list)
    deaf: bool = False
    name: str = "ear"

    async def announce(self, notice: Notice) -> None:
        if self.deaf:
            raise SourceUnavailable("nobody listens")
        self.heard.append(notice)


@dataclass
class Place:
    house: House
    store: PostgresStore
    clock: ManualClock
    ear: Ear

    async def job(self, name: str) -> None:
        await plugin(SHELF, "JOB", name).run(self.house)

    async def stages(self) -> dict[str, Stage]:
        return {i.id: i.stage for i in (await self.store.list_incidents()).items}


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    store, clock, ear = PostgresStore.open(database_url), ManualClock(NOW), Ear()
    settings = Settings.model_validate({"intake": {"queue_alerts": 100, "batch_alerts": 50}})
    house = replace(front.build_house(settings, store), clock=clock, ids=CountingIds(), announcers=(ear,))
    yield Place(house, store, clock, ear)
    await store.close()


def alert(number: int, *, at: float = 0, **more: Any) -> Alert:
    labels = {**ALERT.labels, "app": f"s-{number % 3}", "pod": f"p-{number}"}
    return replace(ALERT, fingerprint=f"f{number}", labels=labels, starts_at=NOW + timedelta(seconds=at), **more)


async def test_deliveries_that_come_together_are_stored_once_each_and_answered_apart(place: Place) -> None:
    desk = IntakeDesk(place.house)
    bodies = [[alert(n) for n in range(10 * i, 10 * i + 20)] for i in range(4)]
    receipts = await asyncio.gather(*(desk.submit(b) for b in bodies))
    assert sum(r.accepted for r in receipts) == 50
    assert sum(r.duplicates for r in receipts) == 30
    assert desk.waiting == 0
    rows = await place.store._rows("select count(*) n, count(distinct fingerprint) d from alerts")
    assert rows[0] == {"n": 50, "d": 50}
    again = await desk.submit(bodies[0])
    assert (again.accepted, again.duplicates) == (0, 20)


async def test_too_many_that_wait_are_refused_and_none_is_dropped_silently(place: Place) -> None:
    desk = IntakeDesk(place.house)
    bodies = [[alert(n) for n in range(20 * i, 20 * i + 20)] for i in range(10)]
    answers = await asyncio.gather(*(desk.submit(b) for b in bodies), return_exceptions=True)
    refused = [a for a in answers if isinstance(a, IntakeFull)]
    stored = sum(a.accepted for a in answers if not isinstance(a, BaseException))
    assert refused
    assert stored + 20 * len(refused) == 200
    assert (await place.store._rows("select count(*) n from alerts"))[0]["n"] == stored


async def test_a_sender_that_hangs_up_takes_nobody_with_it(place: Place) -> None:
    desk = IntakeDesk(place.house)
    first, second = (asyncio.create_task(desk.submit([alert(n)])) for n in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).accepted == 1
    assert desk.waiting == 0


async def test_a_dead_database_is_said_to_every_sender_of_the_batch() -> None:
    store = PostgresStore.open("postgresql://nobody@127.0.0.1:1/none")
    desk = IntakeDesk(front.build_house(Settings(), store))
    answers = await asyncio.gather(*(desk.submit([alert(n)]) for n in range(3)), return_exceptions=True)
    assert [type(a) for a in answers] == [StoreUnavailable] * 3
    await store.close()


async def test_an_alert_that_became_critical_reopens_the_thinking(place: Place) -> None:
    mild = alert(1, annotations={"summary": "slow"})
    mild = replace(mild, labels={**mild.labels, "severity": "warning"})
    receipt = await receive_alerts(place.house, [mild])
    async with place.store.transaction() as tx:
        incident = await tx.incident(receipt.incidents[0])
        await tx.save_incident(replace(incident, stage=Stage.ESCALATED))
    worse = replace(mild, labels={**mild.labels, "severity": "critical"})
    assert (await receive_alerts(place.house, [worse])).accepted == 0
    assert await place.stages() == {incident.id: Stage.OPENED}
    async with place.store.transaction() as tx:
        assert [e.kind for e in await tx.events(incident.id)][-1] == "incident.reopened"


async def test_what_was_muted_is_admitted_when_it_is_repeated_after_the_silence(place: Place) -> None:
    issue_at = NOW + timedelta(minutes=5)
    async with place.store.transaction() as tx:
        await tx.replace_silences(
            "alertmanager", [Mute("s", "silence", matchers_of('app="s-1"'), NOW, issue_at, "work")]
        )
    assert (await receive_alerts(place.house, [alert(1)])).incidents == ()
    place.clock.advance(minutes=6)
    receipt = await receive_alerts(place.house, [alert(1)])
    assert (receipt.accepted, receipt.duplicates, len(receipt.incidents)) == (0, 1, 1)


async def test_a_merge_and_a_split_move_alerts_and_are_remembered(place: Place) -> None:
    receipts = [await receive_alerts(place.house, [alert(n, at=1000 * n)]) for n in (0, 1, 2)]
    one, two, three = (r.incidents[0] for r in receipts)
    await merge(place.house, two, one, by="ada", reason="one disk")
    assert (await place.stages())[two] is Stage.RESOLVED
    later = await receive_alerts(place.house, [replace(alert(4, at=1500), name="HighErrorRate")])
    assert later.incidents == (one,), "what was merged once is merged again"
    split = await move(place.house, ["f1"], one, "", by="ada", reason="")
    assert split.id not in (one, two, three)
    async with place.store.transaction() as tx:
        assert [s.alert.fingerprint for s in await tx.alerts_of(split.id)] == ["f1"]
        assert len(await tx.corrections()) == 2


async def test_the_first_page_of_a_critical_alert_is_not_held_back_and_nothing_is_said_twice(place: Place) -> None:
    place.ear.deaf = True
    await receive_alerts(place.house, [alert(1)])
    await place.job("announce")
    place.ear.deaf = False
    await place.job("announce")
    await place.job("announce")
    assert [(n.kind, n.dedup_key) for n in place.ear.heard] == [(NoticeKind.OPENED, "inc-1")]


async def test_routes_share_notices_out_and_escalate_where_nobody_answers(place: Place) -> None:
    slack, pager, shop = Ear(name="slack"), Ear(name="pagerduty"), Ear(name="teams")
    routes = [
        {"announcers": ["slack"], "then": ["pagerduty"], "quiet": {"start": "00:00", "end": "23:00"}},
        {"announcers": ["teams"], "team": "shop"},
    ]
    settings = Settings.model_validate({"notify": {"routes": routes, "group_seconds": 0}})
    place.house = replace(place.house, settings=settings, announcers=(slack, pager, shop))
    mild = {**alert(1).labels, "severity": "high", "team": ""}
    [one] = (await receive_alerts(place.house, [replace(alert(1), labels=mild)])).incidents
    await place.job("announce")
    assert (slack.heard, pager.heard, shop.heard) == ([], [], []), "it is quiet"
    place.clock.advance(minutes=24 * 60)
    pager.deaf = True
    await place.job("announce")
    await place.job("announce")
    assert [n.incident_id for n in slack.heard] == [one], "once, though another one is deaf"
    async with place.store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(one), stage=Stage.ESCALATED, severity=Severity.CRITICAL))
        await tx.add_event(one, "incident.escalated", "a person is called", place.clock.now())
    await place.job("announce")
    assert slack.heard[-1].lines == ("a person is called",), "critical never waits"
    place.clock.advance(minutes=16)
    await place.job("announce")
    assert pager.heard == []
    pager.deaf = False
    await place.job("announce")
    await place.job("announce")
    assert [n.lines[0][:15] for n in pager.heard] == ["Nobody answered"]
    assert shop.heard == []


async def test_an_answer_stops_the_escalation_and_a_team_hears_its_own(place: Place) -> None:
    slack, pager, shop = Ear(name="slack"), Ear(name="pagerduty"), Ear(name="teams")
    routes = [{"announcers": ["slack"]}, {"announcers": ["teams"], "team": "shop", "then": ["pagerduty"]}]
    settings = Settings.model_validate({"notify": {"routes": routes}})
    place.house = replace(place.house, settings=settings, announcers=(slack, pager, shop))
    labels = {**alert(1).labels, "team": "shop"}
    [one] = (await receive_alerts(place.house, [replace(alert(1), labels=labels)])).incidents
    async with place.store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(one), stage=Stage.AWAITING_APPROVAL))
        await tx.add_event(one, "approval.requested", "a plan waits", place.clock.now())
    await place.job("announce")
    place.clock.advance(minutes=5)
    async with place.store.transaction() as tx:
        await tx.add_event(one, "person.noted", "ada says: this is real", place.clock.now())
    place.clock.advance(minutes=20)
    await place.job("announce")
    assert len(shop.heard) >= 1
    assert (slack.heard, pager.heard) == ([], [])


async def test_below_critical_lines_wait_a_little_for_each_other(place: Place) -> None:
    mild = alert(1)
    await receive_alerts(place.house, [replace(mild, labels={**mild.labels, "severity": "warning"})])
    await place.job("announce")
    assert place.ear.heard == []
    place.clock.advance(seconds=21)
    await place.job("announce")
    assert len(place.ear.heard) == 1


async def test_the_watchdogs_silence_is_told_once_and_its_return_too(place: Place) -> None:
    beat = replace(alert(1), name="Watchdog", labels={"alertname": "Watchdog", "severity": "none"})
    assert (await receive_alerts(place.house, [beat])).incidents == ()
    for minutes, kinds in ((4, []), (2, [NoticeKind.BLIND]), (1, [NoticeKind.BLIND])):
        place.clock.advance(minutes=minutes)
        await place.job("watch_the_watchdog")
        assert [n.kind for n in place.ear.heard] == kinds
    await receive_alerts(place.house, [beat])
    await place.job("watch_the_watchdog")
    assert [n.kind for n in place.ear.heard] == [NoticeKind.BLIND, NoticeKind.RESOLVED]


async def test_senders_that_never_say_over_are_over_when_they_are_silent(place: Place) -> None:
    await receive_alerts(place.house, [replace(alert(1), source="kubernetes"), alert(2)])
    place.clock.advance(minutes=31)
    await place.job("expire_alerts")
    rows = await place.store._rows("select source from alerts where status = 'resolved'")
    assert rows == [{"source": "kubernetes"}]


async def test_old_weeks_are_dropped_but_not_what_belongs_to_an_open_incident(place: Place) -> None:
    async with place.store.transaction() as tx:
        await tx._rows("select keep_partition('alerts', '2026-02-23')")  # type: ignore[attr-defined]
    receipt = await receive_alerts(place.house, [alert(1), replace(alert(2), status=AlertStatus.RESOLVED)])
    place.clock.advance(days=120)
    await place.job("keep_house")
    rows = await place.store._rows("select fingerprint, incident_id from alerts")
    assert rows == [{"fingerprint": "f1", "incident_id": receipt.incidents[0]}]
    names = await place.store._rows(
        "select inhrelid::regclass::text n from pg_inherits where inhparent = 'alerts'::regclass"
    )
    assert "alerts_20260223" not in {r["n"] for r in names}
    assert "alerts_20260629" in {r["n"] for r in names}


async def test_the_worse_incident_is_worked_first(place: Place) -> None:
    mild = [replace(alert(0, at=n), labels={**ALERT.labels, "app": f"m-{n}", "namespace": f"n-{n}", "severity": s}, fingerprint=f"m{n}") for n, s in enumerate(("info", "warning", "critical", "high"))]  # fmt: skip
    await receive_alerts(place.house, mild)
    jobs = await place.store._rows("select priority from procrastinate_jobs order by priority desc, id")
    assert [j["priority"] for j in jobs] == [30, 20, 10, 0]
