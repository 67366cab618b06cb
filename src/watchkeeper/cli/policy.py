"""Test the policy files."""

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.policy.cases import run_cases
from watchkeeper.policy.rego import SHIPPED
from watchkeeper.settings import load


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The Rego files that guard repairs.", no_args_is_help=True)
    group.command("test")(run_tests)
    app.add_typer(group, name="policy")


def run_tests(
    folder: Annotated[
        str,
        typer.Argument(
            help="Folder of .rego and *_test.yaml files; empty: remediation.policies, else the shipped ones."
        ),
    ] = "",
) -> None:
    """Run every case of the `*_test.yaml` files beside the Rego; exit status 1 where one fails or there is none."""
    chosen = Path(folder or load().remediation.policies or SHIPPED)
    results = run_cases(chosen)
    for result in results:
        typer.echo(
            f"{'ok  ' if not result.problem else 'FAIL'} {result.file}: {result.name}{': ' if result.problem else ''}{result.problem}"
        )
    failed = sum(bool(r.problem) for r in results)
    typer.echo(f"{len(results)} cases, {failed} failed")
    raise typer.Exit(1 if failed or not results else 0)
