"""People, and the names they go by at each door."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Who may agree: people and their names.", no_args_is_help=True)
    group.command("list")(show)
    group.command("add")(add)
    group.command("link")(link)
    app.add_typer(group, name="people")


def show() -> None:
    """Everybody, with role, kind and names."""
    for row in call("GET", "/api/v1/people")["items"]:
        typer.echo(
            f"{row['name']:20} {row['role']:10} {row['kind']:8} {'' if row['active'] else 'inactive '}{', '.join(row['names'])}"
        )


def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    role: Annotated[str, typer.Option(help="viewer, responder, approver, admin.")],
    kind: Annotated[str, typer.Option(help="human, guest, bot, service.")] = "human",
    active: Annotated[bool, typer.Option(help="--no-active: they left.")] = True,
) -> None:
    """Add or change a person."""
    call("PUT", "/api/v1/people", json={"name": name, "role": role, "kind": kind, "active": active})
    typer.echo(f"{name} is a {kind} with the role {role}{'' if active else ', not active'}")


def link(
    door: Annotated[str, typer.Argument(help="token, oidc, slack, teams, github.")],
    subject: Annotated[str, typer.Argument(help="The name or id there.")],
    person: Annotated[str, typer.Argument(help="Whose it is; empty: nobody's any more.")] = "",
) -> None:
    """Say who goes by a name, so that one person stays one person at every door."""
    call("PUT", "/api/v1/people/links", json={"door": door, "subject": subject, "person": person})
    typer.echo(f"{door}:{subject} is {person or 'nobody'}")
