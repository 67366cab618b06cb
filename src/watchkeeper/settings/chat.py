"""Chat: Slack and Teams."""

from typing import Literal

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section

RoleName = Literal["viewer", "responder", "approver", "admin"]


class SlackSettings(Section):
    """Slack. Socket Mode where there is an app token, else signed HTTP requests to /api/v1/chat/slack/events."""

    bot_token: SecretStr = Field(SecretStr(""), description="From SLACK_BOT_TOKEN; empty: off.")
    app_token: SecretStr = Field(SecretStr(""), description="From SLACK_APP_TOKEN: Socket Mode.")
    signing_secret: SecretStr = Field(
        SecretStr(""), description="From SLACK_SIGNING_SECRET: requests over HTTP are refused without it."
    )
    channel: str = Field("", description="Channel id where incidents are told, such as C0123456789.")
    roles: dict[str, RoleName] = Field(
        {}, description="Slack user id -> role; everybody else is a viewer who may ask nothing of the system."
    )
    api_url: str = Field("https://slack.com/api/", description="Slack's Web API.")


class TeamsSettings(Section):
    """Microsoft Teams, by a bot at /api/v1/chat/teams/messages."""

    client_id: str = Field("", description="Application (bot) id; from TEAMS_CLIENT_ID; empty: off.")
    client_secret: SecretStr = Field(SecretStr(""), description="From TEAMS_CLIENT_SECRET.")
    tenant_id: str = Field("", description="From TEAMS_TENANT_ID.")
    conversation: str = Field("", description="Conversation id where incidents are told.")
    service_url: str = Field("https://smba.trafficmanager.net/teams", description="Bot Connector service.")
    roles: dict[str, RoleName] = Field({}, description="Entra object id of a user -> role; everybody else is a viewer.")


class ChatSettings(Section):
    """Chat platforms."""

    slack: SlackSettings = SlackSettings()
    teams: TeamsSettings = TeamsSettings()
