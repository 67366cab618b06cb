"""Serve the Model Context Protocol."""

from typing import Annotated, Any

import typer

from watchkeeper.cli._client import call
from watchkeeper.mcp import create


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mcp")(mcp)


def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Streamable HTTP on loopback instead of standard input and output.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port for --http.")] = 8765,
) -> None:
    """Let an agent read incidents and suggest; asks the server at WATCHKEEPER_URL. It can approve nothing."""
    server = create(_call)
    if http:
        server.run("streamable-http", host="127.0.0.1", port=port)
    else:
        server.run("stdio")


def _call(method: str, path: str, token: str, options: dict[str, Any]) -> Any:
    """Over HTTP the caller's own token counts; over standard input it is WATCHKEEPER_TOKEN."""
    headers = {"Authorization": f"Bearer {token}"} if token else None
    return call(method, path, **options, **({"headers": headers} if headers else {}))
