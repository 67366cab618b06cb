"""Which alerts are one incident."""

from pydantic import Field

from watchkeeper.settings.section import Section


class CorrelationSettings(Section):
    """Which alerts are one incident."""

    join_minutes: float = Field(30, gt=0, description="Related alerts this close in time join one incident.")
    hops: int = Field(2, ge=0, description="Services this many calls apart are related.")
