"""What people asked about an incident, and what they were told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer. `picture` is an SVG that we drew, or ""."""

    incident_id: str
    at: datetime
    by: str
    door: str
    """api, console, …"""
    question: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    """the numbers behind the words"""
    picture: str = ""
    links: tuple[tuple[str, str], ...] = ()
    """(title, address)"""
    nearest: tuple[str, ...] = ()
    """where it was not understood: what can be asked instead"""


class ConversationRecords(Protocol):
    """By incident."""

    async def add_exchange(self, exchange: Exchange) -> None:
        """Keep it, redacted."""
        ...

    async def conversation(self, incident_id: str, limit: int) -> tuple[list[Exchange], int]:
        """The newest, oldest of them first, and how many there are in all."""
        ...
