"""Commands stand in the documentation as they work: those that need no cluster and no data set are run, as they are written."""

import asyncio
import importlib.util
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.cli import build
from watchkeeper.domain.incident import Stage
from watchkeeper.settings import Settings
from watchkeeper.simulate.serve import serving
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.workflows.receive_alerts import receive_alerts

ROOT = Path(__file__).parents[2]
RUN = (
    "version", "config check", "migrate", "policy test", "incidents", "show", "people add", "people link", "people list", "scorecard",
    "accept", "stop", "start", "knowledge search", "knowledge patterns", "post-mortem", "token create", "login create", "audit verify",
    "audit export", "export", "import", "forget", "doctor", "logs search", "merge",
)  # fmt: skip
"""In this order: who is linked was added before, what is imported was exported."""
STANDS_FOR = {
    "NAME": "ada", "INCIDENT": "inc-over", "DOOR": "slack", "SUBJECT": "U01", "FILE": "audit.jsonl", "[FOLDER]": str(ROOT / "src/watchkeeper/policy/rego"),
    "inc-2": "inc-over", "/var/log/app": "app.log",
}  # fmt: skip

PASSWORD = "a lighthouse in the fog\n" * 2
NOT_EARNED = "has not earned it"
"""The right answer to `scorecard allow` on an installation of today."""


def page_reader() -> ModuleType:
    """How the unit tests read pages."""
    spec = importlib.util.spec_from_file_location("test_docs", ROOT / "tests/unit/test_docs.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["test_docs"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written() -> list[list[str]]:
    """The words of each such command, once."""
    pages = page_reader()
    lines = {line for page in pages.PAGES for line in pages.command_lines(page.read_text())}
    ordered = [(n, line) for line in sorted(lines) for n, name in enumerate(RUN) if begins(line, name)]
    return [[STANDS_FOR.get(w, w) for w in pages.spoken(line)[1:]] for _, line in sorted(ordered)]


def begins(line: str, name: str) -> bool:
    return re.match(rf"watchkeeper {name}( |$)", line) is not None


@pytest.fixture
async def address(database_url: str) -> AsyncIterator[str]:
    store = PostgresStore.open(database_url)
    settings = Settings.model_validate({"server": {"loopback_without_login": True}})
    house = front.build_house(settings, store)
    await receive_alerts(house, [replace(ALERT, starts_at=house.clock.now())])
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
        over = replace(INCIDENT, id="inc-over", stage=Stage.RESOLVED, resolved_at=NOW + timedelta(minutes=9))
        await tx.create_incident(over)
    doors = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))
    async with serving({"watchkeeper": doors}) as urls:
        yield urls["watchkeeper"]
    await store.close()


async def test_commands_of_the_documentation_do_what_they_say(
    address: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("")
    (tmp_path / "app.log").write_text("2026-03-01T03:00:00Z error no space left on device\n" * 3)
    environment = {"WATCHKEEPER_URL": address, "DATABASE_URL": database_url}
    done, wrong = 0, []
    for words in written():
        said = await asyncio.to_thread(CliRunner().invoke, build(words[0]), words, env=environment, input=PASSWORD)
        if said.exit_code == 2 and re.search(r"Missing (argument|option|command)", said.output):
            continue  # prose that names the command
        done += 1
        if said.exit_code and NOT_EARNED not in str(said.exception):
            wrong.append(f"{' '.join(words)}: {said.exit_code} {said.output[-300:]} {said.exception!r}")
    assert wrong == [], "\n".join(wrong)
    assert done >= 20
