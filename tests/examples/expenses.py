"""Expenses: the owners' committee wants the gate repaired from the estate's public revenue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from ledger.calendar import Due
from ledger.core.aggregate import By, Event, Evidence
from ledger.expenses import EvidenceKind, Expense, ExpenseTerms, events
from tests.examples import by as person
from tests.examples.accounts import ACCOUNT, ESTATE

EXPENSE = UUID(int=404)
OBJECTION = UUID(int=405)
GATE_FEN = 6_000_00
CATEGORIES = ("repair", "greening", "other")
TERMS = ExpenseTerms(
    amount_fen=GATE_FEN, category="repair", purpose="维修小区南门", payee="宏达维修公司"
)
CHEAPER = replace(TERMS, amount_fen=5_500_00)
INVOICE = Evidence(
    sha256="ab" * 32, name="发票.pdf", media_type="application/pdf", size_bytes=20_480
)

CHAIR = person(1, role="owners_committee")
REVIEWER = person(2, role="community")
HEAD = person(3, role="street")
CASHIER = person(4, role="street")
OWNER = person(5, role="owner")
REACTION = person(9, role="reaction", at=datetime(2026, 3, 24, 1, 0, tzinfo=UTC))

PUBLISH_BY = Due(date(2026, 3, 23), False)
ANSWER_BY = Due(date(2026, 3, 16), False)
SHOWN_UNTIL = date(2026, 3, 17)


def because(by: By, reason: str = "报价有变") -> By:
    """Return the same person, with a reason."""
    return replace(by, reason=reason)


def with_invoice(by: By) -> By:
    """Return the same person, with a document."""
    return replace(by, evidence=(INVOICE,))


def _fields(by: By) -> dict[str, Any]:
    return {"originator_id": EXPENSE, "originator_version": 2, "timestamp": by.at, "by": by}


def applied(terms: ExpenseTerms = TERMS) -> events.Applied:
    fields = _fields(CHAIR) | {"originator_version": 1}
    return events.Applied(
        **fields,
        originator_topic=Expense.TOPIC,
        account_id=ACCOUNT,
        estate_id=ESTATE,
        terms=terms,
    )


def changed(terms: ExpenseTerms = CHEAPER, *, by: By | None = None) -> events.Changed:
    return events.Changed(**_fields(by or because(CHAIR)), terms=terms)


def review_passed(by: By = REVIEWER) -> events.ReviewPassed:
    return events.ReviewPassed(**_fields(by))


def returned() -> events.Returned:
    return events.Returned(**_fields(because(REVIEWER)))


def approved(by: By = HEAD) -> events.Approved:
    return events.Approved(**_fields(by))


def rejected() -> events.Rejected:
    return events.Rejected(**_fields(because(HEAD)))


def withdrawn() -> events.Withdrawn:
    return events.Withdrawn(**_fields(because(CHAIR)))


def paid(amount_fen: int = GATE_FEN, *, by: By = CASHIER) -> events.Paid:
    return events.Paid(
        **_fields(by), amount_fen=amount_fen, bank_reference="P-1", publish_by=PUBLISH_BY
    )


def payment_reversed() -> events.PaymentReversed:
    return events.PaymentReversed(**_fields(because(CASHIER)), bank_reference="P-2")


def evidence_attached() -> events.EvidenceAttached:
    return events.EvidenceAttached(**_fields(with_invoice(CHAIR)), kind=EvidenceKind.INVOICE)


def published() -> events.Published:
    return events.Published(**_fields(CHAIR), where="小区公告栏", until_on=SHOWN_UNTIL)


def publication_missed(by: By = REACTION) -> events.PublicationMissed:
    return events.PublicationMissed(**_fields(by))


def objection_raised() -> events.ObjectionRaised:
    return events.ObjectionRaised(
        **_fields(OWNER), objection_id=OBJECTION, statement="价格偏高", due=ANSWER_BY
    )


def objection_answered() -> events.ObjectionAnswered:
    return events.ObjectionAnswered(
        **_fields(CHAIR), objection_id=OBJECTION, answer="三家比价，取最低价"
    )


def objection_answer_missed(by: By = REACTION) -> events.ObjectionAnswerMissed:
    return events.ObjectionAnswerMissed(**_fields(by), objection_id=OBJECTION)


EXAMPLES: tuple[Event, ...] = (
    applied(),
    changed(),
    review_passed(),
    returned(),
    approved(),
    rejected(),
    withdrawn(),
    paid(),
    payment_reversed(),
    evidence_attached(),
    published(),
    publication_missed(),
    objection_raised(),
    objection_answered(),
    objection_answer_missed(),
)
