"""Wait until a view has come to a position, up to a bound."""

from __future__ import annotations

import asyncio

from api.errors import PositionNotReached
from ledger.storage.connect import Database
from projections.engine.checkpoints import Checkpoint, read_checkpoints
from projections.engine.view import View

WAIT_SECONDS_MAX = 5.0
LOOK_FIRST_SECONDS = 0.005
LOOK_EVERY_SECONDS = 0.1


async def checkpoint_of(db: Database, ledger_id: str, view: View) -> Checkpoint:
    """Return where a view stands."""
    return (await read_checkpoints(db, ledger_id, (view,)))[view.name]


async def wait_for_view(db: Database, ledger_id: str, view: View, position: int) -> None:
    """Return once the view has applied ``position`` (refuses with ``PositionNotReached``)."""
    pause = LOOK_FIRST_SECONDS
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
    while True:
        checkpoint = await checkpoint_of(db, ledger_id, view)
        if checkpoint.position >= position:
            return
        is_late = asyncio.get_running_loop().time() >= deadline
        if is_late or checkpoint.failure is not None:
            raise PositionNotReached(
                view=view.name, position=checkpoint.position, after_position=position
            )
        await asyncio.sleep(pause)
        pause = min(pause * 2, LOOK_EVERY_SECONDS)
