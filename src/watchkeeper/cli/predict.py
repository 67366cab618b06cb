"""What of a service is unusual, which limits it will reach, and a picture of it."""

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper import app as front
from watchkeeper.console.charts import outlook as chart
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.outlook import Outlook
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.forecast import anomalies
from watchkeeper.workflows.outlook_picture import outlook_of

_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict)


def predict(
    service: Annotated[str, typer.Argument(help="The workload.")],
    window: Annotated[str, typer.Option(help="How far back, such as 30m, 6h, 2d.")] = "6h",
    plot: Annotated[Path | None, typer.Option(help="Write a picture (SVG) of one metric.")] = None,
    metric: Annotated[
        str, typer.Option(help="Which metric is drawn; workload shows the next 24 hours too.")
    ] = "workload",
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """The answer of GET /api/v1/predict/anomalies, made here from Prometheus."""
    found = re.fullmatch(r"(\d{1,4})([mhd])", window)
    if not found:
        raise InvalidInput(f"not a window: {window!r}", field="window", hint="such as 30m, 6h, 2d")
    seconds = int(found.group(1)) * _SECONDS[found.group(2)]
    answer, seen = asyncio.run(_predict(load(config), service, seconds, metric if plot else ""))
    typer.echo(json.dumps(answer, indent=1))
    if plot is not None and seen is not None:
        plot.write_text(f"{chart.draw(seen, 'outlook', alone=True)}\n", encoding="utf-8")
        typer.echo(f"picture: {plot} ({chart.in_words(seen)})", err=True)


async def _predict(
    settings: Settings, service: str, seconds: float, metric: str
) -> tuple[Mapping[str, Any], Outlook | None]:
    async with front.open_house(settings) as opened:
        answer = await anomalies(opened.house, service, seconds)
        return answer, await outlook_of(opened.house, service, metric, seconds) if metric else None
