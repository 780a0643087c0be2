"""Petitions: what residents ask for, who holds each at every moment, and by when they must act.

    filed ─► dispatched ─► accepted ─► answered ─► visited ─► closed
      ▲        │    ▲          ▲                      │          │
      │        ▼    │          └──── resumed ─────────┘          │
      ├── disputed ─┘ upheld                                     │
      └───────────────────────── reopened ───────────────────────┘

Any open petition may be merged, withdrawn, or taken up from community to street
to county. Each wait has a clock with a holder; an event that starts clocks lists
them in ``deadlines``, and a reaction records each missed one exactly once.
"""

from ledger.petitions.petition import Petition
from ledger.petitions.words import (
    Cause,
    ClockName,
    Deadline,
    Level,
    MeetingOutcome,
    Outcome,
    Side,
    Stage,
)

__all__ = [
    "Cause",
    "ClockName",
    "Deadline",
    "Level",
    "MeetingOutcome",
    "Outcome",
    "Petition",
    "Side",
    "Stage",
]
