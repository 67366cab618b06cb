"""Runbooks and what keeps coming back."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain

AsJson = Annotated[bool, typer.Option("--json", help="Print the server's JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Runbooks, post-mortems, recurring patterns.", no_args_is_help=True)
    group.command("import")(import_)
    group.command("search")(search)
    group.command("patterns")(patterns)
    app.add_typer(group, name="knowledge")


def import_(
    folder: Annotated[Path, typer.Argument(help="Folder of Markdown files.")],
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Make the database hold what the folder holds (recall.knowledge_folder does so periodically)."""
    found, written, removed = asyncio.run(_import(folder, config))
    typer.echo(f"{found} articles: {written} written, {removed} removed")


async def _import(folder: Path, config: Path | None) -> tuple[int, int, int]:
    from watchkeeper import app as front
    from watchkeeper.settings import load
    from watchkeeper.workflows.knowledge import import_folder

    async with front.open_house(load(config)) as opened:
        return await import_folder(opened.house, folder)


def search(
    words: Annotated[str, typer.Argument(help="A plain question, in quotes.")],
    limit: Annotated[int, typer.Option(help="How many.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Articles that answer a plain question."""
    answer = call("GET", "/api/v1/knowledge/search", params={"q": words, "limit": limit})
    if as_json:
        typer.echo(json.dumps(answer, indent=1))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for item in answer["items"]:
        console.print(f"{plain(item['title'])}  ({item['kind']} {plain(item['key'])})", style="bold")
        console.print(f"  {plain(item['text'])[:300]}")
    if not answer["items"]:
        console.print("nothing there answers that")


def patterns(
    days: Annotated[float, typer.Option(help="How far back.")] = 90,
    as_json: AsJson = False,
) -> None:
    """What keeps coming back, and what helped how often."""
    answer = call("GET", "/api/v1/knowledge/patterns", params={"days": days})
    if as_json:
        typer.echo(json.dumps(answer, indent=1))
        return
    for item in answer["items"]:
        typer.echo(plain(item["words"]))
    if not answer["items"]:
        typer.echo(f"nothing came back within {days:g} days")
