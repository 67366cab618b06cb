"""What every route needs: the house, and a caller with the role."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from watchkeeper.access.tokens import Access, Principal
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.house import House


def house_of(connection: HTTPConnection) -> House:
    """The house the application was built with."""
    house: House = connection.app.state.house
    return house


def access_of(connection: HTTPConnection) -> Access:
    """The access book the application was built with."""
    access: Access = connection.app.state.access
    return access


async def caller(connection: HTTPConnection) -> Principal:
    """Who asks. Raises NotAllowed."""
    client = connection.client.host if connection.client else ""
    return await access_of(connection).principal(connection.headers, connection.cookies, client)


def with_role(role: Role) -> Callable[[HTTPConnection], Awaitable[Principal]]:
    """A dependency: the caller, who must have the role."""

    async def check(connection: HTTPConnection) -> Principal:
        principal = await caller(connection)
        principal.require(role)
        return principal

    return check


TheHouse = Annotated[House, Depends(house_of)]
Viewer = Annotated[Principal, Depends(with_role(Role.VIEWER))]
Responder = Annotated[Principal, Depends(with_role(Role.RESPONDER))]
Approver = Annotated[Principal, Depends(with_role(Role.APPROVER))]
Admin = Annotated[Principal, Depends(with_role(Role.ADMIN))]
