"""The command line. A shelf: one command a file, each with `register(app)`."""

import sys

import typer
from rich.console import Console

from watchkeeper.domain.errors import WatchkeeperError
from watchkeeper.shelf import plugins


def build() -> typer.Typer:
    """The typer application with every command of the shelf."""
    app = typer.Typer(
        name="watchkeeper",
        help="Keeps watch while the on-call engineer sleeps: from alert to proven recovery, with evidence.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for register in plugins("watchkeeper.cli", "register").values():
        register(app)
    return app


def run() -> None:
    """Errors of ours become one line and a hint on standard error, exit status 2."""
    try:
        build()()
    except WatchkeeperError as error:
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"watchkeeper: {error}", style="red", markup=False, highlight=False)
        if error.hint:
            console.print(f"  {error.hint}", markup=False, highlight=False)
        sys.exit(2)
