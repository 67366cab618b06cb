"""Logins and sessions."""

from datetime import datetime

from watchkeeper.domain.severity import Role
from watchkeeper.store.ports.logins import Login, Session
from watchkeeper.store.statements.connection import Statements


class LoginStatements(Statements):
    """Implements `store.ports.logins.LoginRecords`."""

    async def login(self, name: str) -> Login | None:
        """The local login of that name."""
        row = await self._row("select * from logins where name = :name", name=name)
        return Login(row["name"], row["password"], Role(row["role"])) if row else None

    async def any_login(self) -> bool:
        """Is there one?"""
        return await self._row("select 1 from logins limit 1") is not None

    async def save_login(self, login: Login) -> None:
        """New, or with another password or role."""
        await self._do(
            "insert into logins (name, password, role) values (:name, :password, :role) "
            "on conflict (name) do update set password = excluded.password, role = excluded.role",
            name=login.name, password=login.password, role=str(login.role),
        )  # fmt: skip

    async def save_session(self, secret_hash: str, session: Session) -> None:
        """A new session; those that ended are forgotten."""
        await self._do("delete from sessions where expires_at < now()")
        await self._do(
            "insert into sessions (secret_hash, name, role, directory, expires_at) values (:hash, :name, :role, :directory, :at)",
            hash=secret_hash, name=session.name, role=str(session.role), directory=session.directory, at=session.expires_at,
        )  # fmt: skip

    async def session(self, secret_hash: str, at: datetime) -> Session | None:
        """Unless it ended."""
        row = await self._row(
            "select * from sessions where secret_hash = :hash and expires_at > :at", hash=secret_hash, at=at
        )
        return Session(row["name"], Role(row["role"]), row["directory"], row["expires_at"]) if row else None

    async def end_session(self, secret_hash: str) -> None:
        """Signed out."""
        await self._do("delete from sessions where secret_hash = :hash", hash=secret_hash)
