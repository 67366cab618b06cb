"""The port through which stories speak to people. A file on the shelf `chat.platforms` defines `build(section, tools)`."""

from typing import Protocol

from watchkeeper.domain.notice import Notice


class Announcer(Protocol):
    """One way people hear. It may be called twice with the same notice and must not say it twice in one place."""

    name: str
    """As `notify.routes` names it: the file on the shelf."""

    async def announce(self, notice: Notice) -> None:
        """Say it. Raises SourceUnavailable where trying again may help, SourceRefused where it will not."""
        ...
