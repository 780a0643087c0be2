"""Journeys of people through accounts: come in, let others in, stand in, bring a document."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Browser
from pyotp import TOTP, parse_uri

from ledger.commands.users import GrantRole, create_user, grant_role
from ledger.storage.ledger import create_ledger
from tests.api.house import PASSWORD
from tests.browser.conftest import SCREENSHOTS_VARIABLE
from tests.browser.people import Guest, Town, a_town, installer, visiting


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    """The address of a running issuer, a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.api.issuer", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        address = (await process.stdout.readline()).decode().strip()
    yield address
    process.terminate()
    await process.wait()


@pytest.fixture(scope="module")
async def town(store_dsn: str, browser: Browser, issuer: str) -> AsyncIterator[Town]:
    """A service of its own for all journeys."""
    ledger_id = f"q{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin="ledger.example.org/people")
    await db.close()
    pictures = os.environ.get(SCREENSHOTS_VARIABLE)
    async with a_town(store_dsn, ledger_id, browser, issuer, pictures) as town:
        yield town


async def choose_password(guest: Guest, link: str) -> None:
    await guest.page.goto(link)
    await guest.page.fill("#password", PASSWORD)
    await guest.page.fill("#again", PASSWORD)
    await guest.page.click("main form button")
    await guest.page.wait_for_url("**/login")


async def set_up_factor(guest: Guest) -> tuple[TOTP, list[str]]:
    """Set up a device from the picture's address; return it and the recovery codes."""
    await guest.go("/account")
    await guest.page.fill("form[action='/account/second-factor'] input[name=password]", PASSWORD)
    await guest.page.click("form[action='/account/second-factor'] button")
    assert await guest.page.locator("svg.qr").count() == 1
    await guest.picture("second-factor")
    totp = parse_uri(await guest.page.locator("#uri").text_content() or "")
    assert isinstance(totp, TOTP)
    await guest.page.fill("#code", totp.now())
    await guest.page.click("main form button")
    codes = await guest.page.locator("#recovery li").all_inner_texts()
    return totp, codes


async def create(admin: Guest, name: str) -> str:
    """Create a user; return the one-time link and go on to the user's page."""
    await admin.page.fill("#create-login_name", name)
    await admin.page.click("form:has(#create-login_name) button")
    link = await admin.page.locator("#one-time-link").inner_text()
    await admin.picture("one-time-link")
    await admin.page.click("main a.button")
    return link


async def test_the_first_administrator_lets_somebody_in(town: Town) -> None:
    user_id, secret = await create_user(town.ledger, installer(), login_name="li.min")
    granting = GrantRole(user_id=user_id, role="administrator")
    await grant_role(granting, town.ledger.for_request(), installer())
    async with visiting(town) as admin, visiting(town) as wang:
        await choose_password(admin, f"{town.address}/set-up?link={secret}")
        await admin.come_in("li.min")
        await admin.go("/users")
        assert admin.page.url.endswith("/account"), "nothing opens before the second factor"
        _, codes = await set_up_factor(admin)
        assert len(codes) == 10
        page = admin.page

        await admin.go("/users")
        await page.fill("#create-login_name", "LI.MIN")
        await page.click("form:has(#create-login_name) button")
        assert "已被使用" in await page.locator("#create-login_name-refused").inner_text()
        assert await page.input_value("#create-login_name") == "LI.MIN"
        link = await create(admin, "wang.fang")
        await page.select_option("#grant-role", "grid_worker")
        await page.fill("#grant-organisation", "红石湖")
        await page.click("form:has(#grant-role) button")
        assert "从列表中选择" in await page.locator("#grant-organisation-refused").inner_text()
        assert await page.input_value("#grant-role") == "grid_worker", "what was typed is kept"
        await page.fill("#grant-organisation", "红石湖社区 · community-1")
        await page.click("form:has(#grant-role) button")
        await page.wait_for_url("**/users/*")
        assert "红石湖社区" in await page.locator("table").first.inner_text()
        await page.select_option("#grant-role", "auditor")
        await page.click("form:has(#grant-role) button")
        assert "必须分离" in await page.locator("#grant-role-refused").inner_text()
        await admin.picture("user")

        await choose_password(wang, link)
        await wang.come_in("wang.fang")
        await wang.page.wait_for_url(town.address + "/")
        assert "网格员" in await wang.page.locator(".who").inner_text()
        await wang.go("/users")
        assert "无权" in await wang.page.locator("h1").inner_text()

        await admin.go("/users?q=wang")
        assert "wang.fang" in await admin.text() and "li.min" not in await admin.text()
        await admin.go("/users")
        await admin.picture("users")
        await page.click("text=wang.fang")
        await page.fill("#disable-reason", "离职")
        await page.click("form:has(#disable-reason) button")
        await page.wait_for_url("**/users/*")
        assert "已停用" in await page.locator("h1").inner_text()
        await wang.go("/account")
        assert "/login" in wang.page.url, "what was open is closed"
