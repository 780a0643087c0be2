"""Reactions: what time and events do by themselves, recorded exactly once with its cause."""

from __future__ import annotations

from ledger.reactions import conduct, deposits, erasures, expenses, findings, petitions, points
from ledger.reactions.reaction import Reaction

REACTIONS: tuple[Reaction, ...] = (
    petitions.reaction,
    conduct.reaction,
    findings.reaction,
    deposits.reaction,
    expenses.reaction,
    erasures.reaction,
    points.reaction,
)
"""All reactions of the product, in the order in which each batch of the log meets them."""
