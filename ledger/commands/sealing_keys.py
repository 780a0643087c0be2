"""Record that the keys of sealed data were changed, when the change is complete."""

from __future__ import annotations

from collections.abc import Callable

from ledger.core.aggregate import By
from ledger.core.errors import Conflict
from ledger.core.values import derived_id
from ledger.sealing_history import SEALING_HISTORY_ID, SealingHistory
from ledger.storage.ledger import Ledger
from ledger.storage.moving_keys import Moved

ATTEMPTS_MAX = 5
KEEPER = derived_id("actor", "minzhang sealing")


async def note_kek(ledger: Ledger, slots_count: int) -> None:
    """Record that every secret is wrapped under the vault's current key."""
    kek = ledger.vault.keyring.current
    await _note(
        ledger, lambda history, by: history.rotate_kek(by, kek=kek, slots_count=slots_count)
    )


async def note_index_key(ledger: Ledger, values_count: int) -> None:
    """Record that every searchable value is found by the vault's current index key."""
    name = ledger.vault.keyring.index_name
    await _note(
        ledger,
        lambda history, by: history.rotate_index_key(by, index_key=name, values_count=values_count),
    )


async def note_move(ledger: Ledger, moved: Moved) -> None:
    """Record that the secrets are in another database."""
    count, at = moved.slots_count, moved.moved_at
    await _note(ledger, lambda history, by: history.move_keys(by, slots_count=count, moved_at=at))


async def _note(ledger: Ledger, change: Callable[[SealingHistory, By], None]) -> None:
    by = By(actor_id=KEEPER, at=ledger.clock(), role="system")
    for attempt in range(1, ATTEMPTS_MAX + 1):
        handle = ledger.for_request()
        history = await handle.find(SealingHistory, SEALING_HISTORY_ID)
        history = history or SealingHistory.begin(by)
        change(history, by)
        if not history.pending_events:
            return
        try:
            await handle.save(history)
        except Conflict:  # another process notes something: look at what it said
            if attempt == ATTEMPTS_MAX:
                raise
        else:
            return
