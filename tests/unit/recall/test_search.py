"""Search by meaning: a question finds the statement although they share no word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.recall.search import Document, SearchIndex
from watchkeeper.recall.thesaurus import concepts, general, lexicon
from watchkeeper.recall.words import stem, words

LINES = (
    Document("auth", "pam_unix(app:auth): authentication failure; logname= uid=<*> rhost=<*>", "idp"),
    Document("oom", "Killed process <*> (postgres) total-vm:<*> anon-rss:<*>", "kernel db-1"),
    Document("dns", "getaddrinfo ENOTFOUND <*>", "web"),
    Document("disk", "write <*>: no space left on device", "ledger"),
    Document("refused", "dial tcp <*>: connect: connection refused", "checkout"),
    Document("ok", "GET /health 200 in <*>", "web"),
    Document("lock", "process <*> still waiting for ShareLock on transaction <*> after <*>", "db-1"),
    Document("cert", "x509: certificate has expired or is not yet valid", "gateway"),
    Document("wakelock", "PowerManagerService: acquire lock=<*> tag=WakeLock", "phone"),
    Document("speed", "cache warmed in <*>", "catalog"),
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("why can nobody log in", "auth"),
        ("out of memory on the db box", "oom"),
        ("cannot look up the host name", "dns"),
        ("is the drive full?", "disk"),
        ("nothing listens on that port, backend unreachable", "refused"),
        ("TLS handshake trouble, cert too old", "cert"),
        ("database deadlock or lock wait", "lock"),
    ],
)
def test_a_plain_question_finds_what_a_machine_wrote(question: str, answer: str) -> None:
    index = SearchIndex(LINES)
    assert index.search(question)[0].id == answer
    assert index.search(question)[0].because


def test_words_alone_do_not_find_all_of_them() -> None:
    index = SearchIndex(LINES)
    assert "auth" not in index.bm25("why can nobody log in")


def test_an_embedders_opinion_counts() -> None:
    import numpy as np

    index = SearchIndex(LINES)
    opinion = np.zeros(len(LINES))
    opinion[9] = 1.0
    assert index.search("zebra", similarity=opinion)[0].id == "speed"
    assert index.search("zebra") == []


@pytest.mark.parametrize(
    "forms",
    [
        ("mount", "mounts", "mounted", "mounting"), ("allocate", "allocated", "allocation"), ("fail", "failed", "failing", "fails"),
        ("schedule", "scheduler", "scheduled"), ("retry", "retries", "retried"), ("connect", "connection", "connected"),
        ("authenticate", "authentication", "authenticated"), ("stop", "stopped", "stopping"),
    ],
)  # fmt: skip
def test_endings_come_off(forms: tuple[str, ...]) -> None:
    assert len({stem(f) for f in forms}) == 1


def test_names_are_split_and_kept() -> None:
    found = words("dfs.DataNode$PacketResponder keep_alive /var/log/syslog HTTPServer")
    assert {"data", stem("node"), stem("packet"), stem("responder"), "datanod", "keep", "aliv", stem("server")} <= set(
        found
    )


def test_the_thesaurus_is_broad_and_weighed() -> None:
    assert len(lexicon()) > 2000
    assert "fail" in general()
    assert "oom" not in general()
    assert concepts(words("java heap space exhausted"))["oom"] > concepts(words("some heap"))["oom"]
    assert all(0 < w <= 1 for found in lexicon().values() for w in found.values())


@given(st.text(max_size=300), st.lists(st.text(max_size=120), max_size=6))
def test_any_text_can_be_indexed_and_asked(question: str, texts: list[str]) -> None:
    index = SearchIndex([Document(str(n), t) for n, t in enumerate(texts)])
    hits = index.search(question)
    assert len({h.id for h in hits}) == len(hits)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
