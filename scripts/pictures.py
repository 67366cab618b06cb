"""Draws the pictures of docs/explanation/how-causes-are-ranked.md from a simulated incident: make pictures."""

import asyncio
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from watchkeeper.bench.worlds import every_play, staged
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.evidence import EvidenceFile
from watchkeeper.simulate.shop import CALLS

OUT = Path(__file__).parent.parent / "docs/explanation/img"
PANELS = (
    ("database", "latency-95", "database: 95th percentile, s"), ("payment", "pool-rate", "payment: pool in use, %"),
    ("payment", "latency-95", "payment: 95th percentile, s"), ("gateway", "error-rate", "gateway: failing requests, %"),
)  # fmt: skip
PLACES = {
    "gateway": (0, 2), "frontend": (1, 2), "catalogue": (2, 3), "cart": (2, 1), "checkout": (2, 2), "payment": (3, 2.6),
    "shipping": (3, 1.6), "cache": (4, 1), "database": (4, 3), "queue": (4, 2),
}  # fmt: skip
QUIET, VICTIM, CAUSE = "#e6e8eb", "#f4c56a", "#d64545"


def main() -> None:
    """One incident: what each service showed, and who was blamed."""
    play = next(p for p in every_play() if p.name == "slow_database")
    evidence = asyncio.run(staged(play, 1))
    found = diagnose(evidence)
    assert found.cause is not None
    OUT.mkdir(parents=True, exist_ok=True)
    plt.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "watchkeeper",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    signals(evidence)
    graph(found.cause.service, set(found.cause.explains))


def signals(evidence: EvidenceFile) -> None:
    """Four metrics around the onset."""
    figure, axes = plt.subplots(2, 2, figsize=(8, 4.2), sharex=True)
    for axis, (service, metric, title) in zip(axes.flat, PANELS, strict=True):
        draw(axis, evidence, service, metric, title)
    figure.tight_layout()
    save(figure, "slow-database-signals.svg")


def draw(axis: Axes, evidence: EvidenceFile, service: str, metric: str, title: str) -> None:
    """The worst pod of a service, minutes from the onset."""
    onset = evidence.window.onset.timestamp()
    series = max(
        (s for s in evidence.metrics if (s.service, s.metric) == (service, metric)),
        key=lambda s: float(s.values[-6:].max()),
    )
    near = series.times > onset - 180
    axis.plot(
        (series.times[near] - onset) / 60,
        series.values[near],
        color=CAUSE if service == "database" else "#34495e",
        linewidth=1.4,
    )
    axis.axvline(0, color="#888888", linestyle=":", linewidth=1)
    axis.set_title(title, loc="left", fontsize=9)
    axis.set_xlabel("minutes from the onset")


def graph(cause: str, victims: set[str]) -> None:
    """Who calls whom: the cause red, what it explains amber."""
    figure, axis = plt.subplots(figsize=(8, 3))
    for caller, callee in CALLS:
        axis.annotate(
            "",
            PLACES[callee],
            PLACES[caller],
            arrowprops={"arrowstyle": "->", "color": "#9aa5b1", "shrinkA": 26, "shrinkB": 26},
        )
    for service, (x, y) in PLACES.items():
        colour = CAUSE if service == cause else VICTIM if service in victims else QUIET
        box = {"boxstyle": "round,pad=0.5", "facecolor": colour, "edgecolor": "none"}
        axis.text(x, y, service, ha="center", va="center", bbox=box, color="white" if service == cause else "black")
    axis.set_xlim(-0.5, 4.5)
    axis.set_ylim(0.5, 3.5)
    axis.axis("off")
    save(figure, "slow-database-graph.svg")


def save(figure: plt.Figure, name: str) -> None:
    """Without a date, so that drawing again changes nothing."""
    figure.savefig(OUT / name, metadata={"Date": None})
    print(f"pictures: {OUT / name}")


if __name__ == "__main__":
    main()
