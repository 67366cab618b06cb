"""Similar past incidents on seeded synthetic ones: is one of the same mechanism among the first three?"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._past_incidents import Labelled, made
from watchkeeper.domain.faults import FAULTS
from watchkeeper.recall.offline_embedding import embed
from watchkeeper.recall.portrait import situation_of
from watchkeeper.recall.search import Document, SearchIndex

SEEDS = 5
_THREE = 3

Ranker = Callable[[int], list[int]]


def run(asked: Asked) -> dict[str, Any]:
    """hit@1 and hit@3 of our memory, of BM25 over the same text, and of "same alert name, newest first"; leave one out."""
    rows = []
    for seed in range(1, SEEDS + 1):
        rows.append(measured(made(seed)))
        asked.progress(seed, SEEDS)
    figures: dict[str, Any] = {
        "benchmark": "recall", "seeds": SEEDS, "incidents": rows[0]["incidents"], "mechanisms": rows[0]["mechanisms"],
        "alert_names": rows[0]["alert_names"],
    }  # fmt: skip
    for name in ("memory", "bm25", "same_alert"):
        for depth in ("hit@1", "hit@3"):
            values = [row[name][depth] for row in rows]
            figures[f"{name} {depth}"] = round(float(np.mean(values)), 3)
            figures[f"{name} {depth} worst seed"] = round(min(values), 3)
    write_json(asked.json_out, figures)
    return figures


def measured(past: Sequence[Labelled]) -> dict[str, Any]:
    """One generated history."""
    situations = [situation_of(p.incident, p.alerts, p.diagnosis, p.topology) for p in past]
    vectors = np.stack([embed(s) for s in situations])
    near = vectors @ vectors.T
    texts = [_text(p) for p in past]
    index = SearchIndex([Document(str(n), text) for n, text in enumerate(texts)])

    def by_memory(number: int) -> list[int]:
        return [int(n) for n in np.argsort(-near[number], kind="stable")]

    def by_words(number: int) -> list[int]:
        return [int(n) for n in index.bm25(texts[number], len(past))]

    def by_alert(number: int) -> list[int]:
        alike = [n for n, p in enumerate(past) if p.alerts[0].name == past[number].alerts[0].name]
        return sorted(alike, key=lambda n: abs(n - number))

    rankers: dict[str, Ranker] = {"memory": by_memory, "bm25": by_words, "same_alert": by_alert}
    return {
        "incidents": len(past), "mechanisms": len({p.label for p in past}), "alert_names": len(Counter(p.alerts[0].name for p in past)),
        **{name: _hits(past, ranker) for name, ranker in rankers.items()},
    }  # fmt: skip


def _hits(past: Sequence[Labelled], ranker: Ranker) -> dict[str, float]:
    found = []
    for number, one in enumerate(past):
        ranking = [n for n in ranker(number) if n != number][:_THREE]
        found.append([past[n].label == one.label for n in ranking])
    return {
        "hit@1": sum(bool(f) and f[0] for f in found) / len(past), "hit@3": sum(any(f) for f in found) / len(past)
    }  # fmt: skip


def _text(past: Labelled) -> str:
    """Everything a search by words would have: title, alerts, every statement, every line, the kinds in words."""
    d = past.diagnosis
    kinds = (f"{h.service} {FAULTS[h.kind].title}" for h in d.hypotheses)
    statements = (part for e in d.evidence for part in (e.statement,))
    changes = (f"{c.kind} of {c.service}" for c in d.changes)
    return "\n".join((past.incident.title, *(a.name for a in past.alerts), *kinds, *statements, *changes))
