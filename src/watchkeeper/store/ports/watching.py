"""What the scanner remembers between runs, what it saw, and what people said of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from watchkeeper.domain.sighting import Feedback, Sighting


class WatchRecords(Protocol):
    """Shards of the scan, sightings, feedback."""

    async def watch_state(self, shard: str) -> bytes | None:
        """What was last saved for the shard."""
        ...

    async def save_watch_state(self, shard: str, state: bytes, until: float) -> bool:
        """Keep it; False where somebody saved a later `until` (unix seconds of the last sample) before."""
        ...

    async def keep_sighting(self, sighting: Sighting, incident_id: str = "") -> None:
        """Write it, or over the earlier word on the same episode; an incident once noted stays noted."""
        ...

    async def sighting(self, fingerprint: str) -> tuple[Sighting, str]:
        """With the incident it went to ("" if none). Raises NotFound."""
        ...

    async def sightings(
        self, *, service: str = "", since: datetime | None = None, limit: int = 200
    ) -> list[tuple[Sighting, str]]:
        """Newest first, each with its incident."""
        ...

    async def sightings_of(self, incident_id: str) -> list[Sighting]:
        """Those that went to the incident, oldest first."""
        ...

    async def save_feedback(self, feedback: Feedback) -> None:
        """The newest word on a subject counts."""
        ...

    async def feedback_by_service(self, since: datetime) -> Mapping[str, tuple[int, int]]:
        """service -> how often (real, noise) was said since."""
        ...
