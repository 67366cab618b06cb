"""Who may sign in by a password, and who is signed in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchkeeper.domain.severity import Role


@dataclass(frozen=True, slots=True)
class Login:
    """A local name and password; the password is known as a hash only."""

    name: str
    password: str
    role: Role


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `directory`: where the name stands, `local` or `oidc`."""

    name: str
    role: Role
    directory: str
    expires_at: datetime


class LoginRecords(Protocol):
    """Logins and sessions."""

    async def login(self, name: str) -> Login | None:
        """The local login of that name."""
        ...

    async def any_login(self) -> bool:
        """Is there one?"""
        ...

    async def save_login(self, login: Login) -> None:
        """New, or with another password or role."""
        ...

    async def save_session(self, secret_hash: str, session: Session) -> None:
        """A new session; those that ended are forgotten."""
        ...

    async def session(self, secret_hash: str, at: datetime) -> Session | None:
        """Unless it ended."""
        ...

    async def end_session(self, secret_hash: str) -> None:
        """Signed out."""
        ...
