"""Prove and export the audit chain."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The append-only record.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("export")(export)
    app.add_typer(group, name="audit")


def verify() -> None:
    """Recompute the hash chain; exit status 1 where it is broken."""
    answer = call("GET", "/api/v1/audit/verify")
    typer.echo(answer["words"])
    raise typer.Exit(0 if answer["whole"] else 1)


def export(
    out: Annotated[Path, typer.Argument(help="File to write, one JSON object a line; - for the terminal.")] = Path("-"),
) -> None:
    """Write every entry with its digests, so that others can prove the chain (docs/reference/policies.md says how)."""
    count, after = 0, 0
    lines: list[str] = []
    while True:
        page: dict[str, Any] = call("GET", "/api/v1/audit", params={"after": after, "limit": 1000})
        lines += [json.dumps(row, sort_keys=True, ensure_ascii=False) for row in page["items"]]
        count += len(page["items"])
        if not page["after"]:
            break
        after = int(page["after"])
    text = "".join(f"{line}\n" for line in lines)
    if str(out) == "-":
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"{count} entries in {out}")
