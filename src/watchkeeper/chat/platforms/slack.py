"""Slack by slack-bolt: Socket Mode or signed HTTP; one message per incident, edited; acknowledged before anything is done."""

import re
from typing import Any

from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from watchkeeper.chat.cards import Card
from watchkeeper.chat.conversation import ChatTools, Platform, asked, person, pressed
from watchkeeper.chat.one_message import show
from watchkeeper.domain.errors import SourceRefused, SourceUnavailable
from watchkeeper.domain.escaping import for_slack
from watchkeeper.domain.notice import Notice
from watchkeeper.settings import SlackSettings
from watchkeeper.store.ports.chat import Said
from watchkeeper.workflows.answers.seen import incidents_in

_COLOURS = {
    "critical": ":red_circle:",
    "high": ":large_orange_circle:",
    "warning": ":large_yellow_circle:",
    "info": ":white_circle:",
}
_FIELD, _SECTION, _HEADER, _DIFF = 1900, 2900, 140, 2600
PATH = "/api/v1/chat/slack/events"


def blocks_of(card: Card) -> list[dict[str, Any]]:
    """Block Kit, within its limits; every word of others escaped."""
    out: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": for_slack(card.title, _HEADER) or "incident", "emoji": False}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{_COLOURS.get(card.severity, '')} {for_slack(card.severity)} · {for_slack(card.status)} · {for_slack(card.incident_id)}", "verbatim": True}]},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*{label}*\n{for_slack(words, _FIELD)}", "verbatim": True} for label, words in card.facts[:10]]},
    ]  # fmt: skip
    if card.buttons:
        out.append(
            {
                "type": "actions",
                "block_id": "decide",
                "elements": [_button(b.action, b.label, b.value, b.danger) for b in card.buttons],
            }
        )
    if card.link:
        out.append(
            {"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{card.link}|Evidence, plan and timeline>"}]}
        )
    return out


def _button(action: str, label: str, value: str, danger: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label},
        "value": value,
    }
    if action == "approve":
        made["style"] = "primary"
    elif danger:
        made["style"] = "danger"
    return made


class Slack:
    """The workspace."""

    name = "slack"

    def __init__(self, settings: SlackSettings, tools: ChatTools) -> None:
        self._settings, self._tools = settings, tools
        client = AsyncWebClient(token=settings.bot_token.get_secret_value(), base_url=settings.api_url, timeout=10)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
        self._client = client
        # Over HTTP a request without our secret's signature is refused by Bolt; Socket Mode needs none.
        self._bolt = AsyncApp(
            client=client,
            signing_secret=settings.signing_secret.get_secret_value() or "unset",
            raise_error_for_unhandled_request=False,
        )
        self._socket: Any = None
        self._listen()

    def _listen(self) -> None:
        bolt = self._bolt
        bolt.action(re.compile("^(approve|reject|silence|take_over|real|noise)$"))(self._on_button)
        bolt.command("/watchkeeper")(self._on_command)
        bolt.event("app_mention")(self._on_mention)
        bolt.event("app_home_opened")(self._on_home)

    async def _on_button(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        await ack()
        who = person(self.name, str(body["user"]["id"]), self._settings.roles)
        incident, words = await pressed(
            self._tools.house(), who, str(action["action_id"]), str(action.get("value", ""))
        )
        await respond(text=for_slack(words), response_type="ephemeral", replace_original=False)
        if incident:
            await self._show(incident)

    async def _on_command(self, ack: Any, command: dict[str, Any], respond: Any) -> None:
        await ack()
        who = person(self.name, str(command["user_id"]), self._settings.roles)
        said = await asked(self._tools.house(), who, str(command.get("text") or "help"))
        await respond(text=f"```{for_slack(said, _SECTION)}```", response_type="ephemeral")

    async def _on_mention(self, event: dict[str, Any]) -> None:
        who = person(self.name, str(event.get("user", "")), self._settings.roles)
        words = re.sub(r"<@[A-Z0-9]+>", "", str(event.get("text", ""))).strip() or "help"
        said = await asked(self._tools.house(), who, words)
        await self._client.chat_postMessage(
            channel=str(event["channel"]), thread_ts=str(event.get("thread_ts") or event["ts"]), text=f"```{for_slack(said, _SECTION)}```",
            unfurl_links=False, unfurl_media=False, parse="none",
        )  # fmt: skip

    async def _on_home(self, event: dict[str, Any]) -> None:
        house = self._tools.house()
        now = house.clock.now()
        open_ = [i for i in await incidents_in(house, now, now) if i.stage.open][:20]
        lines = [
            f"{_COLOURS[i.severity]} {for_slack(i.id)} {for_slack(i.root_cause or i.title, 300)} ({for_slack(i.stage)})"
            for i in open_
        ] or ["No incident is open."]
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": line, "verbatim": True}} for line in lines]
        await self._client.views_publish(user_id=str(event["user"]), view={"type": "home", "blocks": blocks})

    async def announce(self, notice: Notice) -> None:
        """Post or edit the incident's one message; new lines go into its thread."""
        if not notice.incident_id:
            await self._call(
                "chat_postMessage",
                channel=self._settings.channel,
                text=for_slack(f"{notice.title}\n" + "\n".join(notice.lines)),
            )
            return
        said = await self._show(notice.incident_id)
        if notice.lines:
            await self._call(
                "chat_postMessage",
                channel=said.place,
                thread_ts=said.message,
                text=for_slack("\n".join(notice.lines), _SECTION),
            )

    async def _show(self, incident_id: str) -> Said:
        """The message as it should be; a change to a plan that waits goes into its thread, once."""
        written = False

        async def write(card: Card, before: Said | None) -> tuple[str, str]:
            nonlocal written
            words: dict[str, Any] = {"text": for_slack(f"{card.title}: {card.status}", 300), "blocks": blocks_of(card)}
            written = True
            if before is None:
                sent = await self._call("chat_postMessage", channel=self._settings.channel, **words)
                return str(sent["channel"]), str(sent["ts"])
            await self._call("chat_update", channel=before.place, ts=before.message, **words)
            return before.place, before.message

        said, card = await show(self._tools.house(), self.name, incident_id, write)
        if written and card.diff and any(b.action == "approve" for b in card.buttons):
            diff = f"```{for_slack(card.diff, _DIFF)}```"
            await self._call("chat_postMessage", channel=said.place, thread_ts=said.message, text=diff)
        return said

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        if method == "chat_postMessage":
            arguments |= {"unfurl_links": False, "unfurl_media": False}
        try:
            answer = await getattr(self._client, method)(parse="none", link_names=False, **arguments)
        except SlackApiError as error:
            status, said = error.response.status_code, str(error.response.get("error", ""))
            if status == 429 or status >= 500:
                raise SourceUnavailable(f"slack: {said or status}") from None
            raise SourceRefused(f"slack refuses: {said}", status=status) from None
        except (OSError, TimeoutError) as error:
            raise SourceUnavailable(f"slack cannot be reached: {type(error).__name__}") from None
        return dict(answer.data)

    def mount(self, app: FastAPI) -> None:
        """The signed HTTP door, where there is a secret."""
        if not self._settings.signing_secret.get_secret_value():
            return
        handler = AsyncSlackRequestHandler(self._bolt)

        @app.post(PATH, include_in_schema=False)
        async def slack_events(request: Request) -> Response:
            return await handler.handle(request)

    async def start(self) -> None:
        """Socket Mode, where there is an app token."""
        token = self._settings.app_token.get_secret_value()
        if token:
            self._socket = AsyncSocketModeHandler(self._bolt, token)
            await self._socket.connect_async()

    async def close(self) -> None:
        """Leave the socket."""
        if self._socket is not None:
            await self._socket.close_async()


def build(section: SlackSettings, tools: ChatTools) -> Platform:
    """From `chat.slack`."""
    return Slack(section, tools)
