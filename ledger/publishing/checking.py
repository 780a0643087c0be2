"""Is this database the log that was signed? Asked before anything is served or appended.

    signed file (outside the database) ─┐
    newest checkpoint in the database  ─┼─► not larger than the log, and the log begins with it
    checkpoints that witnesses hold    ─┘

A database that was restored from an old backup, cut short or rewritten does not pass. It must not
go on by itself: whoever continues such a log signs two histories under one name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ledger.core.clock import Clock, utc_now
from ledger.core.entry import stamp
from ledger.core.errors import LedgerError
from ledger.log_history import LOG_HISTORY_ID, LogHistory
from ledger.merkle.checkpoints import Checkpoint, SignedCheckpoint, open_checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.merkle.policies import Policy
from ledger.publishing.log_keys import KeySource, LogKeys
from ledger.publishing.outgoing import Outgoing, Unreachable
from ledger.publishing.signer import Signed, Signer
from ledger.publishing.stopping import stop_in_file
from ledger.publishing.witnesses import Standing, standings_of
from ledger.storage.checkpoints import KeptCheckpoint, latest_signed
from ledger.storage.connect import Database
from ledger.storage.doubts import (
    LogAheadOfClock,
    LogBehind,
    LogDoubtful,
    LogRewritten,
    LogStoppedBefore,
    LogTorn,
    SignedMissing,
    is_ahead,
)
from ledger.storage.edge import ahead_of_clock
from ledger.storage.reading import Head, read_head, read_stream
from ledger.storage.stops import Stop, read_stop
from ledger.storage.tree import BeyondTheLog, read_root
from ledger.witness.witness import hash_of_origin

log = logging.getLogger(__name__)


class KeyLost(LogDoubtful):
    """There are signed checkpoints, but the private key that signed them is not here.

    已有签名检查点，但签名所用的私钥不在此处。
    """


class CheckpointForeign(LogDoubtful):
    """The newest checkpoint in the database was not signed by any key of this log.

    数据库中最新的检查点不是由本日志的任何密钥签名的。
    """


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What is known about a log before it goes on."""

    head: Head
    keys: LogKeys | None
    signed: Signed | None  # in the file
    kept: KeptCheckpoint | None  # in the database, if it is of this origin
    history: LogHistory | None
    stop: Stop | None = None  # what stops appends: the mark in the database, or the file beside


async def look_at_log(db: Database, ledger_id: str, source: KeySource) -> Standpoint:
    """Gather what is known, without judging it (errors of files and keys come through)."""
    head = await read_head(db, ledger_id)
    kept = await latest_signed(db, ledger_id)
    if kept is not None and kept.checkpoint.origin != head.origin:
        kept = None  # of the time before a loss was acknowledged
    history: LogHistory | None = None
    for entry in await read_stream(db, ledger_id, str(LOG_HISTORY_ID)):
        history = entry.event.mutate(history)
    signed = Signer(source.folder).last()
    stop = await read_stop(db, ledger_id) or stop_in_file(source.folder, history)
    return Standpoint(head, source.find(), signed, kept, history, stop)


async def check_log(
    db: Database, ledger_id: str, source: KeySource, *, clock: Clock = utc_now
) -> Standpoint:
    """Check the log against the file and its own checkpoints, before it is published from here.

    Refuses with ``LogDoubtful``, which includes that the key is not here.
    """
    here = await look_at_log(db, ledger_id, source)
    await check_database(db, ledger_id, here, clock=clock)
    if here.keys is None and (here.signed or here.kept):
        raise KeyLost(origin=here.head.origin, path=str(source.path))
    if here.kept and not here.kept.note.signatures_by(known_keys(here)):
        raise CheckpointForeign(size=here.kept.checkpoint.size)
    return here


async def check_database(
    db: Database, ledger_id: str, here: Standpoint, *, clock: Clock = utc_now
) -> None:
    """Check what needs no key, before anything is appended (refuses with ``LogDoubtful``)."""
    await check_tree(db, ledger_id, here)
    check_standing(here, clock())


def check_standing(here: Standpoint, now: datetime) -> None:
    """Check what the tree does not tell: time, the signer's file, a stop that nobody answered."""
    check_time(here, now)
    if here.signed is None and was_signed(here):
        raise SignedMissing(signed_size=here.kept.checkpoint.size if here.kept else 0)
    if here.stop is not None:
        raise LogStoppedBefore(why=here.stop.why, stopped_at=stamp(here.stop.at))


async def check_tree(db: Database, ledger_id: str, here: Standpoint) -> None:
    """Check the head, and that the log begins with what was signed (``LogDoubtful``)."""
    await check_head(db, ledger_id, here.head)
    for where, checkpoint in _checkpoints(here):
        await check_covers(db, ledger_id, here.head, checkpoint, where=where)


def check_time(here: Standpoint, now: datetime) -> None:
    """Check that neither the log nor its last signature is far ahead (``LogAheadOfClock``)."""
    if here.head.size and is_ahead(here.head.recorded_at, now):
        raise ahead_of_clock(here.head.recorded_at, now)
    for signed in (here.signed, here.kept):
        if signed is not None and is_ahead(signed.signed_at, now):
            raise LogAheadOfClock(signed_at=signed.signed_at.isoformat(), clock=now.isoformat())


def was_signed(here: Standpoint) -> bool:
    """Tell whether this log was signed before: a checkpoint is there, or the log names its key."""
    current = here.history.current if here.history else None
    return here.kept is not None or (current is not None and current.origin == here.head.origin)


async def check_head(db: Database, ledger_id: str, head: Head) -> None:
    """Check that the head fits the tree below it (refuses with ``LogTorn``)."""
    try:
        root = await read_root(db, ledger_id, head.size)
    except BeyondTheLog:
        root = b""
    if root != head.frontier.root():
        raise LogTorn(size=head.size)


async def check_covers(
    db: Database, ledger_id: str, head: Head, checkpoint: Checkpoint, *, where: str
) -> None:
    """Check that the log begins with a checkpoint (``LogBehind``, ``LogRewritten``)."""
    if checkpoint.size > head.size:
        raise LogBehind(size=head.size, signed_size=checkpoint.size, where=where)
    try:
        root = await read_root(db, ledger_id, checkpoint.size)
    except BeyondTheLog:
        root = b""
    if root != checkpoint.root:
        raise LogRewritten(size=head.size, signed_size=checkpoint.size, where=where)


async def check_with_witnesses(
    db: Database, ledger_id: str, here: Standpoint, policy: Policy, outgoing: Outgoing
) -> None:
    """Ask the witnesses what they saw of this log last (``LogBehind``, ``LogRewritten``).

    One that does not answer, or does not offer that, says nothing.
    """
    for name, found in await held_by_witnesses(here, policy, outgoing):
        await check_covers(db, ledger_id, here.head, found.checkpoint, where=f"witness {name}")


async def held_by_witnesses(
    here: Standpoint, policy: Policy, outgoing: Outgoing
) -> list[tuple[str, SignedCheckpoint]]:
    """Return the checkpoints, signed by this log, that its witnesses saw last."""
    keys, witnesses = known_keys(here), standings_of(policy)
    found = await asyncio.gather(
        *(_held_by(witness, here.head.origin, keys, outgoing) for witness in witnesses)
    )
    named = zip(witnesses, found, strict=True)
    return [(witness.name, held) for witness, held in named if held is not None]


def known_keys(here: Standpoint) -> list[VerifyingKey]:
    """Return all public keys of the log that are known here."""
    keys = here.keys.verifying() if here.keys else []
    recorded = here.history.keys if here.history else []
    keys += [VerifyingKey.of_text(key.vkey) for key in recorded if key.origin == here.head.origin]
    return list(dict.fromkeys(keys))


def _checkpoints(here: Standpoint) -> Iterator[tuple[str, Checkpoint]]:
    if here.signed:
        if here.signed.checkpoint.origin != here.head.origin:
            raise LogRewritten(origin=here.head.origin, signed_origin=here.signed.checkpoint.origin)
        yield "signed", here.signed.checkpoint
    if here.kept:
        yield "checkpoints", here.kept.checkpoint


async def _held_by(
    witness: Standing, origin: str, keys: Iterable[VerifyingKey], outgoing: Outgoing
) -> SignedCheckpoint | None:
    try:
        answer = await outgoing.get(
            f"{witness.url.rstrip('/')}/{hash_of_origin(origin)}/checkpoint"
        )
        if answer.status != 200:
            return None
        return open_checkpoint(answer.body, keys)
    except Unreachable as error:
        log.warning("witness %s could not be asked: %s", witness.name, error.facts)
    except LedgerError as error:
        log.warning("witness %s shows no checkpoint of ours: %s", witness.name, error)
    return None
