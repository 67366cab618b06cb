"""Past incidents: what they looked like, as vectors; articles; patterns."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper.bench import recall as bench
from watchkeeper.bench._asked import Asked
from watchkeeper.bench._past_incidents import made
from watchkeeper.domain.memory import Article, PastIncident, Situation, Symptom, Told, Tried
from watchkeeper.domain.topology import Topology
from watchkeeper.recall.articles import article_of, belonging, search_articles
from watchkeeper.recall.framing import said
from watchkeeper.recall.offline_embedding import embed, shared
from watchkeeper.recall.patterns import patterns
from watchkeeper.recall.portrait import family, role_of, roles_of, situation_of

MEMORY = Situation(
    "cart is slow", "web", ("HighLatency",), {"memory": 0.8, "crash": 0.2}, (Symptom("callee", "mem", "up"),),
    (Told("java.lang.OutOfMemoryError: Java heap space"),), ("cart",), ("callee", "leaf"),
)  # fmt: skip
SAME_ELSEWHERE = replace(
    MEMORY, title="feed fails", service="app", alerts=("HighErrorRate",), services=("feed",),
    texts=(Told("Container killed, exit code 137 (OOMKilled)"),),
)  # fmt: skip
SAME_ALERT = Situation(
    "cart is slow", "web", ("HighLatency",), {"network": 1.0}, (Symptom("callee", "latency", "up"),),
    (Told("getaddrinfo ENOTFOUND ledger"),), ("cart",), ("callee",),
)  # fmt: skip


def test_the_same_fault_elsewhere_is_nearer_than_the_same_alert() -> None:
    one = embed(MEMORY)
    assert np.linalg.norm(one) == pytest.approx(1)
    assert float(one @ embed(SAME_ELSEWHERE)) > float(one @ embed(SAME_ALERT)) + 0.2
    assert "kind memory" in shared(MEMORY, SAME_ELSEWHERE)
    assert np.linalg.norm(embed(Situation("", ""))) == 0


def test_a_vector_is_the_same_in_every_process() -> None:
    assert embed(MEMORY).tobytes() == embed(replace(MEMORY)).tobytes()
    # Stored vectors are compared with those of later processes: the places of features must never move.
    assert set(np.argsort(-np.abs(embed(MEMORY)))[:2].tolist()) == {924, 524}


def test_the_benchmarks_history_is_honest_and_memory_leads() -> None:
    past = made(4)
    assert len(past) >= 200
    by_alert: dict[str, set[str]] = {}
    for p in past:
        by_alert.setdefault(p.alerts[0].name, set()).add(p.label)
    sizes = sorted(map(len, by_alert.values()))
    assert sizes[0] > 2, "no alert gives its cause away"
    assert sizes[-1] > 25
    assert len({p.incident.service for p in past}) > 15
    figures = bench.measured(past)
    assert figures["memory"]["hit@3"] > figures["bm25"]["hit@3"] + 0.1 > figures["same_alert"]["hit@3"]
    assert [p.diagnosis for p in made(4)] == [p.diagnosis for p in past]
    wrong = sum(p.diagnosis.hypotheses[0].kind != _kind(p.label) for p in past)
    assert wrong > len(past) * 0.2, "diagnosis errs here too"


def _kind(label: str) -> str:
    from watchkeeper.bench._mechanisms import MECHANISMS

    return next(m.kind for m in MECHANISMS if m.name == label)


def test_the_benchmark_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SEEDS", 1)
    assert bench.run(Asked())["memory hit@3"] > 0.8


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"severity":"ERROR","message":"disk full"}', "disk full"),
        ("level=error msg=disk", "disk level=error "),
        ("ERROR:root:disk full", "disk full"),
        ("[main] ERROR c.shop.Handler - disk full", "disk full"),
        ("E0612 11:04:02.1 main.go:88] disk full", "disk full"),
        ("disk full", "disk full"),
        ("{broken", "{broken"),
    ],
)
def test_frames_come_off(line: str, message: str) -> None:
    assert said(line).strip().startswith(message.split(" level")[0])


def test_roles_and_families() -> None:
    graph = Topology.of([("web", "cart"), ("cart", "db"), ("pay", "db"), ("stock", "db")])
    roles = [role_of(s, "web", graph) for s in ("web", "cart", "db", "elsewhere")]
    assert roles == ["itself", "callee", "deep", "other"]
    assert role_of("web", "db", graph) == "caller"
    assert roles_of("db", "web", graph) == ["deep", "leaf", "shared"]
    assert (family("latency-95"), family("cpu-rate"), family("net-rx")) == ("latency", "cpu", "net-rx")


def test_a_situation_without_a_diagnosis_knows_its_alerts_and_hides_secrets() -> None:
    alert = replace(ALERT, annotations={"summary": "password=hunter22 leaks"})
    found = situation_of(INCIDENT, [alert], None, Topology())
    assert found.alerts == ("HighErrorRate",)
    assert "hunter22" not in found.texts[0].text


def test_front_matter_is_read_and_a_typo_loses_nothing() -> None:
    text = "---\nalertname: HighErrorRate\nlabels: {app: checkout}\nactions: [restart]\nrunbook_url: https://wiki/x\n---\n# Checkout errors\nLook at the pool."
    found = article_of("team/checkout-errors", text)
    assert (found.title, found.alertnames, found.actions) == ("Checkout errors", ("HighErrorRate",), ("restart",))
    broken = article_of("x", "---\na: [\n---\n# Title\nbody")
    assert "body" in broken.text
    assert broken.alertnames == ()
    assert article_of("2024/post-mortem-cart", "# Cart").kind == "post-mortem"


def test_runbook_urls_are_keys() -> None:
    articles = [
        article_of("checkout-errors", "# A"), article_of("b", "---\nrunbook_url: https://wiki/b/\n---\n# B"),
        article_of("c", "---\nalertname: HighErrorRate\nlabels: {app: cart}\n---\n# C"),
        article_of("d", "---\nalertname: HighErrorRate\n---\n# D"),
    ]  # fmt: skip
    labels = {"alertname": "HighErrorRate", "app": "checkout"}
    assert [a.key for a in belonging(articles, labels, "https://runbooks.example/Checkout-Errors.md")] == [
        "checkout-errors",
        "d",
    ]
    assert [a.key for a in belonging(articles, {}, "https://wiki/b")] == ["b"]
    assert [a.key for a in belonging(articles, {**labels, "app": "cart"}, "")] == ["c", "d"]
    assert search_articles(articles, "nothing of the kind zzz", 3) == []


def test_articles_are_found_by_meaning() -> None:
    articles = [
        Article("pool", "runbook", "Connection pool exhausted", "HikariPool waits. Raise the pool size."),
        Article("oom", "runbook", "Killed containers", "OOMKilled pods: look at the heap, raise the limit."),
    ]
    assert search_articles(articles, "pods run out of memory", 1)[0][0].key == "oom"


def past(number: int, kind: str, service: str, outcome: str = "succeeded") -> PastIncident:
    at = NOW + timedelta(days=number)
    return PastIncident(
        f"p{number}", replace(MEMORY, title=f"{number}"), at, at + timedelta(hours=1), "high", "prod", service, kind, "",
        (Tried("restart", "shop/Deployment/x", outcome),),
    )  # fmt: skip


def test_what_comes_back_is_told_with_what_helped() -> None:
    found = patterns([past(n, "memory", "cart") for n in range(4)] + [past(9, "cpu", "web")])
    assert [(p.kind, p.service, p.count) for p in found] == [("memory", "cart", 4)]
    assert found[0].every_hours == 24
    assert found[0].tried == (("restart", 4, 4),)
    assert found[0].hour is not None
    wide = patterns([past(n, "certificate", s) for n, s in enumerate(("a", "b", "c"))])
    assert [(p.service, p.services) for p in wide] == [("", ("a", "b", "c"))]
    assert patterns([past(1, "none", "a"), past(2, "none", "a")]) == []
