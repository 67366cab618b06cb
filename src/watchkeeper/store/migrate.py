"""Bring a database to this version. Several processes may try at once: one does it, the others wait."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from watchkeeper.domain.errors import StoreUnavailable

HERE = Path(__file__).parent / "migrations"
_LOCK = 7_205_759
LIVELY = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}
"""libpq's words for: a connection on which nothing comes back for some 20 s (a cut network says nothing) is dead."""


def migrate(url: str) -> str:
    """Apply what is missing; returns the revision reached. Raises StoreUnavailable."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:k)"), {"k": _LOCK})
            connection.commit()
            try:
                command.upgrade(_config(connection), "head")
                connection.commit()
            finally:
                connection.execute(text("select pg_advisory_unlock(:k)"), {"k": _LOCK})
                connection.commit()
            return current(connection)
    except OperationalError as error:
        raise StoreUnavailable(f"the database does not answer: {error.orig}") from None
    finally:
        engine.dispose()


def current(connection: Connection) -> str:
    """The revision the database is at, "" for an empty one."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def head() -> str:
    """The newest revision this version knows."""
    return ScriptDirectory(str(HERE)).get_current_head() or ""


def driver_url(url: str) -> str:
    """The same address for SQLAlchemy with psycopg 3."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def libpq_url(url: str) -> str:
    """The same address for psycopg itself."""
    return driver_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


def liveliness(url: str) -> dict[str, str]:
    """`LIVELY`, less what the address says itself."""
    said = conninfo_to_dict(libpq_url(url))
    return {name: value for name, value in LIVELY.items() if name not in said}


def lively(url: str) -> str:
    """The address for connections that stay open."""
    said: dict[str, Any] = {**conninfo_to_dict(libpq_url(url)), **liveliness(url)}
    return make_conninfo("", **said)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
