"""What the service hands out over HTTP is accepted by software that others wrote, as it is."""

from __future__ import annotations

from base64 import b64decode

from proofbundle.checkpoint import verify_witnessed_checkpoint
from proofbundle.merkle import verify_consistency
from proofbundle.tlogproof import verify_tlog_proof
from pymerkle import InmemoryTree

from ledger.storage.reading import read_entries
from tests.api.served_log import Log, log
from tests.published_log import LOG_KEY, WITNESSES, fill, publish_now
from tests.storage_fixtures import ORIGIN

__all__ = ["log"]

LOG_VKEY = str(LOG_KEY.verifying)
WITNESS_VKEYS = [str(one.verifying) for one in WITNESSES]
SIZES = (257, 300)


async def entries_of(log: Log) -> list[bytes]:
    """Return all entries, as their readers have them."""
    found = await read_entries(log.ledger.pool, log.ledger.id, start=0, limit=1_000)
    return [entry.data for entry in found]


async def test_proofbundle_accepts_the_proofs_that_we_serve(log: Log) -> None:
    await fill(log.ledger, SIZES[1])
    await publish_now(log.ledger, witnesses=WITNESSES)
    entries = await entries_of(log)
    for position in (0, 1, 255, 256, 299):
        response = await log.client.get(f"/v1/events/{position}/proof")
        proof = await response.text()
        verdict = verify_tlog_proof(
            proof, entries[position], LOG_VKEY, WITNESS_VKEYS, threshold=2, expected_origin=ORIGIN
        )
        assert verdict["ok"], verdict
        other = verify_tlog_proof(proof, entries[position - 1], LOG_VKEY, WITNESS_VKEYS)
        assert not other["ok"]


async def test_proofbundle_and_pymerkle_accept_our_checkpoints_and_their_consistency(
    log: Log,
) -> None:
    roots: list[bytes] = []
    for size in SIZES:
        await fill(log.ledger, size - (SIZES[0] if roots else 0))
        await publish_now(log.ledger, witnesses=WITNESSES)
        note = (await log.fetch("checkpoint")).decode()
        verdict = verify_witnessed_checkpoint(
            note, LOG_VKEY, WITNESS_VKEYS, threshold=2, expected_origin=ORIGIN
        )
        assert verdict["ok"], verdict
        assert verdict["tree_size"] == size
        roots.append(verdict["root"])

    url = f"/v1/log/consistency?from={SIZES[0]}&to={SIZES[1]}"
    told = await (await log.client.get(url)).json()
    hashes = [b64decode(one) for one in told["hashes"]]
    assert verify_consistency(*SIZES, hashes, *roots)
    assert not verify_consistency(*SIZES, hashes, roots[1], roots[0])

    tree = InmemoryTree(algorithm="sha256")
    for entry in await entries_of(log):
        tree.append_entry(entry)
    assert [tree.get_root(size) for size in SIZES] == roots
