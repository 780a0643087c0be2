"""What was there when: the least balance from a moment to now must cover what left at it.

    changes  1 March +100   5 March -60   9 March +50      amount 80
    balance          100           40           90         covered from 9 March on

Money that left is booked no earlier than that, so that no view of a past moment ever shows less
than nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

Change: TypeAlias = tuple[datetime, int]
"""When a balance changed, and by how much (fen)."""


def covered_from(changes: Iterable[Change], amount_fen: int) -> datetime | None:
    """Return the first moment from which the balance never was below an amount any more.

    ``None``: it is below it now, or nothing ever changed.
    """
    balance_fen, since = 0, None
    for moment, together in groupby(sorted(changes, key=itemgetter(0)), key=itemgetter(0)):
        balance_fen += sum(change_fen for _, change_fen in together)
        if balance_fen < amount_fen:
            since = None
        elif since is None:
            since = moment
    return since
