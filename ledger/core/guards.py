"""Checks that commands of several contexts share: who took a step, what an amount is.

Each returns the ``By`` to go on with: for a live command unchanged, for history
marked with the rule that was broken. Those that return nothing guard what would
have no meaning at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.errors import AmountNotPositive, SamePersonTwice


def persons(by: By) -> frozenset[UUID]:
    """Return who took a step: the one who acted, and the one for whom."""
    return frozenset({by.actor_id} if by.on_behalf_of is None else {by.actor_id, by.on_behalf_of})


def positive(amount_fen: int) -> None:
    """Refuse an amount that is zero or less."""
    if amount_fen <= 0:
        raise AmountNotPositive(amount_fen=amount_fen)


def apart(by: By, step: str, earlier: Mapping[str, frozenset[UUID]]) -> By:
    """Refuse a person who took one of the earlier steps, by itself or for somebody else."""
    for name, others in earlier.items():
        if not persons(by).isdisjoint(others):
            by = by.refuse(SamePersonTwice(step=step, earlier_step=name))
    return by
