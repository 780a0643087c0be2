"""Canaries of a user with a password: typed into each form that takes a secret, they stay out of
answers, logs, figures and entries. Every other address: `tests/everywhere/test_canaries.py`."""

from __future__ import annotations

import logging

import pytest
from aiohttp import ClientSession

from api.sessions import COOKIE
from ledger.storage.reading import read_entries
from tests.api.house import House

CANARY = "canary-5d41402abc4b2a76"


async def test_no_secret_is_repeated_anywhere(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[str] = []

    async def hear(session: ClientSession, method: str, path: str, **given: object) -> None:
        async with session.request(method, path, **given) as response:  # type: ignore[arg-type]
            heard.append(await response.text() + str(response.headers))

    cookies = {COOKIE: f"{CANARY}.{CANARY}"}
    async with ClientSession(house.client._base_url, cookies=cookies) as stranger:
        for form in (
            {"name": "wang.fang", "password": CANARY},
            {"token": CANARY},
            {"name": "wang.fang", "password": "x" * 300 + CANARY},
        ):
            await hear(stranger, "POST", "/login", data=form)
        await hear(stranger, "POST", "/login", data=b"password=" + CANARY.encode() + b"&%zz=\xff")
        await hear(stranger, "GET", "/metrics")
    await house.knock()
    csrf = await house.csrf()
    for path, given in (
        ("/account/password", {"old": CANARY, "new": CANARY + "1", "again": CANARY + "2"}),
        ("/account/password", {"old": CANARY, "new": CANARY, "again": CANARY}),
        ("/account/second-factor", {"password": CANARY}),
        ("/account/second-factor/confirmations", {"code": CANARY}),
    ):
        await hear(house.client, "POST", path, data=given | {"csrf": csrf})
    entries = await read_entries(house.ledger.pool, house.ledger.id, start=0, limit=10_000)
    everything = "\n".join((*heard, caplog.text, *(str(entry.data) for entry in entries)))
    assert len(heard) == 9
    assert CANARY not in everything
    assert house.cookie() not in everything
