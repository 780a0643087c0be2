"""Going on after a loss, or after the log was stopped: in the open, with an entry that says so.

First everything is made to fit the entries as they are found (``ledger.storage.mending``). If the
log then is what was signed, nothing is lost: it goes on under its name, and its next entry says
what had stopped it and what was mended.

If not, what the old origin signed about entries that are gone can never be continued, and nobody
should be able to pretend that it was. So the old log ends where it was, for its witnesses and
monitors it just stops; the log goes on as ``ORIGIN/since-20260302T010000Z``, which every outsider
has to take up by hand, and its first entry names the last checkpoint of the old one, what is left,
and why. Entries that are left keep the origin under which they were written.

    key.next (new key) ► one transaction: origin, ended checkpoints, entry ► key.next becomes key

Whatever dies in between, either nothing happened or the next start finishes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncpg

from ledger.core.clock import Clock, utc_now
from ledger.core.errors import LedgerError, ReasonMissing
from ledger.key_files import make_private_folder, read_private, write_private
from ledger.log_history import LogHistory
from ledger.merkle.checkpoints import origin_since, read_checkpoint
from ledger.merkle.notes import Note
from ledger.publishing.announcing import by_publisher
from ledger.publishing.answering import append_history
from ledger.publishing.checking import Standpoint, check_covers, check_tree, look_at_log
from ledger.publishing.log_keys import (
    KEY_FILE,
    KeysFromEnvironment,
    KeySource,
    new_keys,
    parse_keys,
)
from ledger.publishing.signer import STATE_FILE, Signer
from ledger.publishing.stopping import forget_stop
from ledger.storage.checking_macs import remake_macs
from ledger.storage.doubts import LogDoubtful, is_ahead
from ledger.storage.ended import change_origin, end_checkpoints, lock_head, put_time_back
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.known import HeadRow
from ledger.storage.mending import Mended, changes_allowed, mend_tree
from ledger.storage.stops import lift_stop, read_stop

NEXT_FILE = "key.next"
ENDED_FOLDER = "ended"


class NothingLost(LedgerError):
    """The log is what was signed: there is no loss to acknowledge.

    日志与已签名的内容一致：没有需要确认的缺失。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was lost and how the log goes on; the same ``origin`` if nothing signed was lost."""

    former_origin: str
    former_size: int
    kept_size: int
    origin: str
    vkey: str
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What somebody answers for. ``witnessed`` is a checkpoint of ours that only a witness has.

    ``is_key_lost``: what signed under the log's name is gone, so it cannot go on under it.
    """

    reason: str
    clock: Clock
    witnessed: Note | None = None
    macs: EntryMacs | None = None
    is_key_lost: bool = False


async def acknowledge_loss(
    db: asyncpg.Connection, ledger_id: str, source: KeySource, admitted: Admission
) -> Recovered:
    """Let the log go on; the caller made sure that something stops it.

    Refuses with ``ReasonMissing``, and with ``KeysFromEnvironment`` where another key is needed.
    """
    if not admitted.reason.strip():
        raise ReasonMissing()
    async with db.transaction():
        await lock_head(db, ledger_id)
        stop = await read_stop(db, ledger_id)
        async with changes_allowed(db):
            mended = await mend_tree(db, ledger_id, at=admitted.clock())
            if admitted.macs is not None:
                mended.what += await remake_macs(db, admitted.macs)
        here = await look_at_log(db, ledger_id, source)
        await lift_stop(db, ledger_id)
        doubt = await _doubt_left(db, ledger_id, here, admitted)
        if doubt is None:
            found = stop or here.stop
            why = found.why if found else "LogTorn"
            done = await _answer(db, ledger_id, here, admitted, (why, mended))
        else:
            done = await _go_on(db, ledger_id, (here, source), admitted, mended)
    if done.origin != source.origin:
        finish_recovery(source.folder, done.origin, admitted.clock)
    forget_stop(source.folder)
    return done


async def _doubt_left(
    db: asyncpg.Connection, ledger_id: str, here: Standpoint, admitted: Admission
) -> LogDoubtful | None:
    """Return what the mended log contradicts of all that was signed under its name."""
    if admitted.is_key_lost:
        return LogDoubtful()
    try:
        await check_tree(db, ledger_id, here)
        if admitted.witnessed is not None:
            seen = read_checkpoint(admitted.witnessed.text)
            await check_covers(db, ledger_id, here.head, seen, where="witness")
    except LogDoubtful as doubt:
        return doubt
    return None


async def _answer(
    db: asyncpg.Connection,
    ledger_id: str,
    here: Standpoint,
    admitted: Admission,
    said: tuple[str, Mended],
) -> Recovered:
    """Let the log go on under its name: nothing that was signed is lost."""
    why, mended = said
    history, head = await _history_in_time(db, ledger_id, here, admitted)
    by = by_publisher(admitted.clock(), reason=admitted.reason.strip())
    root = here.head.frontier.root()
    history.answer_stop(by, why=why, size=here.head.size, root=root, mended=mended.what)
    await append_history(db, ledger_id, history, admitted.clock, admitted.macs, head)
    size, origin = here.head.size, here.head.origin
    vkey = str(here.keys.current.verifying) if here.keys else ""
    return Recovered(
        former_origin=origin,
        former_size=size,
        kept_size=size,
        origin=origin,
        vkey=vkey,
        mended=tuple(mended.what),
    )


async def _go_on(
    db: asyncpg.Connection,
    ledger_id: str,
    found: tuple[Standpoint, KeySource],
    admitted: Admission,
    mended: Mended,
) -> Recovered:
    """End the log under its name, and begin with another one and another key."""
    here, source = found
    if source.given:
        raise KeysFromEnvironment(origin=source.origin)
    last = _last_of(here, admitted.witnessed)
    keys = new_keys(origin_since(source.origin, admitted.clock()))
    make_private_folder(source.folder)
    write_private(source.folder / NEXT_FILE, keys.to_text())
    await change_origin(db, ledger_id, keys.origin)
    await end_checkpoints(db, ledger_id, here.head.size, at=admitted.clock())
    history, head = await _history_in_time(db, ledger_id, here, admitted)
    history.acknowledge_loss(
        by_publisher(admitted.clock(), reason=admitted.reason.strip()),
        former_origin=here.head.origin,
        former_checkpoint=str(last) if last else "",
        kept_size=here.head.size,
        kept_root=here.head.frontier.root(),
        origin=keys.origin,
        vkey=str(keys.current.verifying),
    )
    await append_history(db, ledger_id, history, admitted.clock, admitted.macs, head)
    return Recovered(
        former_origin=source.origin,
        former_size=read_checkpoint(last.text).size if last else 0,
        kept_size=here.head.size,
        origin=keys.origin,
        vkey=str(keys.current.verifying),
        mended=tuple(mended.what),
    )


def finish_recovery(folder: Path, origin: str, clock: Clock = utc_now) -> bool:
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
    Signer(folder).begin(parse_keys(text), clock())
    (folder / NEXT_FILE).rename(folder / KEY_FILE)
    forget_stop(folder)
    return True


def _last_of(here: Standpoint, witnessed: Note | None) -> Note | None:
    """Return the largest checkpoint of the old log that is known."""
    notes = [here.signed.note] if here.signed else []
    notes += [here.kept.note] if here.kept else []
    notes += [witnessed] if witnessed else []
    return max(notes, key=lambda note: read_checkpoint(note.text).size, default=None)


async def _history_in_time(
    db: asyncpg.Connection, ledger_id: str, here: Standpoint, admitted: Admission
) -> tuple[LogHistory, HeadRow | None]:
    """Return the log's history; with the clock put right first, where the log is ahead of it."""
    now = admitted.clock()
    history = here.history or LogHistory.begin(by_publisher(now))
    if not here.head.size or not is_ahead(here.head.recorded_at, now):
        return history, None
    by = by_publisher(now, reason=admitted.reason.strip())
    history.put_clock_right(by, signed_at=here.head.recorded_at)
    return history, await put_time_back(db, ledger_id, now)
