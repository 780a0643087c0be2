"""The publisher: while there is news, a signed checkpoint a second, in this order.

    tiles and entries are durable (with the append) ► the head is confirmed ► sign
        ► store the signed checkpoint ► witnesses ► published once the policy's quorum is there

Whatever dies in between, the next start goes on from the signer's file: a checkpoint that was
signed and not stored is stored then, one that was stored and not published is published then.
Of several processes on one ledger one holds the pen (a lock in the database); the others watch and
take over when it goes. A tree that contradicts what was signed stops publishing for good.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import asyncpg

from ledger.core.errors import Conflict, LedgerError
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.notes import Note, Signature
from ledger.merkle.policies import Policy
from ledger.publishing import stamping
from ledger.publishing.authorities import Authority
from ledger.publishing.checking import (
    Standpoint,
    check_log,
    check_with_witnesses,
    known_keys,
    look_at_log,
)
from ledger.publishing.log_keys import KeySource, LogKeys
from ledger.publishing.outgoing import Outgoing
from ledger.publishing.signer import (
    ClockRanBackwards,
    OriginChanged,
    Signed,
    Signer,
    TreeChanged,
    TreeRefused,
)
from ledger.publishing.stamping import Stamping
from ledger.publishing.status import Status
from ledger.publishing.stopping import sound_alarm
from ledger.publishing.witnesses import (
    Asking,
    Standing,
    WitnessIsAhead,
    standings_of,
)
from ledger.storage.checkpoints import (
    checkpoint_at,
    keep_cosignatures,
    keep_signed,
    latest_published,
    latest_signed,
    publish,
)
from ledger.storage.confirming import confirmed_head
from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.doubts import (
    LogAheadOfClock,
    LogDoubtful,
    LogStoppedBefore,
    SignedMissing,
    is_ahead,
)
from ledger.storage.ledger import Ledger
from ledger.storage.ledgers import hold_alone
from ledger.storage.news import News
from ledger.storage.reading import Head, read_head
from ledger.storage.tree import read_consistency_proof

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
WAIT_SECONDS = 1.0
RENEW_SECONDS = 600.0
"""In quiet times witnesses are asked again after this long, so that readers see it is fresh."""
PURPOSE = "publisher"

NO_WITNESSES = Policy((), (), (), b"none")


@dataclass(slots=True)
class Publisher:
    """Publishes one ledger's log; as ``async with`` in the background until the block ends."""

    ledger: Ledger
    dsn: str
    news: News
    source: KeySource
    outgoing: Outgoing
    policy: Policy = NO_WITNESSES
    interval_seconds: float = INTERVAL_SECONDS
    authorities: Sequence[Authority] = ()
    stamp_interval_seconds: float = stamping.INTERVAL_SECONDS
    status: Status = field(default_factory=Status)
    _signer: Signer = field(init=False)
    _stamping: Stamping = field(init=False)
    _asking: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _doubt: LogDoubtful | None = field(init=False, default=None)
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._signer = Signer(self.source.folder)
        self.status.witnesses = standings_of(self.policy)
        self.status.has_quorum = not self.policy.is_met([])
        self._stamping = Stamping(
            self.ledger.pool,
            self.ledger.id,
            self.authorities,
            self.outgoing,
            self.status,
            self.stamp_interval_seconds,
        )

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"publisher of {self.ledger.id}")
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for task in (self._task, *self._asking) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stamping.stop()

    def publish_soon(self) -> None:
        """Look for news at once instead of at the next second."""
        self._changed.set()

    async def _run(self) -> None:
        while self.status.alarm is None:
            try:
                await self._hold_the_pen()
            except (TreeRefused, LogDoubtful) as error:
                self.status.alarm = f"{type(error).__name__} {error.facts}"
                log.critical("nothing more is published: %s", self.status.alarm)
                await self._stop_appends(error)
            except (*LOST_CONNECTION, asyncpg.PostgresError, OSError) as error:
                self.status.problem = type(error).__name__
                log.warning("the publisher waits for the database: %s", type(error).__name__)
            except LedgerError as error:
                self.status.problem = f"{type(error).__name__} {error.facts}"
                log.warning("the publisher waits: %s", self.status.problem)
            self.status.is_publishing = False
            await asyncio.sleep(WAIT_SECONDS)

    async def _stop_appends(self, error: LedgerError) -> None:
        """Stop all who append, however often the database has to be asked."""
        if isinstance(error, OriginChanged | LogStoppedBefore):
            return  # the log goes on under another name, or is stopped already
        ledger, folder, origin = self.ledger, self.source.folder, self.source.origin
        while True:
            try:
                async with ledger.pool.acquire() as db:
                    at = ledger.clock()
                    await sound_alarm(db, ledger.id, folder, error, origin=origin, at=at)
                return
            except (*LOST_CONNECTION, asyncpg.PostgresError, OSError) as lost:
                log.warning("appends are not stopped yet: %s", type(lost).__name__)
            await asyncio.sleep(WAIT_SECONDS)

    async def _hold_the_pen(self) -> None:
        async with self._pen() as db:
            if db is None:
                await self._watch()
                return
            self.status.is_publishing = True
            await self.take_up(db)
            while not db.is_closed():
                began = time.monotonic()
                await self.publish_news(db)
                await self._wait_for_more(began)

    @asynccontextmanager
    async def _pen(self) -> AsyncIterator[asyncpg.Connection | None]:
        db = await connect(self.dsn)
        try:
            yield db if await hold_alone(db, self.ledger.id, PURPOSE) else None
        finally:
            db.terminate()

    async def _watch(self) -> None:
        """Another process publishes: only see how far it is."""
        pool, status = self.ledger.pool, self.status
        status.problem = None
        signed = await latest_signed(pool, self.ledger.id)
        published = await latest_published(pool, self.ledger.id)
        if signed:
            self._note_signed(signed.checkpoint, signed.signed_at)
        if published and published.published_at:
            status.note_published(published.checkpoint.size, published.published_at)

    async def take_up(self, db: asyncpg.Connection) -> None:
        """Check the log, and finish what whoever had the pen before left unfinished."""
        here = await check_log(db, self.ledger.id, self.source, clock=self.ledger.clock)
        signed = await self._newest_signed(db, here)
        if here.kept and (published := await latest_published(db, self.ledger.id)):
            at = published.published_at or published.signed_at
            self.status.note_published(published.checkpoint.size, at)
            self._note_signed(here.kept.checkpoint, here.kept.signed_at)
            if published.checkpoint.origin == here.head.origin:
                self._recall(published.note, published.checkpoint)
        if signed is not None and signed.checkpoint.size:
            await self._store(db, signed)

    def _note_signed(self, checkpoint: Checkpoint, at: datetime) -> None:
        """From now on this process appends to no log of this name that is shorter."""
        self.status.note_signed(checkpoint.size, at)
        self.ledger.appender.note_signed(checkpoint.origin, checkpoint.size)

    async def _newest_signed(self, db: asyncpg.Connection, here: Standpoint) -> Signed | None:
        """Return what was signed last, here or on another machine with the same key."""
        last, kept = here.signed, here.kept
        if kept is None or (last and last.checkpoint.size >= kept.checkpoint.size):
            return last
        lines = tuple(one.line for one in kept.note.signatures_by(known_keys(here)))
        newer = Signed(Note(kept.note.text, lines), kept.checkpoint, kept.signed_at)
        proof = await self._proof_after(db, last, newer.checkpoint)
        self._signer.adopt(newer, after=last, proof=proof)
        return newer

    async def publish_news(self, db: asyncpg.Connection) -> None:
        """Sign the head if it is new, and see to it that it gets published."""
        if self._doubt is not None:
            raise self._doubt
        signed, keys = self._signer.last(), self.source.read()
        if signed is None and self.status.signed_size >= 0:
            raise SignedMissing(signed_size=self.status.signed_size)
        if signed is None or await self._has_news(db, signed, keys):
            signed = await self._sign(db, signed, keys)
        self._ask_witnesses(signed)
        self._stamping.look()
        self.status.problem = None

    async def _has_news(self, db: asyncpg.Connection, last: Signed, keys: LogKeys) -> bool:
        """Tell whether the head, or who signs, is not what the last signature says."""
        head = await read_head(db, self.ledger.id)
        checkpoint = _checkpoint_of(head)
        note = keys.sign(str(checkpoint), self.ledger.clock())
        return checkpoint != last.checkpoint or note != last.note

    async def _sign(self, db: asyncpg.Connection, last: Signed | None, keys: LogKeys) -> Signed:
        checkpoint = _checkpoint_of(await confirmed_head(db, self.ledger.id))
        proof = await self._proof_after(db, last, checkpoint)
        now = self.ledger.clock()
        try:
            signed = self._signer.sign(keys, checkpoint, after=last, proof=proof, now=now)
        except ClockRanBackwards as error:
            if last is not None and is_ahead(last.signed_at, now):
                raise LogAheadOfClock(**error.facts) from error
            raise
        await self._store(db, signed)
        self.status.checkpoints_total += 1
        return signed

    async def _proof_after(
        self, db: asyncpg.Connection, last: Signed | None, checkpoint: Checkpoint
    ) -> Sequence[bytes]:
        if last is None or last.checkpoint.size > checkpoint.size:
            return []  # the signer refuses the latter
        return await read_consistency_proof(
            db, self.ledger.id, last.checkpoint.size, checkpoint.size
        )

    async def _store(self, db: asyncpg.Connection, signed: Signed) -> None:
        checkpoint, at = signed.checkpoint, signed.signed_at
        try:
            await keep_signed(db, self.ledger.id, checkpoint, signed.note, signed_at=at)
        except Conflict as other:  # the database says that another root was signed
            raise TreeChanged(size=checkpoint.size, signed_size=checkpoint.size) from other
        self._note_signed(checkpoint, at)
        await self._publish_if_met(db, checkpoint.size)

    async def _publish_if_met(self, db: asyncpg.Connection | asyncpg.Pool, size: int) -> None:
        kept = await checkpoint_at(db, self.ledger.id, size)
        if kept is None:
            return
        signatures = kept.note.signatures_by([one.key for one in self.policy.witnesses])
        lacking = self.policy.missing(signatures)
        if size == self.status.signed_size:
            self.status.lacking = tuple(one.name for one in lacking)
        if not lacking:
            now = self.ledger.clock()
            await publish(db, self.ledger.id, size, at=now)
            self.status.note_published(size, kept.published_at or now)

    def _recall(self, note: Note, checkpoint: Checkpoint) -> None:
        """Begin with what the witnesses are known to have cosigned."""
        keys = {witness.key: witness for witness in self.status.witnesses}
        for signature in note.signatures_by(keys):
            keys[signature.key].cosigned(checkpoint.size, signature)

    def _ask_witnesses(self, signed: Signed) -> None:
        for witness in self.status.witnesses:
            if witness.may_be_asked() and self._should_ask(witness, signed.checkpoint.size):
                witness.is_busy = True
                task = asyncio.create_task(self._ask(witness, signed))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    def _should_ask(self, witness: Standing, size: int) -> bool:
        if witness.cosigned_size < size or witness.cosigned_at is None:
            return True
        return (self.ledger.clock() - witness.cosigned_at).total_seconds() > RENEW_SECONDS

    async def _ask(self, witness: Standing, signed: Signed) -> None:
        checkpoint = signed.checkpoint
        try:
            asking = Asking(self.outgoing, self._prove, self.ledger.clock)
            signature = await asking.cosignature(witness, checkpoint, signed.note)
            await self._take(witness, checkpoint.size, signature)
        except (*LOST_CONNECTION, asyncpg.PostgresError) as error:
            log.warning("a cosignature was not stored: %s", type(error).__name__)
        except LedgerError as error:
            witness.failed(error)
            if isinstance(error, WitnessIsAhead):
                await self._ask_what_it_saw()
        finally:
            witness.is_busy = False
            self._changed.set()

    async def _ask_what_it_saw(self) -> None:
        """A witness says that it saw more than there is: believe a checkpoint that we signed."""
        pool, ledger_id = self.ledger.pool, self.ledger.id
        try:
            here = await look_at_log(pool, ledger_id, self.source)
            await check_with_witnesses(pool, ledger_id, here, self.policy, self.outgoing)
        except LogDoubtful as error:
            self._doubt = error
        except (*LOST_CONNECTION, asyncpg.PostgresError, LedgerError) as error:
            log.warning("what witnesses saw was not checked: %s", type(error).__name__)

    async def _take(self, witness: Standing, size: int, signature: Signature) -> None:
        pool = self.ledger.pool
        await keep_cosignatures(pool, self.ledger.id, size, [signature])
        witness.cosigned(size, signature)
        await self._publish_if_met(pool, size)

    async def _prove(self, old_size: int, size: int) -> Sequence[bytes]:
        return await read_consistency_proof(self.ledger.pool, self.ledger.id, old_size, size)

    async def _wait_for_more(self, began: float) -> None:
        """Wait for news, but no shorter than the interval; or until a witness is free again."""
        pause = self.interval_seconds - (time.monotonic() - began)
        if pause > 0:
            await asyncio.sleep(pause)
        self._changed.clear()
        news = asyncio.create_task(self.news.beyond(self.status.signed_size))
        changed = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait((news, changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (news, changed):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(news, changed, return_exceptions=True)


def _checkpoint_of(head: Head) -> Checkpoint:
    return Checkpoint(head.origin, head.size, head.frontier.root())
