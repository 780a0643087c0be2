"""When the plans that connections keep are too old.

PostgreSQL keeps a statement's plan from its sixth use on. Made while a table is empty, one that
reads the table whole looks cheapest, and stays when the table has grown, until somebody analyses
it: a minute or more in which each look-up reads everything. So whoever fills tables asks here
after each piece of work, and makes the plans anew: after the first ``FIRST`` entries, after twice
as many, and so on, and at the latest after ``EVERY_MAX``.
"""

from __future__ import annotations

FIRST, EVERY_MAX = 500, 20_000


class PlansAge:
    """Counts what was written since the plans were made."""

    def __init__(self) -> None:
        self._made_at = 0
        self._every = FIRST

    def are_old(self, written: int) -> bool:
        """Tell whether to make plans anew, now that so much was written in all; told once."""
        if written - self._made_at < self._every:
            return False
        self._made_at = written
        self._every = min(2 * self._every, EVERY_MAX)
        return True
