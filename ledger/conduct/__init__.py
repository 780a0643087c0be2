"""Conduct of units: how often in a row a unit's matters had to go to the county, and what followed.

Source: the article on Linshu county. A unit whose matters are taken up to the
county three times in a row or more is handed over to the efficiency office; its
work is then analysed and inspected, and inaction, slowness or coldness found
there leads to a talk by the county committee.

*In a row* means: of the unit's petitions, taken in the order in which the ledger
notes them, each one that others take up to the county while the unit holds it
adds one to the streak, at most once in each round of the petition (it starts a new
round when reopened). What the unit's own people take up is counted apart. A
petition that had to be taken up but was solved below the county breaks the
streak (or any solved petition does, if the policy ``conduct.streak_broken_by``
says so), if others than the unit filed it and others than the unit, or the
petitioner's own paper, say that it is solved (``ledger/commands/streaks.py``). Nothing else
does: no merging, no withdrawal, no closing without the petitioner's word, no turn of
the year, and a break is not undone later. From the policy's number on, every
escalation of an unbroken streak makes a transfer due; one transfer settles all that
are due.
"""

from ledger.conduct.errors import (
    EscalationAlreadyCounted,
    NoStreakToBreak,
    NothingToTransfer,
    StreakTooShort,
    TalkWithoutFinding,
    TransferFinal,
    TransferNotDue,
    TransferNotOverdue,
    TransferToItself,
)
from ledger.conduct.unit import FindingKind, TransferDue, UnitConduct

__all__ = [
    "EscalationAlreadyCounted",
    "FindingKind",
    "NoStreakToBreak",
    "NothingToTransfer",
    "StreakTooShort",
    "TalkWithoutFinding",
    "TransferDue",
    "TransferFinal",
    "TransferNotDue",
    "TransferNotOverdue",
    "TransferToItself",
    "UnitConduct",
]
