"""The seal of a page: shown when the browser itself verified everything, and in no other case."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.proof_files import read_proof_file
from tests.browser.conftest import LOG_KEY
from tests.browser.site import Site, log_in

Change = Callable[[bytes], bytes]

VERIFIED = "已在您的浏览器中验证"
FAILED = "未通过验证：所示内容与防篡改日志不符"
UNCHECKED = "未在您的浏览器中验证"
SETTLED = "() => document.querySelector('.seal').dataset.settled === 'yes'"
ROOT_PLACE = 2


async def seal_of(page: Page) -> str:
    """The words of the seal, once the check is over."""
    await page.wait_for_function(SETTLED)
    return await page.locator(".seal").inner_text()


async def results_of(page: Page) -> dict[str, str]:
    """What came out of each check."""
    found: dict[str, str] = await page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-check]')]"
        ".map((item) => [item.dataset.check, item.dataset.result]))"
    )
    return found


async def tampered(page: Page, address: str, change: Change) -> None:
    """Let somebody on the way, or the server, change what an address answers."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, body=change(await response.body()))

    await page.route(address, answer)


def with_note(proof: bytes, note: str) -> bytes:
    return proof.partition(b"\n\n")[0] + b"\n\n" + note.encode()


def signed_anew(proof: bytes, key: SigningKey, root: bytes) -> bytes:
    claimed = read_proof_file(proof).claimed
    text = str(Checkpoint(claimed.origin, claimed.size, root))
    return with_note(proof, str(Note(text, (sign_note(text, key),))))


def flipped_hash(proof: bytes) -> bytes:
    lines = proof.split(b"\n")
    lines[ROOT_PLACE] = b64encode(bytes(32))
    return b"\n".join(lines)


def other_index(proof: bytes) -> bytes:
    return proof.replace(b"index 40\n", b"index 41\n")


def signature_spoilt(proof: bytes) -> bytes:
    head, _, tail = proof.rpartition("— ledger".encode())
    name, space, rest = tail.partition(b" ")
    spoilt = rest[:20] + (b"A" if rest[20:21] != b"A" else b"B") + rest[21:]
    return head + "— ledger".encode() + name + space + spoilt


def cosignature_spoilt(proof: bytes) -> bytes:
    head, mark, tail = proof.partition("— street".encode())
    name, space, rest = tail.partition(b" ")
    spoilt = rest[:40] + (b"A" if rest[40:41] != b"A" else b"B") + rest[41:]
    return head + mark + name + space + spoilt


def by_a_stranger(proof: bytes) -> bytes:
    claimed = read_proof_file(proof).claimed
    stranger = SigningKey.generate(claimed.origin, KeyKind.NOTE)
    return signed_anew(proof, stranger, claimed.root)


def another_tree(proof: bytes) -> bytes:
    return signed_anew(proof, LOG_KEY, bytes(32))


def other_bytes(entry: bytes) -> bytes:
    return entry.replace(b'"version":', b'"version": ', 1)


def nothing_at_all(_: bytes) -> bytes:
    return b"c2sp.org/tlog-proof@v1\n"


@pytest.fixture
async def page(site: Site, browser: Browser) -> Any:
    """A browser that nobody has used, at the event's page after a login."""
    async with await browser.new_context() as context:
        page = await context.new_page()
        await log_in(page, site, "/")
        yield page


async def test_an_event_is_verified_by_the_browser_itself(site: Site, page: Page) -> None:
    await page.goto(f"{site.address}/events/40")
    assert await seal_of(page) == VERIFIED
    assert await results_of(page) == dict.fromkeys(
        ("entry", "path", "signature", "witnesses", "memory"), "yes"
    )
    assert await page.locator(".witnessed").inner_text() == "2 / 2"
    assert '"topic":' in await page.evaluate("document.querySelector('pre.entry').textContent")
    await page.goto(f"{site.address}/events/41")
    assert await seal_of(page) == VERIFIED
    assert "→" in await page.locator(".remembered").inner_text()


async def test_the_checkpoint_is_verified_without_a_login(site: Site, browser: Browser) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(f"{site.address}/log?lang=en")
        assert await seal_of(page) == "Verified in your browser"


@pytest.mark.parametrize(
    ("address", "change", "failing"),
    [
        ("**/proof", flipped_hash, "path"),
        ("**/proof", other_index, "path"),
        ("**/proof", another_tree, "path"),
        ("**/proof", signature_spoilt, "signature"),
        ("**/proof", by_a_stranger, "signature"),
        ("**/proof", cosignature_spoilt, "witnesses"),
        ("**/proof", nothing_at_all, "path"),
        ("**/log/entry/*", other_bytes, "path"),
    ],
)
async def test_a_tampered_answer_gets_no_seal(
    site: Site, page: Page, address: str, change: Change, failing: str
) -> None:
    await tampered(page, address, change)
    await page.goto(f"{site.address}/events/40")
    assert await seal_of(page) == FAILED
    assert (await results_of(page))[failing] == "no"


async def test_a_page_that_says_something_else_than_the_entry_gets_no_seal(
    site: Site, page: Page
) -> None:
    said = b"&#34;role&#34;:&#34;"
    await tampered(page, "**/events/40", lambda body: body.replace(said, said + b"x"))
    await page.goto(f"{site.address}/events/40")
    assert await seal_of(page) == FAILED
    assert (await results_of(page))["entry"] == "no"


@pytest.mark.parametrize(
    "remembered",
    [
        "{size: now.size, root: 'A'.repeat(43) + '=', keys: now.keys}",
        "{size: now.size - 1, root: now.root, keys: now.keys}",
        "{size: now.size + 1, root: now.root, keys: now.keys}",
        "{size: now.size, root: now.root, keys: ['another']}",
    ],
)
async def test_a_log_that_this_browser_remembers_otherwise_gets_no_seal(
    site: Site, page: Page, remembered: str
) -> None:
    await page.goto(f"{site.address}/log")
    assert await seal_of(page) == VERIFIED
    await page.evaluate(
        "() => { const name = Object.keys(localStorage)[0];"
        " const now = JSON.parse(localStorage.getItem(name));"
        f" localStorage.setItem(name, JSON.stringify({remembered})); }}"
    )
    await page.goto(f"{site.address}/events/40")
    assert await seal_of(page) == FAILED
    assert (await results_of(page))["memory"] == "no"


async def test_where_the_browser_cannot_check_nothing_is_claimed(site: Site, page: Page) -> None:
    await page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    await page.goto(f"{site.address}/events/40")
    assert await seal_of(page) == UNCHECKED
    await page.route("**/proof.js", lambda route: route.abort())
    await page.goto(f"{site.address}/events/41")
    assert await page.locator(".seal").inner_text() == UNCHECKED


async def test_an_answer_that_does_not_come_gets_no_seal(site: Site, page: Page) -> None:
    await page.route("**/proof", lambda route: route.abort())
    await page.goto(f"{site.address}/events/40")
    assert await seal_of(page) == UNCHECKED
