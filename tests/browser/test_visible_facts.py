"""The seal speaks for what a visitor sees: every visible fact is what the verified entry says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from ledger.expenses import Expense
from ledger.storage.checkpoints import latest_published
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from tests.browser.seed import Seeded
from tests.browser.site import Site, log_in
from tests.browser.test_seals import FAILED, VERIFIED, results_of, seal_of

Change = Callable[[str], str]
PARTS = 4


@pytest.fixture
async def page(site: Site, browser: Browser) -> Any:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await log_in(page, site, "/")
        yield page


@pytest.fixture(scope="session")
async def applied(county: tuple[Ledger, Seeded]) -> int:
    """The place of an event with an amount, a name, a purpose and who did it."""
    ledger, _ = county
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=10_000)
    return next(one.position for one in entries if one.topic == Expense.Applied.TOPIC)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_kind_of_event_is_shown_as_it_is(
    site: Site, page: Page, county: tuple[Ledger, Seeded], language: str, part: int
) -> None:
    ledger, _ = county
    published = await latest_published(ledger.pool, ledger.id)
    assert published is not None
    size = published.checkpoint.size
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=size)
    kinds = {one.topic: one.position for one in entries}
    assert len(kinds) > 60
    for topic, position in sorted(kinds.items())[part::PARTS]:
        await page.goto(f"{site.address}/events/{position}?lang={language}")
        said = await page.locator("[data-check=entry]").inner_text()
        assert (await seal_of(page)) in {VERIFIED, "Verified in your browser"}, (topic, said)


def put(found: str, instead: str) -> Change:
    """Return what puts something else in the place of what a pattern finds first."""

    def change(body: str) -> str:
        changed, count = re.subn(found, instead, body, count=1)
        assert count == 1, found
        return changed

    return change


AMOUNT = r'(data-fact="(?:terms\.)?amount_fen">)(¥[0-9,.]+)'
STYLED = "<style>.lie{opacity:0}.more dd::after{content:' 元整，已核减'}</style>"

LIES: dict[str, Change] = {
    "amount": put(AMOUNT, r"\1¥9,999,999.00"),
    "name": put(r'(data-fact="(?:terms\.)?payee">)[^<]+', r"\1另一家公司"),
    "time": put(r'(data-fact="occurred_at">)[^<]+', r"\g<1>2020-01-01 09:00"),
    "actor": put(r'(data-fact="actor">.*?>)[0-9a-f]{8}', r"\g<1>ffffffff"),
    "leaf hash": put(r"(data-leaf>)[A-Za-z0-9+/]{4}", r"\1AAAA"),
    "hidden true copy": put(AMOUNT, r"\1<span hidden>\2</span>¥1.00"),
    "true text unseen": put(AMOUNT, r'\1<span style="opacity:0">\2</span>'),
    "true text unseen by class": put(AMOUNT, STYLED + r'\1<span class="lie">\2</span>'),
    "text by a style": put(r'class="facts card"', f'class="facts card more">{STYLED}<dl'),
    "text beside": put(AMOUNT, r"\1\2（实付 ¥1.00）"),
    "text after": put(r"</dl>", "</dl><p>以上金额已更正为 ¥1.00</p>"),
    "text after, told to be beside": put(r"</dl>", "</dl><p data-beside>已更正为 ¥1.00</p>"),
    "turned text": put(AMOUNT, r'\1<bdo dir="rtl">\2</bdo>'),
    "turning mark": put(AMOUNT, "\\1\u202e\\2"),
    "tiny text": put(AMOUNT, r'\1<span style="font-size:1px">\2</span>'),
    "label": put(r'(data-label="occurred_at">)[^<]+', r"\1入账时间"),
    "role": put(r'(data-fact="role">)[^<]+', r"\1审计人员"),
    "event's name": put(r'(data-fact="name">)[^<]+', r"\1支出已支付"),
    "place": put(r'(data-fact="position">)[0-9]+', r"\g<1>1"),
    "fact left out": put(r'<dt data-label="actor">.*?</dd>', ""),
    "fact twice": put(r'(<dt data-label="actor">.*?</dd>)', r"\1\1"),
    "facts out of the seal": put(r"<section data-sealed>", "<section>"),
    "organisation": put(r'(data-fact="organisation">.*?>)[0-9a-f]{8}', r"\g<1>ffffffff"),
    "picture over it": put(AMOUNT, r'\1\2<img src="/favicon" alt="">'),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_shown_and_not_in_the_entry_gets_no_seal(
    site: Site, page: Page, applied: int, lie: str
) -> None:
    async def answer(route: Route) -> None:
        response = await route.fetch()
        headers = dict(response.headers)
        headers.pop("content-security-policy")  # who changes the page can leave this out as well
        await route.fulfill(
            response=response, headers=headers, body=LIES[lie](await response.text())
        )

    address = f"{site.address}/events/{applied}"
    await page.route(address, answer)
    await page.goto(address)
    assert await seal_of(page) == FAILED
    assert (await results_of(page))["entry"] == "no"
