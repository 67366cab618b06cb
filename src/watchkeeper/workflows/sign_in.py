"""People sign in and out: by a local password, by an organisation's word, and the first one of all."""

import asyncio
import hmac
import secrets
from datetime import timedelta

from watchkeeper.access.oidc import Arrival
from watchkeeper.access.passwords import LEAST, NOBODY, fits, hashed
from watchkeeper.access.tokens import digest
from watchkeeper.domain.errors import InvalidInput, NotAllowed
from watchkeeper.domain.severity import Role
from watchkeeper.store.ports.logins import Login, Session
from watchkeeper.workflows.house import House

SESSION = "ws_"
_SETUP = "setup_code"


async def by_password(house: House, name: str, password: str) -> str:
    """The secret of a new session. Raises NotAllowed, which never says whether the name exists."""
    async with house.store.transaction() as tx:
        login = await tx.login(name)
    right = await asyncio.to_thread(fits, password, login.password if login else NOBODY)
    if login is None or not right:
        async with house.store.transaction() as tx:
            await tx.audit(name[:100], "login.refused", "local", {}, house.clock.now())
        raise NotAllowed("the name or the password is wrong")
    return await _begin(house, login.name, login.role, "local")


async def by_organisation(house: House, arrival: Arrival) -> str:
    """The secret of a new session for whom the provider vouches."""
    return await _begin(house, arrival.name, arrival.role, "oidc")


async def sign_out(house: House, secret: str) -> None:
    """End the session; of an API token in the cookie nothing ends."""
    if secret.startswith(SESSION):
        async with house.store.transaction() as tx:
            await tx.end_session(digest(secret))


async def save_login(house: House, name: str, password: str, role: Role, *, by: str) -> None:
    """A local login, new or with another password or role. Raises InvalidInput."""
    if not name.strip() or len(name) > 100:
        raise InvalidInput("a name has 1 to 100 characters", field="name")
    if len(password) < LEAST:
        raise InvalidInput(f"a password has at least {LEAST} characters", field="password")
    kept = await asyncio.to_thread(hashed, password)
    async with house.store.transaction() as tx:
        await tx.save_login(Login(name.strip(), kept, role))
        await tx.audit(by, "login.saved", name.strip(), {"role": str(role)}, house.clock.now())


async def first_start(house: House) -> str:
    """A code with which the first administrator is named; "" where people can sign in already."""
    if house.settings.login.oidc.issuer or house.settings.server.loopback_without_login:
        return ""
    async with house.store.transaction() as tx:
        await tx.lock(_SETUP)
        if await tx.any_login():
            return ""
        code = secrets.token_urlsafe(18)
        await tx.set_flag(_SETUP, digest(code))
    return code


async def set_up(house: House, code: str, name: str, password: str) -> None:
    """The first administrator. The code works once. Raises NotAllowed, InvalidInput."""
    async with house.store.transaction() as tx:
        await tx.lock(_SETUP)
        wanted = await tx.flag(_SETUP)
        if not wanted or await tx.any_login() or not hmac.compare_digest(digest(code), wanted):
            raise NotAllowed(
                "this link was used or is not ours", hint="`watchkeeper login create NAME` makes one on the server"
            )
    await save_login(house, name, password, Role.ADMIN, by="first start")
    async with house.store.transaction() as tx:
        await tx.set_flag(_SETUP, "")


async def _begin(house: House, name: str, role: Role, directory: str) -> str:
    secret = SESSION + secrets.token_urlsafe(32)
    now = house.clock.now()
    ends = now + timedelta(hours=house.settings.login.session_hours)
    async with house.store.transaction() as tx:
        await tx.save_session(digest(secret), Session(name, role, directory, ends))
        await tx.audit(name, "login.session", directory, {"role": str(role)}, now)
    return secret
