"""Upkeep while a ledger is served: settle pending slots, carry out erasures that were cut short.

Documents that an earlier version stored in clear are encrypted, files without a key removed,
and what a restored backup brought back of erased data is destroyed again. It runs at the
start and every ten minutes after. What fails is logged by its kind, without contents,
and tried again: nothing else waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from ledger.commands.erasures import carry_out_what_was_cut_short
from ledger.core.errors import LedgerError
from ledger.erasures import Erasure
from ledger.persons import Person
from ledger.storage.clear_documents import remove_strays, seal_clear_documents
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_sealing
from ledger.storage.upkeep import destroy_what_came_back, settle

log = logging.getLogger(__name__)

EVERY_SECONDS = 600.0
BATCH = 2_000


class SealingUpkeep:
    """Looks after the vault of one ledger, until the block ends."""

    def __init__(self, ledger: Ledger, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._ledger = ledger
        self._every_seconds = every_seconds
        self._task: asyncio.Task[None] | None = None
        self._position = 0
        self._approved: dict[UUID, None] = {}
        self._erased: set[UUID] = set()

    async def __aenter__(self) -> SealingUpkeep:
        self._task = asyncio.create_task(self._run(), name="sealing upkeep")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run_once(self) -> int:
        """Settle and carry out once; return how many erasures were carried out."""
        await settle(self._ledger.vault)
        if sealed := await seal_clear_documents(self._ledger.vault):
            log.info("%d documents that lay in clear are sealed", sealed)
        await remove_strays(self._ledger.vault)
        await self._read_on()
        if came_back := await destroy_what_came_back(self._ledger.vault, self._erased):
            log.warning("%d erased slots had come back and are destroyed again", came_back)
        return await carry_out_what_was_cut_short(self._ledger, list(self._approved))

    async def _run(self) -> None:
        while True:
            try:
                await self.run_once()
            except (LedgerError, *LOST_CONNECTION) as error:
                log.warning("upkeep of sealed data failed: %s", type(error).__name__)
            await asyncio.sleep(self._every_seconds)

    async def _read_on(self) -> None:
        """Learn which erasures are approved and not carried out."""
        pool, ledger_id = self._ledger.pool, self._ledger.id
        while entries := await read_sealing(pool, ledger_id, start=self._position, limit=BATCH):
            for entry in entries:
                if entry.topic == Erasure.Approved.TOPIC:
                    self._approved[UUID(entry.stream_id)] = None
                elif isinstance(entry.event, Person.Erased):
                    self._erased.update(entry.event.slot_ids)
                elif entry.topic == Erasure.CarriedOut.TOPIC:
                    self._approved.pop(UUID(entry.stream_id), None)
            self._position = entries[-1].position + 1
