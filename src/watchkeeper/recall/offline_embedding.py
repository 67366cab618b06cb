"""A situation as a vector, without a model: features by group, each group normed and weighed, hashed into fixed places.

What a fault is made of (kinds considered, symptoms by role, concepts of the log lines) weighs more than the names around it
(alert, service), because the same alert has many causes and the same cause visits many services. Deterministic; no training.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from watchkeeper.domain.memory import Situation
from watchkeeper.recall.framing import said
from watchkeeper.recall.thesaurus import concepts, general
from watchkeeper.recall.words import grams, telling, words

DIMENSIONS = 1024
NAME = "offline-1"
"""Stands beside each stored vector: another version's vectors are not compared with these."""
_WEIGHTS = {
    "kind": 0.75, "symptom": 0.75, "concept": 0.9, "word": 0.6, "gram": 0.5, "role": 0.25, "change": 0.35, "alert": 0.1,
    "service": 0.15,
}  # fmt: skip
_GENERAL = 0.3
"""What a concept counts that nearly every line has."""
_PLACES = 2
"""Places a feature is spread over, so that two features seldom fall together in both."""

Floats = npt.NDArray[np.float32]


def embed(situation: Situation) -> Floats:
    """A vector of length 1 (0 where there is nothing to say)."""
    out = np.zeros(DIMENSIONS, np.float64)
    for group, features in grouped(situation).items():
        length = sum(v * v for v in features.values()) ** 0.5
        for feature, value in features.items():
            for place, sign in _places(f"{group} {feature}"):
                out[place] += sign * _WEIGHTS[group] * value / (length or 1.0)
    length = float(np.linalg.norm(out))
    return (out / length if length else out).astype(np.float32)


def grouped(situation: Situation) -> Mapping[str, Mapping[str, float]]:
    """group -> feature -> value"""
    out: dict[str, dict[str, float]] = {group: defaultdict(float) for group in _WEIGHTS}
    out["kind"].update(situation.kinds)
    for s in situation.symptoms:
        out["symptom"][f"{s.role} {s.metric} {s.direction}"] += s.strength
        out["symptom"][f"{s.metric} {s.direction}"] += s.strength
    for told in situation.texts:
        stems, belief = words(said(told.text)), told.weight
        for concept, weight in concepts(stems).items():
            out["concept"][concept] += belief * weight * (_GENERAL if concept in general() else 1.0)
        for word in set(telling(stems)):
            out["word"][word] += belief
        for gram in set(grams(telling(stems), (4,))):
            out["gram"][gram] += belief
    for group in ("concept", "word", "gram"):
        # A line that is repeated says little more than said once.
        out[group] = defaultdict(float, {k: v**0.5 for k, v in out[group].items()})
    for group, values in (
        ("role", situation.roles), ("change", situation.changes), ("alert", situation.alerts),
        ("service", (situation.service, *situation.services[:1])),
    ):  # fmt: skip
        for value in filter(None, values):
            out[group][value] += 1.0
    return out


@lru_cache(maxsize=200_000)
def _places(feature: str) -> tuple[tuple[int, float], ...]:
    digest = hashlib.blake2b(feature.encode(), digest_size=4 * _PLACES).digest()
    numbers = (int.from_bytes(digest[4 * n : 4 * n + 4], "little") for n in range(_PLACES))
    return tuple((n % DIMENSIONS, 1.0 if n & 0x8000_0000 else -1.0) for n in numbers)


def described(situation: Situation) -> str:
    """The same in words, for an embedder that is a model, and for searches by words. Telemetry text as it is: not for people."""
    symptoms = "; ".join(f"{s.metric} {s.direction or 'unusual'} in {s.role}" for s in situation.symptoms)
    parts = (
        situation.title, f"alerts {', '.join(situation.alerts)}", f"hurts {situation.service}",
        f"considered {', '.join(situation.kinds)}", symptoms, *(t.text for t in situation.texts), f"changes {', '.join(situation.changes)}",
    )  # fmt: skip
    return "\n".join(p for p in parts if p)


def shared(one: Situation, other: Situation, most: int = 6) -> tuple[str, ...]:
    """What two situations have in common, the weightiest first, in words: `kind memory`, `symptom mem up`, …"""
    a, b = grouped(one), grouped(other)
    found: dict[str, float] = {}
    for group in _WEIGHTS:
        if group == "gram":
            continue
        lengths = (sum(v * v for v in side[group].values()) ** 0.5 or 1.0 for side in (a, b))
        norm = _WEIGHTS[group] ** 2
        for length in lengths:
            norm /= length
        for feature in a[group].keys() & b[group].keys():
            found[f"{group} {feature}".strip()] = norm * a[group][feature] * b[group][feature]
    return tuple(sorted(found, key=lambda f: (-found[f], f))[:most])
