"""Coming in with name and password, from the form to the entry in the log."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession

from api.app import create_app
from api.keys import DOOR
from api.options import Options
from api.sessions import COOKIE, COOKIE_OVER_TLS
from ledger.commands.refusals import tell_of_windows_over
from ledger.commands.sign_ins import CredentialsWrong, Visitor, sign_in
from ledger.commands.users import (
    DisableUser,
    RevokeRole,
    disable_user,
    invite_user,
    revoke_role,
)
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_entries
from ledger.storage.sign_in_counters import TooManyAttempts
from ledger.users import User
from tests.api.conftest import Serve, the_problem
from tests.api.house import CHEAP, NAME, PASSWORD, WRONG, House, new_user


async def test_name_and_password_let_in_and_it_is_in_the_log(house: House) -> None:
    response = await house.knock()
    assert (response.status, response.headers["Location"]) == (303, "/events")
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert not cookie["secure"], "over plain http browsers keep no Secure cookie"
    assert (await house.client.get("/account", allow_redirects=False)).status == 200
    (came,) = await house.told("sign_in.succeeded.v1")
    assert (came["user_id"], came["by"].role) == (house.user_id, "grid_worker")
    assert (came["method"], came["has_second_factor"]) == ("password", False)
    answer = await house.client.get("/v1/account")
    assert (await answer.json())["user_id"] == str(house.user_id)


async def test_a_name_is_one_name_however_it_is_typed(house: House) -> None:
    assert (await house.knock(name=" ＷＡＮＧ.Fang ")).status == 303


async def test_what_is_kept_of_a_session_opens_nothing(house: House) -> None:
    response = await house.knock()
    value = response.cookies[COOKIE].value
    secret, _, signature = value.partition(".")
    assert len(secret) >= 43, "32 random bytes"
    kept = [dict(row) for row in await house.ledger.pool.fetch("SELECT * FROM sessions")]
    assert secret not in str(kept)
    for forged in (secret, f"{secret}.{'0' * 32}", f"x{value}", f".{signature}"):
        async with ClientSession(house.client._base_url, cookies={COOKIE: forged}) as stranger:
            await the_problem(await stranger.get("/v1/account"), 401, "not-authenticated")


async def test_wrong_or_unknown_nobody_is_told_which(house: House) -> None:
    checks = house.door.passwords.checks_count
    texts = []
    for name, password in ((NAME, WRONG), ("nobody.here", PASSWORD)):
        response = await house.knock(name, password)
        assert response.status == 401
        texts.append((await response.text()).replace(name, ""))
        assert COOKIE not in response.cookies
    assert texts[0] == texts[1]
    assert house.door.passwords.checks_count == checks + 2, "each costs the same one check"
    failed = await house.told("sign_in.failed.v1")
    assert [one["user_id"] for one in failed] == [house.user_id, None]


async def test_a_check_of_nobody_costs_what_a_check_costs(house: House) -> None:
    """The stand-in that is checked for unknown names has the very parameters of a real hash."""
    await house.knock("nobody.here")
    row = await house.ledger.pool.fetchrow(
        "SELECT password_hash FROM user_logins WHERE ledger_id = $1", house.ledger.id
    )
    stand_in = house.door.passwords._stand_in
    assert stand_in is not None
    assert stand_in.split("$")[:4] == row["password_hash"].split("$")[:4]


async def test_whoever_is_refused_hears_so_no_sooner_than_anybody(house: House) -> None:
    """How long a check took is not told; who comes in does not wait."""
    passwords, loop = house.door.passwords, asyncio.get_running_loop()
    passwords.refused_after_seconds = 0.3
    for name, password in ((NAME, WRONG), ("nobody.here", PASSWORD)):
        began = loop.time()
        assert (await house.knock(name, password)).status == 401
        assert loop.time() - began >= 0.3
    passwords.refused_after_seconds = 60 * 60
    assert (await house.knock()).status == 303


async def test_ten_thousand_guesses_get_a_hundred_checks_at_most(house: House) -> None:
    """Of one account, from 200 addresses: the account closes to strangers, then each pair waits."""
    checks = house.door.passwords.checks_count
    outcomes = {CredentialsWrong: 0, TooManyAttempts: 0}
    for number in range(10_000):
        visitor = Visitor(address=f"203.0.113.{number % 200}")
        with pytest.raises((CredentialsWrong, TooManyAttempts)) as refused:
            await sign_in(
                house.ledger, house.door, visitor, login_name=NAME, password=f"guess {number}"
            )
        outcomes[refused.type] += 1
        house.clock.pass_by(milliseconds=10)
    assert house.door.passwords.checks_count - checks <= 100
    assert outcomes[TooManyAttempts] >= 9_900
    entries = len(await house.told("sign_in.failed.v1")) + len(
        await house.told("sign_in.blocked.v1")
    )
    assert entries <= 50, "a flood of guesses makes few entries"


async def test_five_failures_and_the_next_waits_longer_and_longer(house: House) -> None:
    for _ in range(5):
        assert (await house.knock(password=WRONG)).status == 401
    waits = []
    for _ in range(4):
        blocked = await house.knock()
        assert blocked.status == 429
        waits.append(int(blocked.headers["Retry-After"]))
        house.clock.pass_by(seconds=waits[-1])
        assert (await house.knock(password=WRONG)).status == 401
    assert waits == [11, 21, 41, 81]
    house.clock.pass_by(hours=1)
    assert (await house.knock()).status == 303, "nobody is locked out for good"
    assert (await house.knock(password=WRONG)).status == 401, "and starts anew"


async def test_an_office_is_not_locked_out_by_who_guesses_in_it(house: House) -> None:
    """Who came in from there before comes in at once, anybody else ten seconds later."""
    await new_user(house.ledger, house.door, "li.min", house.by, "grid_worker")
    assert (await house.knock()).status == 303
    for number in range(50):
        assert (await house.knock(f"name{number}")).status == 401
    assert (await house.knock()).status == 303, "known there"
    waiting = await house.knock("li.min")
    assert waiting.status == 429 and int(waiting.headers["Retry-After"]) <= 11
    house.clock.pass_by(seconds=11)
    assert (await house.knock("li.min")).status == 303
    assert (await house.knock("li.min")).status == 303, "and is known from now on"


async def test_an_address_that_guesses_gets_a_check_in_ten_seconds(house: House) -> None:
    for number in range(50):
        assert (await house.knock(f"name{number}")).status == 401
    answers = []
    for number in range(20):
        answers.append((await house.knock(f"other{number}")).status)
        house.clock.pass_by(seconds=5.1)
    assert answers == [429, 429, *[401, 429] * 9]
    house.clock.pass_by(minutes=16)
    assert (await house.knock()).status == 303


async def test_refusals_are_told_by_doubling_and_when_their_window_is_over(
    house: House,
) -> None:
    for number in range(11):
        await house.knock(f"name{number}")
    counted = [one["attempts_count"] for one in await house.told("sign_in.failed.v1")]
    assert counted == [1, 2, 4, 8]
    assert await tell_of_windows_over(house.ledger) == 0
    house.clock.pass_by(minutes=16)
    assert await tell_of_windows_over(house.ledger) == 1
    counted = [one["attempts_count"] for one in await house.told("sign_in.failed.v1")]
    assert counted == [1, 2, 4, 8, 11]
    assert await tell_of_windows_over(house.ledger) == 0


async def test_what_a_role_may_not_do_is_counted_too(house: House) -> None:
    await house.knock()
    for _ in range(3):
        await the_problem(await house.client.get("/v1/users"), 403, "not-allowed")
    denied = await house.told("denial.counted.v1")
    assert [(one["operation"], one["attempts_count"]) for one in denied] == [
        ("user_register", 1),
        ("user_register", 2),
    ]
    assert {one["by"].actor_id for one in denied} == {house.user_id}


async def test_nobody_comes_in_when_it_cannot_be_recorded(
    house: House, superuser: asyncpg.Connection
) -> None:
    """Neither a success nor a failure is answered when its entry cannot be made."""
    await superuser.execute(
        "ALTER TABLE events ADD CONSTRAINT test_nothing_more CHECK (position < 0) NOT VALID"
    )
    try:
        for password in (PASSWORD, WRONG):
            response = await house.knock(password=password)
            assert response.status >= 500
            assert COOKIE not in response.cookies
    finally:
        await superuser.execute("ALTER TABLE events DROP CONSTRAINT test_nothing_more")
    kept = await house.ledger.pool.fetchval(
        "SELECT count(*) FROM sessions WHERE ledger_id = $1", house.ledger.id
    )
    assert kept == 0


@pytest.mark.parametrize(
    ("away", "alive"),
    [({"minutes": 29}, True), ({"minutes": 31}, False)],
)
async def test_a_session_ends_when_nobody_uses_it(
    house: House, away: dict[str, float], alive: bool
) -> None:
    await house.knock()
    house.clock.pass_by(**away)
    assert (await house.client.get("/v1/account")).status == (200 if alive else 401)


async def test_a_session_ends_after_twelve_hours_of_use(house: House) -> None:
    await house.knock()
    for _ in range(35):
        house.clock.pass_by(minutes=20)
        assert (await house.client.get("/v1/account")).status == 200
    house.clock.pass_by(minutes=21)
    assert (await house.client.get("/v1/account")).status == 401


async def test_every_coming_in_is_a_new_session_and_the_old_one_is_dead(house: House) -> None:
    first = (await house.knock()).cookies[COOKIE].value
    second = (await house.knock()).cookies[COOKIE].value
    assert first != second
    async with ClientSession(house.client._base_url, cookies={COOKIE: first}) as old:
        assert (await old.get("/v1/account")).status == 401


async def test_who_goes_out_is_out(house: House) -> None:
    cookie = (await house.knock()).cookies[COOKIE].value
    csrf = await house.csrf()
    response = await house.client.post("/logout", data={"csrf": csrf}, allow_redirects=False)
    assert (response.status, response.headers["Clear-Site-Data"]) == (303, '"cache", "storage"')
    async with ClientSession(house.client._base_url, cookies={COOKIE: cookie}) as again:
        assert (await again.get("/v1/account")).status == 401
    (ended,) = await house.told("sign_in.ended.v1")
    assert ended["why"] == "signed_out"


async def test_who_is_disabled_is_out_at_once(house: House) -> None:
    await house.knock()
    await disable_user(DisableUser(user_id=house.user_id), house.ledger.for_request(), house.by)
    assert (await house.client.get("/v1/account")).status == 401
    assert (await house.knock()).status == 401


async def test_who_loses_a_role_can_use_it_no_more(house: House) -> None:
    await house.knock()
    user = await house.ledger.load(User, house.user_id)
    (grant_id,) = user.grants
    command = RevokeRole(user_id=house.user_id, grant_id=grant_id)
    await revoke_role(command, house.ledger.for_request(), house.by)
    assert (await house.client.get("/v1/account")).status == 401
    await house.knock()
    await the_problem(await house.client.get("/v1/account"), 403, "role-missing")
    assert (await house.client.get("/account", allow_redirects=False)).status == 200


async def test_the_record_decides_even_if_a_session_was_left_behind(house: House) -> None:
    """Sessions rest on the log: one that nobody ended opens nothing once the user is disabled."""
    await house.knock()
    user = await house.ledger.load(User, house.user_id)
    user.disable(house.by)
    await house.ledger.for_request().save(user)
    assert (await house.client.get("/v1/account")).status == 401


async def test_a_write_by_cookie_needs_the_sessions_token(house: House) -> None:
    await house.knock()
    csrf = await house.csrf()
    body = {"name": "a program"}
    for headers in (
        {},
        {"X-CSRF-Token": "0" * 32},
        {"X-CSRF-Token": csrf, "Origin": "https://evil.example"},
        {"X-CSRF-Token": csrf, "Origin": "null"},
        {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-site"},
    ):
        response = await house.client.post("/v1/account/tokens", json=body, headers=headers)
        await the_problem(response, 403, "cross-site")
    good = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}
    response = await house.client.post("/v1/account/tokens", json=body, headers=good)
    assert response.status == 201
    for path, form in (("/logout", {}), ("/account/tokens", {"name": "x", "days": "1"})):
        response = await house.client.post(path, data=form, allow_redirects=False)
        assert response.status == 403, path


async def test_another_site_cannot_let_a_visitor_in(house: House) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await house.knock(**headers)).status == 403


async def test_the_way_on_is_only_ever_of_this_site(house: House) -> None:
    for where in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/\nSet-Cookie: x=1",
        "/\t/evil.example",
    ):
        form = {"name": NAME, "password": PASSWORD, "next": where}
        response = await house.client.post("/login", data=form, allow_redirects=False)
        assert response.headers["Location"] == "/", where


async def test_behind_a_proxy_that_is_trusted_the_cookie_is_for_this_host_alone(
    ledger: Ledger, news: News, serve: Serve
) -> None:
    options = Options(hash_cost=CHEAP, trusted_proxies=(ip_network("127.0.0.0/8"),))
    app = create_app(ledger, news=news, options=options)
    client = await serve(app)
    by = By(actor_id=UUID(int=1), at=utc_now(), role="administrator")
    await new_user(ledger, app[DOOR], NAME, by, "grid_worker")
    form = {"name": NAME, "password": PASSWORD}
    by_tls = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    response = await client.post("/login", data=form, headers=by_tls, allow_redirects=False)
    cookie = response.cookies[COOKIE_OVER_TLS]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
    assert not cookie["domain"]
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_a_one_time_link_works_once_and_for_three_days(house: House) -> None:
    ledger = house.ledger
    link = await invite_user(ledger.for_request(), house.by, user_id=house.user_id, login_name=NAME)
    page = await house.client.get("/set-up", params={"link": link})
    assert link in await page.text()
    form = {"link": link, "password": "another long password", "again": "not the same"}
    assert (await house.client.post("/set-up", data=form)).status >= 400
    form["again"] = form["password"]
    first = await house.client.post("/set-up", data=form, allow_redirects=False)
    assert (first.status, first.headers["Location"]) == (303, "/login")
    again = await house.client.post("/set-up", data=form, allow_redirects=False)
    assert again.status == 410
    assert (await house.knock(password=form["password"])).status == 303
    late = await invite_user(ledger.for_request(), house.by, user_id=house.user_id, login_name=NAME)
    house.clock.pass_by(days=4)
    form["link"] = late
    assert (await house.client.post("/set-up", data=form)).status == 410


async def test_no_secret_is_in_the_log(house: House) -> None:
    await house.knock()
    entries = await read_entries(house.ledger.pool, house.ledger.id, start=0, limit=1_000)
    everything = b"\n".join(entry.data for entry in entries).decode()
    for secret in (PASSWORD, NAME, "argon2", "127.0.0.1"):
        assert secret not in everything
