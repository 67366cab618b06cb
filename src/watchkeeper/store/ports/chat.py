"""What was said where in chat, and which button stands for which plan."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Said:
    """The one message about an incident on a platform. `place` is a channel or conversation, `message` its id there."""

    platform: str
    incident_id: str
    place: str
    message: str
    digest: str
    """Of what it says now: the same again is not sent again."""


@dataclass(frozen=True, slots=True)
class ButtonOf:
    """What pressing means: exactly the plan with the digest that was shown."""

    id: str
    plan_id: str
    incident_id: str
    digest: str


class ChatRecords(Protocol):
    """Messages and buttons."""

    async def said_in_chat(self, platform: str, incident_id: str) -> Said | None:
        """The message, if there is one."""
        ...

    async def claim_chat(self, platform: str, incident_id: str, by: str, at: datetime, until: datetime) -> bool:
        """Only `by` may write this message until then, or until the claim is dropped. False where somebody else may."""
        ...

    async def drop_chat_claim(self, platform: str, incident_id: str, by: str) -> None:
        """The one who claimed it is done."""
        ...

    async def note_said(self, said: Said, at: datetime) -> None:
        """It says this now."""
        ...

    async def button_for(self, button: ButtonOf, at: datetime) -> ButtonOf:
        """Keep it; where the plan with this digest has one, that one."""
        ...

    async def button(self, button_id: str) -> ButtonOf | None:
        """What it stands for."""
        ...
