"""The witness over HTTP, byte by byte as the format says it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, ClientSession

from api.serving import serving
from api.witness.app import create_witness_app
from ledger.merkle.checkpoints import open_checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, read_signature_lines
from ledger.witness.add_checkpoint import BODY_BYTES_MAX
from ledger.witness.witness import Witness, hash_of_origin
from tests.witness.conftest import ORIGIN, MadeUpLog

PATH = "/add-checkpoint"


@pytest.fixture
async def client(witness: Witness) -> AsyncIterator[ClientSession]:
    async with (
        serving(create_witness_app(witness), "127.0.0.1", 0) as address,
        ClientSession(address) as client,
    ):
        yield client


async def said(response: ClientResponse) -> tuple[int, str, str]:
    return response.status, response.content_type, await response.text()


async def test_200_is_cosignature_lines_and_the_last_checkpoint_is_served(
    client: ClientSession, witness: Witness, log: MadeUpLog
) -> None:
    nowhere = await client.get(f"/{hash_of_origin(ORIGIN)}/checkpoint")
    assert nowhere.status == 404
    request = log.request(0, 9)
    status, kind, text = await said(await client.post(PATH, data=request.to_bytes()))
    assert (status, kind) == (200, "text/plain")
    (line,) = read_signature_lines(text)
    assert Note(request.note.text, (line,)).signatures_by([witness.key.verifying])
    served = await (await client.get(f"/{hash_of_origin(ORIGIN)}/checkpoint")).read()
    opened = open_checkpoint(served, [log.vkey], [witness.key.verifying])
    assert (opened.checkpoint.size, len(opened.signatures)) == (9, 2)
    status, _, text = await said(await client.get("/"))
    assert text == f"witness {witness.key.verifying}\nlog {log.vkey}\n"


async def test_409_is_the_size_and_nothing_else(client: ClientSession, log: MadeUpLog) -> None:
    await client.post(PATH, data=log.request(0, 9).to_bytes())
    answer = await client.post(PATH, data=log.request(3, 12).to_bytes())
    assert await said(answer) == (409, "text/x.tlog.size", "9\n")


async def test_every_other_refusal_has_its_status(client: ClientSession, log: MadeUpLog) -> None:
    await client.post(PATH, data=log.request(0, 9).to_bytes())
    stranger = MadeUpLog(SigningKey.generate("ledger.example.org/other", KeyKind.NOTE))
    impostor = MadeUpLog(SigningKey.generate(ORIGIN, KeyKind.NOTE))
    for body, status in (
        (b"old 9", 400),
        (log.request(9, 8).to_bytes(), 400),
        (stranger.request(0, 5).to_bytes(), 404),
        (impostor.request(9, 12).to_bytes(), 403),
        (log.forked(2).request(9, 9).to_bytes(), 422),
        (log.forked(2).request(9, 12).to_bytes(), 422),
        (b"x" * (BODY_BYTES_MAX + 1), 413),
    ):
        assert (await client.post(PATH, data=body)).status == status
    assert (await client.get(PATH)).status == 405
    assert (await client.get(f"/{'0' * 64}/checkpoint")).status == 404
    assert (await client.post(PATH, data=log.request(9, 12).to_bytes())).status == 200


async def test_many_at_once_get_one_cosignature_for_each_step(
    client: ClientSession, log: MadeUpLog
) -> None:
    bodies = [log.request(0, 5).to_bytes(), log.forked(0).request(0, 5).to_bytes()] * 10
    answers = await asyncio.gather(*(client.post(PATH, data=body) for body in bodies))
    assert sorted({answer.status for answer in answers}) == [200, 409]
    assert [answer.status for answer in answers].count(200) == 1
