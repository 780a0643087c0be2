"""The receipts of a command: what they name is what the log holds."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from uuid import uuid4

from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.merkle.tree import leaf_hash
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from tests.api.conftest import Client, a_county

URL = "/v1/organisations"


async def receipts_in_the_log(ledger: Ledger, *, start: int = 0) -> list[dict[str, Any]]:
    """The receipts that the log's own entries allow."""
    entries = await read_entries(ledger.pool, ledger.id, start=start, limit=1_000)
    return [
        {
            "event_id": str(entry.event_id),
            "position": entry.position,
            "leaf_hash": b64encode(leaf_hash(entry.data)).decode(),
            "checkpoint": "/log/checkpoint",
            "proof": f"/v1/events/{entry.event_id}/proof",
        }
        for entry in entries
    ]


async def test_each_event_gets_a_receipt_with_the_hash_of_its_entry(
    client: Client, ledger: Ledger, policies: None, county: dict[str, str]
) -> None:
    start = len(await receipts_in_the_log(ledger))
    told = [
        (await (await client.post(URL, json=a_county(code), headers=county)).json())["receipts"]
        for code in ("371329", "371328")
    ]
    assert [len(receipts) for receipts in told] == [1, 1]
    assert [*told[0], *told[1]] == await receipts_in_the_log(ledger, start=start)


async def test_a_replay_gets_the_same_receipt(
    client: Client, ledger: Ledger, county: dict[str, str]
) -> None:
    headers = county | {"Idempotency-Key": "once"}
    start = len(await receipts_in_the_log(ledger))
    first, again = [await client.post(URL, json=a_county(), headers=headers) for _ in range(2)]
    assert again.headers["Idempotency-Hit"] == "true"
    assert (await again.json())["receipts"] == (await first.json())["receipts"]
    assert (await first.json())["receipts"] == await receipts_in_the_log(ledger, start=start)


async def test_a_command_of_many_events_tells_the_hash_of_each(ledger: Ledger) -> None:
    by = By(actor_id=uuid4(), at=utc_now(), role="system")
    recorded = await adopt_standard_policies(AdoptStandardPolicies(), ledger, by)
    assert recorded is not None
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)
    assert recorded.leaf_hashes == tuple(leaf_hash(entry.data) for entry in entries)


async def test_what_is_not_recorded_has_no_receipt(client: Client, county: dict[str, str]) -> None:
    tried = await client.post(f"{URL}?dry_run=true", json=a_county(), headers=county)
    assert "receipts" not in await tried.json()
