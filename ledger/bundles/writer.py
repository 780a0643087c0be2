"""Write an audit bundle: the slice [start, end), what proves it whole, and its statement.

    manifest.json     format, origin, start, end, size; hashes left and right; consistency proofs
    checkpoint        the log's signed note, with the lines of all witnesses
    entries           each entry after its length in two bytes, big-endian (as in tlog-tiles)
    statement.*, accounts.jsonl, movements.jsonl      see ``ledger.bundles.statements``
    openings.jsonl    personal data that the reader was given, each with its commitment's key
    timestamps/000.tsr, 000.note                      a token (RFC 3161), and what it is over
    README.txt        what this is and how to check it

Keys are never inside: who checks must have them from elsewhere. Nothing is kept in memory but a
batch of entries and a number for each account.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import orjson

from ledger.bundles.archive import BundleArchive, new_archive
from ledger.bundles.statements import Source, Statement
from ledger.core.errors import InvalidValue, LedgerError
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.slices import SliceRoot, left_nodes, right_nodes
from ledger.merkle.tiles import pack_entries
from ledger.merkle.tree import leaf_hash
from ledger.storage.checkpoints import KeptCheckpoint, KeptTimeStamp, time_stamps_of
from ledger.storage.connect import Connection
from ledger.storage.reading import read_entries
from ledger.storage.tree import read_consistency_proof, read_nodes, read_root

FORMAT = "minzhang-audit-bundle"
VERSION = 1
BATCH_ENTRIES = 2_000


class CheckpointMissing(LedgerError):
    """No signed checkpoint covers these entries yet; let the service publish one, then try again.

    尚无已签名的检查点覆盖这些条目；请让服务先发布检查点，再重试。
    """


class SliceOutside(InvalidValue):
    """A bundle holds entries from a first position up to a later one, inside the checkpoint.

    审计包的起始序号须小于结束序号，且不得超出检查点。
    """


class LogContradictsItself(LedgerError):
    """The stored entries do not lead to the signed root: somebody changed them. Run verify.

    库中条目推不出已签名的树根：有人改动过数据。请运行 minzhang verify。
    """


class OlderCheckpointContradicts(LedgerError):
    """The older checkpoint is not a state that this log ever had: keep it as evidence.

    该旧检查点不是本日志曾有过的状态：请将其保存为证据。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What goes into a bundle; ``older`` are checkpoints that its reader holds.

    ``openings`` are lines of JSON with personal data: then only its owner may read the file.
    """

    ledger_id: str
    start: int
    end: int
    kept: KeptCheckpoint
    older: Sequence[Checkpoint] = ()
    openings: Sequence[bytes] = ()


async def write_bundle(
    db: Connection,
    bundle: Bundle,
    path: Path,
    *,
    statement: tuple[Statement, Source] | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the file; ``db`` is in a snapshot. ``told`` is called with how many entries went in.

    Raises ``SliceOutside``, ``LogContradictsItself`` and ``OlderCheckpointContradicts``.
    """
    size = bundle.kept.checkpoint.size
    if not 0 <= bundle.start < bundle.end <= size:
        raise SliceOutside(start=bundle.start, end=bundle.end, size=size)
    stamps = await time_stamps_of(db, bundle.ledger_id, size)
    with new_archive(path, mode=0o600 if bundle.openings else 0o644) as archive:
        archive.add("README.txt", (files("ledger.bundles") / "README.txt").read_bytes())
        archive.add("manifest.json", await _manifest(db, bundle, stamps))
        archive.add("checkpoint", str(bundle.kept.note).encode())
        for number, stamp in enumerate(stamps):
            archive.add(f"timestamps/{number:03}.tsr", stamp.token)
            archive.add(f"timestamps/{number:03}.note", stamp.stamped.encode())
        await archive.stream("entries", _entries(db, bundle, told))
        if bundle.openings:
            archive.add("openings.jsonl", b"".join(line + b"\n" for line in bundle.openings))
        if statement is not None:
            await _write_statement(archive, *statement)


async def _write_statement(archive: BundleArchive, statement: Statement, source: Source) -> None:
    await archive.stream("accounts.jsonl", statement.account_lines(source.balances()))
    await archive.stream("movements.jsonl", statement.movement_lines(source.movements()))
    await archive.stream("statement.csv", statement.csv_lines(source))
    archive.add("statement.json", statement.head())


async def _manifest(db: Connection, bundle: Bundle, stamps: Sequence[KeptTimeStamp]) -> bytes:
    checkpoint = bundle.kept.checkpoint
    left, right = left_nodes(bundle.start), right_nodes(bundle.end, checkpoint.size)
    hashes = await read_nodes(db, bundle.ledger_id, [*left, *right])
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "origin": checkpoint.origin,
        "start": bundle.start,
        "end": bundle.end,
        "size": checkpoint.size,
        "left": _encoded([hashes[node] for node in left]),
        "right": _encoded([hashes[node] for node in right]),
        "consistency": [await _consistency(db, bundle, old) for old in bundle.older],
        "time_stamps": [{"authority": stamp.authority} for stamp in stamps],
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


async def _consistency(db: Connection, bundle: Bundle, old: Checkpoint) -> dict[str, object]:
    checkpoint = bundle.kept.checkpoint
    if old.origin != checkpoint.origin or old.size > checkpoint.size:
        raise OlderCheckpointContradicts(origin=old.origin, size=old.size)
    if await read_root(db, bundle.ledger_id, old.size) != old.root:
        raise OlderCheckpointContradicts(origin=old.origin, size=old.size)
    proof = await read_consistency_proof(db, bundle.ledger_id, old.size, checkpoint.size)
    return {"size": old.size, "hashes": _encoded(proof)}


async def _entries(
    db: Connection, bundle: Bundle, told: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """Yield the packed entries, and make sure that they are what the checkpoint was signed over."""
    checkpoint = bundle.kept.checkpoint
    left, right = left_nodes(bundle.start), right_nodes(bundle.end, checkpoint.size)
    hashes = await read_nodes(db, bundle.ledger_id, [*left, *right])
    root = SliceRoot(bundle.start, [hashes[node] for node in left])
    while root.end < bundle.end:
        limit = min(BATCH_ENTRIES, bundle.end - root.end)
        batch = await read_entries(db, bundle.ledger_id, start=root.end, limit=limit)
        if len(batch) != limit or batch[-1].position != root.end + limit - 1:
            raise LogContradictsItself(position=root.end)
        for entry in batch:
            root.add(leaf_hash(entry.data))
        yield pack_entries([entry.data for entry in batch])
        told(limit)
    if root.finish(checkpoint.size, [hashes[node] for node in right]) != checkpoint.root:
        raise LogContradictsItself(start=bundle.start, end=bundle.end, size=checkpoint.size)


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(hash_).decode() for hash_ in hashes]
