"""The command line. A shelf: one command a file, each with `register(app)`."""

import importlib
import pkgutil
import sys

import typer
from rich.console import Console

from watchkeeper.domain.errors import WatchkeeperError


def build(asked: str = "") -> typer.Typer:
    """The typer application. Where the command asked for is known, only its file is loaded: the others take seconds."""
    app = typer.Typer(
        name="watchkeeper",
        help="Keeps watch while the on-call engineer sleeps: from alert to proven recovery, with evidence.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    file = asked.replace("-", "_")
    for name in [file] if file in names else names:
        importlib.import_module(f"{__name__}.{name}").register(app)
    # With a callback one command alone still has its name.
    app.callback()(lambda: None)
    return app


def run() -> None:
    """Errors of ours become one line and a hint on standard error, exit status 2."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")()
    except WatchkeeperError as error:
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"watchkeeper: {error}", style="red", markup=False, highlight=False)
        if error.hint:
            console.print(f"  {error.hint}", markup=False, highlight=False)
        sys.exit(2)
