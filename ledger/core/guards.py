"""Checks that commands of several contexts share: who took a step, what an amount is.

Each returns the ``By`` to go on with: for a live command unchanged, for history
marked with the rule that was broken. Those that return nothing guard what would
have no meaning at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.errors import (
    AmountNotPositive,
    EvidenceMissing,
    SamePersonTwice,
    SecondPersonNeeded,
)
from ledger.core.values import derived_id

UNRECORDED = "unrecorded"
"""The post of whoever acted in history that does not name them."""
SOMEBODY = derived_id("person", UNRECORDED)
"""Stands for all whom history does not name: whether two of them are one, nobody knows."""
UNPROVEN = "persons-apart-unproven"
"""The mark of a step whose person could not be shown to be another than an earlier step's."""


def persons(by: By) -> frozenset[UUID]:
    """Return who took a step: who acted, for whom, and who proposed it."""
    if by.is_history and by.post == UNRECORDED:
        return frozenset({SOMEBODY})
    acted = {by.actor_id, *by.proposed_by}
    return frozenset(acted if by.on_behalf_of is None else {*acted, by.on_behalf_of})


def positive(amount_fen: int) -> None:
    """Refuse an amount that is zero or less."""
    if amount_fen <= 0:
        raise AmountNotPositive(amount_fen=amount_fen)


def apart(by: By, step: str, earlier: Mapping[str, frozenset[UUID]]) -> By:
    """Refuse a person who took one of the earlier steps, by itself or for somebody else.

    Persons whom history does not name prove nothing: the step is marked ``UNPROVEN``.
    """
    now = persons(by)
    for name, others in earlier.items():
        if SOMEBODY in now or SOMEBODY in others:
            by = marked(by, UNPROVEN)
        if not (now - {SOMEBODY}).isdisjoint(others):
            by = by.refuse(SamePersonTwice(step=step, earlier_step=name))
    return by


def by_two(by: By) -> By:
    """Refuse what one person does alone: somebody else must have proposed this very step."""
    if not by.proposed_by:
        return by.refuse(SecondPersonNeeded())
    acting = {by.actor_id} if by.on_behalf_of is None else {by.actor_id, by.on_behalf_of}
    if acting.isdisjoint(by.proposed_by):
        return by
    return by.refuse(SamePersonTwice(step="carry-out", earlier_step="propose"))


def evidenced(by: By) -> By:
    """Refuse a step that nothing proves: at least one document comes with it."""
    return by if by.evidence else by.refuse(EvidenceMissing(field="evidence"))


def told_after(by: By, earliest: datetime | None, mark: str) -> By:
    """Book a fact no earlier than the step that it follows from; history stays as it is told."""
    if by.told_at is None or earliest is None:
        return by
    return by.booked_from(earliest, mark)


def marked(by: By, mark: str) -> By:
    """Return the same with a mark, once."""
    return by if mark in by.breaches else replace(by, breaches=(*by.breaches, mark))
