"""What every answer says of itself: its type, and that nobody keeps it who was not told to."""

from __future__ import annotations

import pytest

from tests.api.conftest import Client, the_problem

PRIVATE = ("/v1/organisations", "/v1/petitions", "/v1/account", "/account", "/metrics", "/nowhere")


@pytest.mark.parametrize("path", PRIVATE)
async def test_no_browser_and_no_proxy_keeps_an_answer(client: Client, path: str) -> None:
    response = await client.get(path, allow_redirects=False)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/login", "/docs", "/metrics"])
async def test_a_text_names_its_charset(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.charset == "utf-8", response.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/", "/v1/petitions", "/login"])
async def test_nobody_is_told_their_own_request(client: Client, path: str) -> None:
    """TRACE, which repeats a request with its cookies."""
    response = await client.request("TRACE", path, headers={"Cookie": "a=canary"})
    await the_problem(response, 405, "method-unknown")
    assert "canary" not in await response.text()
