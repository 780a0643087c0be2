"""Journeys of people through accounts: come in, let others in, stand in, bring a document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
import pytest
from playwright.async_api import Browser, FilePayload
from pyotp import TOTP, parse_uri

from ledger.commands.organisations import FillPost, fill_post
from ledger.commands.users import GrantRole, create_user, grant_role
from ledger.core.clock import local_day, utc_now
from ledger.storage.ledger import create_ledger
from ledger.storage.reading import read_begun_with
from tests.api.house import PASSWORD
from tests.api.issuer import running_issuer
from tests.browser.people import COMMITTEE, Guest, Town, a_town, installer, visiting

NOTE = "三号楼楼道照明已修复\n".encode()
NOBODY = UUID(int=0)
"""Stands in grants for whoever will have them."""


def today() -> date:
    return local_day(utc_now())


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    """The address of a running issuer, a process of its own."""
    async with running_issuer() as address:
        yield address


@pytest.fixture(scope="module")
async def town(
    store_dsn: str,
    browser: Browser,
    issuer: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Town]:
    """A service of its own for all journeys."""
    ledger_id = f"q{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin="ledger.example.org/people")
    await db.close()
    documents = tmp_path_factory.mktemp("documents") / "evidence"
    async with a_town(store_dsn, ledger_id, browser, issuer, documents) as town:
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


async def test_somebody_stands_in_and_stops(town: Town) -> None:
    chair = GrantRole(
        user_id=NOBODY, role="owners_committee", organisation_id=COMMITTEE, post="chair"
    )
    holder_id = await town.person("zhao.lei", chair)
    member = GrantRole(user_id=NOBODY, role="owners_committee", organisation_id=COMMITTEE)
    await town.person("sun.mei", member)
    fill = FillPost(
        organisation_id=COMMITTEE,
        person_id=holder_id,
        post="chair",
        from_on=date(2026, 1, 1),
    )
    await fill_post(fill, town.ledger.for_request(), installer())
    async with visiting(town) as holder, visiting(town) as deputy:
        await holder.come_in("zhao.lei")
        await holder.go("/delegations")
        page = holder.page
        await page.select_option("#grant-person", label="sun.mei")
        await page.fill("#grant-from_on", today().isoformat())
        await page.fill("#grant-until_on", (today() - timedelta(days=1)).isoformat())
        await page.click("form:has(#grant-person) button")
        assert "不得早于" in await page.locator("#grant-until_on-refused").inner_text()
        await page.fill("#grant-until_on", (today() + timedelta(days=3)).isoformat())
        await page.click("form:has(#grant-person) button")
        await page.wait_for_url("**/delegations")
        assert "sun.mei" in await holder.text()
        await page.fill("#declare-about", "阳光花园 · estate-1")
        await page.select_option("#declare-kind", "family")
        await page.click("form:has(#declare-kind) button")
        await page.wait_for_url("**/delegations")
        assert "亲属" in await holder.text()
        await holder.picture("delegations")

        await deputy.come_in("sun.mei")
        await deputy.go("/delegations")
        await deputy.page.click("text=代行此职务")
        assert "chair" in await deputy.page.locator(".acting").inner_text()
        await deputy.picture("acting")
        (recorded,) = await _declared_by_deputy(deputy)
        assert recorded == str(holder_id), "what is done counts for both"

        await page.click("summary:has-text('终止')")
        await page.fill("[id^=end-][name=reason]", "提前返岗")
        await page.click("text=终止委托")
        await page.wait_for_url("**/delegations")
        assert "已终止" in await holder.text()
        await deputy.go("/delegations")
        assert await deputy.page.locator(".acting").count() == 0


async def _declared_by_deputy(deputy: Guest) -> list[str]:
    """Let the deputy declare an interest while standing in; return for whom it was done."""
    await deputy.go("/delegations")
    await deputy.page.fill("#declare-about", "临沭街道 · street-1")
    await deputy.page.select_option("#declare-kind", "debt")
    await deputy.page.click("form:has(#declare-kind) button")
    await deputy.page.wait_for_url("**/delegations")
    ledger = deputy.town.ledger
    entries = await read_begun_with(ledger.pool, ledger.id, "interests.declared.v1")
    return [str(one.by.on_behalf_of) for one in entries if one.by.on_behalf_of is not None]


async def test_somebody_comes_in_elsewhere_and_by_a_recovery_code(town: Town) -> None:
    user_id = await town.person("qian.yu", GrantRole(user_id=NOBODY, role="organiser"))
    async with visiting(town) as guest:
        await guest.come_in("qian.yu")
        _, codes = await set_up_factor(guest)
        await guest.page.click("main a.button")
        await guest.page.click("text=关联单点登录身份")
        await guest.page.wait_for_url("**/account")
        assert "somebody" in await guest.text()
        await guest.picture("account")
        await guest.page.click(".who button")
        await guest.go("/login")
        await guest.page.click("#sso")
        await guest.page.fill("#code", codes[0])
        await guest.page.click("main form button")
        await guest.page.wait_for_url(town.address + "/")
        assert "活动组织者" in await guest.page.locator(".who").inner_text()
        await guest.go("/login")
        await guest.page.click("#sso")
        await guest.page.fill("#code", codes[0])
        await guest.page.click("main form button")
        assert await guest.page.locator("[role=alert]").count() == 1, "a code works once"
        await guest.page.fill("#code", codes[1])
        await guest.page.click("main form button")
        await guest.page.wait_for_url(town.address + "/")
    entries = await read_begun_with(town.ledger.pool, town.ledger.id, "user.recovery_code_used.v1")
    assert [one.event.originator_id for one in entries] == [user_id, user_id]


async def test_a_document_is_brought_and_taken_home(town: Town) -> None:
    await town.person("wu.min", GrantRole(user_id=NOBODY, role="organiser"))
    async with visiting(town) as guest:
        await guest.come_in("wu.min")
        await guest.go("/evidence")
        page = guest.page
        wrong: FilePayload = {"name": "发票.pdf", "mimeType": "application/pdf", "buffer": b"no"}
        await page.set_input_files("#bring-document", wrong)
        await page.click("form:has(#bring-document) button")
        assert await page.locator("#bring-document-refused").inner_text()
        right: FilePayload = {"name": "说明.txt", "mimeType": "text/plain", "buffer": NOTE}
        await page.set_input_files("#bring-document", right)
        await page.click("form:has(#bring-document) button")
        assert sha256(NOTE).hexdigest() in await page.locator("#evidence").inner_text()
        await guest.picture("evidence")
        async with page.expect_download() as downloading:
            await page.click("main table a")
        download = await downloading.value
        assert download.suggested_filename == "说明.txt"
        assert (await download.path()).read_bytes() == NOTE
        await guest.go("/account")
        await page.fill("#token-name", "对账")
        await page.click("summary:has-text('只限这些操作')")
        await page.check("input[name=may_volunteer_activities]")
        await page.click("form:has(#token-name) button")
        token = await page.locator("#new-token").inner_text()
        await guest.picture("token")
        headers = {"Authorization": f"Bearer {token}"}
        allowed = await page.request.get(town.address + "/v1/activities", headers=headers)
        refused = await page.request.get(town.address + "/v1/account", headers=headers)
        assert (allowed.status, refused.status) == (200, 403)
