"""Logs by meaning through the API, against a server that speaks Loki's protocol; and files on the command line."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.cli import build
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings
from watchkeeper.simulate.logs import api as loki
from watchkeeper.simulate.logs.store import LogDb
from watchkeeper.simulate.ports import LogLine
from watchkeeper.simulate.serve import serving
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.search_logs import LogQuestion, search_logs

END = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def world() -> LogDb:
    db = LogDb()
    end = END.timestamp()
    for n in range(600):
        at = end - 3600 + n * 6
        _write(db, at, "web", f"info served request {n} in {n % 40} ms")
    for n in range(40):
        _write(
            db, end - 300 + n * 5, "idp", f"error authentication failure for uid={n} password=hunter22 rhost=10.0.0.{n}"
        )
    for n in range(100):
        _write(db, end - 3500 + n * 20, "cart", "info heartbeat: alive")
    return db


def _write(db: LogDb, at: float, app: str, line: str) -> None:
    level, _, text = line.partition(" ")
    db.append([LogLine(at, "shop", app, f"{app}-1", app, level, text)])


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with serving({"loki": loki.app(world(), lambda: END.timestamp())}) as urls:
        store = PostgresStore.open(database_url)
        settings = Settings.model_validate(
            {"sources": {"loki": {"url": urls["loki"]}, "kubernetes": {"enabled": False}}}
        )
        clock = ManualClock(END)
        house = replace(front.build_house(settings, store), clock=clock)
        access = Access(front.StoredTokens(house), house.ids, settings.server)
        app = create_app(house, access=access)
        app.state.loki = urls["loki"]
        headers = {"Authorization": f"Bearer {await access.issue('a viewer', Role.VIEWER)}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://watch", headers=headers) as made:
            made.house = house  # type: ignore[attr-defined]
            yield made
        for source in house.sources:
            await source.close()
        await store.close()


async def asked(client: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/logs/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_plain_question_finds_statement_lines_and_the_way_back(client: httpx.AsyncClient) -> None:
    said = await asked(client, "search", q="why can nobody log in")
    hit = said["items"][0]
    assert (hit["service"], hit["count"], hit["levels"]) == ("idp", 40, ["error"])
    assert len(hit["rows"]) == 3
    assert "hunter22" not in json.dumps(said)
    assert hit["first_seen"] < hit["last_seen"]
    # The link leads to exactly those lines.
    async with httpx.AsyncClient() as outside:
        found = (await outside.get(hit["link"])).json()["data"]["result"]
    lines = [line for stream in found for _, line in stream["values"]]
    assert len(lines) == 40
    assert all("authentication failure" in line for line in lines)


async def test_filters_narrow_and_statements_are_listed(client: httpx.AsyncClient) -> None:
    everything = await asked(client, "templates")
    assert [(t["service"], t["count"]) for t in everything["items"]] == [("web", 600), ("cart", 100), ("idp", 40)]
    assert [t["service"] for t in (await asked(client, "templates", level="error"))["items"]] == ["idp"]
    assert [t["service"] for t in (await asked(client, "templates", service="web"))["items"]] == ["web"]
    early = await asked(client, "templates", end="2026-03-01T02:50:00Z", start="2026-03-01T02:00:00Z")
    assert "idp" not in {t["service"] for t in early["items"]}


async def test_what_is_unusual_is_told(client: httpx.AsyncClient) -> None:
    said = await asked(client, "anomalies")
    found = {(a["kind"], a["service"]) for a in said["items"]}
    assert ("new", "idp") in found
    assert ("silent", "cart") in found
    assert not any(service == "web" for _, service in found)


async def test_bad_questions_are_problems(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/logs/search", params={"q": " "})).status_code in (400, 422)
    span = {"start": "2026-03-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
    assert (await client.get("/api/v1/logs/templates", params=span)).status_code in (400, 422)
    with pytest.raises(InvalidInput):
        await search_logs(client.house, LogQuestion(""))  # type: ignore[attr-defined]


async def test_grafana_is_linked_where_there_is_one(client: httpx.AsyncClient) -> None:
    house = client.house  # type: ignore[attr-defined]
    recall = house.settings.recall.model_copy(update={"grafana_url": "https://grafana.example/"})
    house = replace(house, settings=house.settings.model_copy(update={"recall": recall}))
    link = (await search_logs(house, LogQuestion("login fails")))["items"][0]["link"]
    assert link.startswith("https://grafana.example/explore?")


async def test_without_a_source_of_logs_that_is_said(client: httpx.AsyncClient) -> None:
    house = replace(client.house, sources=())  # type: ignore[attr-defined]
    said = await search_logs(house, LogQuestion("login"))
    assert said["items"] == []
    assert said["could_not_see"] == ["no source of logs is configured"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    before = [f"2026-03-01 02:00:{n % 60:02d} INFO served {n} in {n * 3} ms" for n in range(200)]
    (tmp_path / "before.log").write_text("\n".join(before) + "\n")
    now = [
        *before[:100],
        *(f"2026-03-01 03:00:{n:02d} ERROR write block {n}: no space left on device" for n in range(9)),
    ]
    (tmp_path / "now.log").write_text("\n".join(now) + "\n")
    return tmp_path


def run(*words: str, given: str | None = None) -> str:
    found = CliRunner().invoke(build("logs"), ["logs", *words], input=given)
    assert found.exit_code == 0, (found.output, found.exception)
    return found.stdout


def test_files_are_summarized_and_what_is_new_stands_first(files: Path) -> None:
    said = json.loads(run("summarize", str(files / "now.log"), "--baseline", str(files / "before.log"), "--json"))
    assert (said["lines"], said["new"]) == (109, 1)
    assert said["items"][0]["template"] == "ERROR write block <*>: no space left on device"
    assert said["items"][0]["count"] == 9
    assert "NEW" in run("summarize", str(files / "now.log"), "--baseline", str(files / "before.log"), "--new")


def test_standard_input_is_read(files: Path) -> None:
    said = json.loads(run("summarize", "-", "--json", given=(files / "now.log").read_text()))
    assert said["lines"] == 109
    assert said["new"] is None


def test_files_are_searched_by_meaning(files: Path) -> None:
    found = json.loads(run("search", "the disk is full", str(files), "--json"))
    assert "no space left" in found[0]["template"]
    listed = json.loads(run("templates", str(files / "now.log"), "--level", "error", "--json"))
    assert [row["count"] for row in listed] == [9]


def test_a_file_that_is_not_there_is_an_error_of_ours(files: Path) -> None:
    found = CliRunner().invoke(build("logs"), ["logs", "summarize", str(files / "nope")])
    assert isinstance(found.exception, InvalidInput)
    found = CliRunner().invoke(build("logs"), ["logs", "summarize", str(files / "now.log"), "--new"])
    assert isinstance(found.exception, InvalidInput)
