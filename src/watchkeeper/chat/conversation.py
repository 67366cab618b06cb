"""What happens when people write or press, whatever the platform: the person is verified there, the role is looked up here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import FastAPI

from watchkeeper.chat.cards import Card, card_of
from watchkeeper.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, WatchkeeperError
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.notice import Notice
from watchkeeper.domain.people import directory_of
from watchkeeper.domain.remediation import Decision
from watchkeeper.domain.severity import Role
from watchkeeper.store.port import PlanState
from watchkeeper.store.ports.chat import ButtonOf
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.decide import decide
from watchkeeper.workflows.give_feedback import give_feedback
from watchkeeper.workflows.house import House
from watchkeeper.workflows.silence import silence
from watchkeeper.workflows.take_over import take_over

_NOTES = {"real": "says: this is real", "noise": "says: this is noise"}
_MINUTES = 60.0
"""A silence or a takeover from a button."""


@dataclass(frozen=True, slots=True)
class ChatTools:
    """What a platform may use; the house is there once everything is built."""

    house: Callable[[], House]


class Platform(Protocol):
    """A chat platform: it announces, and it takes requests."""

    name: str

    async def announce(self, notice: Notice) -> None:
        """One message per incident, edited as it goes."""
        ...

    def mount(self, app: FastAPI) -> None:
        """Add its doors."""
        ...

    async def start(self) -> None:
        """Connect where the platform is listened to rather than called by."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the platform vouches for."""

    platform: str
    id: str
    role: Role

    @property
    def name(self) -> str:
        """As timelines name them where nobody linked them to a person."""
        return f"{self.platform}:{self.id}"


def person(platform: str, user: str, roles: Mapping[str, str]) -> Person:
    """With the role that the settings give; a viewer otherwise."""
    return Person(platform, user, Role(roles.get(user, "viewer")))


async def card_for(house: House, incident_id: str) -> Card:
    """The card as of now; its decision button stands for the plan and digest that are shown."""
    async with house.store.transaction() as tx:
        incident, diagnosis, plans = (
            await tx.incident(incident_id),
            await tx.diagnosis(incident_id),
            await tx.plans_of(incident_id),
        )
        button_id = ""
        if plans and plans[0].state is PlanState.PROPOSED and incident.stage is Stage.AWAITING_APPROVAL:
            plan = plans[0].plan
            kept = await tx.button_for(
                ButtonOf(house.ids.new("ask"), plan.id, incident_id, plan.digest), house.clock.now()
            )
            button_id = kept.id
    return card_of(incident, diagnosis, plans, button_id, house.settings.server.public_url)


async def pressed(house: House, who: Person, action: str, value: str) -> tuple[str, str]:
    """(incident id, what to tell the person). Decisions go through workflows.decide alone."""
    try:
        if action in ("approve", "reject"):
            return await _decided(house, who, action, value)
        return value, await _noted(house, who, action, value)
    except (Conflict, InvalidInput, NotAllowed, NotFound) as error:
        incident = await _incident_of(house, value)
        return incident, f"{error}" + (f" ({error.hint})" if error.hint else "")


async def _decided(house: House, who: Person, action: str, value: str) -> tuple[str, str]:
    """By the platform's own id: the person behind it, if there is one, is found by it in the platform's directory."""
    async with house.store.transaction() as tx:
        button = await tx.button(value)
    if button is None:
        raise NotFound("this button stands for nothing any more")
    decision = Decision.APPROVED if action == "approve" else Decision.REJECTED
    record = await decide(
        house, button.plan_id, digest=button.digest, decision=decision, by=who.id, role=who.role, door=who.platform, reason="",
    )  # fmt: skip
    words = f"{decision} by you: {record.plan.action.replace('_', ' ')} of {record.plan.target.name} is {record.state}"
    return button.incident_id, words


async def _noted(house: House, who: Person, action: str, value: str) -> str:
    if not who.role.covers(Role.RESPONDER):
        raise NotAllowed("this needs the role responder", hint=f"yours is {who.role}")
    async with house.store.transaction() as tx:
        known = await tx.person_of(directory_of(who.platform), who.id)
    by = known.name if known else who.name
    match action:
        case "silence":
            made = await silence(house, value, by=by, door=who.platform, minutes=_MINUTES)
            return f"its alerts wake nobody until {made[0].ends_at:%H:%M} UTC"
        case "take_over":
            return (await take_over(house, value, by=by, door=who.platform, minutes=_MINUTES)).words
        case "real" | "noise":
            return await _judged(house, by, who.platform, action, value)
    raise NotFound(f"there is no button {action!r}")


async def _judged(house: House, by: str, door: str, action: str, incident_id: str) -> str:
    """On the timeline once; where the scanner had a part in the incident, it learns from it."""
    async with house.store.transaction() as tx:
        await tx.incident(incident_id, lock=True)
        said = [e.data for e in await tx.events(incident_id) if e.kind == "person.noted"]
        newest = next((d["verb"] for d in reversed(said) if d.get("by") == by and d.get("verb") in _NOTES), "")
        if newest == action:
            return "noted before"
        now = house.clock.now()
        await tx.add_event(incident_id, "person.noted", f"{by} {_NOTES[action]}", now, {"verb": action, "by": by})
        await tx.audit(by, f"incident.{action}", incident_id, {"door": door}, now)
        scanned = bool(await tx.sightings_of(incident_id))
    if not scanned:
        return "noted"
    await give_feedback(house, incident_id, real=action == "real", by=by)
    return "noted; the scanner learns from it"


async def _incident_of(house: House, value: str) -> str:
    async with house.store.transaction() as tx:
        button = await tx.button(value)
    return button.incident_id if button else value if value.startswith("inc") else ""


async def asked(house: House, who: Person, words: str) -> str:
    """An answer to a question in words; needs the role responder, as over the API."""
    if not who.role.covers(Role.RESPONDER):
        return f"Asking needs the role responder; {who.id} has none here. An administrator maps people in chat.{who.platform}.roles."
    try:
        return (await answer(house, words)).text
    except WatchkeeperError as error:
        return f"I cannot tell: {error}"
