"""Review a change of infrastructure against the policies."""

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from watchkeeper.app import build_codehost
from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain
from watchkeeper.domain.clock import SystemClock
from watchkeeper.domain.errors import ConfigurationError, WatchkeeperError
from watchkeeper.policy.review import ChangeReview, risk, sarif
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.review_change import files_of, files_of_pull_request, reviewed

DEFAULT = Path("policies")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("review-change")(review_change)


def review_change(
    change: Annotated[str, typer.Argument(help="A folder, or the number of a pull request of delivery.repository.")],
    policies: Annotated[
        Path | None, typer.Option(help="Folder of your own policies and waivers.yaml; else ./policies where it is.")
    ] = None,
    environment: Annotated[str, typer.Option(help="production: judge everything as production.")] = "",
    sarif_out: Annotated[Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Exit status 1 where a policy that must hold is broken and no waiver excuses it."""
    chosen = policies or (DEFAULT if DEFAULT.is_dir() else None)
    files = asyncio.run(_pull_request(load(), int(change))) if change.isdigit() else files_of(Path(change))
    said = reviewed(files, chosen, SystemClock().now().date(), production=environment.lower().startswith("prod"))
    level, because = risk(said, _incidents(said))
    if sarif_out is not None:
        sarif_out.write_text(json.dumps(sarif(said), indent=1) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(
            json.dumps(
                {**asdict(said), "risk": level, "because": list(because), "blocking": len(said.blocking)}, indent=1
            )
        )
    else:
        show(said, level, because, Console(highlight=False, markup=False, soft_wrap=True))
    raise typer.Exit(1 if said.blocking else 0)


async def _pull_request(settings: Settings, number: int) -> dict[str, str]:
    host = build_codehost(settings)
    if host is None:
        raise ConfigurationError("no repository is configured", hint="set delivery.repository, or name a folder")
    try:
        return (await files_of_pull_request(host, number, settings.delivery.path))[0]
    finally:
        await host.aclose()


def _incidents(said: ChangeReview) -> dict[str, int]:
    """How many incidents each touched service had lately, where a server is named by WATCHKEEPER_URL."""
    if "WATCHKEEPER_URL" not in os.environ or not said.touched.services:
        return {}
    try:
        answer: dict[str, Any] = call("GET", "/api/v1/incidents", params={"limit": 500})
    except WatchkeeperError:
        return {}
    counts: dict[str, int] = {}
    for row in answer["items"]:
        for service in {row["service"], row["cause_service"]} - {""}:
            counts[service] = counts.get(service, 0) + 1
    return counts


def show(said: ChangeReview, level: str, because: tuple[str, ...], console: Console) -> None:
    """As a person reads it."""
    colours = {"error": "red", "warning": "yellow", "note": "blue"}
    for finding in said.findings:
        waived = f" (waived: {plain(finding.waived)})" if finding.waived else ""
        console.print(
            f"{finding.severity} {finding.policy} {plain(finding.path)}:{finding.line} {finding.title}: {plain(finding.what)}{waived}",
            style=colours[finding.severity],
        )
        console.print(f"    {finding.reason} {finding.fix}")
    touched = said.touched
    console.print(
        f"{said.files} files, {len(touched.objects)} objects, services: {plain(', '.join(touched.services) or 'none')}"
    )
    console.print(f"risk {level}{': ' + plain('; '.join(because)) if because else ''}")
    console.print(f"{len(said.findings)} findings, {len(said.blocking)} must be mended before a merge")
