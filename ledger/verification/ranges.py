"""One range of the log, checked by itself: its rows, its tiles, its signed checkpoints.

What it cannot know is what lies left of it. So it returns what the whole needs from it: the roots
of its full tiles, the leaves after the last one, and for each checkpoint inside it the root over
the range's part of that tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ledger.core.errors import LedgerError
from ledger.merkle.checkpoints import Checkpoint, read_checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.merkle.notes import read_note
from ledger.merkle.proofs import fold
from ledger.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, split_hashes, subtree_root
from ledger.merkle.tree import HASH_BYTES, Frontier
from ledger.storage.connect import Connection
from ledger.storage.verifying import Row, raw_checkpoints, raw_events, raw_tiles
from ledger.verification.findings import Finding, Findings
from ledger.verification.rows import RowChecker

RANGE_ENTRIES = 1 << 14
ROWS_AT_ONCE = 1_024
NOWHERE = bytes(HASH_BYTES)


@dataclass(frozen=True, slots=True)
class FormerOrigin:
    """The log's name before a loss was acknowledged: entries before ``end`` carry it."""

    origin: str
    end: int


@dataclass(frozen=True, slots=True)
class Task:
    """Which range of which log; it begins at a multiple of ``RANGE_ENTRIES``."""

    ledger_id: str
    origin: str
    start: int
    end: int
    log_keys: tuple[VerifyingKey, ...]
    former: tuple[FormerOrigin, ...] = ()

    def origin_at(self, position: int) -> str:
        """Return the name that an entry carries."""
        if not self.former:
            return self.origin
        return next((one.origin for one in self.former if position < one.end), self.origin)


@dataclass(slots=True)
class Outcome:
    """What a range turned out to be."""

    start: int
    end: int
    tile_roots: list[bytes] = field(default_factory=list)
    open_leaves: list[bytes] = field(default_factory=list)
    checkpoints: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """(size, root as signed, root over the range's part of that tree)."""
    first_recorded_at: int | None = None
    last_recorded_at: int | None = None
    findings: Findings = field(default_factory=Findings)


async def check_range(db: Connection, task: Task) -> Outcome:
    """Check one range in the snapshot of ``db``."""
    rows = RowChecker(task.origin_at, task.start)
    for start in range(task.start, task.end, ROWS_AT_ONCE):
        end = min(start + ROWS_AT_ONCE, task.end)
        rows.take(await raw_events(db, task.ledger_id, start, end))
        rows.finish(end)
    first, last = task.start >> TILE_HEIGHT, task.end >> TILE_HEIGHT
    tiles = await raw_tiles(db, task.ledger_id, 0, first, last)
    _tell_which(rows, tiles, task.start)
    outcome = Outcome(task.start, task.end, findings=rows.findings)
    outcome.first_recorded_at, outcome.last_recorded_at = rows.first_recorded_at, rows.recorded_at
    leaves = [leaf or NOWHERE for leaf in rows.leaves]
    for number in range(first, last):
        at = (number - first) << TILE_HEIGHT
        part = leaves[at : at + TILE_WIDTH]
        outcome.tile_roots.append(
            check_tile(0, number, part, tiles.get(number), rows.wrong_positions, outcome.findings)
        )
    outcome.open_leaves = leaves[(last - first) << TILE_HEIGHT :]
    signed = await raw_checkpoints(db, task.ledger_id, task.start + 1, task.end + 1)
    _add_checkpoints(outcome, signed, leaves, task)
    return outcome


def _tell_which(rows: RowChecker, tiles: dict[int, tuple[bytes, bytes]], start: int) -> None:
    """Where entry and leaf hash differ, the tile says which of the two was changed."""
    for at, found in enumerate(rows.findings.first):
        if found.rule != "leaf-changed" or found.position is None:
            continue
        number, place = divmod(found.position, TILE_WIDTH)
        if number in tiles:
            said = tiles[number][0][place * HASH_BYTES : (place + 1) * HASH_BYTES]
            is_entry = said != rows.leaves[found.position - start]
            rule, column = ("entry-changed", "entry") if is_entry else ("leaf-changed", "leaf_hash")
            rows.findings.first[at] = replace(found, rule=rule, column=column)


def check_tile(  # noqa: PLR0913, PLR0917 - a tile, what it should be, and where to say so
    level: int,
    number: int,
    computed: Sequence[bytes],
    stored: tuple[bytes, bytes] | None,
    wrong_positions: set[int],
    findings: Findings,
) -> bytes:
    """Compare a full tile with what lies below it; return the root that counts further up.

    Where the entries below were found wrong already, the tile's own root counts, so that one
    changed entry is not reported again by everything above it.
    """
    root = subtree_root(computed)
    position = number << TILE_HEIGHT * (level + 1)
    if stored is None:
        findings.add(_tile("tile-missing", position, "number", level, number))
        return root
    hashes, stored_root = stored
    if len(hashes) != TILE_WIDTH * HASH_BYTES:  # whoever did that dropped the constraint as well
        findings.add(_tile("tile-changed", position, "hashes", level, number))
        return root
    if hashes != b"".join(computed):
        known = _differing(hashes, computed, level, position)
        unexplained = [place for place in known if place not in wrong_positions]
        if unexplained:
            findings.add(_tile("tile-changed", unexplained[0], "hashes", level, number))
        elif subtree_root(split_hashes(hashes)) == stored_root:
            return stored_root
    if stored_root != root and hashes == b"".join(computed):
        findings.add(_tile("tile-changed", position, "root", level, number))
    return root


def _differing(hashes: bytes, computed: Sequence[bytes], level: int, position: int) -> list[int]:
    return [
        position + (at << TILE_HEIGHT * level)
        for at, hash_ in enumerate(computed)
        if hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES] != hash_
    ]


def _tile(rule: str, position: int, column: str, level: int, number: int) -> Finding:
    return Finding(
        rule=rule,
        table="tiles",
        position=position,
        column=column,
        detail=f"level {level}, number {number}",
    )


def _add_checkpoints(
    outcome: Outcome, signed: Sequence[Row], leaves: Sequence[bytes], task: Task
) -> None:
    """Check the notes of checkpoints, and reckon the range's part of their trees."""
    for size, root, note in signed:
        checkpoint = Checkpoint(task.origin, size, root)
        check_note(outcome.findings, checkpoint, note, task.log_keys, task.former)
        whole = size - task.start >> TILE_HEIGHT
        part = Frontier()
        for tile_root in outcome.tile_roots[:whole]:
            part.append_subtree(tile_root, TILE_HEIGHT)
        for leaf in leaves[whole << TILE_HEIGHT : size - task.start]:
            part.append(leaf)
        outcome.checkpoints.append((size, root, fold(part.hashes)))


def check_note(
    findings: Findings,
    checkpoint: Checkpoint,
    note: str,
    log_keys: Sequence[VerifyingKey],
    former: Sequence[FormerOrigin],
) -> None:
    """Check that a note says what the row says, and that a key of the log signed it.

    It may be of a former name of the log: when a loss was acknowledged, every checkpoint that the
    rest did not bear out was set aside.
    """

    def find(rule: str, column: str, detail: str = "") -> None:
        size = checkpoint.size
        findings.add(
            Finding(rule=rule, table="checkpoints", position=size, column=column, detail=detail)
        )

    try:
        read = read_note(note.encode())
        said = read_checkpoint(read.text)
        names = {checkpoint.origin, *(one.origin for one in former)}
        if said.size != checkpoint.size or said.origin not in names:
            find("checkpoint-malformed", "size", f"{said.origin} {said.size}")
        elif said.root != checkpoint.root:
            find("checkpoint-malformed", "root")
        if log_keys and not read.signatures_by(log_keys):
            find("checkpoint-unsigned", "note")
    except LedgerError as wrong:
        find("checkpoint-unsigned", "note", wrong.code())
