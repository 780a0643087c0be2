"""Expenses from public revenue 小区公共收益支出: applied for, reviewed, approved, paid, shown.

The owners' committee applies, the community's party organisation reviews, the
street approves, the street pays: always in this order, by four different persons
(业委会申请 → 社区党组织审核 → 街道党工委审批). A change after a review or an approval
voids both. What was approved is set aside in the estate's public account until it
is paid; the account keeps the money, the expense keeps the decisions.

Paid expenses are published; owners may object and are answered, each in its time.
"""

from ledger.expenses.expense import Expense
from ledger.expenses.values import (
    EvidenceKind,
    ExpenseStatus,
    ExpenseTerms,
    Objection,
    Publication,
)

__all__ = [
    "EvidenceKind",
    "Expense",
    "ExpenseStatus",
    "ExpenseTerms",
    "Objection",
    "Publication",
]
