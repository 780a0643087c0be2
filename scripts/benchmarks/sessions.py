"""What it costs each request to tell who asks, by session, and whether they may.

The cookie's signature, the session's row, the user's record, the role in force, the table of
permissions: everything that stands before a handler, for 64 requests at a time of 16 users.
"""

from __future__ import annotations

import time
from uuid import UUID

from aiohttp.test_utils import make_mocked_request

from api.access import authorise
from api.app import create_app
from api.options import Options, Rates
from api.sessions import COOKIE
from ledger.commands.sign_ins import Visitor, open_for_user
from ledger.core.aggregate import By
from ledger.core.clock import local_day, utc_now
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from ledger.users import Grant, SignInMethod, User
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import fresh_ledger
from scripts.benchmarks.trials import Place, Times, Trial, race

REQUESTS_AT_ONCE = 64
USERS = 16
CALLS = 32_000
UNLIMITED = Rates(of_address=10**9, of_account=10**9)


def trials_of_sessions() -> list[Trial]:
    """Permission checks of sessions, 64 at a time."""
    return [Trial(case="sessions", system="minzhang", writers=REQUESTS_AT_ONCE, run=check_sessions)]


async def check_sessions(place: Place) -> Sample:
    """Measure checks; each is of one request."""
    ledger_id = await fresh_ledger(place.dsn)
    async with (
        open_ledger(place.dsn, ledger_id, pool_size_max=10) as ledger,
        News(place.dsn, ledger_id) as news,
    ):
        app = create_app(ledger, news=news, options=Options(rates=UNLIMITED))
        secrets = [await _session(ledger, number) for number in range(USERS)]
        cookies = [f"{COOKIE}={s}.{ledger.key.sign('session', s)}" for s in secrets]
        rounds, times = place.count(CALLS) // REQUESTS_AT_ONCE or 1, Times()

        async def ask(cookie: str) -> int:
            arrived = make_mocked_request("GET", "/v1/account", headers={"Cookie": cookie}, app=app)
            for _ in range(rounds):
                request = arrived.clone()  # as new: nothing was looked up for it yet
                began = time.perf_counter()
                await authorise(request, "own_account")
                times.take(began)
            return rounds

        return await race([ask(cookies[i % USERS]) for i in range(REQUESTS_AT_ONCE)], times)


async def _session(ledger: Ledger, number: int) -> str:
    by = By(actor_id=UUID(int=1), at=utc_now(), role="administrator")
    user = User.open(by)
    grant = Grant(
        grant_id=UUID(int=number + 2),
        role="community",
        organisation_id=None,
        post="",
        from_on=local_day(by.at),
        until_on=None,
    )
    user.grant_role(by, grant)
    await ledger.for_request().save(user)
    opened = await open_for_user(
        ledger,
        Visitor(address=""),
        user,
        method=SignInMethod.PASSWORD,
        has_second_factor=True,
    )
    return opened.secret
