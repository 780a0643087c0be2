"""How far a policy may go: the hard limits of each number, text and list, whoever sets it.

A number's limits follow from its unit, so that no policy is without; some have narrower ones of
their own. What was set before these limits stays readable: they hold for what is set from now on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the greatest number that may be set."""

    least: int
    most: int


OF_UNIT: Mapping[str, Limits] = {
    "basis-points": Limits(0, 10_000),
    "fen": Limits(0, 10**13),
    "points": Limits(0, 100_000),
    "pieces": Limits(1, 1_000_000),
    "square-metres": Limits(1, 1_000_000),
    "working-days": Limits(1, 250),
    "days": Limits(1, 3_660),
    "hours": Limits(1, 8_760),
    "minutes": Limits(1, 10_080),
    "months": Limits(1, 120),
    "years": Limits(1, 30),
    "times": Limits(1, 100),
    "people": Limits(1, 100_000),
    "items": Limits(1, 10_000),
    "bytes": Limits(1, 10**9),
}
OF_NAME: Mapping[str, Limits] = {
    "conduct.escalations_min": Limits(2, 20),
    "deposit.rate_min_bp": Limits(1, 3_000),
    "deposit.rate_max_bp": Limits(1, 3_000),
    "deposit.return_days": Limits(1, 180),
    "entry.fact_days": Limits(1, 180),
    "entry.statement_days": Limits(1, 90),
    "entry.proposal_days": Limits(1, 90),
    "expense.publication_days_min": Limits(7, 366),
    "organisation.delegation_days_max": Limits(1, 366),
    "petition.obligor_spend_max": Limits(100, 10**11),
    "petition.meeting_quorum": Limits(2, 4),
    "points.check_in_early_minutes": Limits(0, 240),
    "points.service_minutes_a_day_max": Limits(30, 960),
    "privacy.backup_days": Limits(1, 366),
}
"""Narrower limits than the unit's."""

CHOICES: Mapping[str, frozenset[str]] = {
    "conduct.streak_broken_by": frozenset({"any_petition", "escalated_petition"}),
    "ledger.timezone": frozenset(available_timezones()),
}
"""What a text may be, where it is one of a few."""

NOT_ABOVE: tuple[tuple[str, str], ...] = (
    ("deposit.rate_min_bp", "deposit.rate_max_bp"),
    ("deposit.return_days", "deposit.return_days_max"),
    ("finding.reminder_term", "finding.reminder_term_max"),
)
"""Of each pair the first number is never greater than the second, on any day."""


def limits_of(name: str, unit: str) -> Limits:
    """Return a number's limits, by its name or by its unit."""
    return OF_NAME.get(name) or OF_UNIT[unit]
