"""Microsoft Teams by microsoft-teams-apps on our own server: Adaptive Cards with Action.Execute; the caller's token is verified there."""

from dataclasses import replace
from typing import Any

import httpx
from fastapi import FastAPI

from watchkeeper.chat.cards import Button, Card
from watchkeeper.chat.conversation import ChatTools, Platform, asked, card_for, person, pressed
from watchkeeper.chat.one_message import show
from watchkeeper.domain.errors import SourceRefused, SourceUnavailable
from watchkeeper.domain.escaping import for_adaptive_card
from watchkeeper.domain.notice import Notice
from watchkeeper.settings import TeamsSettings
from watchkeeper.store.ports.chat import Said

PATH = "/api/v1/chat/teams/messages"
_DECIDE = ("approve", "reject")


def adaptive_card_of(card: Card) -> dict[str, Any]:
    """Version 1.4, every word of others escaped."""
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": for_adaptive_card(card.title, 300), "weight": "Bolder", "size": "Medium", "wrap": True},
        {"type": "TextBlock", "text": for_adaptive_card(f"{card.severity} · {card.status} · {card.incident_id}"), "isSubtle": True, "wrap": True},
        {"type": "FactSet", "facts": [{"title": label, "value": for_adaptive_card(words, 1500)} for label, words in card.facts]},
    ]  # fmt: skip
    if card.diff and any(b.action == "approve" for b in card.buttons):
        body.append(
            {"type": "TextBlock", "text": for_adaptive_card(card.diff, 4000), "fontType": "Monospace", "wrap": True}
        )
    actions = [_action(b) for b in card.buttons if b.action in _DECIDE]
    if others := [_action(b) for b in card.buttons if b.action not in _DECIDE]:
        # A row takes five actions: deciding has its own.
        body.append({"type": "ActionSet", "actions": others})
    if card.link:
        actions.append({"type": "Action.OpenUrl", "title": "Evidence, plan and timeline", "url": card.link})
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    }


def _action(button: Button) -> dict[str, Any]:
    style = "positive" if button.action == "approve" else "destructive" if button.danger else "default"
    return {
        "type": "Action.Execute", "title": button.label, "verb": button.action, "data": {"id": button.value}, "style": style,
    }  # fmt: skip


class Teams:
    """The tenant. `token` stands in for Entra in tests."""

    name = "teams"

    def __init__(self, settings: TeamsSettings, tools: ChatTools, token: Any = None, cloud: Any = None) -> None:
        self._settings, self._tools, self._token, self._cloud = settings, tools, token, cloud
        self._app: Any = None

    def mount(self, app: FastAPI) -> None:
        """The bot's door."""
        from microsoft_teams.apps import App, FastAPIAdapter

        secret = self._settings.client_secret.get_secret_value()
        options: dict[str, Any] = {
            "client_id": self._settings.client_id, "tenant_id": self._settings.tenant_id or None, "service_url": self._settings.service_url,
            "messaging_endpoint": PATH, "http_server_adapter": FastAPIAdapter(app),
        }  # fmt: skip
        options |= {"client_secret": secret} if secret else {"token": self._token}
        if self._cloud is not None:
            options["cloud"] = self._cloud
        self._app = App(**options)
        self._app.on_card_action(self._on_button)
        self._app.on_message(self._on_message)

    async def start(self) -> None:
        """Register the door."""
        await self._app.initialize()

    async def _on_button(self, context: Any) -> Any:
        from microsoft_teams.api.models.adaptive_card import (
            AdaptiveCardActionCardResponse,
            AdaptiveCardActionMessageResponse,
        )
        from microsoft_teams.cards import AdaptiveCard

        sender, action = context.activity.from_, context.activity.value.action
        who = person(self.name, str(sender.aad_object_id or sender.id), self._settings.roles)
        house = self._tools.house()
        incident, words = await pressed(house, who, str(action.verb), str((action.data or {}).get("id", "")))
        if not incident:
            return AdaptiveCardActionMessageResponse(value=words)
        await self._show(incident)
        card = await card_for(house, incident)
        shown = adaptive_card_of(replace(card, facts=(*card.facts, ("", words))))
        return AdaptiveCardActionCardResponse(value=AdaptiveCard.model_validate(shown))

    async def _on_message(self, context: Any) -> None:
        sender = context.activity.from_
        who = person(self.name, str(sender.aad_object_id or sender.id), self._settings.roles)
        said = await asked(self._tools.house(), who, str(context.activity.text or "help"))
        await context.send(for_adaptive_card(said, 10_000))

    async def announce(self, notice: Notice) -> None:
        """Post or edit the incident's one card."""
        if notice.incident_id:
            await self._show(notice.incident_id)
        else:
            await self._send(for_adaptive_card(f"{notice.title}\n\n" + "\n\n".join(notice.lines), 5000), "")

    async def _show(self, incident_id: str) -> None:
        from microsoft_teams.api.activities.message import MessageActivityInput
        from microsoft_teams.cards import AdaptiveCard

        async def write(card: Card, before: Said | None) -> tuple[str, str]:
            activity = MessageActivityInput().add_card(AdaptiveCard.model_validate(adaptive_card_of(card)))
            sent = await self._send(activity, before.message if before else "")
            return self._settings.conversation, before.message if before else sent

        await show(self._tools.house(), self.name, incident_id, write)

    async def _send(self, activity: Any, replaces: str) -> str:
        if replaces:
            activity.id = replaces
        if self._app is None:
            # A worker only speaks: nobody calls it, so its door leads nowhere.
            self.mount(FastAPI())
            await self.start()
        try:
            sent = await self._app.send(self._settings.conversation, activity)
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status == 429 or status >= 500:
                raise SourceUnavailable(f"teams answers {status}") from None
            raise SourceRefused(f"teams refuses: {status}", status=status) from None
        except httpx.HTTPError as error:
            raise SourceUnavailable(f"teams cannot be reached: {type(error).__name__}") from None
        return str(sent.id)

    async def close(self) -> None:
        """Nothing is kept open."""


def build(section: TeamsSettings, tools: ChatTools) -> Platform:
    """From `chat.teams`."""
    return Teams(section, tools)
