"""People and their names, and what may act alone: the scorecard."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from watchkeeper.api.doorkeeper import Admin, TheHouse, Viewer
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.people import DOORS, Person, PersonKind
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.scorecard import allow, disallow, scorecard

router = APIRouter(prefix="/api/v1", tags=["people"])


class PersonBody(BaseModel):
    """Somebody who may be asked."""

    name: str = Field(min_length=1, max_length=100)
    role: Role
    kind: PersonKind = PersonKind.HUMAN
    active: bool = True


@router.put("/people")
async def save_person(body: PersonBody, house: TheHouse, who: Admin) -> dict[str, Any]:
    """Add or change a person. A role taken away counts at once, whatever a button once said."""
    async with house.store.transaction() as tx:
        await tx.save_person(Person(body.name, body.role, body.kind, body.active))
        await tx.audit(who.name, "person.saved", body.name, body.model_dump(mode="json"), house.clock.now())
    return body.model_dump(mode="json")


@router.get("/people")
async def people(house: TheHouse, who: Admin) -> dict[str, Any]:
    """Everybody, with the names they go by."""
    async with house.store.transaction() as tx:
        found = await tx.people()
        names = {p.name: await tx.names_of(p.name) for p in found}
    rows = [
        {
            "name": p.name,
            "role": p.role,
            "kind": p.kind,
            "active": p.active,
            "names": [f"{d}:{s}" for d, s in names[p.name]],
        }
        for p in found
    ]
    return {"items": rows}


class LinkBody(BaseModel):
    """A name at a door."""

    door: str
    subject: str = Field(min_length=1, max_length=200)
    person: str = ""
    """empty: nobody's any more"""


@router.put("/people/links")
async def link(body: LinkBody, house: TheHouse, who: Admin) -> dict[str, Any]:
    """Say who goes by a name at a door: token, oidc, slack, teams, github."""
    if body.door not in DOORS:
        raise InvalidInput(f"one of {', '.join(DOORS)}", field="door")
    async with house.store.transaction() as tx:
        if body.person:
            await tx.link(body.door, body.subject, body.person)
        else:
            await tx.unlink(body.door, body.subject)
        await tx.audit(
            who.name, "person.linked", f"{body.door}:{body.subject}", {"person": body.person}, house.clock.now()
        )
    return body.model_dump()


@router.get("/scorecard")
async def read_scorecard(house: TheHouse, who: Viewer) -> dict[str, Any]:
    """What we would have done beside what people did, by action and namespace."""
    return {"items": await scorecard(house)}


class GrantBody(BaseModel):
    """An action and where it may act alone."""

    action: str
    namespace: str
    allow: bool = True


@router.put("/scorecard/grants")
async def grant(body: GrantBody, house: TheHouse, who: Admin) -> dict[str, Any]:
    """An admin's word: allowed only where the action has earned it. Or take it back."""
    if body.allow:
        await allow(house, body.action, body.namespace, by=who.name)
    else:
        await disallow(house, body.action, body.namespace, by=who.name)
    return body.model_dump()
