"""Look a cluster over and say what is wrong, worst first."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper.cli import _reports
from watchkeeper.diagnose.cluster.rule import Level
from watchkeeper.domain.clock import SystemClock
from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.settings import Settings, load
from watchkeeper.telemetry.port import ClusterQueries
from watchkeeper.workflows.check_clusters import Checked, check_clusters


class Output(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    context: Annotated[list[str] | None, typer.Option(help="Context of the kubeconfig; may be given often.")] = None,
    all_contexts: Annotated[bool, typer.Option("--all-contexts", help="Every context of the kubeconfig.")] = False,
    namespace: Annotated[list[str] | None, typer.Option("--namespace", "-n", help="Only these; default: all.")] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="text, json, sarif or junit.")] = Output.TEXT,
    advice: Annotated[bool, typer.Option("--advice", help="Also tell what had better be different.")] = False,
    kubeconfig: Annotated[Path | None, typer.Option(help="Default: KUBE_CONFIG_PATH, else in-cluster.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Print the findings of clusters, ranked, each with its evidence and a safe way out. Nothing is changed.

    Exit status 0: nothing wrong; 1: findings; 2: a cluster could not be looked at. Advice never changes it.
    """
    settings = _settings(load(config), kubeconfig)
    chosen = tuple(context or ())
    if all_contexts:
        from watchkeeper.telemetry.sources.kubernetes import contexts

        chosen = contexts(Path(settings.sources.kubernetes.kubeconfig))
    checked = [_told(c, advice) for c in asyncio.run(_check(settings, chosen, tuple(namespace or ())))]
    typer.echo(_reports.WRITERS[output](checked))
    raise typer.Exit(2 if any(c.failed for c in checked) else 1 if _wrong(checked) else 0)


def _settings(settings: Settings, kubeconfig: Path | None) -> Settings:
    section = settings.sources.kubernetes
    if kubeconfig is not None:
        section = section.model_copy(update={"kubeconfig": str(kubeconfig), "server": ""})
    settings = settings.model_copy(update={"sources": settings.sources.model_copy(update={"kubernetes": section})})
    if not front.switched_on(section):
        raise ConfigurationError("no cluster is named", hint="give --kubeconfig or set KUBE_CONFIG_PATH")
    return settings


async def _check(settings: Settings, contexts: tuple[str, ...], namespaces: tuple[str, ...]) -> list[Checked]:
    clusters = front.build_clusters(settings, contexts)
    try:
        readers = {name: source for name, source in clusters.items() if isinstance(source, ClusterQueries)}
        return await check_clusters(readers, namespaces, SystemClock().now())
    finally:
        for source in clusters.values():
            await source.close()


def _told(checked: Checked, advice: bool) -> Checked:
    found = tuple(f for f in checked.findings if advice or f.level is not Level.ADVICE)
    return Checked(checked.context, found, checked.objects, checked.denied, checked.failed)


def _wrong(checked: list[Checked]) -> bool:
    return any(f.level is not Level.ADVICE for c in checked for f in c.findings)
