"""Incidents that end are learned, found again, written up; runbooks are keys; the API shows all of it."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.cli import build
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Finding, Hypothesis, Sentence
from watchkeeper.domain.errors import ConfigurationError, ModelError, ModelUnavailable
from watchkeeper.domain.evidence import Change, Missing, Origin, Signal
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.memory import Article
from watchkeeper.domain.severity import Role
from watchkeeper.llm.embedders import azure_openai, sentence_transformer
from watchkeeper.llm.embedding import Floats, normed
from watchkeeper.llm.indexes.azure_ai_search import AzureAiSearch
from watchkeeper.llm.indexes.faiss import Faiss
from watchkeeper.settings import LlmSettings, RecallSettings, Settings
from watchkeeper.simulate.serve import serving
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.close_incident import close_incident
from watchkeeper.workflows.house import House
from watchkeeper.workflows.jobs import import_knowledge, remember_incidents
from watchkeeper.workflows.knowledge import import_folder, recurring, runbooks_for
from watchkeeper.workflows.post_mortem import post_mortem
from watchkeeper.workflows.remember import remember_closed, similar

HOSTILE = "<img src=x> [Approve](http://evil.example) <!channel> @team \u202e\x1b[31m `code` # head"
HEAP, DNS = "java.lang.OutOfMemoryError: Java heap space", "getaddrinfo ENOTFOUND ledger"


@dataclass
class Home:
    house: House
    client: httpx.AsyncClient
    clock: ManualClock

    async def incident(
        self, number: int, kind: str, text: str, *, service: str = "cart", ended: bool = True
    ) -> Incident:
        """One that was diagnosed, and closed by a person."""
        at = NOW + timedelta(hours=number)
        row = replace(
            INCIDENT, id=f"inc-{number}", stage=Stage.ESCALATED, opened_at=at, onset=at, updated_at=at, service="web",
            cause_service=service, cause_kind=kind, root_cause=f"{kind} in {service}",
        )  # fmt: skip
        item = EvidenceItem(
            "E1",
            Signal.LOGS,
            service,
            f"{service} writes it",
            Origin.WORKLOAD,
            excerpt=text,
            metric="mem-rate",
            before=1,
            during=9,
        )
        finding = Finding("made", kind, service, "mem", 0.9, "seen", (item,))
        diagnosis = Diagnosis(
            (Hypothesis(service, kind, "mem", 1.0, 0.9, (finding,)),), (Sentence(f"{kind} in {service}: {HOSTILE}", ("E1",)),),
            changes=(Change("c1", at, "release", service, HOSTILE, "mallory"),),
            missing=(Missing(Signal.TRACES, "tempo", "", HOSTILE),),
        )  # fmt: skip
        async with self.house.store.transaction() as tx:
            await tx.create_incident(row)
            await tx.add_alert(replace(ALERT, fingerprint=f"f{number}", starts_at=at), row.id, "it opened it")
            await tx.save_diagnosis(row.id, diagnosis, at)
            await tx.add_event(row.id, "person.noted", HOSTILE, at)
        self.clock.advance(minutes=1)
        if ended:
            await close_incident(self.house, row.id, by="ann", door="api", reason="restarted it")
        return row


@pytest.fixture
async def home(database_url: str) -> AsyncIterator[Home]:
    store = PostgresStore.open(database_url)
    settings, clock = Settings(), ManualClock(NOW)
    house = replace(front.build_house(settings, store), clock=clock)
    access = Access(front.StoredTokens(house), house.ids, settings.server)
    app = create_app(house, access=access)
    headers = {"Authorization": f"Bearer {await access.issue('a viewer', Role.VIEWER)}"}
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://watch", headers=headers) as client:
        yield Home(house, client, clock)
    await store.close()


async def test_what_ended_is_learned_once_and_found_by_what_it_looked_like(home: Home) -> None:
    await home.incident(1, "memory", HEAP)
    await home.incident(2, "network", DNS)
    await remember_incidents.JOB.run(home.house)
    assert await remember_closed(home.house) == 0
    open_ = await home.incident(3, "memory", "Container killed, exit code 137 (OOMKilled)", service="feed", ended=False)
    found = await similar(home.house, open_.id)
    assert found[0].past.id == "inc-1"
    assert found[0].past.ending == "ann closed it by api: restarted it"
    assert "kind memory" in found[0].because
    assert await remember_closed(home.house) == 0, "an open incident is not learned"


async def test_another_process_sees_what_was_learned(home: Home) -> None:
    other = replace(home.house, index=Faiss())
    open_ = await home.incident(9, "memory", HEAP, ended=False)
    assert await similar(other, open_.id) == []
    await home.incident(1, "memory", HEAP)
    await remember_closed(home.house)
    assert [s.past.id for s in await similar(other, open_.id)] == ["inc-1"]


class Letters:
    """An embedder that is a real function of the text; can be switched off."""

    name, dimensions = "letters", 26

    def __init__(self) -> None:
        self.down = False
        self.asked = 0

    async def embed(self, texts: Sequence[str]) -> Floats:
        self.asked += len(texts)
        if self.down:
            raise ModelUnavailable("off")
        return normed([[t.lower().count(chr(97 + n)) for n in range(26)] for t in texts], 26)

    async def aclose(self) -> None: ...


async def test_a_new_embedder_learns_everything_anew_and_may_fail(home: Home) -> None:
    await home.incident(1, "memory", HEAP)
    await remember_closed(home.house)
    embedder = Letters()
    house = replace(home.house, embedder=embedder)
    open_ = await home.incident(2, "memory", HEAP, ended=False)
    assert await remember_closed(house) == 1
    assert (await similar(house, open_.id))[0].past.id == "inc-1"
    embedder.down = True
    assert (await similar(house, open_.id))[0].past.id == "inc-1"


async def test_no_index_no_similar_incidents(home: Home) -> None:
    await home.incident(1, "memory", HEAP)
    await remember_closed(home.house)
    open_ = await home.incident(2, "memory", HEAP, ended=False)
    assert await similar(replace(home.house, index=None), open_.id) == []


async def test_secrets_do_not_reach_the_memory(home: Home) -> None:
    await home.incident(1, "memory", f"{HEAP} password=hunter22")
    await remember_closed(home.house)
    rows = await home.house.store._rows("select body from memories")  # type: ignore[attr-defined]
    assert "OutOfMemoryError" in json.dumps(rows)
    assert "hunter22" not in json.dumps(rows)


async def test_a_post_mortem_tells_the_story_and_its_text_has_no_power(home: Home) -> None:
    await home.incident(1, "memory", HEAP)
    await remember_closed(home.house)
    await home.incident(2, "memory", HEAP)
    text = await post_mortem(home.house, "inc-2")
    for part in ("## Timeline", "## Cause", "## Evidence", "## What was altered before", "## It looked like", "inc-1"):
        assert part in text
    assert "Memory exhausted" in text
    assert "restarted it" in text
    for power in ("](http", "<!channel>", "@team", "\u202e", "\x1b", "://evil"):
        assert power not in text
    import mistune

    html = str(mistune.html(text))
    assert "<img" not in html
    assert "<a " not in html


async def test_there_is_no_post_mortem_of_what_goes_on(home: Home) -> None:
    await home.incident(1, "memory", HEAP, ended=False)
    answer = await home.client.get("/api/v1/incidents/inc-1/post-mortem")
    assert answer.status_code == 409
    assert (await home.client.get("/api/v1/incidents/nobody/post-mortem")).status_code == 404


async def test_the_api_shows_similar_incidents_runbooks_and_patterns(home: Home, tmp_path: Path) -> None:
    (tmp_path / "errors.md").write_text(
        "---\nalertname: HighErrorRate\nactions: restart\n---\n# Errors\nRestart the pods."
    )
    (tmp_path / "pool.md").write_text("# Pool\nRaise the connection pool of the database.")
    assert await import_folder(home.house, tmp_path) == (2, 2, 0)
    for number in (1, 2):
        await home.incident(number, "memory", HEAP)
    await remember_closed(home.house)
    await home.incident(3, "memory", HEAP, ended=False)
    detail = (await home.client.get("/api/v1/incidents/inc-3")).json()
    assert {s["id"] for s in detail["similar"]} == {"inc-1", "inc-2"}
    assert detail["similar"][0]["because"]
    assert [r["key"] for r in detail["runbooks"]] == ["errors"]
    alone = (await home.client.get("/api/v1/incidents/inc-3/similar?limit=1")).json()
    assert len(alone["items"]) == 1
    told = (await home.client.get("/api/v1/knowledge/patterns?days=30")).json()
    assert [(p["kind"], p["service"], p["count"]) for p in told["items"]] == [("memory", "cart", 2)]
    found = (await home.client.get("/api/v1/knowledge/search", params={"q": "too few database connections"})).json()
    assert found["items"][0]["key"] == "pool"
    draft = await home.client.get("/api/v1/incidents/inc-1/post-mortem")
    assert draft.headers["content-type"].startswith("text/markdown")
    assert draft.text.startswith("# Post-mortem (draft)")


async def test_a_folder_is_kept_imported(home: Home, tmp_path: Path) -> None:
    page = tmp_path / "team" / "a.md"
    page.parent.mkdir()
    page.write_text("---\nrunbook_url: https://wiki.example/errors\n---\n# A")
    (tmp_path / "outside.md").symlink_to("/etc/hostname")
    settings = Settings.model_validate({"recall": {"knowledge_folder": str(tmp_path)}})
    house = replace(home.house, settings=settings)
    assert import_knowledge.JOB.seconds(settings) == 300
    assert import_knowledge.JOB.seconds(Settings()) == 0
    await import_knowledge.JOB.run(house)
    assert await import_folder(house, tmp_path) == (1, 0, 0), "unchanged files are left alone"
    alert = replace(ALERT, annotations={"runbook_url": "https://wiki.example/errors"})
    assert [a.title for a in await runbooks_for(house, [alert])] == ["A"]
    page.write_text("# B")
    assert await import_folder(house, tmp_path) == (1, 1, 0)
    page.unlink()
    assert await import_folder(house, tmp_path) == (0, 0, 1)
    await import_knowledge.JOB.run(
        replace(house, settings=Settings.model_validate({"recall": {"knowledge_folder": "/nowhere"}}))
    )


async def test_patterns_look_back_only_as_far_as_asked(home: Home) -> None:
    for number in (1, 2):
        await home.incident(number, "memory", HEAP)
    await remember_closed(home.house)
    assert [p.count for p in await recurring(home.house, 30)] == [2]
    home.clock.advance(days=60)
    assert await recurring(home.house, 30) == []


async def test_faiss_replaces_and_ranks() -> None:
    index = Faiss()
    assert await index.nearest(np.ones(3, np.float32), 2) == []
    await index.put([("a", normed([[1, 0, 0]], 3)[0]), ("b", normed([[0, 1, 0]], 3)[0])])
    await index.put([("a", normed([[0, 1, 1]], 3)[0])])
    found = await index.nearest(normed([[0, 0, 1]], 3)[0], 5)
    assert [(subject, round(score, 3)) for subject, score in found] == [("a", 0.707), ("b", 0.0)]
    await index.clear()
    assert await index.nearest(np.ones(3, np.float32), 2) == []


class SearchService:
    """Azure AI Search's REST API as far as we use it, checking what the real one refuses."""

    def __init__(self) -> None:
        self.documents: dict[str, list[float]] = {}
        self.dimensions = 0
        self.seen: list[str] = []

    async def answer(self, request: Request) -> Response:
        self.seen.append(f"{request.method} {request.url.path}")
        if request.headers.get("api-key") != "key" or request.query_params.get("api-version") != "2024-07-01":
            return Response(status_code=403)
        if request.method == "DELETE":
            self.documents.clear()
            self.dimensions = 0
            return Response(status_code=204)
        body = await request.json()
        if request.method == "PUT":
            field = next(f for f in body["fields"] if f["name"] == "vector")
            assert field["vectorSearchProfile"] in {p["name"] for p in body["vectorSearch"]["profiles"]}
            self.dimensions = field["dimensions"]
            return JSONResponse(body, 201)
        if not self.dimensions:
            return Response(status_code=404)
        if request.url.path.endswith("/docs/index"):
            return self._put(body["value"])
        asked = body["vectorQueries"][0]
        vector = np.array(asked["vector"])
        scored = [(1 / (2 - float(np.array(v) @ vector)), k) for k, v in self.documents.items()]
        rows = [{"@search.score": s, "id": k} for s, k in sorted(scored, reverse=True)[: asked["k"]]]
        return JSONResponse({"value": rows})

    def _put(self, documents: list[dict[str, Any]]) -> Response:
        for d in documents:
            assert d["@search.action"] == "mergeOrUpload"
            assert all(c.isalnum() or c in "-_=" for c in d["id"])
            assert len(d["vector"]) == self.dimensions
            self.documents[d["id"]] = d["vector"]
        return JSONResponse({"value": [{"key": d["id"], "status": True} for d in documents]})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/indexes/{rest:path}", self.answer, methods=["PUT", "POST", "DELETE"])])


async def test_azure_ai_search_may_hold_the_vectors_instead(home: Home) -> None:
    service = SearchService()
    async with serving({"search": service.app()}) as urls:
        index = AzureAiSearch(urls["search"], "key", "incidents")
        house = replace(home.house, index=index)
        await home.incident(1, "memory", HEAP)
        await home.incident(2, "network", DNS)
        await remember_closed(house)
        open_ = await home.incident(3, "memory", HEAP, ended=False)
        found = await similar(house, open_.id)
        assert found[0].past.id == "inc-1"
        assert found[0].similarity == pytest.approx((await similar(home.house, open_.id))[0].similarity, abs=0.01)
        await index.clear()
        with pytest.raises(ModelError):
            await index.nearest(np.ones(3, np.float32), 1)
        wrong = AzureAiSearch(urls["search"], "other", "incidents")
        assert await similar(replace(home.house, index=wrong), open_.id) == [], (
            "a refusing index costs the list, nothing else"
        )
        await wrong.aclose()
        await index.aclose()


async def test_azure_openai_makes_vectors_of_redacted_texts() -> None:
    asked: list[dict[str, Any]] = []
    status = 200

    async def embeddings(request: Request) -> Response:
        asked.append(await request.json())
        assert request.headers["api-key"] == "secret-key"
        assert request.url.path == "/openai/deployments/small/embeddings"
        if status != 200:
            return JSONResponse({"error": {"message": "busy", "code": "429"}}, status, headers={"retry-after-ms": "1"})
        rows = [{"object": "embedding", "index": n, "embedding": [1.0] * 1536} for n in range(len(asked[-1]["input"]))]
        return JSONResponse(
            {"object": "list", "data": rows, "model": "small", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )

    app = Starlette(routes=[Route("/{rest:path}", embeddings, methods=["POST"])])
    async with serving({"azure": app}) as urls:
        llm = LlmSettings.model_validate({"endpoint": urls["azure"], "api_key": "secret-key"})
        embedder = azure_openai.build(RecallSettings(embedding_deployment="small"), llm)
        rows = await embedder.embed(["password=hunter22 leaks", "b"])
        assert rows.shape == (2, 1536)
        assert np.linalg.norm(rows[0]) == pytest.approx(1, abs=1e-3)
        assert "hunter22" not in json.dumps(asked)
        assert (await embedder.embed([])).shape == (0, 1536)
        status = 429
        with pytest.raises(ModelUnavailable):
            await embedder.embed(["c"])


def test_embedders_say_what_they_lack(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="endpoint"):
        azure_openai.build(RecallSettings(), LlmSettings())
    with pytest.raises(ConfigurationError, match="folder"):
        sentence_transformer.build(RecallSettings(), LlmSettings())
    with pytest.raises(ConfigurationError, match="library"):
        sentence_transformer.build(RecallSettings(embedder_path=str(tmp_path)), LlmSettings())


async def test_articles_are_stored_as_they_are(home: Home) -> None:
    article = Article("k", "runbook", "T", "text", ("A",), {"app": "x"}, ("restart",), "https://wiki/k", "d")
    async with home.house.store.transaction() as tx:
        assert await tx.save_articles("s", [article], NOW) == (1, 0)
        assert await tx.articles() == [article]


def test_the_command_line_imports_a_folder(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("# A")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(build("knowledge"), ["knowledge", "import", str(tmp_path)])
    assert said.stdout == "1 articles: 1 written, 0 removed\n", (said.output, said.exception)
    again = CliRunner().invoke(build("knowledge"), ["knowledge", "import", str(tmp_path)])
    assert again.stdout == "1 articles: 0 written, 0 removed\n"
