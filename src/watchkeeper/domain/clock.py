"""Time and ids as arguments. The only file that may ask the machine for either."""

import uuid
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. `testing.ManualClock` is the stand-in."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)


class Ids(Protocol):
    """Makes identifiers. `testing.CountingIds` is the stand-in."""

    def new(self, kind: str) -> str:
        """A fresh id for a thing of this kind, such as `inc-0192f1…`; sortable by time of making."""
        ...


class SystemIds:
    """Random ids that sort by the time they were made (the layout of UUID version 7)."""

    def new(self, kind: str) -> str:
        """`kind-` followed by 26 hexadecimal digits: 12 of milliseconds, 14 random."""
        millis = int(datetime.now(UTC).timestamp() * 1000)
        return f"{kind}-{millis:012x}{uuid.uuid4().hex[:14]}"
