"""Plain questions."""

from pydantic import Field

from watchkeeper.settings.section import Section


class AskSettings(Section):
    """Plain questions."""

    timezone: str = Field("UTC", description="Zone of clock times in questions where the asker's is not known.")
