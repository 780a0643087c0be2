"""A visitor of the site: goes to a page, and notes all that matters of what is shown."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urldefrag, urlsplit

import orjson
from aiohttp import ClientSession, TCPConnector
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from api.web.site import LANGUAGE_COOKIE
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from tests.browser.seed import Seeded

Language = Literal["zh", "en"]
WIDTHS: Final = (1280, 390)
"""A wide screen and a phone, in pixels."""
HEIGHT: Final = 844
CHINESE = re.compile(r"[一-鿿]")
BRAND = "民账"

_VIOLATIONS = """
    window.violations = [];
    addEventListener('securitypolicyviolation', (event) =>
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""
_SEEN = """() => {
    const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const hidden = node.parentElement.closest('script, style, noscript, [lang|=zh]:not(html)');
        if (!hidden && node.data.trim()) texts.push(node.data.trim());
    }
    for (const element of document.querySelectorAll('*'))
        for (const name of ['title', 'aria-label', 'placeholder', 'alt'])
            if (element.getAttribute(name)) texts.push(element.getAttribute(name));
    return {
        heading: document.querySelector('h1')?.innerText.trim() ?? '',
        title: document.title,
        texts,
        links: [...document.querySelectorAll('a[href]')].map((link) => link.href),
        violations: window.violations,
    };
}"""
_OVERFLOWING = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    return [...document.querySelectorAll('body *')]
        .filter((element) => !element.closest('.scroll') || element.matches('.scroll'))
        .filter((element) => element.getBoundingClientRect().right > wide + 1)
        .map((element) => `${element.tagName}.${element.className}: ${element.innerText}`)
        .map((text) => text.slice(0, 80));
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where it is served, what is in it; ``data`` are the Chinese texts that are not labels."""

    address: str
    token: str
    seeded: Seeded
    data: tuple[str, ...]
    screenshots: str | None


@dataclass(slots=True, kw_only=True)
class Look:
    """What was seen of one page in one language, and what was wrong with it."""

    path: str
    status: int
    heading: str
    title: str
    texts: list[str]
    links: list[str]
    problems: list[str] = field(default_factory=list)


class Visitor:
    """Somebody who came in by the form; use with ``async with``."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site = site
        self._browser = browser
        self._stack = AsyncExitStack()
        self._pages: dict[Language, Page] = {}
        self._client: ClientSession
        self._followed: dict[str, int] = {}
        self._heard: list[str] = []

    async def __aenter__(self) -> Visitor:
        entrance = await self.context()
        page = await entrance.new_page()
        await log_in(page, self.site, "/")
        cookies: Any = await entrance.cookies()
        for language in ("zh", "en"):
            context = await self.context()
            chosen: Any = {"name": LANGUAGE_COOKIE, "value": language, "url": self.site.address}
            await context.add_cookies([*cookies, chosen])
            self._pages[language] = await self._listened_to(context)
        carried = {cookie["name"]: cookie["value"] for cookie in cookies}
        # A connection each: one that lay idle for seconds may be cut just as it is used again.
        client = ClientSession(cookies=carried, connector=TCPConnector(force_close=True))
        self._client = await self._stack.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def context(self) -> BrowserContext:
        """Return a browser window that nobody has used yet."""
        context = await self._browser.new_context()
        self._stack.push_async_callback(context.close)
        await context.add_init_script(_VIOLATIONS)
        return context

    async def look_at(self, path: str, language: Language) -> Look:
        """Open a page wide, then as on a phone, and note all that is wrong with it."""
        page = self._pages[language]
        self._heard.clear()
        await page.set_viewport_size(_viewport(WIDTHS[0]))
        response = await page.goto(self.site.address + path, wait_until="load")
        assert response is not None
        seen = await page.evaluate(_SEEN)
        look = Look(
            path=path,
            status=response.status,
            heading=seen["heading"],
            title=seen["title"],
            texts=seen["texts"],
            links=seen["links"],
        )
        for width in WIDTHS:
            await page.set_viewport_size(_viewport(width))
            too_wide = await page.evaluate(_OVERFLOWING)
            look.problems += [f"wider than {width} px: {text}" for text in too_wide]
            await self._keep_picture(page, path, language, width)
        look.problems += [*self._heard, *seen["violations"]]
        return look

    async def broken_links(self, look: Look) -> dict[str, int]:
        """Follow every link of a page within the site; return those that do not answer 200."""
        wanted = {urldefrag(link).url for link in look.links}
        ours = {link for link in wanted if link.startswith(self.site.address)}
        new = sorted(ours - self._followed.keys())
        statuses = await asyncio.gather(*map(self._status, new))
        self._followed.update(zip(new, statuses, strict=True))
        return {link: self._followed[link] for link in ours if self._followed[link] != 200}

    def untranslated(self, look: Look) -> list[str]:
        """Return the texts of an English page that are Chinese and no data."""
        return [text for text in look.texts if CHINESE.search(self._without_data(text))]

    def _without_data(self, text: str) -> str:
        for known in (*self.site.data, BRAND):
            text = text.replace(known, "")
        return text

    async def _status(self, link: str) -> int:
        async with self._client.get(link) as response:
            await response.read()
            return response.status

    async def _listened_to(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self._heard.append(f"script: {error}"))
        page.on("request", lambda request: self._see_request(request.url))
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self._heard.append(f"console: {text}")

    def _see_request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data" and not url.startswith(self.site.address):
            self._heard.append(f"asked another host: {url}")

    async def _keep_picture(self, page: Page, path: str, language: str, width: int) -> None:
        if self.site.screenshots is None:
            return
        name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "front"
        folder = Path(self.site.screenshots)
        await page.screenshot(path=folder / f"{name}.{language}.{width}.png", full_page=True)


async def log_in(page: Page, site: Site, path: str) -> None:
    """Ask for a page, and give the token to the form that comes instead or from the head line."""
    await page.goto(f"{site.address}/login?next={path}")
    await page.fill("#token", site.token)
    await page.click("#by-token button")
    await page.wait_for_url(site.address + path)


async def data_texts(ledger: Ledger) -> tuple[str, ...]:
    """Return the Chinese texts that people recorded, the longest first."""
    found: set[str] = set()
    for entry in await read_entries(ledger.pool, ledger.id, start=0, limit=100_000):
        found.update(_texts(entry.header), _texts(orjson.loads(entry.state)))
    return tuple(sorted(filter(CHINESE.search, found), key=len, reverse=True))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


def _viewport(width: int) -> ViewportSize:
    return {"width": width, "height": HEIGHT}
