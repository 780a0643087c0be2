"""What the log's addresses and pages ask: the published part of the log, and nothing beyond it."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg

from api.log.standing import Standing, standing_of
from api.log.trust import TrustNow
from ledger.core.errors import LedgerError, NotFound
from ledger.merkle.tiles import Tile, width_at
from ledger.storage.checkpoints import KeptCheckpoint, checkpoint_at, latest_published
from ledger.storage.connect import LOST_CONNECTION, Database
from ledger.storage.errors import Unavailable
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from ledger.storage.tile_cache import TileCache
from ledger.storage.tree import read_bundle, read_tile
from projections.audit_trail import position_of_event
from projections.audit_trail import view as trail
from projections.engine.checkpoints import read_checkpoints

POSITION_DIGITS_MAX = 18
CHECKPOINT_SECONDS = 2.0
"""So long the checkpoint's readers wait for the database before they get the last one seen."""
RECENT_SECONDS = 0.02
"""So long a checkpoint serves many who ask at once; whoever it does not cover looks anew."""


class NothingPublished(NotFound):
    """No checkpoint of this log has been published yet; ask again shortly.

    该账本日志尚未发布检查点，请稍后再试。
    """


class TileUnpublished(NotFound):
    """No published checkpoint covers this tile at this width.

    已发布的检查点尚未覆盖该瓦片的这一宽度。
    """


class CheckpointUnknown(NotFound):
    """No checkpoint of exactly this size was published.

    未曾发布过恰为这一大小的检查点。
    """


class NotCoveredYet(LedgerError):
    """No published checkpoint covers this yet; ask again shortly.

    已发布的检查点尚未覆盖此处，请稍后再试。
    """


async def published(db: Database, ledger_id: str) -> KeptCheckpoint:
    """Return the latest published checkpoint (refuses with ``NothingPublished``)."""
    found = await latest_published(db, ledger_id)
    if found is None:
        raise NothingPublished(ledger=ledger_id)
    return found


async def published_at(db: Database, ledger_id: str, size: int) -> KeptCheckpoint:
    """Return the published checkpoint of exactly this size (``CheckpointUnknown``)."""
    found = await checkpoint_at(db, ledger_id, size)
    if found is None or found.published_at is None:
        raise CheckpointUnknown(size=size)
    return found


async def published_covering(
    db: Database, ledger_id: str, position: int, size: int | None = None
) -> KeptCheckpoint:
    """Return a published checkpoint that covers a position: the latest, or that of ``size``.

    Raises ``NotCoveredYet``, ``CheckpointUnknown``, and ``NotFound`` beyond the log's end.
    """
    if size is None:
        found = await latest_published(db, ledger_id)
    else:
        found = await published_at(db, ledger_id, size)
    if found is not None and position < found.checkpoint.size:
        return found
    head = await read_head(db, ledger_id)
    if position >= head.size:
        raise NotFound(kind="event", position=position)
    raise NotCoveredYet(position=position, size=0 if found is None else found.checkpoint.size)


class LogDesk:
    """Reads what was published of one ledger's log."""

    def __init__(self, ledger: Ledger, trust: TrustNow) -> None:
        self.ledger = ledger
        self.trust = trust
        self.cache = TileCache()
        self._recent: KeptCheckpoint | None = None
        self._last: KeptCheckpoint | None = None
        self._seen_at = float("-inf")
        self._published_size = 0

    async def published(self) -> KeptCheckpoint:
        """Return the latest published checkpoint (refuses with ``NothingPublished``)."""
        return await published(self.ledger.pool, self.ledger.id)

    async def published_or_last(self) -> KeptCheckpoint:
        """Return the latest published checkpoint, while the database is away the last one seen.

        What was published stays so: an older one is true, and it says itself how old it is.
        """
        try:
            async with asyncio.timeout(CHECKPOINT_SECONDS):
                self._last = await self.published()
        except (Unavailable, asyncpg.PostgresError, *LOST_CONNECTION):
            if self._last is None:
                raise
        return self._last

    async def published_at(self, size: int) -> KeptCheckpoint:
        """Return the published checkpoint of exactly this size (``CheckpointUnknown``)."""
        return await published_at(self.ledger.pool, self.ledger.id, size)

    async def covering(self, position: int, size: int | None = None) -> KeptCheckpoint:
        """Return a published checkpoint that covers a position (see ``published_covering``)."""
        if size is None and (recent := self._just_seen(position + 1)):
            return recent
        found = await published_covering(self.ledger.pool, self.ledger.id, position, size)
        return found if size is not None else self._seen(found)

    async def recent(self, at_least: int) -> KeptCheckpoint:
        """Return the latest published checkpoint, or one a moment old if it is large enough."""
        return self._just_seen(at_least) or self._seen(await self.published())

    def _just_seen(self, at_least: int) -> KeptCheckpoint | None:
        recent = self._recent
        if recent is None or time.monotonic() - self._seen_at > RECENT_SECONDS:
            return None
        return recent if recent.checkpoint.size >= at_least else None

    def _seen(self, found: KeptCheckpoint) -> KeptCheckpoint:
        self._recent, self._seen_at = found, time.monotonic()
        return found

    async def position_of(self, given: str) -> int:
        """Return the place of an event that is named by its position or its id (``NotFound``).

        An id is looked up in the audit trail; while that lags behind: ``NotCoveredYet``.
        """
        if given.isascii() and given.isdecimal() and len(given) <= POSITION_DIGITS_MAX:
            return int(given)
        try:
            event_id = UUID(given)
        except ValueError as error:
            raise NotFound(kind="event") from error
        found = await position_of_event(self.ledger.pool, self.ledger.id, event_id)
        if found is not None:
            return found
        head = await read_head(self.ledger.pool, self.ledger.id)
        checkpoints = await read_checkpoints(self.ledger.pool, self.ledger.id, (trail,))
        if checkpoints[trail.name].position < head.size - 1:
            raise NotCoveredYet(id=given, position=checkpoints[trail.name].position)
        raise NotFound(kind="event", id=given)

    async def origin(self) -> str:
        """Return the log's public name."""
        return (await read_head(self.ledger.pool, self.ledger.id)).origin

    async def standing(self) -> Standing:
        """Return how the latest published checkpoint stands (``NothingPublished``)."""
        kept, ledger = await self.published(), self.ledger
        return await standing_of(
            ledger.pool, ledger.id, kept, trust=self.trust(), now=ledger.clock()
        )

    async def tile(self, tile: Tile) -> bytes:
        """Return a tile's hashes (refuses with ``TileUnpublished``)."""
        await self._guard(tile)
        return await read_tile(self.ledger.pool, self.ledger.id, tile, self.cache)

    async def bundle(self, tile: Tile) -> bytes:
        """Return a bundle of entries (refuses with ``TileUnpublished``)."""
        await self._guard(tile)
        return await read_bundle(self.ledger.pool, self.ledger.id, tile)

    async def _guard(self, tile: Tile) -> None:
        """What was published stays so: only for more than is known the database is asked."""
        if width_at(self._published_size, tile.level, tile.number) >= tile.width:
            return
        found = await latest_published(self.ledger.pool, self.ledger.id)
        self._published_size = 0 if found is None else found.checkpoint.size
        if width_at(self._published_size, tile.level, tile.number) < tile.width:
            raise TileUnpublished(path=tile.path, size=self._published_size)
