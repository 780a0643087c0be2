"""How long a wrong sign-in takes when the name exists, and when it does not.

Over HTTP, with checks of passwords at full cost. Each try comes from another address, which a
proxy tells, and known names take turns, so that nobody is made to wait for guessing.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Address, ip_network
from itertools import count
from uuid import UUID

from aiohttp import ClientSession

from api.app import create_app
from api.keys import DOOR
from api.options import Options
from api.serving import serving
from ledger.commands.sign_ins import set_up_password
from ledger.commands.users import OpenUser, invite_user, open_user
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import open_ledger
from ledger.storage.news import News
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.sessions import UNLIMITED
from scripts.benchmarks.store import fresh_ledger
from scripts.benchmarks.trials import Place, Times, Trial, race

TRIES = 40
AT_ONCE = 2
KNOWN_NAMES = 8
FIRST_ADDRESS = int(IPv4Address("203.0.0.1"))


def trials_of_signing_in() -> list[Trial]:
    """Wrong passwords for known names, and for unknown ones."""
    return [
        Trial(
            case=f"sign-in-{kind}",
            system="minzhang",
            writers=AT_ONCE,
            run=partial(refuse, is_known=is_known),
        )
        for kind, is_known in (("known", True), ("unknown", False))
    ]


async def refuse(place: Place, *, is_known: bool) -> Sample:
    """Measure how long refusals take."""
    async with _served(place) as client:
        numbers, times = count(), Times()

        async def ask() -> int:
            tries = place.count(TRIES) // AT_ONCE or 1
            for _ in range(tries):
                number = next(numbers)
                name = f"known{number % KNOWN_NAMES}" if is_known else f"other{number}"
                address = str(IPv4Address(FIRST_ADDRESS + number))
                began = time.perf_counter()
                async with client.post(
                    "/login",
                    data={"name": name, "password": "not the password"},
                    headers={"X-Forwarded-For": address},
                ) as answer:
                    await answer.read()
                times.take(began)
                if answer.status != 401:
                    raise RuntimeError(f"a wrong password was answered with {answer.status}")
            return tries

        return await race([ask() for _ in range(AT_ONCE)], times)


@asynccontextmanager
async def _served(place: Place) -> AsyncIterator[ClientSession]:
    ledger_id = await fresh_ledger(place.dsn)
    options = Options(rates=UNLIMITED, trusted_proxies=(ip_network("127.0.0.1/32"),))
    async with (
        open_ledger(place.dsn, ledger_id, pool_size_max=4) as ledger,
        News(place.dsn, ledger_id) as news,
    ):
        app = create_app(ledger, news=news, options=options)
        for number in range(KNOWN_NAMES):
            by = By(actor_id=UUID(int=1), at=utc_now(), role="administrator")
            user = await open_user(OpenUser(), ledger.for_request(), by)
            link = await invite_user(
                ledger.for_request(), by, user_id=user.id, login_name=f"known{number}"
            )
            await set_up_password(ledger, app[DOOR], link=link, password="two rivers, one bridge")  # noqa: S106 - of a benchmark
        async with serving(app, "127.0.0.1", 0) as address, ClientSession(address) as client:
            yield client
