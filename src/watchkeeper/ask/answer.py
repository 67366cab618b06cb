"""What is said to a question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: their clock's zone and where they stand."""

    zone: tzinfo
    now: datetime
    context: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look further."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Words and the numbers behind them. `picture` is an SVG or ""."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    understood: bool = True
    picture: str = ""
    links: tuple[Link, ...] = ()
    nearest: tuple[str, ...] = ()
    """Where it was not understood: what can be asked instead."""
