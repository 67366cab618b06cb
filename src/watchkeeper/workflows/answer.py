"""Plain questions, answered from what the store and the sources say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Words and the numbers behind them."""

    text: str
    data: Mapping[str, Any]
