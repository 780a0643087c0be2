"""What visitors do: come in, change the language, go out; and what a page never lets through."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Browser

from tests.browser.seed import IMAGE, SCRIPT
from tests.browser.site import Language, Site, Visitor, log_in

TOKEN_FIELD = "#token"  # noqa: S105 - where the form takes it


async def test_who_is_not_let_in_yet_is_led_to_the_form_and_back(
    site: Site, browser: Browser
) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(site.address + "/events?kind=petition")
        assert page.url.startswith(site.address + "/login?next=")
        await page.fill(TOKEN_FIELD, "mz_wrong")
        await page.click("#by-token button")
        assert await page.locator("[role=alert]").count() == 1
        assert await page.locator("h1").inner_text() == "登录 Log in"
        await page.fill(TOKEN_FIELD, site.token)
        await page.click("#by-token button")
        await page.wait_for_url(site.address + "/events?kind=petition")
        assert await page.locator("select#kind").input_value() == "petition"


async def test_who_goes_out_is_out(site: Site, browser: Browser) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await log_in(page, site, "/volunteers")
        await page.click(".who button")
        await page.wait_for_url(site.address + "/")
        await page.goto(site.address + "/volunteers")
        assert page.url.startswith(site.address + "/login?next=")


async def test_a_language_is_remembered(site: Site, browser: Browser) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(site.address + "/shop")
        assert await page.locator("html").get_attribute("lang") == "zh-CN"
        await page.click("text=English")
        await page.goto(site.address + "/shop?at=2026-03-05")
        assert await page.locator("html").get_attribute("lang") == "en"
        assert await page.locator("h1").inner_text() == "Charity shop"
        await page.click("text=中文")
        assert page.url == site.address + "/shop?at=2026-03-05&lang=zh"
        assert await page.locator("h1").inner_text() == "积分超市 Charity shop"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_somebody_wrote_into_a_petition_is_text(
    visitor: Visitor, language: Language
) -> None:
    look = await visitor.look_at(f"/petitions/{visitor.site.seeded.hostile_petition_id}", language)
    assert look.status == 200
    assert look.problems == []
    assert "taken" not in look.title.replace(SCRIPT, "")
    shown = " ".join(look.texts)
    assert SCRIPT in shown
    assert IMAGE in shown


@pytest.mark.parametrize("text", [SCRIPT, IMAGE, "'; DROP TABLE events; --", "{{ 7 * 7 }}"])
async def test_what_somebody_puts_into_an_address_is_text(visitor: Visitor, text: str) -> None:
    for path in (
        "/events?reason=",
        "/events?about=",
        "/events?cursor=",
        "/volunteers/",
        "/shop?at=",
    ):
        look = await visitor.look_at(path + quote(text, safe=""), "en")
        assert look.status in {200, 400, 404, 422}, path
        assert "taken" not in look.title
        heard = [one for one in look.problems if "Failed to load resource" not in one]
        assert heard == [], path


async def test_another_site_cannot_send_a_visitor_out_of_this_one(
    site: Site, browser: Browser
) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(site.address + "/login?next=" + quote("//example.org/"))
        await page.fill(TOKEN_FIELD, site.token)
        await page.click("#by-token button")
        await page.wait_for_url(site.address + "/")
