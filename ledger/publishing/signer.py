"""The stateful signer: a log never signs a tree that its last signature contradicts.

What was signed last is kept in the file ``signed`` beside the keys, outside the database, and is
on the disk before anybody sees the signature:

    {"note": "ledger.example.org/371329\\n91228\\n…", "signed_at": "2026-03-02T01:00:30Z"}

Whoever restores an old database, or edits one, has not changed that file. A smaller tree, another
tree of the same size, and a tree that the proof does not lead to are refused, and so is a clock
that ran backwards. The check and the new state are one step under a lock, so two processes cannot
sign side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from ledger.core.errors import Conflict, LedgerError
from ledger.key_files import (
    PrivateFileUnreadable,
    locked,
    make_private_folder,
    read_private,
    write_private,
)
from ledger.merkle.checkpoints import Checkpoint, read_checkpoint
from ledger.merkle.notes import Note, read_note
from ledger.merkle.proofs import ProofWrong, check_consistency
from ledger.merkle.tree import EMPTY_ROOT
from ledger.publishing.log_keys import LogKeys

STATE_FILE = "signed"
LOCK_FILE = "signed.lock"
CLOCK_TOLERANCE = timedelta(seconds=5)


class TreeRefused(LedgerError):
    """The log's tree is not what was signed before: entries are missing or were changed.

    日志的树与此前签名的不符：有条目缺失或被更改。
    """


class TreeShrank(TreeRefused):
    """The log has fewer entries than were signed before: entries are missing.

    日志条目少于此前已签名的数目：有条目缺失。
    """


class TreeChanged(TreeRefused):
    """The log's tree does not begin with the one that was signed before: entries were changed.

    日志的树并非由此前已签名的树延续而来：有条目被更改。
    """


class OriginChanged(TreeRefused):
    """What was signed before was signed under another origin.

    此前的签名使用的是另一来源名称。
    """


class ClockRanBackwards(LedgerError):
    """The clock shows a time before the last signature; put it right before the log goes on.

    时钟早于上次签名的时间；请先校正时钟，日志才能继续签发。
    """


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed last: the note as it is published, and when."""

    note: Note
    checkpoint: Checkpoint
    signed_at: datetime

    @classmethod
    def of(cls, note: Note, signed_at: datetime) -> Signed:
        """Return what a note says."""
        return cls(note, read_checkpoint(note.text), signed_at)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for the log whose folder this is."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file with what was signed last."""
        return self.folder / STATE_FILE

    def last(self) -> Signed | None:
        """Return what was signed last, if anything was (refuses with ``PrivateFileUnreadable``)."""
        if not self.folder.exists():
            return None
        make_private_folder(self.folder)
        text = read_private(self.path)
        return None if text is None else self._read(text)

    def sign(
        self,
        keys: LogKeys,
        checkpoint: Checkpoint,
        *,
        after: Signed | None,
        proof: Sequence[bytes],
        now: datetime,
    ) -> Signed:
        """Sign a checkpoint that ``proof`` shows to continue ``after``, and keep it.

        Raises ``Conflict`` when ``after`` is no longer what was signed last, ``FileBusy`` while
        another process signs, ``TreeRefused`` and ``ClockRanBackwards``.
        """
        make_private_folder(self.folder)
        with locked(self.folder / LOCK_FILE):
            if self.last() != after:
                raise Conflict(file=str(self.path))
            signed_at = now
            if after is not None:
                check_continues(after.checkpoint, checkpoint, proof)
                signed_at = _after(after.signed_at, now)
            signed = Signed(keys.sign(str(checkpoint), now), checkpoint, signed_at)
            if after is None or signed.note != after.note:
                self._write(signed)
            return signed

    def begin(self, keys: LogKeys, now: datetime) -> None:
        """Remember that nothing was signed yet, unless something was."""
        make_private_folder(self.folder)
        with locked(self.folder / LOCK_FILE):
            if self.last() is None:
                self._write(nothing_signed(keys, now))

    def adopt(self, signed: Signed, *, after: Signed | None, proof: Sequence[bytes]) -> None:
        """Take over what another process signed for the same log (errors as of ``sign``)."""
        make_private_folder(self.folder)
        with locked(self.folder / LOCK_FILE):
            if self.last() != after:
                raise Conflict(file=str(self.path))
            if after is not None:
                check_continues(after.checkpoint, signed.checkpoint, proof)
            self._write(signed)

    def put_clock_right(self, now: datetime) -> Signed | None:
        """Forget a time in the future at which the last signature was made; return what it was."""
        make_private_folder(self.folder)
        with locked(self.folder / LOCK_FILE):
            last = self.last()
            if last is None or last.signed_at <= now:
                return None
            self._write(Signed(last.note, last.checkpoint, now))
            return last

    def _write(self, signed: Signed) -> None:
        state = {"note": str(signed.note), "signed_at": signed.signed_at}
        write_private(self.path, orjson.dumps(state, option=orjson.OPT_UTC_Z).decode())

    def _read(self, text: str) -> Signed:
        try:
            state: dict[str, Any] = orjson.loads(text)
            note = read_note(state["note"].encode())
            return Signed.of(note, datetime.fromisoformat(state["signed_at"]))
        except (ValueError, TypeError, KeyError, AttributeError, LedgerError) as error:
            raise PrivateFileUnreadable(path=str(self.path), problem=type(error).__name__) from None


def nothing_signed(keys: LogKeys, now: datetime) -> Signed:
    """Return the signature over the empty tree, which every log continues."""
    empty = Checkpoint(keys.origin, 0, EMPTY_ROOT)
    return Signed(keys.sign(str(empty), now), empty, now)


def check_continues(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that a log's new checkpoint continues its old one (refuses with ``TreeRefused``)."""
    if new.origin != old.origin:
        raise OriginChanged(origin=new.origin, signed_origin=old.origin)
    if new.size < old.size:
        raise TreeShrank(size=new.size, signed_size=old.size)
    try:
        check_consistency(
            old_size=old.size, old_root=old.root, size=new.size, root=new.root, proof=proof
        )
    except ProofWrong:
        raise TreeChanged(size=new.size, signed_size=old.size) from None


def _after(last: datetime, now: datetime) -> datetime:
    """Return the present, or the last time if the clock is a little behind it."""
    if now < last - CLOCK_TOLERANCE:
        raise ClockRanBackwards(now=now.isoformat(), signed_at=last.isoformat())
    return max(now, last)
