"""An approval pressed in Slack and one pressed in Teams: the pull request is merged in the simulated world."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi import FastAPI

from chat_stand_ins import SECRET, slack_stand_in, teams_stand_in
from e2e.stage import playing
from watchkeeper.chat.conversation import ChatTools
from watchkeeper.chat.platforms.slack import PATH as SLACK_PATH
from watchkeeper.chat.platforms.teams import PATH as TEAMS_PATH
from watchkeeper.chat.platforms.teams import Teams
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.people import Person
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.simulate.serve import serving

TOKEN = jwt.encode({"appid": "bot-1", "exp": 4_000_000_000}, "k" * 32, algorithm="HS256")


@pytest.mark.server("prometheus", "prometheus-alertmanager")
@pytest.mark.parametrize("platform", ["slack", "teams"])
async def test_a_press_merges_the_pull_request(tmp_path: Path, database_url: str, platform: str) -> None:
    async with AsyncExitStack() as stack:
        slack, teams = (
            await stack.enter_async_context(slack_stand_in()),
            await stack.enter_async_context(teams_stand_in()),
        )
        section: dict[str, Any] = {
            "slack": {"bot_token": "xoxb-test", "signing_secret": SECRET, "channel": "C1", "api_url": f"{slack.url}/api/", "roles": {"UANN": "approver"}},
        }  # fmt: skip
        play = await stack.enter_async_context(
            playing(tmp_path, database_url, {"chat": section}, linked_people_only=True)
        )
        play.break_("pool_exhausted")
        incident = await play.until(Stage.AWAITING_APPROVAL, seconds=150)
        async with play.opened.store.transaction() as tx:
            await tx.save_person(Person("ann", Role.APPROVER))
            await tx.link(platform, "UANN", "ann")
        notice = Notice(
            incident.id, incident.title, Severity.CRITICAL, "awaiting_approval", (), (), incident.id, NoticeKind.CHANGED
        )
        if platform == "slack":
            await play.opened.chat[0].announce(notice)
            answer = await slack.press(play.url + SLACK_PATH, "approve", slack.buttons()["approve"], "UANN")
        else:
            from microsoft_teams.api.auth.cloud_environment import PUBLIC

            settings = type(play.settings.chat.teams).model_validate(
                {
                    "client_id": "bot-1",
                    "conversation": "conv-1",
                    "service_url": teams.url,
                    "roles": {"UANN": "approver"},
                }
            )
            cloud = replace(PUBLIC, openid_metadata_url=teams.openid)
            bot = Teams(settings, ChatTools(lambda: play.opened.house), lambda scope, tenant: TOKEN, cloud)
            app = FastAPI()
            bot.mount(app)
            await bot.start()
            urls = await stack.enter_async_context(serving({"teams": app}))
            await bot.announce(notice)
            value = next(a["data"]["id"] for a in teams.cards[-1]["actions"] if a.get("verb") == "approve")
            answer = await teams.press(urls["teams"] + TEAMS_PATH, "approve", value, "UANN")
        assert answer.status_code == 200, answer.text
        await play.until(Stage.VERIFYING, Stage.RESOLVED, seconds=120)
        record = await play.plan(incident)
        assert record.facts.get("merged_at"), record.facts
        async with play.opened.store.transaction() as tx:
            [said] = await tx.approvals_of(record.plan.id)
        assert (said.by, said.door, said.person) == ("UANN", platform, "ann")
