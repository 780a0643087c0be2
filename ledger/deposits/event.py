"""What the events of a deposit share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.core import aggregate as core

if TYPE_CHECKING:
    from ledger.deposits.deposit import Deposit


@dataclass(frozen=True, kw_only=True)
class DepositEvent(core.Event):
    """Any event of a deposit."""


def move(deposit: Deposit, change_fen: int, at: datetime, *, freed_fen: int = 0) -> None:
    """Change what is held; after the contract's end, remember when nothing was left.

    ``freed_fen`` was promised until now.
    """
    deposit.held_fen += change_fen
    deposit.changes.append((at, change_fen + freed_fen))
    if ending := deposit.ending:
        ending.emptied_at = (ending.emptied_at or at) if deposit.held_fen <= 0 else None
