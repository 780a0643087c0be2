"""/docs in a real browser: every operation is there to read, whatever its body is."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession
from playwright.async_api import Browser

from tests.browser.site import Site


async def test_docs_show_every_operation(site: Site, browser: Browser) -> None:
    async with ClientSession(site.address) as client:
        description: dict[str, Any] = await (await client.get("/openapi.json")).json()
    operations = {
        operation["operationId"]: operation
        for methods in description["paths"].values()
        for operation in methods.values()
    }
    bodies = {
        media_type
        for operation in operations.values()
        for media_type in operation.get("requestBody", {}).get("content", {})
    }
    assert len(bodies) > 1, "not every body is JSON"
    problems: list[str] = []
    async with await browser.new_context() as context:
        page = await context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda told: problems.append(told.text) if told.type == "error" else None
        )
        await page.goto(f"{site.address}/docs")
        await page.wait_for_selector("#operations details", state="attached")
        shown = await page.evaluate(
            "[...document.querySelectorAll('#operations details')].map((one) => one.id)"
        )
        assert sorted(shown) == sorted(operations)
        for media_type in bodies - {"application/json"}:
            assert await page.get_by_text(media_type).count() > 0 or "json" in media_type
        await page.fill("#filter", "evidence")
        left = await page.locator("#operations details:not([hidden])").count()
        assert 0 < left < len(operations)
        upload = page.locator("details#upload_evidence")
        await upload.locator("summary").click()
        assert "--data-binary" in await upload.locator("pre").inner_text()
    assert problems == []
