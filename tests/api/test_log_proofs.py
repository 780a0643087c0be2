"""Proofs over HTTP, checked by a client that knows only the public formats."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from ledger.core.clock import utc_now
from ledger.merkle.checkpoints import open_checkpoint
from ledger.merkle.proofs import check_consistency
from ledger.storage.checkpoints import KeptTimeStamp, keep_time_stamp
from ledger.storage.reading import read_entries, read_head
from tests import tiles_client
from tests.api.conftest import TokenFor, a_county, bearer, the_problem
from tests.api.served_log import Log, log
from tests.published_log import LOG_KEY, WITNESSES, fill, publish_now

__all__ = ["log"]

VKEY = str(LOG_KEY.verifying)
ORGANISATIONS = "/v1/organisations"


async def recorded(log: Log, headers: dict[str, str]) -> dict[str, Any]:
    """Record one event as a client does; return its receipt once the audit trail has it."""
    response = await log.client.post(ORGANISATIONS, json=a_county(), headers=headers)
    receipt: dict[str, Any] = (await response.json())["receipts"][0]
    url = f"/v1/events?after_position={receipt['position']}"
    assert (await log.client.get(url, headers=headers)).status == 200
    return receipt


async def proof_of(log: Log, event: object, **asked: object) -> str:
    """GET a proof file, for anybody."""
    params = {name: str(value) for name, value in asked.items()}
    response = await log.client.get(f"/v1/events/{event}/proof", params=params)
    assert response.status == 200, await response.text()
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert ".tlog-proof" in response.headers["Content-Disposition"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return await response.text()


async def leaf_at(log: Log, position: int) -> bytes:
    """The leaf hash that the log has at a position."""
    (entry,) = await read_entries(log.ledger.pool, log.ledger.id, start=position, limit=1)
    return tiles_client._h(b"\x00" + entry.data)


async def test_a_receipt_is_kept_word_for_word(log: Log, county: dict[str, str]) -> None:
    await fill(log.ledger, 300)
    receipt = await recorded(log, county)
    await publish_now(log.ledger)
    head = tiles_client.open_note((await log.fetch(receipt["checkpoint"][5:])).decode(), VKEY)
    assert head.size > receipt["position"]
    response = await log.client.get(receipt["proof"])
    leaf = b64decode(receipt["leaf_hash"])
    index, proved = tiles_client.check_proof(await response.text(), leaf, VKEY)
    assert (index, proved) == (receipt["position"], head)


async def test_an_event_acknowledged_and_then_replaced_is_found_by_whoever_kept_the_receipt(
    log: Log, county: dict[str, str], superuser: asyncpg.Connection
) -> None:
    """Attack 14: the superuser puts another event where the acknowledged one was."""
    receipt = await recorded(log, county)
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        for table in ("events", "receipts"):
            await superuser.execute(f"DELETE FROM {table} WHERE ledger_id = $1", log.ledger.id)  # noqa: S608
        await superuser.execute(
            "UPDATE heads SET size = 0, frontier = '' WHERE ledger_id = $1", log.ledger.id
        )
    await fill(log.ledger, receipt["position"] + 2)
    await publish_now(log.ledger)
    proof = await proof_of(log, receipt["position"])
    with pytest.raises(tiles_client.LogLies, match="does not lead to the root"):
        tiles_client.check_proof(proof, b64decode(receipt["leaf_hash"]), VKEY)


async def test_every_event_is_proved_under_every_published_size(log: Log) -> None:
    sizes = []
    for count in (1, 6, 250, 300):
        await fill(log.ledger, count)
        sizes.append(await publish_now(log.ledger))
    for size in sizes:
        for position in {0, size // 3, size // 2, size - 1}:
            proof = await proof_of(log, position, size=size)
            leaf = await leaf_at(log, position)
            index, head = tiles_client.check_proof(proof, leaf, VKEY)
            assert (index, head.size) == (position, size)
    latest = tiles_client.check_proof(await proof_of(log, 3), await leaf_at(log, 3), VKEY)[1]
    assert latest.size == sizes[-1]


async def test_a_proof_carries_the_cosignatures(log: Log) -> None:
    await fill(log.ledger, 2)
    await publish_now(log.ledger, witnesses=WITNESSES)
    note = (await proof_of(log, 1)).partition("\n\n")[2].encode()
    witnesses = [key.verifying for key in WITNESSES]
    assert len(open_checkpoint(note, [LOG_KEY.verifying], witnesses).signatures) == 3


async def test_what_is_not_covered_yet_is_to_be_asked_for_again(
    log: Log, county: dict[str, str]
) -> None:
    receipt = await recorded(log, county)
    for event in (receipt["event_id"], 0):
        response = await log.client.get(f"/v1/events/{event}/proof")
        await the_problem(response, 409, "not-covered-yet")
        assert response.headers["Retry-After"] == "1"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    await publish_now(log.ledger)
    assert await proof_of(log, 0)


@pytest.mark.parametrize("event", ["2", "999999999999999999", "nothing", "1" * 19, "-1", "١"])
async def test_there_is_no_proof_of_nothing(log: Log, event: str) -> None:
    await fill(log.ledger, 2)
    await publish_now(log.ledger)
    await the_problem(await log.client.get(f"/v1/events/{event}/proof"), 404, "not-found")


async def test_an_unknown_id_is_not_found_once_the_trail_has_read_all(
    log: Log, county: dict[str, str]
) -> None:
    receipt = await recorded(log, county)
    url = "/v1/events/0192f0c1-2345-7000-8000-000000000001"
    trail = await log.client.get(f"{url}?after_position={receipt['position']}", headers=county)
    assert trail.status == 404
    await the_problem(await log.client.get(f"{url}/proof"), 404, "not-found")


async def test_a_size_that_was_never_published_is_not_found(log: Log) -> None:
    await fill(log.ledger, 5)
    await publish_now(log.ledger)
    url = "/v1/events/1/proof"
    await the_problem(await log.client.get(f"{url}?size=4"), 404, "checkpoint-unknown")
    for wrong in ("size=-1", "size=x", "size=05", "size=1&size=2", "other=1"):
        await the_problem(await log.client.get(f"{url}?{wrong}"), 400, "request-invalid")


async def test_the_exact_entry_is_for_whoever_may_read_events(
    log: Log, county: dict[str, str], token_for: TokenFor
) -> None:
    receipt = await recorded(log, county)
    url = f"/v1/events/{receipt['position']}/entry"
    await the_problem(await log.client.get(url), 401, "not-authenticated")
    owner = bearer(await token_for("owner"))
    await the_problem(await log.client.get(url, headers=owner), 403, "not-allowed")
    elsewhere = bearer(await token_for("community", organisation_id=uuid4()))
    await the_problem(await log.client.get(url, headers=elsewhere), 404, "not-found")
    missing = await log.client.get("/v1/events/7/entry", headers=county)
    await the_problem(missing, 404, "not-found")
    response = await log.client.get(url, headers=county)
    leaf = tiles_client._h(b"\x00" + await response.read())
    assert leaf == b64decode(receipt["leaf_hash"])
    assert response.headers["Cache-Control"].startswith("private")


async def test_the_log_at_each_size_begins_with_the_log_at_every_smaller_one(log: Log) -> None:
    for count in (1, 255, 1):
        await fill(log.ledger, count)
        await publish_now(log.ledger)
    await fill(log.ledger, 300)
    size = await publish_now(log.ledger)
    for old in (0, 1, 2, 255, 256, 257, 400, size):
        for new in {max(old, 300), size}:
            params = {"from": str(old), "to": str(new)}
            told = await (await log.client.get("/v1/log/consistency", params=params)).json()
            assert (told["from"], told["to"]) == (old, new)
            check_consistency(
                old_size=old,
                old_root=b64decode(told["from_root"]),
                size=new,
                root=b64decode(told["to_root"]),
                proof=[b64decode(one) for one in told["hashes"]],
            )
    head = tiles_client.open_note((await log.fetch("checkpoint")).decode(), VKEY)
    told = await (await log.client.get("/v1/log/consistency?from=1")).json()
    assert (told["to"], b64decode(told["to_root"])) == (size, head.root)


async def test_consistency_in_the_form_that_witnesses_take(log: Log) -> None:
    await fill(log.ledger, 3)
    await publish_now(log.ledger)
    await fill(log.ledger, 4)
    await publish_now(log.ledger)
    response = await log.client.get("/v1/log/consistency?from=3&form=text")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    asked, _, note = (await response.text()).partition("\n\n")
    assert note == (await log.fetch("checkpoint")).decode()
    json = await (await log.client.get("/v1/log/consistency?from=3&to=7")).json()
    assert asked.split("\n") == ["old 3", *json["hashes"]]
    unknown = await log.client.get("/v1/log/consistency?from=3&to=5&form=text")
    await the_problem(unknown, 404, "checkpoint-unknown")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "request-invalid"),
        ("from=1&to=x", 400, "request-invalid"),
        ("from=1&form=xml", 400, "request-invalid"),
        ("from=1&from=2", 400, "request-invalid"),
        ("from=1&size=2", 400, "request-invalid"),
        ("from=" + "9" * 19, 400, "request-invalid"),
        ("from=3&to=2", 400, "no-such-proof"),
        ("from=6", 400, "no-such-proof"),
        ("from=1&to=6", 409, "not-covered-yet"),
    ],
)
async def test_wrong_questions_about_consistency(
    log: Log, query: str, status: int, code: str
) -> None:
    await fill(log.ledger, 5)
    await publish_now(log.ledger)
    await fill(log.ledger, 3)
    await the_problem(await log.client.get(f"/v1/log/consistency?{query}"), status, code)


async def test_the_checkpoint_tells_how_it_stands(log: Log) -> None:
    await the_problem(await log.client.get("/v1/log/checkpoint"), 404, "nothing-published")
    await fill(log.ledger, 5)
    then = utc_now() - timedelta(minutes=10)
    await publish_now(log.ledger, witnesses=WITNESSES[:1], at=then)
    await fill(log.ledger, 2)
    response = await log.client.get("/v1/log/checkpoint")
    told = await response.json()
    head = tiles_client.open_note(told["note"], VKEY)
    assert (told["origin"], told["size"], b64decode(told["root"])) == (
        head.origin,
        head.size,
        head.root,
    )
    assert 600 <= told["age_seconds"] < 660
    assert told["unpublished_count"] == 2
    assert (told["vkeys"], told["is_signed"], told["is_quorate"]) == ([VKEY], True, False)
    street, audit = told["witnesses"]
    assert street["cosigned_at"] and street["counts"] and street["name"] == "street"
    assert audit["cosigned_at"] is None
    assert told["time_stamps"] == []


async def test_a_quorum_and_a_time_stamp_are_told(log: Log) -> None:
    await fill(log.ledger, 5)
    await publish_now(log.ledger, witnesses=WITNESSES)
    stamp = KeptTimeStamp(5, "tsa.example.org", "note", b"token", utc_now())
    await keep_time_stamp(log.ledger.pool, log.ledger.id, stamp)
    told = await (await log.client.get("/v1/log/checkpoint")).json()
    assert told["is_quorate"] is True
    assert [one["authority"] for one in told["time_stamps"]] == ["tsa.example.org"]
    assert (await read_head(log.ledger.pool, log.ledger.id)).size == told["size"]


async def test_an_event_lies_between_what_outsiders_dated(log: Log, county: dict[str, str]) -> None:
    began = utc_now().replace(microsecond=0)
    await fill(log.ledger, 3)
    await publish_now(log.ledger, witnesses=WITNESSES, at=began)
    before = (await read_head(log.ledger.pool, log.ledger.id)).size
    receipt = await recorded(log, county)
    url = f"/v1/events/{receipt['event_id']}/interval"
    await the_problem(await log.client.get(url), 409, "not-covered-yet")
    await publish_now(log.ledger, witnesses=WITNESSES[1:], at=began + timedelta(hours=1))
    response = await log.client.get(url)
    found = await response.json()
    assert response.status == 200, found
    assert found["position"] == before
    assert (found["not_before"]["size"], found["not_after"]["size"]) == (before, before + 1)
    assert found["not_after"]["by"] == WITNESSES[1].name
    first = await (await log.client.get("/v1/events/0/interval")).json()
    assert first["not_before"] is None and first["not_after"]["size"] == before
