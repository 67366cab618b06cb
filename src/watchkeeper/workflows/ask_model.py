"""The one way to a language model: cached, capped, redacted before. Where it fails, nothing else does."""

import hashlib
import logging
from typing import TypeVar

from pydantic import BaseModel

from watchkeeper.domain.errors import ModelError, ModelUnavailable
from watchkeeper.domain.redaction import redact
from watchkeeper.llm.port import Completion, Prompt, estimated_tokens
from watchkeeper.llm.structured import structured
from watchkeeper.store.ports.models import Allowance
from watchkeeper.workflows.house import House

log = logging.getLogger(__name__)
Shape = TypeVar("Shape", bound=BaseModel)
_OFFLINE = "offline"


class Capped(Exception):
    """A cap would be passed; its account."""

    def __init__(self, account: str) -> None:
        super().__init__(account)
        self.account = account


def available(house: House) -> bool:
    """Is there a model at all?"""
    return house.model.name != _OFFLINE


def sent(prompt: Prompt) -> Prompt:
    """Exactly what leaves: redacted once more, whoever built it."""
    return Prompt(redact(prompt.system), redact(prompt.user), prompt.max_tokens, prompt.json)


async def ask_model(
    house: House, prompt: Prompt, shape: type[Shape], *, incident_id: str = "", cache: str = ""
) -> Shape | None:
    """The checked answer, or None: no model, a cap, an outage, nonsense. `cache` is the digest of the situation."""
    if not available(house):
        return None
    prompt = sent(prompt)
    key = (
        hashlib.sha256(f"{house.model.name}\n{shape.__name__}\n{cache}\n{prompt.system}".encode()).hexdigest()
        if cache
        else ""
    )
    if key:
        async with house.store.transaction() as tx:
            known = await tx.model_answer(key)
        if known is not None:
            return shape.model_validate(known)
    try:
        answer = await structured(lambda asked: metered(house, asked, incident_id), prompt, shape)
    except Capped as capped:
        await _say_once(house, capped.account, incident_id)
        return None
    except ModelError as error:
        log.warning("the model gave nothing usable: %s", error, extra={"fields": {"incident": incident_id}})
        return None
    if key:
        async with house.store.transaction() as tx:
            await tx.keep_model_answer(key, answer.model_dump(mode="json"), house.clock.now())
    return answer


async def metered(house: House, prompt: Prompt, incident_id: str) -> Completion:
    """One call, paid for before it is made and settled after. Raises Capped, ModelError."""
    settings = house.settings.llm
    expected = estimated_tokens(prompt.system) + estimated_tokens(prompt.user)
    cost = (expected * settings.input_price + prompt.max_tokens * settings.output_price) / 1e6
    allowances = accounts(house, incident_id)
    names = [a.account for a in allowances]
    async with house.store.transaction() as tx:
        refused = await tx.reserve_model(allowances, expected + prompt.max_tokens, cost, house.clock.now())
    if refused:
        raise Capped(refused)
    try:
        said = await house.model.complete(prompt)
    except ModelUnavailable:
        # Nothing was computed that we know of: a server that was down costs nothing. Other failures keep the reservation.
        await _settle(house, names, -(expected + prompt.max_tokens), -cost)
        raise
    used_in, used_out = said.input_tokens or expected, said.output_tokens or estimated_tokens(said.text)
    paid = (used_in * settings.input_price + used_out * settings.output_price) / 1e6
    await _settle(house, names, used_in + used_out - expected - prompt.max_tokens, paid - cost)
    return said


async def _settle(house: House, names: list[str], tokens: int, cost: float) -> None:
    async with house.store.transaction() as tx:
        await tx.settle_model(names, tokens, cost)


def accounts(house: House, incident_id: str) -> list[Allowance]:
    """The incident's, the day's and the month's."""
    caps, now = house.settings.llm.caps, house.clock.now()
    found = [
        Allowance(f"day {now:%Y-%m-%d}", caps.tokens_per_day, caps.cost_per_day),
        Allowance(f"month {now:%Y-%m}", caps.tokens_per_month, caps.cost_per_month),
    ]
    if incident_id:
        found.insert(0, Allowance(f"incident {incident_id}", caps.tokens_per_incident, caps.cost_per_incident))
    return found


async def _say_once(house: House, account: str, incident_id: str) -> None:
    async with house.store.transaction() as tx:
        first = await tx.model_refusal_said(account, house.clock.now())
        if first:
            words = f"the language model's allowance for {account} is used up: our own words from here on"
            log.warning(words)
            await tx.audit(
                "watchkeeper", "model.capped", incident_id or account, {"account": account}, house.clock.now()
            )
            if incident_id:
                await tx.add_event(incident_id, "model.capped", words, house.clock.now())
