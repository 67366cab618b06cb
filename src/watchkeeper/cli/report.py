"""What your alerts of the last weeks would have been: one HTML file, nothing deployed, nothing written anywhere else."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import Environment
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from watchkeeper.domain.clock import SystemClock, SystemIds
from watchkeeper.settings import KubernetesSource, PrometheusSource, load
from watchkeeper.settings.sources import Budget
from watchkeeper.shelf import plugin
from watchkeeper.telemetry.alert_history import AlertHistory
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.telemetry.port import Source, SourceTools
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.workflows import report as story

_BUDGET = Budget(
    queries_per_incident=1000, bytes_per_incident=10**11, series_per_incident=10**8, seconds_per_incident=3600
)
_PAGE = Path(__file__).parent / "report.html"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    prometheus: Annotated[str, typer.Option(help="Address of the Prometheus that keeps ALERTS.")],
    context: Annotated[str, typer.Option(help="Context of your kubeconfig, to say what changed before.")] = "",
    days: Annotated[float, typer.Option(min=0.01, max=400, help="How far back.")] = 30,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("watchkeeper-report.html"),
    config: Annotated[Path | None, typer.Option(help="Configuration file, for credentials and grouping rules.")] = None,
) -> None:
    """Read alerts of the past and write one HTML file: incidents, rules to fix, what could have been foreseen."""
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("reading alerts", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        said = asyncio.run(_report(prometheus, context, days, config, progress))
    page = Environment(autoescape=True).from_string(_PAGE.read_text(encoding="utf-8"))
    out.write_text(page.render(report=said, days=days, shown=said.incidents[:500]), encoding="utf-8")
    typer.echo(f"{said.alerts:,} alerts -> {len(said.incidents):,} incidents; {len(said.advice)} rules to fix; {out}")


async def _report(
    prometheus: str, context: str, days: float, config: Path | None, progress: story.Progress
) -> story.Report:
    settings, clock = load(config), SystemClock()
    resolver = Resolver(settings.entities)
    tools = SourceTools(clock, resolver, MemoryLedger())
    section = settings.sources.prometheus.model_copy(
        update={"url": prometheus, "budget": _BUDGET, "timeout_seconds": 90.0}
    )
    history, cluster = (
        AlertHistory(PrometheusSource.model_validate(section.model_dump()), tools),
        _cluster(context, tools),
    )
    end = clock.now().replace(second=0, microsecond=0)
    try:
        return await story.report(
            history, cluster, end - timedelta(days=days), end, settings.correlation, SystemIds(),
            lambda alert: resolver.resolve("metrics", alert.labels), progress,
        )  # fmt: skip
    finally:
        await history.close()
        if cluster is not None:
            await cluster.close()


def _cluster(context: str, tools: SourceTools) -> Source | None:
    if not context:
        return None
    section = KubernetesSource(kubeconfig=str(Path.home() / ".kube/config"), context=context, budget=_BUDGET)
    source: Source = plugin("watchkeeper.telemetry.sources", "build", "kubernetes")(section, tools)
    return source
