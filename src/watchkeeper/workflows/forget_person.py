"""Take a person's name out of what is kept."""

import secrets

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.workflows.house import House

_LEAST = 3


async def forget_person(house: House, name: str) -> tuple[str, dict[str, int]]:
    """(pseudonym, {table: rows}). The pseudonym is random: nobody can try names against it. Raises InvalidInput, Conflict."""
    name = name.strip()
    if len(name) < _LEAST or not name.isprintable():
        raise InvalidInput(f"a name of at least {_LEAST} printable characters is needed", field="name")
    pseudonym = f"person-{secrets.token_hex(4)}"
    async with house.store.transaction() as tx:
        return pseudonym, await tx.forget_person(name, pseudonym, house.clock.now())
