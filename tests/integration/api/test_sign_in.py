"""Signing in on a real database: the first administrator, passwords, sessions that end, tries that are counted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.console.routes import mount
from watchkeeper.settings import Settings
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.workflows.house import House
from watchkeeper.workflows.sign_in import first_start

PASSWORD = "a long enough password"


@dataclass
class Entrance:
    client: httpx.AsyncClient
    house: House
    access: Access


@pytest.fixture
async def entrance(database_url: str) -> AsyncIterator[Entrance]:
    settings = Settings()
    store = PostgresStore.open(database_url)
    house = front.build_house(settings, store)
    access = Access(front.StoredTokens(house), house.ids, settings.server)
    app = create_app(house, access=access)
    mount(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://wk") as client:
        yield Entrance(client, house, access)
    await store.close()


async def test_the_first_administrator_is_named_once(entrance: Entrance) -> None:
    code = await first_start(entrance.house)
    wrong = await entrance.client.post("/setup", data={"code": "guess", "name": "eve", "password": PASSWORD})
    assert wrong.status_code == 400
    short = await entrance.client.post("/setup", data={"code": code, "name": "ann", "password": "short"})
    assert "at least 12" in short.text
    made = await entrance.client.post("/setup", data={"code": code, "name": "ann", "password": PASSWORD})
    assert made.headers["location"] == "/"
    assert (await entrance.client.get("/audit")).status_code == 200
    again = await entrance.client.post("/setup", data={"code": code, "name": "eve", "password": PASSWORD})
    assert again.status_code == 400
    assert await first_start(entrance.house) == ""


async def test_a_session_ends_when_its_owner_leaves(entrance: Entrance) -> None:
    code = await first_start(entrance.house)
    await entrance.client.post("/setup", data={"code": code, "name": "ann", "password": PASSWORD})
    stolen = dict(entrance.client.cookies)
    await entrance.client.post("/logout")
    entrance.client.cookies.update(stolen)
    assert (await entrance.client.get("/")).headers["location"] == "/login?next=/"
    entrance.client.cookies.clear()
    back = await entrance.client.post("/login", data={"name": "ann", "password": PASSWORD, "next": "/incidents"})
    assert back.headers["location"] == "/incidents"
    elsewhere = await entrance.client.post(
        "/login", data={"name": "ann", "password": PASSWORD, "next": "//evil.example"}
    )
    assert elsewhere.headers["location"] == "/"


async def test_wrong_tries_are_counted_and_tell_nothing(entrance: Entrance) -> None:
    code = await first_start(entrance.house)
    await entrance.client.post("/setup", data={"code": code, "name": "ann", "password": PASSWORD})
    entrance.client.cookies.clear()
    known = await entrance.client.post("/login", data={"name": "ann", "password": "wrong wrong wrong"})
    unknown = await entrance.client.post("/login", data={"name": "nobody", "password": "wrong wrong wrong"})
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert "The name or the password is wrong" in known.text
    assert "The name or the password is wrong" in unknown.text
    for _ in range(8):
        last = await entrance.client.post("/login", data={"name": "ann", "password": "wrong wrong wrong"})
    assert last.status_code == 429
    right = await entrance.client.post("/login", data={"name": "ann", "password": PASSWORD})
    assert right.status_code == 429


async def test_no_password_and_no_session_stands_in_the_database(entrance: Entrance) -> None:
    code = await first_start(entrance.house)
    await entrance.client.post("/setup", data={"code": code, "name": "ann", "password": PASSWORD})
    secret = entrance.client.cookies["watchkeeper_token"]
    async with entrance.house.store.transaction() as tx:
        login = await tx.login("ann")
        assert login is not None
        assert PASSWORD not in login.password
        assert await tx.session(secret, entrance.house.clock.now()) is None
