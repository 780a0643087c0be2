"""Sealed data in the browser: read for a purpose, seen by the person, asked and ordered erased."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

from playwright.async_api import Browser, Page

from ledger.commands import petitioners
from ledger.persons import Person
from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.engine import catch_up
from tests.browser.seed import Seeded
from tests.browser.site import Site, log_in
from tests.petition_world import COMMUNITY, filed
from tests.storage.sealed import WANG, clerk
from tests.tokens import issued

VICTIM_TEXT = WANG.phone or ""


async def token_of(ledger: Ledger, role: str, actor_id: UUID | None = None) -> str:
    organisation_id = COMMUNITY if role == "community" else None
    return await issued(ledger, role, actor_id, organisation_id=organisation_id)


async def come_in(browser: Browser, site: Site, token: str, path: str) -> Page:
    context = await browser.new_context()
    page = await context.new_page()
    await log_in(page, replace(site, token=token), path)
    return page


async def test_a_petitioner_is_read_watched_and_erased(
    site: Site, browser: Browser, county: tuple[Ledger, Seeded]
) -> None:
    ledger, _ = county
    petitioner_id = uuid4()
    petition_id = await filed(ledger, on=9, petitioner_id=petitioner_id)
    seal = petitioners.SealPetitioner(
        petition_id=petition_id, petitioner_id=petitioner_id, petitioner=WANG
    )
    await petitioners.seal_petitioner(seal, ledger, clerk())
    await catch_up(ledger, VIEWS)

    # The community reads the telephone number, for a purpose.
    page = await come_in(
        browser, site, await token_of(ledger, "community"), f"/petitions/{petition_id}"
    )
    assert "已密封" in await page.locator("main").inner_text()
    assert VICTIM_TEXT not in await page.content()
    await page.check("input[name=field_phone]")
    await page.select_option("select[name=purpose]", "visit_back")
    await page.fill("section.card input[name=reason]", "回访前核对")
    await page.click("text=查看并留痕")
    assert VICTIM_TEXT in await page.locator("#values").inner_text()
    await page.context.close()
    await catch_up(ledger, VIEWS)

    # She sees who looked, takes everything home, and asks that it be erased.
    path = f"/persons/{petitioner_id}"
    page = await come_in(browser, site, await token_of(ledger, "resident", petitioner_id), path)
    assert "回访前核对" in await page.locator("main").inner_text()
    async with page.expect_download() as downloading:
        await page.click(f"form[action='{path}/exports'] button")
    download = await downloading.value
    assert download.suggested_filename == f"minzhang-{petitioner_id}.pdf"
    await page.fill(f"form[action='{path}/erasures'] input[name=reason]", "回访前核对")
    await page.click(f"form[action='{path}/erasures'] button")
    await page.wait_for_url(site.address + path)
    await page.context.close()
    await catch_up(ledger, VIEWS)

    # The officer orders it, with a reason; then nobody reads it any more.
    page = await come_in(
        browser, site, await token_of(ledger, "data_protection_officer"), "/erasures"
    )
    await order_erasure(page, site, ledger, petitioner_id)
    await catch_up(ledger, VIEWS)
    await page.reload()
    card = page.locator("section.card", has=page.locator(f"a[href='{path}']"))
    assert "已销毁" in await card.inner_text()
    await page.goto(site.address + path)
    assert "已永久删除" in await page.locator("main").inner_text()
    await page.context.close()
    page = await come_in(
        browser, site, await token_of(ledger, "community"), f"/petitions/{petition_id}"
    )
    assert "已永久删除" in await page.locator("main").inner_text()
    assert await page.locator("input[name=field_phone]").count() == 0
    await page.context.close()


async def order_erasure(page: Page, site: Site, ledger: Ledger, person_id: UUID) -> None:
    """Decide to erase: on the register, and once more on the page that asks again."""
    card = page.locator("section.card", has=page.locator(f"a[href='/persons/{person_id}']"))
    await card.locator("input[name=reason]").fill("处理目的已实现")
    assert await card.locator("select[name=decision]").input_value() == ""
    await card.locator("button").click()  # the browser asks for a decision first
    assert page.url == site.address + "/erasures"
    await card.locator("select[name=decision]").select_option("approve")
    await card.locator("button").click()
    await page.get_by_role("heading", name="确认销毁").wait_for()
    assert str(person_id) in await page.locator("main").inner_text()
    person = await ledger.load(Person, person_id)
    assert person.living_slots(), "nothing is destroyed before it is confirmed"
    await page.check("input[name=confirmed]")
    await page.locator("main form button").click()
    await page.wait_for_url(site.address + "/erasures?all=1")


async def test_a_form_from_another_site_or_without_its_token_reads_nothing(
    site: Site, browser: Browser, county: tuple[Ledger, Seeded]
) -> None:
    ledger, seeded = county
    page = await come_in(browser, site, await token_of(ledger, "community"), "/petitions")
    path = f"{site.address}/petitions/{seeded.petition_id}/reveals"
    form: dict[str, str | float | bool] = {
        "person_id": str(UUID(int=900)),
        "field_phone": "1",
        "purpose": "visit_back",
    }
    for headers in ({}, {"Origin": "https://elsewhere.example"}):
        answer = await page.request.post(path, form=form, headers=headers)
        assert answer.status == 403
        assert VICTIM_TEXT not in await answer.text()
    await page.context.close()
