"""Going on after a loss, in the open: another origin, another key, and an entry that says so.

What the old origin signed about entries that are gone can never be continued, and nobody should
be able to pretend that it was. So the old log ends where it was, for its witnesses and monitors it
just stops; the log goes on as ``ORIGIN/since-20260302T010000Z``, which every outsider has to take
up by hand, and its first entry names the last checkpoint of the old one, what is left, and why.
Entries that are left keep the origin under which they were written.

    key.next (new key) ► one transaction: origin, ended checkpoints, entry ► key.next becomes key

Whatever dies in between, either nothing happened or the next start finishes it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from uuid_utils.compat import uuid7

from ledger.core.clock import Clock
from ledger.core.entry import new_entry
from ledger.core.errors import LedgerError, ReasonMissing
from ledger.key_files import make_private_folder, read_private, write_private
from ledger.log_history import LogHistory
from ledger.merkle.checkpoints import origin_since, read_checkpoint
from ledger.merkle.notes import Note
from ledger.publishing.announcing import by_publisher
from ledger.publishing.checking import Standpoint, check_head, look_at_log
from ledger.publishing.log_keys import (
    KEY_FILE,
    KeysFromEnvironment,
    KeySource,
    LogKeys,
    new_keys,
    parse_keys,
)
from ledger.publishing.signer import STATE_FILE
from ledger.storage.ended import change_origin, end_checkpoints, lock_head
from ledger.storage.group import append_group
from ledger.storage.known import Remembered
from ledger.storage.requests import Append

NEXT_FILE = "key.next"
ENDED_FOLDER = "ended"


class NothingLost(LedgerError):
    """The log is what was signed: there is no loss to acknowledge.

    日志与已签名的内容一致：没有需要确认的缺失。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was lost and how the log goes on."""

    former_origin: str
    former_size: int
    kept_size: int
    origin: str
    vkey: str


async def acknowledge_loss(  # noqa: PLR0913 - what is admitted, each by name
    db: asyncpg.Connection,
    ledger_id: str,
    source: KeySource,
    *,
    reason: str,
    clock: Clock,
    witnessed: Note | None = None,
) -> Recovered:
    """Let the log go on under another origin; the caller made sure that something is lost.

    ``witnessed`` is a checkpoint of ours that only a witness still has. Refuses with
    ``ReasonMissing``, ``KeysFromEnvironment``, and ``LogTorn`` where the tree does not hold.
    """
    if source.given:
        raise KeysFromEnvironment(origin=source.origin)
    if not reason.strip():
        raise ReasonMissing()
    keys = new_keys(origin_since(source.origin, clock()))
    make_private_folder(source.folder)
    write_private(source.folder / NEXT_FILE, keys.to_text())
    async with db.transaction():
        await lock_head(db, ledger_id)
        here = await look_at_log(db, ledger_id, source)
        await check_head(db, ledger_id, here.head)
        last = _last_of(here, witnessed)
        await change_origin(db, ledger_id, keys.origin)
        await end_checkpoints(db, ledger_id, here.head.size, at=clock())
        await _append(db, ledger_id, _history(here, last, keys, reason, clock), clock)
    finish_recovery(source.folder, keys.origin)
    return Recovered(
        former_origin=source.origin,
        former_size=read_checkpoint(last.text).size if last else 0,
        kept_size=here.head.size,
        origin=keys.origin,
        vkey=str(keys.current.verifying),
    )


def finish_recovery(folder: Path, origin: str) -> bool:
    """Take the new key into use if the log goes on under its name; the old one is set aside.

    Called before keys are looked for; does nothing when nothing is unfinished.
    """
    if not folder.exists():
        return False
    make_private_folder(folder)
    text = read_private(folder / NEXT_FILE)
    if text is None or parse_keys(text).origin != origin:
        return False
    ended = folder / ENDED_FOLDER / origin.rpartition("/")[2]
    make_private_folder(folder / ENDED_FOLDER)
    make_private_folder(ended)
    for name in (KEY_FILE, STATE_FILE):
        if (folder / name).exists():
            (folder / name).rename(ended / name)
    (folder / NEXT_FILE).rename(folder / KEY_FILE)
    return True


def _last_of(here: Standpoint, witnessed: Note | None) -> Note | None:
    """Return the largest checkpoint of the old log that is known."""
    notes = [here.signed.note] if here.signed else []
    notes += [here.kept.note] if here.kept else []
    notes += [witnessed] if witnessed else []
    return max(notes, key=lambda note: read_checkpoint(note.text).size, default=None)


def _history(
    here: Standpoint, last: Note | None, keys: LogKeys, reason: str, clock: Clock
) -> LogHistory:
    by = by_publisher(clock(), reason=reason.strip())
    history = here.history or LogHistory.begin(by_publisher(clock()))
    history.acknowledge_loss(
        by,
        former_origin=here.head.origin,
        former_checkpoint=str(last) if last else "",
        kept_size=here.head.size,
        kept_root=here.head.frontier.root(),
        origin=keys.origin,
        vkey=str(keys.current.verifying),
    )
    return history


async def _append(
    db: asyncpg.Connection, ledger_id: str, history: LogHistory, clock: Clock
) -> None:
    """Append in the caller's transaction, in which the origin has changed already."""
    entries = [
        new_entry(event, event_id=uuid7(), nonce=os.urandom(16))  # type: ignore[arg-type]
        for event in history.collect_events()
    ]
    (outcome,) = await append_group(db, ledger_id, [Append(entries=entries)], clock, Remembered())
    if isinstance(outcome, LedgerError):
        raise outcome
