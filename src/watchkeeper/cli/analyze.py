"""Diagnose a recorded incident."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.cli._shown import plain
from watchkeeper.telemetry.sources.case_folder import load
from watchkeeper.workflows.analyze import Analysis
from watchkeeper.workflows.analyze import analyze as diagnose


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("analyze")(analyze)


def analyze(
    case: Annotated[Path, typer.Argument(help="Folder of a recorded incident (docs/reference/case-folder.md).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Rank the causes of a recorded incident, with the evidence for each."""
    analysis = asyncio.run(diagnose(load(case)))
    if as_json:
        typer.echo(json.dumps(asdict(analysis), indent=1, default=str))
        return
    show(analysis, Console(highlight=False, markup=False))


def show(analysis: Analysis, console: Console) -> None:
    """The diagnosis as a person reads it: sentences first, then the ranking, then the evidence."""
    diagnosis = analysis.diagnosis
    for sentence in diagnosis.sentences:
        cites = f" [{', '.join(sentence.cites)}]" if sentence.cites else ""
        console.print(f"{plain(sentence.text)}{cites}")
    ranking = Table("#", "service", "kind", "indicator", "confidence", "evidence", title="Candidate causes")
    for number, cause in enumerate(diagnosis.hypotheses, 1):
        ids = ", ".join(item.id for item in cause.evidence)
        ranking.add_row(
            str(number), plain(cause.service), cause.kind, plain(cause.indicator), f"{cause.confidence:.2f}", ids
        )
    console.print(ranking)
    for item in diagnosis.evidence:
        console.print(f"  {item.id}  {item.signal}  {plain(item.statement)}")
    for missing in diagnosis.missing:
        console.print(f"  could not see {missing.signal}: {plain(missing.reason)}", style="yellow")
    console.print(f"severity {analysis.severity}; suggested repair: {analysis.recommended_fix['type']}")
