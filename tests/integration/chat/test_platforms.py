"""Slack and Teams against stand-ins of their servers: one message an incident, and what pressing its buttons may do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from fastapi import FastAPI

from chat_stand_ins import SECRET, SlackStandIn, TeamsStandIn, slack_stand_in, socket_stand_in, teams_stand_in
from tests_support import ALERT, INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.bench._questions import plan as plan_of
from watchkeeper.chat.cards import Card
from watchkeeper.chat.conversation import ChatTools, person, pressed
from watchkeeper.chat.one_message import show
from watchkeeper.chat.platforms.slack import PATH as SLACK_PATH
from watchkeeper.chat.platforms.slack import Slack
from watchkeeper.chat.platforms.teams import PATH as TEAMS_PATH
from watchkeeper.chat.platforms.teams import Teams
from watchkeeper.correlate.mute import muted
from watchkeeper.domain.diagnosis import Diagnosis, Sentence
from watchkeeper.domain.errors import SourceUnavailable
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.people import Person
from watchkeeper.domain.remediation import NeedsApproval
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.settings import Settings, SlackSettings
from watchkeeper.simulate.serve import serving
from watchkeeper.store.port import PlanState
from watchkeeper.store.ports.chat import Said
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import receive_alerts

TOKEN = jwt.encode({"appid": "bot-1", "exp": 4_000_000_000}, "k" * 32, algorithm="HS256")
HOSTILE = "<!channel> <https://evil.example|Approve> @team **[Approve](https://evil.example)** \u202e\x1b[31m www.evil.example"
NOTICE = Notice(INCIDENT.id, "x", Severity.CRITICAL, "opened", ("a plan waits",), (), INCIDENT.id, NoticeKind.CHANGED)


@dataclass
class Room:
    house: House
    clock: ManualClock
    slack: SlackStandIn
    teams: TeamsStandIn
    platforms: dict[str, Any]
    doors: dict[str, str]

    async def announce(self) -> None:
        for platform in self.platforms.values():
            await platform.announce(NOTICE)

    def button(self, platform: str, action: str) -> str:
        if platform == "slack":
            return self.slack.buttons()[action]
        return next(a["data"]["id"] for a in self.teams.cards[-1]["actions"] if a.get("verb") == action)

    async def press(self, platform: str, action: str, value: str, user: str, **more: Any) -> Any:
        sender = self.slack if platform == "slack" else self.teams
        answer = await sender.press(self.doors[platform], action, value, user, **more)
        if platform == "slack" and answer.status_code == 200:
            for _ in range(100):
                if self.slack.answers:
                    break
                await asyncio.sleep(0.05)
        return answer

    async def decisions(self) -> list[tuple[str, str]]:
        async with self.house.store.transaction() as tx:
            return [(a.by, str(a.decision)) for a in await tx.approvals_of("plan-1")]

    def said(self, platform: str, answer: Any) -> str:
        if platform == "slack":
            return str(self.slack.answers.pop()["text"]) if self.slack.answers else ""
        return str(answer.json())


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        slack, teams = (
            await stack.enter_async_context(slack_stand_in()),
            await stack.enter_async_context(teams_stand_in()),
        )
        chat = {
            "slack": {"bot_token": "xoxb-test", "signing_secret": SECRET, "channel": "C1", "api_url": f"{slack.url}/api/", "roles": {"UANN": "approver", "UBOB": "responder"}},
            "teams": {"client_id": "bot-1", "conversation": "conv-1", "service_url": teams.url, "roles": {"UANN": "approver", "UBOB": "responder"}},
        }  # fmt: skip
        settings = Settings.model_validate({"chat": chat, "server": {"public_url": "https://watch.example"}})
        store = PostgresStore.open(database_url)
        clock = ManualClock(NOW)
        house = replace(front.build_house(settings, store), clock=clock)
        from microsoft_teams.api.auth.cloud_environment import PUBLIC

        cloud = replace(PUBLIC, openid_metadata_url=teams.openid)
        tools = ChatTools(lambda: house)
        platforms: dict[str, Any] = {
            "slack": Slack(settings.chat.slack, tools),
            "teams": Teams(settings.chat.teams, tools, lambda scope, tenant: TOKEN, cloud),
        }
        app = FastAPI()
        for platform in platforms.values():
            platform.mount(app)
            await platform.start()
        urls = await stack.enter_async_context(serving({"doors": app}))
        plan = replace(
            plan_of("plan-1", INCIDENT.id, "raise_pool_size", "payment", "4", "8", NOW), because=HOSTILE, digest=""
        ).sealed()
        async with store.transaction() as tx:
            await tx.create_incident(replace(INCIDENT, stage=Stage.AWAITING_APPROVAL, title=HOSTILE))
            await tx.save_diagnosis(INCIDENT.id, Diagnosis((), (Sentence(HOSTILE * 20, ("E1",)),)), NOW)
            await tx.save_plan(plan, NeedsApproval(("configured",)))
        yield Room(
            house,
            clock,
            slack,
            teams,
            platforms,
            {"slack": urls["doors"] + SLACK_PATH, "teams": urls["doors"] + TEAMS_PATH},
        )
        await store.close()


BOTH = pytest.mark.parametrize("platform", ["slack", "teams"])


async def test_one_message_an_incident_edited_as_it_goes_and_hostile_text_is_text(room: Room) -> None:
    room.slack.limited = 1
    for _ in range(3):
        await room.announce()
    async with room.house.store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(INCIDENT.id), stage=Stage.RESOLVED))
    await room.announce()
    assert len(room.slack.top) == 1
    assert room.slack.calls.count("chat.update") == 1
    assert (len(room.teams.activities), room.teams.updates) == (1, 1)
    everything = str(room.slack.messages) + str(room.teams.activities)
    for bad in ("<!channel>", "<https://evil", "\u202e", "\x1b", "https://evil", "@team"):
        assert bad not in everything, bad
    assert "[Approve](" not in str(room.teams.activities)


@BOTH
async def test_a_press_decides_once_and_only_for_who_may(room: Room, platform: str) -> None:
    await room.announce()
    value = room.button(platform, "approve")
    assert "plan-1" not in value
    refused = await room.press(platform, "approve", value, "UBOB")
    assert "approver" in room.said(platform, refused)
    assert await room.decisions() == []
    for _ in range(2):
        good = await room.press(platform, "approve", value, "UANN")
        assert good.status_code == 200
        room.said(platform, good)
    late = await room.press(platform, "reject", value, "UANN")
    assert "already approved" in room.said(platform, late)
    assert await room.decisions() == [("UANN", "approved")]
    async with room.house.store.transaction() as tx:
        assert (await tx.plan("plan-1")).state is PlanState.APPROVED


@BOTH
async def test_after_expiry_and_for_a_changed_plan_nothing_is_decided(room: Room, platform: str) -> None:
    await room.announce()
    value = room.button(platform, "approve")
    async with room.house.store.transaction() as tx:
        await tx._do("update plans set body = jsonb_set(body, '{digest}', '\"other\"')")  # type: ignore[attr-defined]
    changed = await room.press(platform, "approve", value, "UANN")
    assert "changed" in room.said(platform, changed)
    room.clock.advance(minutes=40)
    async with room.house.store.transaction() as tx:
        button = await tx.button(value)
        assert button is not None
        await tx._do(f"update plans set body = jsonb_set(body, '{{digest}}', '\"{button.digest}\"')")  # type: ignore[attr-defined]
    late = await room.press(platform, "approve", value, "UANN")
    assert "time to decide is over" in room.said(platform, late)
    assert "nothing" in room.said(platform, await room.press(platform, "approve", "ask-unknown", "UANN"))
    assert await room.decisions() == []


async def test_unsigned_and_foreign_requests_are_refused(room: Room) -> None:
    await room.announce()
    value = room.button("slack", "approve")
    assert (await room.slack.press(room.doors["slack"], "approve", value, "UANN", secret="another")).status_code == 401
    assert (await room.teams.press(room.doors["teams"], "approve", value, "UANN", signed=False)).status_code == 401
    assert (
        await room.teams.press(room.doors["teams"], "approve", value, "UANN", audience="another")
    ).status_code == 401
    assert await room.decisions() == []


async def test_slash_command_mention_home_tab_and_notes(room: Room) -> None:
    await room.announce()
    door = room.doors["slack"]
    assert (await room.slack.command(door, "what incidents are open?", "UBOB")).status_code == 200
    for _ in range(100):
        if room.slack.answers:
            break
        await asyncio.sleep(0.05)
    assert "inc-1" in room.slack.answers.pop()["text"].replace("\u2060", "")
    await room.slack.event(
        door,
        {
            "type": "app_mention",
            "user": "UNOBODY",
            "text": "<@UBOT> what incidents are open?",
            "ts": "1.1",
            "channel": "C1",
        },
    )
    await room.slack.event(door, {"type": "app_home_opened", "user": "UBOB", "tab": "home", "channel": "D1"})
    for _ in range(100):
        if room.slack.views and any(m["thread_ts"] == "1.1" for m in room.slack.messages.values()):
            break
        await asyncio.sleep(0.05)
    assert room.slack.views
    assert "needs the role responder" in next(
        m["text"] for m in room.slack.messages.values() if m["thread_ts"] == "1.1"
    )
    for _ in range(2):
        await room.press("slack", "noise", INCIDENT.id, "UBOB")
    await asyncio.sleep(0.3)
    async with room.house.store.transaction() as tx:
        assert [e.text for e in await tx.events(INCIDENT.id) if e.kind == "person.noted"] == [
            "slack:UBOB says: this is noise"
        ]


@BOTH
async def test_only_linked_people_count_where_the_settings_say_so_and_their_role_is_todays(
    room: Room, platform: str
) -> None:
    strict = room.house.settings.model_copy(
        update={"remediation": room.house.settings.remediation.model_copy(update={"linked_people_only": True})}
    )
    object.__setattr__(room.house, "settings", strict)
    await room.announce()
    value = room.button(platform, "approve")
    assert "not linked to a person" in room.said(platform, await room.press(platform, "approve", value, "UANN"))
    async with room.house.store.transaction() as tx:
        await tx.save_person(Person("ann", Role.VIEWER))
        await tx.link(platform, "UANN", "ann")
    assert "has not the role" in room.said(platform, await room.press(platform, "approve", value, "UANN"))
    async with room.house.store.transaction() as tx:
        await tx.save_person(Person("ann", Role.APPROVER))
    assert "approved" in room.said(platform, await room.press(platform, "approve", value, "UANN"))
    assert await room.decisions() == [("UANN", "approved")]


async def test_silence_mutes_take_over_stops_the_plan_and_the_scanner_learns(room: Room) -> None:
    house, bob = room.house, person("teams", "UBOB", {"UBOB": "responder"})
    [incident] = (await receive_alerts(house, [ALERT])).incidents
    assert "until 04:00 UTC" in (await pressed(house, bob, "silence", incident))[1]
    other_pod = replace(ALERT, fingerprint="f2", labels={**ALERT.labels, "pod": "checkout-2"}, received_at=NOW)
    async with house.store.transaction() as tx:
        mutes = await tx.silences(NOW)
    assert muted(other_pod, mutes, NOW)
    assert not muted(replace(other_pod, labels={**ALERT.labels, "app": "cart"}), mutes, NOW)
    assert not muted(other_pod, mutes, NOW + timedelta(minutes=61))
    assert "nothing to silence" in (await pressed(house, bob, "silence", INCIDENT.id))[1]
    assert "took it over" in (await pressed(house, bob, "take_over", INCIDENT.id))[1]
    async with house.store.transaction() as tx:
        assert (await tx.plan("plan-1")).state is PlanState.VOID
        assert [t.by for t in await tx.takeovers(NOW)] == ["teams:UBOB"]
    nobody = person("teams", "UX", {})
    for action in ("silence", "take_over", "real"):
        assert "needs the role responder" in (await pressed(house, nobody, action, incident))[1]
    assert "no button" in (await pressed(house, bob, "shell", incident))[1]
    assert (await pressed(house, bob, "real", incident))[1] == "noted"


async def test_socket_mode_acknowledges_and_decides_the_same(room: Room) -> None:
    await room.announce()
    value = room.button("slack", "approve")
    async with socket_stand_in() as (socket, url):
        section = {
            "bot_token": "xoxb-test",
            "app_token": "xapp-1",
            "api_url": url,
            "roles": {"UANN": "approver"},
            "channel": "C1",
        }
        platform = Slack(SlackSettings.model_validate(section), ChatTools(lambda: room.house))
        await platform.start()
        for _ in range(100):
            if socket.socket is not None:
                break
            await asyncio.sleep(0.05)
        assert socket.opened == ["Bearer xapp-1"]
        for envelope in ("env-1", "env-2"):
            await socket.press(envelope, "approve", value, "UANN", f"{room.slack.url}/respond")
        for _ in range(100):
            if len(room.slack.answers) == 2:
                break
            await asyncio.sleep(0.05)
        await platform.close()
    assert socket.acknowledged == ["env-1", "env-2"]
    assert await room.decisions() == [("UANN", "approved")]


async def test_a_worker_that_nobody_calls_speaks_to_teams_all_the_same(room: Room) -> None:
    from microsoft_teams.api.auth.cloud_environment import PUBLIC

    cloud = replace(PUBLIC, openid_metadata_url=room.teams.openid)
    await Teams(
        room.house.settings.chat.teams, ChatTools(lambda: room.house), lambda scope, tenant: TOKEN, cloud
    ).announce(NOTICE)
    assert len(room.teams.cards) == 1


async def test_two_at_once_write_one_message_and_no_transaction_waits_for_the_platform(room: Room) -> None:
    writes: list[int] = []

    async def write(card: Card, before: Said | None) -> tuple[str, str]:
        await asyncio.sleep(0.3)
        async with room.house.store.transaction() as tx:
            row = await tx._row(
                "select count(*) as n from pg_stat_activity where state = 'idle in transaction' and datname = current_database()"
            )  # type: ignore[attr-defined]
        writes.append(row["n"])
        return "C1", "1.1"

    said = await asyncio.gather(*(show(room.house, "slack", INCIDENT.id, write) for _ in range(3)))
    assert writes == [0]
    assert {one.message for one, _ in said} == {"1.1"}


async def test_a_claim_whose_holder_died_or_failed_holds_up_nobody_for_long(room: Room) -> None:
    async def write(card: Card, before: Said | None) -> tuple[str, str]:
        return "C1", "2.2"

    async def fail(card: Card, before: Said | None) -> tuple[str, str]:
        raise SourceUnavailable("slack cannot be reached")

    with pytest.raises(SourceUnavailable):
        await show(room.house, "slack", INCIDENT.id, fail)
    said, _ = await show(room.house, "slack", INCIDENT.id, write)
    assert said.message == "2.2"
    async with room.house.store.transaction() as tx:
        assert await tx.claim_chat("teams", INCIDENT.id, "dead", NOW, NOW + timedelta(seconds=60))
    room.clock.advance(seconds=61)
    said, _ = await show(room.house, "teams", INCIDENT.id, write)
    assert said.message == "2.2"
