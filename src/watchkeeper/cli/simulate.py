"""Run a simulated world, broken or not, to look at with kubectl and curl."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper.cli._running import until_told
from watchkeeper.cli.demo import rules_text
from watchkeeper.shelf import plugin
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.serve import simulation


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    name: Annotated[str, typer.Argument(help="A scenario of the shelf, or healthy.")] = "healthy",
    seed: Annotated[int, typer.Option(help="Another world.")] = 1,
    seconds: Annotated[float, typer.Option(help="End after so long; 0: at Ctrl-C.")] = 0,
    history_minutes: Annotated[float, typer.Option(help="Life before the fault.")] = 10,
    webhook: Annotated[str, typer.Option(help="Post alerts to this Alertmanager webhook.")] = "",
) -> None:
    """The world at real speed: Kubernetes, Prometheus, Loki, Tempo and GitHub on free ports of the loopback."""
    scenario = None if name == "healthy" else plugin("watchkeeper.simulate.scenarios", "SCENARIO", name)
    asyncio.run(_live(scenario, seed, seconds, history_minutes, webhook))


async def _live(scenario: Scenario | None, seed: int, seconds: float, history_minutes: float, webhook: str) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="watchkeeper-world-", ignore_cleanup_errors=True) as folder:
        async with (
            until_told() as stop,
            simulation(Path(folder), seed=seed, history_minutes=history_minutes, rules_text=rules_text()) as here,
        ):
            here.webhook = webhook
            for what, url in sorted(here.urls.items()):
                console.print(f"{what:12} {url}")
            console.print(f"kubectl --kubeconfig {here.kubeconfig} get pods -A")
            if scenario is not None:
                here.break_(scenario)
                console.print(f"broken on purpose: {scenario.name.replace('_', ' ')}")
            try:
                await asyncio.wait_for(stop.wait(), seconds or None)
            except TimeoutError:
                console.print("time is over")
