"""The form that brings a document: only the own page of a session sends it, with a document."""

from __future__ import annotations

import pytest
from aiohttp import FormData

from tests.api.house import House, clock, house

__all__ = ["clock", "house"]


async def bring(house: House, *fields: tuple[str, str], name: str = "note.txt") -> tuple[int, str]:
    form = FormData(default_to_multipart=True)
    for field, value in fields:
        form.add_field(field, value)
    if name:
        form.add_field("document", b"a note\n", filename=name)
    async with house.client.post("/evidence", data=form, allow_redirects=False) as response:
        return response.status, await response.text()


async def test_only_the_sessions_own_page_brings_a_document(house: House) -> None:
    assert (await bring(house))[0] == 303, "who is not in is led to the door"
    await house.knock()
    csrf = await house.csrf()
    assert (await bring(house))[0] == 403
    assert (await bring(house, ("csrf", "0" * 32)))[0] == 403
    status, page = await bring(house, ("csrf", csrf))
    assert (status, "附件" in page) == (503, True), "this service keeps no documents"


@pytest.mark.parametrize("name", ["", "note.exe", "王13905391234.txt"])
async def test_what_is_no_document_is_refused_before_it_is_taken(house: House, name: str) -> None:
    await house.knock()
    status, _ = await bring(house, ("csrf", await house.csrf()), name=name)
    assert 400 <= status < 500
