"""The second factor: setting a device up, the code at the door, codes used twice, lost devices."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from pyotp import TOTP

from api.sessions import COOKIE
from ledger.commands.users import RemoveSecondFactor, remove_second_factor
from ledger.core.errors import SecondPersonNeeded
from tests.api.conftest import the_problem
from tests.api.house import CSRF, PASSWORD, WRONG, House, new_user

URI = re.compile(r'id="uri">(otpauth://[^<]+)<')
RECOVERY = re.compile(r"<li>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</li>")
AUDITOR = "li.min"


@pytest.fixture
async def auditor(house: House) -> House:
    """The house, with an auditor at its door who has set nothing up yet."""
    await new_user(house.ledger, house.door, AUDITOR, house.by, "auditor")
    await house.knock(AUDITOR)
    return house


async def set_up(house: House) -> tuple[TOTP, list[str]]:
    """Go through the pages; return the device and the recovery codes."""
    csrf = await house.csrf()
    form = {"csrf": csrf, "password": PASSWORD}
    page = await (await house.client.post("/account/second-factor", data=form)).text()
    found = URI.search(page)
    assert found, page
    assert 'class="qr"' in page
    uri = urlsplit(found[1].replace("&amp;", "&"))
    device = TOTP(parse_qs(uri.query)["secret"][0])
    form = {"csrf": csrf, "code": device.at(house.clock())}
    answer = await house.client.post("/account/second-factor/confirmations", data=form)
    assert answer.status == 200
    return device, RECOVERY.findall(await answer.text())


async def give(house: House, code: str) -> int:
    """Give a code at the door; return the status."""
    page = await (await house.client.get("/login/code")).text()
    csrf = CSRF.search(page)
    assert csrf, page
    form = {"csrf": csrf[1], "code": code, "next": "/events"}
    answer = await house.client.post("/login/code", data=form, allow_redirects=False)
    return answer.status


async def test_an_auditor_sees_nothing_with_a_password_alone(auditor: House) -> None:
    await the_problem(await auditor.client.get("/v1/account"), 403, "second-factor-needed")
    page = await auditor.client.get("/events", allow_redirects=False)
    assert (page.status, page.headers["Location"]) == (303, "/account")
    shown = await (await auditor.client.get("/account")).text()
    assert "该角色需要动态验证码" in shown


async def test_with_a_device_the_auditor_comes_in_by_code(auditor: House) -> None:
    before = await auditor.told("sign_in.succeeded.v1")
    device, recovery = await set_up(auditor)
    assert len(set(recovery)) == 10
    assert (await auditor.client.get("/v1/account")).status == 200
    auditor.clock.pass_by(minutes=1)
    opened = await auditor.knock(AUDITOR)
    assert opened.headers["Location"] == "/login/code?next=%2Fevents"
    await the_problem(await auditor.client.get("/v1/account"), 403, "role-missing")
    assert await give(auditor, device.at(auditor.clock())) == 303
    assert (await auditor.client.get("/v1/account")).status == 200
    came = (await auditor.told("sign_in.succeeded.v1"))[len(before) :]
    assert [one["has_second_factor"] for one in came] == [True, True]
    assert len(await auditor.told("user.second_factor_enrolled.v1")) == 1


async def test_a_session_before_the_code_is_dead_after_it(auditor: House) -> None:
    device, _ = await set_up(auditor)
    auditor.clock.pass_by(minutes=1)
    pending = (await auditor.knock(AUDITOR)).cookies[COOKIE].value
    assert await give(auditor, device.at(auditor.clock())) == 303
    address = auditor.client._base_url
    async with ClientSession(address, cookies={COOKIE: pending}) as old:
        assert (await old.get("/v1/account")).status == 401


async def test_no_code_works_twice(auditor: House) -> None:
    device, _ = await set_up(auditor)
    auditor.clock.pass_by(minutes=1)
    code = device.at(auditor.clock())
    await auditor.knock(AUDITOR)
    assert await give(auditor, code) == 303
    await auditor.knock(AUDITOR)
    assert await give(auditor, code) == 401
    assert await give(auditor, device.at(auditor.clock(), counter_offset=1)) == 303
    await auditor.knock(AUDITOR)
    assert await give(auditor, device.at(auditor.clock(), counter_offset=-1)) == 401, (
        "nor an earlier one"
    )


@pytest.mark.parametrize("steps", [-2, 2])
async def test_a_code_of_another_time_is_wrong(auditor: House, steps: int) -> None:
    device, _ = await set_up(auditor)
    auditor.clock.pass_by(minutes=5)
    await auditor.knock(AUDITOR)
    assert await give(auditor, device.at(auditor.clock(), counter_offset=steps)) == 401


async def test_codes_are_not_guessed(auditor: House) -> None:
    await set_up(auditor)
    await auditor.knock(AUDITOR)
    answers = [await give(auditor, f"{number:06}") for number in range(5)]
    assert answers == [401] * 5
    assert await give(auditor, "000009") == 429
    failed = await auditor.told("sign_in.failed.v1")
    assert {one["method"] for one in failed} == {"second_factor"}


async def test_a_recovery_code_works_once(auditor: House) -> None:
    _, recovery = await set_up(auditor)
    await auditor.knock(AUDITOR)
    assert await give(auditor, recovery[0].lower()) == 303
    (used,) = await auditor.told("user.recovery_code_used.v1")
    assert used["left_count"] == 9
    await auditor.knock(AUDITOR)
    assert await give(auditor, recovery[0]) == 401
    assert await give(auditor, recovery[1]) == 303


async def test_a_device_is_not_set_up_without_the_password(auditor: House) -> None:
    form = {"csrf": await auditor.csrf(), "password": WRONG}
    answer = await auditor.client.post("/account/second-factor", data=form)
    assert answer.status == 401
    assert "otpauth" not in await answer.text()


async def test_after_a_loss_two_administrators_let_it_be_set_up_anew(auditor: House) -> None:
    await set_up(auditor)
    (enrolled,) = await auditor.told("user.second_factor_enrolled.v1")
    command = RemoveSecondFactor(user_id=enrolled["originator_id"])
    with pytest.raises(SecondPersonNeeded):
        await remove_second_factor(command, auditor.ledger.for_request(), auditor.by)
    two = replace(auditor.by, proposed_by=(uuid4(),))
    await remove_second_factor(command, auditor.ledger.for_request(), two)
    assert (await auditor.client.get("/v1/account")).status == 401
    opened = await auditor.knock(AUDITOR)
    assert opened.headers["Location"] == "/events"
    await set_up(auditor)
    assert (await auditor.client.get("/v1/account")).status == 200


async def test_ones_own_device_is_dropped_with_a_code(auditor: House) -> None:
    device, _ = await set_up(auditor)
    csrf = await auditor.csrf()
    path = "/account/second-factor/removals"
    assert (await auditor.client.post(path, data={"csrf": csrf, "code": "123456"})).status == 401
    auditor.clock.pass_by(minutes=1)
    form = {"csrf": csrf, "code": device.at(auditor.clock())}
    await auditor.client.post(path, data=form)
    assert len(await auditor.told("user.second_factor_removed.v1")) == 1
    assert (await auditor.client.get("/v1/account")).status == 401


async def test_a_copy_of_the_database_shows_no_seed(auditor: House) -> None:
    device, recovery = await set_up(auditor)
    rows = await auditor.ledger.pool.fetch(
        "SELECT l::text FROM user_logins l UNION ALL SELECT c::text FROM user_recovery_codes c"
    )
    kept = "\n".join(row[0] for row in rows)
    assert device.secret not in kept
    assert device.secret.encode().hex() not in kept
    assert recovery[0].replace("-", "") not in kept
