"""Audit bundles made and checked, and the full check, over a log of 100,000 entries."""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
import time
from pathlib import Path

from ledger.bundles.statements import Scope, Statement
from ledger.bundles.writer import Bundle, write_bundle
from ledger.core.clock import utc_now
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, sign_note
from ledger.storage.appender import Appender
from ledger.storage.checkpoints import keep_signed, latest_published, publish
from ledger.storage.connect import Connection, connect
from ledger.storage.ledger import create_ledger
from ledger.storage.reading import read_head
from ledger.storage.requests import Append
from ledger.verification.check import Wanted, check_ledger
from projections import VIEWS
from projections.engine import install
from projections.statements import ViewedStatement
from scripts import verify_ledger
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import BULK_EVENTS, ORIGIN, new_bench_entry
from scripts.benchmarks.trials import Place, Trial

ENTRIES = 100_000
KEY = SigningKey(f"{ORIGIN}/proving", KeyKind.NOTE, bytes(range(32)))


class Unproved(Exception):
    """What was to be measured did not even hold."""


def trials_of_bundles() -> list[Trial]:
    """A bundle of all entries made, and checked by the single file."""
    return [
        Trial(case="bundle", system="minzhang", writers=1, run=make),
        Trial(case="bundle", system="verify_ledger.py", writers=1, run=make_and_check),
    ]


def trials_of_verify() -> list[Trial]:
    """The full check by all processors."""
    return [Trial(case="verify", system="minzhang", writers=1, run=verify)]


async def make(place: Place) -> Sample:
    """Measure how long a bundle takes to make; the one call is the whole of it."""
    with tempfile.TemporaryDirectory() as directory:
        return await _make(place, Path(directory, "bundle.zip"))


async def make_and_check(place: Place) -> Sample:
    """Measure how long the single file takes to check it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "bundle.zip")
        made = await _make(place, path)
        began = time.perf_counter()
        words = [str(path), "--log-key", str(KEY.verifying)]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status = await asyncio.to_thread(verify_ledger.main, words)
        seconds = time.perf_counter() - began
    if status:
        raise Unproved(said.getvalue())
    return Sample(made.event_count, seconds, [seconds])


async def verify(place: Place) -> Sample:
    """Measure the full check."""
    db = await connect(place.dsn)
    try:
        ledger_id = await _signed_ledger(db, place)
    finally:
        await db.close()
    began = time.perf_counter()
    wanted = Wanted(dsn=place.dsn, ledger_id=ledger_id, log_keys=(KEY.verifying,))
    report = await check_ledger(wanted)
    seconds = time.perf_counter() - began
    if report.findings.count:
        raise Unproved(str(report.findings.first[0]))
    return Sample(report.size, seconds, [seconds])


async def _make(place: Place, path: Path) -> Sample:
    db = await connect(place.dsn, command_timeout=None)
    try:
        ledger_id = await _signed_ledger(db, place)
        await install(db, VIEWS)
        began = time.perf_counter()
        async with db.transaction(isolation="repeatable_read", readonly=True):
            kept = await latest_published(db, ledger_id)
            if kept is None:
                raise Unproved("no checkpoint")
            end = kept.checkpoint.size
            bundle = Bundle(ledger_id=ledger_id, start=0, end=end, kept=kept)
            source = ViewedStatement(db=db, ledger_id=ledger_id, start=0, end=end, scope=Scope())
            await write_bundle(db, bundle, path, statement=(Statement(Scope()), source))
        seconds = time.perf_counter() - began
    finally:
        await db.close()
    return Sample(end, seconds, [seconds])


async def _signed_ledger(db: Connection, place: Place) -> str:
    """Return a ledger with a checkpoint over all its entries, made by the first who asks."""
    count = max(1, place.count(ENTRIES) // BULK_EVENTS) * BULK_EVENTS
    ledger_id = f"proving-{count}"
    if not await create_ledger(db, ledger_id, origin=KEY.name):
        return ledger_id
    async with Appender(place.dsn, ledger_id, clock=utc_now) as appender:
        for number in range(count // BULK_EVENTS):
            versions = range(1, BULK_EVENTS + 1)
            entries = [new_bench_entry(f"stream {number}", version) for version in versions]
            await appender.append(Append(entries=entries))
    head = await read_head(db, ledger_id)
    checkpoint = Checkpoint(head.origin, head.size, head.frontier.root())
    note = Note(str(checkpoint), (sign_note(str(checkpoint), KEY),))
    await keep_signed(db, ledger_id, checkpoint, note, signed_at=utc_now())
    await publish(db, ledger_id, head.size, at=utc_now())
    return ledger_id
