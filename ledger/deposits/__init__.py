"""Performance deposits 物业履约保证金: a property company's promise, held by the street.

The street collects a share (5% to 10% by local policy) of the estate's yearly
property service fee receivable. When the company is late or does poor work, the
street may draw on it and have the work done. A draw-down needs a cause (a
petition, a supervisor's finding, an inspection or an emergency), two persons,
and money that is held and not promised already; afterwards the company is asked
to fill the deposit up again, and at the contract's end the rest goes back.

At every moment ``held = received + topped up + refunded - paid - returned - kept``.
``rules`` says what is refused, ``events`` what can happen, ``deposit`` what may
be asked.
"""

from ledger.deposits.deposit import Deposit, deposit_id_of
from ledger.deposits.values import (
    Agreement,
    Cause,
    CauseKind,
    ContestOutcome,
    Demand,
    DepositForm,
    Draw,
    DrawStatus,
    DrawTerms,
    Ending,
)

__all__ = [
    "Agreement",
    "Cause",
    "CauseKind",
    "ContestOutcome",
    "Demand",
    "Deposit",
    "DepositForm",
    "Draw",
    "DrawStatus",
    "DrawTerms",
    "Ending",
    "deposit_id_of",
]
