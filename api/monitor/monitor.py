"""One look at a log: is what it shows now a continuation of what it showed before?

    checkpoint ─► signatures, quorum ─► right edge ─► consistency with the last one seen
               ─► every new tile against the one above ─► entries, where asked ─► freshness

What was seen last is kept in a state file; two checkpoints that contradict each other are kept
beside it, because they prove a fork to anybody who trusts the log's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from api.monitor.alarms import Alarm, LogWrong, Raised
from api.monitor.reading import CheckedTiles, Fetch
from ledger.core.clock import Clock
from ledger.core.errors import InvalidValue, LedgerError
from ledger.key_files import write_private
from ledger.merkle.checkpoints import Checkpoint, SignedCheckpoint, open_checkpoint, read_checkpoint
from ledger.merkle.notes import NoteMalformed, NoteUnsigned, SignatureWrong, read_note
from ledger.merkle.policies import Policy
from ledger.merkle.proofs import ProofWrong, check_consistency
from ledger.merkle.tiles import TILE_HEIGHT, TileWrong

STATE_VERSION = 1
STATE_BYTES_MAX = 2_000_000


class StateUnreadable(InvalidValue):
    """The monitor's state file is not one: move it away to begin anew, and keep it.

    监测器的状态文件无法识别：如需重新开始请将其移走并留存。
    """


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint that was found in order, and when its size was first seen."""

    note: str
    since: datetime

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says; it was checked when it was seen."""
        return read_checkpoint(read_note(self.note.encode()).text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is asked of a log. ``is_whole``: begin with its first entry, not with what is new."""

    policy: Policy
    fresh_within: timedelta | None = None
    is_whole: bool = False
    are_entries_read: bool = False


@dataclass(slots=True)
class Look:
    """What one look came to."""

    size: int | None = None
    alarms: list[Raised] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """The status of the gravest alarm: what is final before what may pass."""
        ordered = sorted(self.alarms, key=lambda one: (not one.alarm.is_final, one.alarm))
        return ordered[0].alarm.exit_status if ordered else 0


class Monitor:
    """Follows one log."""

    def __init__(self, watch: Watch, fetch: Fetch, state: Path, *, clock: Clock) -> None:
        self._watch, self._fetch, self._state, self._clock = watch, fetch, state, clock

    async def look(self) -> Look:
        """Look at the log once; what is in order is remembered, what is not becomes an alarm."""
        look, seen = Look(), read_state(self._state)
        try:
            signed = await self._checkpoint()
            look.size = signed.checkpoint.size
            look.alarms += self._of_quorum(signed)
            seen = await self._follow(signed, seen)
            look.alarms += self._of_age(signed, seen)
        except LogWrong as wrong:
            look.alarms.append(Raised(wrong.alarm, wrong.detail))
        except TileWrong as wrong:
            look.alarms.append(Raised(Alarm.TREE_WRONG, _said(wrong)))
        return look

    async def _checkpoint(self) -> SignedCheckpoint:
        data = await self._fetch("checkpoint")
        if data is None:
            raise LogWrong(Alarm.UNREACHABLE, "there is no checkpoint")
        logs = [log.key for log in self._watch.policy.logs]
        witnesses = [one.key for one in self._watch.policy.witnesses]
        try:
            return open_checkpoint(data, logs, witnesses)
        except (NoteMalformed, NoteUnsigned, SignatureWrong, InvalidValue) as wrong:
            raise LogWrong(Alarm.NOTE_WRONG, _said(wrong)) from wrong

    def _of_quorum(self, signed: SignedCheckpoint) -> list[Raised]:
        lacking = self._watch.policy.missing(signed.signatures)
        names = ", ".join(one.name for one in lacking)
        return [Raised(Alarm.QUORUM_MISSING, names)] if lacking else []

    def _of_age(self, signed: SignedCheckpoint, seen: Seen) -> list[Raised]:
        """Compare with the newest cosignature, or with when this size was first seen."""
        if self._watch.fresh_within is None:
            return []
        cosigned = [one.at for one in signed.signatures if one.at is not None]
        age = self._clock() - max(cosigned, default=seen.since)
        if age <= self._watch.fresh_within:
            return []
        return [Raised(Alarm.STALE, f"size {signed.checkpoint.size}, {int(age.total_seconds())} s")]

    async def _follow(self, signed: SignedCheckpoint, seen: Seen | None) -> Seen:
        """Check the new tree against itself and against what was seen; remember it."""
        new, old = signed.checkpoint, None if seen is None else seen.checkpoint
        if old is not None and old.origin != new.origin:
            raise LogWrong(Alarm.NOTE_WRONG, f"{new.origin} instead of {old.origin}")
        if old is not None and new.size <= old.size:
            await self._compare_older(signed, seen, old)
            if new.size < old.size:
                raise LogWrong(Alarm.STALE, f"size {new.size} after {old.size}")
        tiles = CheckedTiles(new, self._fetch)
        await tiles.check_edge()
        if old is not None and new.size > old.size:
            await self._check_consistency(signed, seen, tiles)
        await self._read_new(tiles, old, new)
        since = seen.since if seen and old and old.size == new.size else self._clock()
        remembered = Seen(str(signed.note), since)
        write_state(self._state, remembered)
        return remembered

    async def _compare_older(
        self, signed: SignedCheckpoint, seen: Seen | None, old: Checkpoint
    ) -> None:
        """A checkpoint that is no larger than the last one must be a state on the way to it."""
        new = signed.checkpoint
        root = old.root
        if new.size < old.size:
            tiles = CheckedTiles(old, self._fetch)
            try:
                await tiles.check_edge()
                root = await tiles.root_at(new.size)
            except LogWrong as wrong:
                # The log does not show the tree any more that it signed: perhaps for good.
                raise LogWrong(Alarm.STALE, f"size {new.size} after {old.size}") from wrong
        if root != new.root:
            self._keep_fork(signed, seen)
            raise LogWrong(Alarm.FORKED, f"sizes {old.size} and {new.size}")

    async def _check_consistency(
        self, signed: SignedCheckpoint, seen: Seen | None, tiles: CheckedTiles
    ) -> None:
        if seen is None:
            return
        new, old = signed.checkpoint, seen.checkpoint
        try:
            check_consistency(
                old_size=old.size,
                old_root=old.root,
                size=new.size,
                root=new.root,
                proof=await tiles.proof_from(old.size),
            )
        except ProofWrong as wrong:
            self._keep_fork(signed, seen)
            raise LogWrong(Alarm.FORKED, f"sizes {old.size} and {new.size}") from wrong

    async def _read_new(self, tiles: CheckedTiles, old: Checkpoint | None, new: Checkpoint) -> None:
        """Read every tile that is new, so that each is compared with the one above it."""
        start = new.size if old is None else old.size
        if self._watch.is_whole and old is None:
            start = 0
        for number in range(start >> TILE_HEIGHT, -(-new.size >> TILE_HEIGHT)):
            await tiles.leaves(number)
            if self._watch.are_entries_read:
                await tiles.check_entries(number)

    def _keep_fork(self, signed: SignedCheckpoint, seen: Seen | None) -> None:
        """Keep both notes beside the state: each is signed by the log."""
        if seen is None:
            return
        size, root = signed.checkpoint.size, signed.checkpoint.root.hex()[:8]
        name = f"{self._state.name}.fork-{size}-{root}"
        text = f"{seen.note}\n\n{'=' * 72}\n\n{signed.note}"
        write_private(self._state.with_name(name), text)


def read_state(path: Path) -> Seen | None:
    """Return what was seen last (refuses with ``StateUnreadable``)."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as file:
            state: Any = orjson.loads(file.read(STATE_BYTES_MAX))
        if state["v"] != STATE_VERSION:
            raise StateUnreadable(file=path.name, v=str(state["v"]))
        seen = Seen(str(state["note"]), datetime.fromisoformat(state["since"]))
        seen.checkpoint  # noqa: B018 - reads it, or says that it cannot be read
        return seen
    except (OSError, ValueError, KeyError, TypeError, InvalidValue) as wrong:
        raise StateUnreadable(file=path.name) from wrong


def write_state(path: Path, seen: Seen) -> None:
    """Replace the state file in one step."""
    state = {"v": STATE_VERSION, "note": seen.note, "since": seen.since.isoformat()}
    write_private(path, orjson.dumps(state, option=orjson.OPT_INDENT_2).decode())


def _said(wrong: LedgerError) -> str:
    facts: Sequence[str] = [f"{name}={value}" for name, value in wrong.facts.items()]
    return f"{wrong.code()} {' '.join(facts)}".strip()
