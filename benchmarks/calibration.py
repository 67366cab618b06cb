"""Is a confidence of 0.9 right nine times in ten? Fitted on all labelled sets but one, checked on that one.

The one place that reads labels beside the data's own scorers: it fits the two constants of `diagnose/rank.py`.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LEAST_IN_BIN = 20
_RIDGE = 0.1


@dataclass(frozen=True)
class Claim:
    """A first-ranked cause: its lead over the runner-up, whether it was right, and what the engine said."""

    set_name: str
    case: str
    lead: float
    score: float
    confidence: float
    right: bool


def claims_of(folder: Path, figures: dict[str, Any]) -> tuple[list[Claim], list[str]]:
    """What was claimed in one set, and the cases that were left open."""
    labels = json.loads((folder / "labels.json").read_text())
    claims, open_cases = [], []
    for case, ranked in figures["ranked"].items():
        if case in figures["abstentions"] or not ranked:
            open_cases.append(f"{case}: {figures['abstentions'].get(case, 'nothing found')}")
            continue
        scores = [r["score"] for r in ranked] + [0.0]
        right = ranked[0]["service"] == labels[case]["root_cause_service"]
        claims.append(
            Claim(folder.name, case, min(scores[0] - scores[1], 1.0), scores[0], ranked[0]["confidence"], right)
        )
    return claims, open_cases


def fit(claims: list[Claim]) -> tuple[float, float]:
    """Base and slope of a logistic curve over the lead, with a little ridge on the slope."""
    x = np.array([[1.0, c.lead] for c in claims])
    y = np.array([c.right for c in claims], dtype=float)
    weights, ridge = np.zeros(2), np.diag([1e-6, _RIDGE])
    for _ in range(60):
        p = 1 / (1 + np.exp(-x @ weights))
        weights -= np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge, x.T @ (p - y) + ridge @ weights)
    return float(weights[0]), float(weights[1])


def left_out(claims: list[Claim]) -> list[tuple[float, bool]]:
    """(said, right) of every claim by the curve fitted without its set."""
    out = []
    for name in sorted({c.set_name for c in claims}):
        base, slope = fit([c for c in claims if c.set_name != name])
        out += [(1 / (1 + math.exp(-(base + slope * c.lead))), c.right) for c in claims if c.set_name == name]
    return out


def table(said: list[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Bins of at least twenty: mean said, share right, with a 90 % Wilson interval."""
    ordered = sorted(said)
    bins = np.array_split(np.arange(len(ordered)), max(len(ordered) // LEAST_IN_BIN, 1))
    rows = []
    for places in bins:
        inside = [ordered[n] for n in places]
        right, n = sum(r for _, r in inside), len(inside)
        low, high = wilson(right, n)
        rows.append(
            {
                "cases": n, "said": round(float(np.mean([s for s, _ in inside])), 3), "right": round(right / n, 3),
                "interval": [round(low, 2), round(high, 2)],
            }
        )  # fmt: skip
    return rows


def wilson(right: int, n: int, z: float = 1.645) -> tuple[float, float]:
    """Interval of a share."""
    p, d = right / n, 1 + z * z / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (p + z * z / (2 * n) - half) / d, (p + z * z / (2 * n) + half) / d
