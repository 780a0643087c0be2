"""A served ledger with a clock moved by hand, and somebody who may come in by name and password."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from api.app import create_app
from api.keys import DOOR
from api.options import Options
from api.serving import serving
from api.sessions import COOKIE
from ledger.commands.sign_ins import Door, set_up_password
from ledger.commands.users import GrantRole, OpenUser, grant_role, invite_user, open_user
from ledger.core.aggregate import By
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from ledger.storage.password_hashes import HashCost
from ledger.storage.reading import read_entries
from ledger.users.machine_side import MACHINE
from projections import VIEWS
from projections.engine import install_missing

PASSWORD = "two rivers and a bridge"  # noqa: S105 - of a test
WRONG = "wrong wrong wrong"
NAME = "wang.fang"
CHEAP = HashCost(memory_kib=8, passes=1, refused_after_seconds=0)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{32})"')


class MovableClock:
    """The service's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The service, its door, and somebody who may come in."""

    client: ClientSession
    ledger: Ledger
    door: Door
    user_id: UUID
    clock: MovableClock

    @property
    def by(self) -> By:
        return By(actor_id=UUID(int=1), at=self.clock(), role="administrator", reason="测试")

    async def knock(
        self, name: str = NAME, password: str = PASSWORD, **headers: str
    ) -> ClientResponse:
        form = {"name": name, "password": password, "next": "/events"}
        return await self.client.post("/login", data=form, headers=headers, allow_redirects=False)

    async def told(self, topic: str) -> list[dict[str, Any]]:
        entries = await read_entries(self.ledger.pool, self.ledger.id, start=0, limit=10_000)
        found = [entry.event for entry in entries if entry.topic == topic]
        return [vars(event) for event in found]

    def cookie(self) -> str:
        """The value of the session's cookie, as the browser has it."""
        return next(one.value for one in self.client.cookie_jar if one.key == COOKIE)

    async def csrf(self, path: str = "/account") -> str:
        page = await (await self.client.get(path)).text()
        found = CSRF.search(page)
        assert found, page
        return found[1]


async def new_user(ledger: Ledger, door: Door, name: str, by: By, *roles: str) -> UUID:
    """Open an account with roles and the usual password."""
    user = await open_user(OpenUser(), ledger.for_request(), by)
    machine = replace(by, role=MACHINE)
    for role in roles:
        await grant_role(GrantRole(user_id=user.id, role=role), ledger.for_request(), machine)
    link = await invite_user(ledger.for_request(), machine, user_id=user.id, login_name=name)
    await set_up_password(ledger, door, link=link, password=PASSWORD)
    return user.id


@pytest.fixture
async def house(store_dsn: str, ledger_id: str, clock: MovableClock) -> AsyncIterator[House]:
    """An empty ledger, served, and a user of a community."""
    async with (
        open_ledger(store_dsn, ledger_id, clock=clock, pool_size_max=4) as ledger,
        News(store_dsn, ledger_id) as news,
    ):
        await install_missing(ledger.pool, VIEWS)
        app = create_app(ledger, news=news, options=Options(hash_cost=CHEAP))
        by = By(actor_id=UUID(int=1), at=clock(), role="administrator")
        user_id = await new_user(ledger, app[DOOR], NAME, by, "grid_worker")
        async with (
            serving(app, "127.0.0.1", 0) as address,
            ClientSession(address, cookie_jar=CookieJar(unsafe=True)) as client,
        ):
            yield House(client=client, ledger=ledger, door=app[DOOR], user_id=user_id, clock=clock)
