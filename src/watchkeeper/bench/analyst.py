"""Calls and tokens of the second look on scripted answers: one incident, the same again, and a storm of a thousand."""

import asyncio
import json
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchkeeper.app import build_house
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Finding, Hypothesis, Sentence
from watchkeeper.domain.evidence import Origin, Signal
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.severity import Severity
from watchkeeper.llm.port import Completion, Prompt, estimated_tokens
from watchkeeper.settings import Settings
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import migrate
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock, ScriptedModel
from watchkeeper.workflows.second_look import second_look

STORM = 1000
_AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
_ANSWER = json.dumps(
    {
        "ranking": ["H1"],
        "sentences": [{"text": "Requests wait for one of 4 connections.", "cites": ["E1"]}],
        "want": [],
        "actions": [],
    }
)
_WANTS = json.dumps(
    {
        "want": [
            {"tool": "changes", "service": "payment"},
            {"tool": "metrics", "service": "payment", "signal": "pool-rate"},
        ]
    }
)


class Endless(ScriptedModel):
    """Says the same for ever."""

    async def complete(self, prompt: Prompt) -> Completion:
        """The one answer."""
        self.asked.append(prompt)
        return Completion(_ANSWER, estimated_tokens(prompt.system + prompt.user), estimated_tokens(_ANSWER), self.name)


def run(asked: Asked) -> dict[str, Any]:
    """Calls per incident, tokens, calls of the second look, and what a storm costs."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-analyst-") as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            migrate(database.url())
            figures = asyncio.run(measured(database.url(), STORM, asked))
        finally:
            database.stop()
    write_json(asked.json_out, figures)
    return figures


async def measured(url: str, storm: int, asked: Asked) -> dict[str, Any]:
    """The figures."""
    cap = 200_000
    settings = Settings.model_validate({"llm": {"caps": {"tokens_per_day": cap}}})
    store = PostgresStore.open(url)
    house = replace(build_house(settings, store), clock=ManualClock(_AT), model=ScriptedModel([_WANTS, _ANSWER]))
    try:
        incident = incident_of(0)
        async with store.transaction() as tx:
            await tx.create_incident(incident)
        model = house.model
        first = await second_look(house, incident, diagnosis_of("0"))
        calls = len(model.asked)  # type: ignore[attr-defined]
        async with store.transaction() as tx:
            tokens, _ = await tx.model_spending(f"incident {incident.id}")
        again = await second_look(house, incident, diagnosis_of("0"))
        second = len(model.asked) - calls  # type: ignore[attr-defined]
        crowd = Endless([])
        house = replace(house, model=crowd)
        for number in range(1, storm + 1):
            one = incident_of(number)
            async with store.transaction() as tx:
                await tx.create_incident(one)
            await second_look(house, one, diagnosis_of(str(number)))
            asked.progress(number, storm)
        async with store.transaction() as tx:
            spent, _ = await tx.model_spending(f"day {_AT:%Y-%m-%d}")
            said = await tx.model_refusal_said(f"day {_AT:%Y-%m-%d}", _AT)
        return {
            "benchmark": "analyst", "calls_per_incident": calls, "tokens_per_incident": tokens, "sentences_by_model": sum(s.author == "scripted" for s in first.diagnosis.sentences),
            "calls_of_second_look": second, "second_look_is_the_same": again.diagnosis == first.diagnosis, "storm_incidents": storm, "storm_calls": len(crowd.asked),
            "storm_tokens_of_the_day": spent, "cap_of_the_day": cap, "under_the_cap": spent <= cap, "told_once": not said,
        }  # fmt: skip
    finally:
        await store.close()


def incident_of(number: int) -> Incident:
    """One of many."""
    return Incident(
        f"inc-storm-{number}",
        "payment answers slowly",
        Stage.OPENED,
        Severity.HIGH,
        "production",
        "shop",
        "payment",
        _AT,
        _AT,
        _AT,
    )


def diagnosis_of(mark: str) -> Diagnosis:
    """A diagnosis whose evidence differs by `mark`."""
    item = EvidenceItem(
        "E1", Signal.METRICS, "payment", f"pool-rate 100 of 100, 4 connections ({mark})", Origin.WORKLOAD
    )
    cause = Hypothesis(
        "payment",
        "pool_exhausted",
        "pool-rate",
        1.0,
        0.9,
        (Finding("pool", "pool_exhausted", "payment", "pool-rate", 1.0, "the pool is empty", (item,)),),
    )
    return Diagnosis(
        (cause,), (Sentence("Connection pool exhausted in payment.", ("E1",)),), evidence_digest=f"digest {mark}"
    )
