"""Expenses: what every event changes, and the step it leaves in the approval trail."""

from __future__ import annotations

from typing import Any

from ledger.expenses import ExpenseStatus, ExpenseTerms, events
from projections.engine import Entry, Row, Rows, View

view = View("expenses", version=2)
expenses = view.table("expenses_v2", key=("expense_id",), history="expense_states_v2")
steps = view.lines("expense_steps_v2", record="expense_id")
objections = view.table(
    "expense_objections_v2",
    key=("expense_id", "objection_id"),
    history="expense_objection_states_v2",
    stream="expense_id",
)
_OF_OBJECTIONS: tuple[type[Any], ...] = (events.ObjectionAnswered, events.ObjectionAnswerMissed)
for _event_type in _OF_OBJECTIONS:
    view.read_ahead(
        objections, _event_type, lambda event: (event.originator_id, event.objection_id)
    )

UNDECIDED: Row = {
    "reviewed_at": None,
    "reviewed_by": None,
    "approved_at": None,
    "approved_by": None,
}
"""How an expense stands that is to be reviewed and approved anew."""


@view.on(events.Applied)
async def applied(rows: Rows, event: events.Applied, entry: Entry) -> None:
    """Begin an expense."""
    row: Row = {
        "expense_id": event.originator_id,
        "account_id": event.account_id,
        "estate_id": event.estate_id,
        **_asked(event.terms),
        "status": ExpenseStatus.APPLIED,
        "applied_at": event.timestamp,
        "applied_by": event.by.actor_id,
        "changed_count": 0,
        "evidence_count": 0,
        "breaches": [],
    }
    _put(rows, row, event, entry, **_told(event.terms))


@view.on(events.Changed)
async def changed(rows: Rows, event: events.Changed, entry: Entry) -> None:
    """Take up the new terms; review and approval so far are void."""
    row = await rows.get(expenses, event.originator_id)
    row |= _asked(event.terms)
    row["changed_count"] += 1
    if not _is_paid(row):
        _void(row)
        row["status"] = ExpenseStatus.APPLIED
    _put(rows, row, event, entry, **_told(event.terms))


@view.on(events.ReviewPassed)
async def review_passed(rows: Rows, event: events.ReviewPassed, entry: Entry) -> None:
    """Note who reviewed."""
    row = await rows.get(expenses, event.originator_id)
    row["reviewed_at"], row["reviewed_by"] = event.timestamp, event.by.actor_id
    if row["status"] in {ExpenseStatus.APPLIED, ExpenseStatus.RETURNED}:
        row["status"] = ExpenseStatus.REVIEWED
    _put(rows, row, event, entry, amount_fen=row["amount_fen"])


@view.on(events.Returned)
async def returned(rows: Rows, event: events.Returned, entry: Entry) -> None:
    """Note that it went back to the committee."""
    row = await rows.get(expenses, event.originator_id)
    if not _is_paid(row):
        _void(row)
        row["status"] = ExpenseStatus.RETURNED
    _put(rows, row, event, entry)


@view.on(events.Approved)
async def approved(rows: Rows, event: events.Approved, entry: Entry) -> None:
    """Note who approved. History may approve what was paid before."""
    row = await rows.get(expenses, event.originator_id)
    row["approved_at"], row["approved_by"] = event.timestamp, event.by.actor_id
    if not _is_paid(row):
        row["status"] = ExpenseStatus.APPROVED
    _put(rows, row, event, entry, amount_fen=row["amount_fen"])


@view.on(events.Rejected)
async def rejected(rows: Rows, event: events.Rejected, entry: Entry) -> None:
    """Note the refusal; an approval that it takes back is void."""
    row = await rows.get(expenses, event.originator_id)
    if not _is_paid(row):
        row["voided_count"] += row["approved_at"] is not None
        row |= {"status": ExpenseStatus.REJECTED, "approved_at": None, "approved_by": None}
    _put(rows, row, event, entry)


@view.on(events.Withdrawn)
async def withdrawn(rows: Rows, event: events.Withdrawn, entry: Entry) -> None:
    """Note that the committee gave it up."""
    row = await rows.get(expenses, event.originator_id)
    if not _is_paid(row):
        row["status"] = ExpenseStatus.WITHDRAWN
    _put(rows, row, event, entry)


@view.on(events.Paid)
async def paid(rows: Rows, event: events.Paid, entry: Entry) -> None:
    """Note the payment, and by when it must be published."""
    row = await rows.get(expenses, event.originator_id)
    row |= {
        "status": ExpenseStatus.PAID,
        "paid_at": event.timestamp,
        "paid_by": event.by.actor_id,
        "paid_fen": event.amount_fen,
        "bank_reference": event.bank_reference,
        "publish_by_on": event.publish_by.on,
        "is_publish_by_provisional": event.publish_by.is_provisional,
    }
    _put(
        rows,
        row,
        event,
        entry,
        amount_fen=event.amount_fen,
        payee=row["payee"],
        bank_reference=event.bank_reference,
        until_on=event.publish_by.on,
    )


@view.on(events.PaymentReversed)
async def payment_reversed(rows: Rows, event: events.PaymentReversed, entry: Entry) -> None:
    """Note that the money is back."""
    row = await rows.get(expenses, event.originator_id)
    back_fen, row["paid_fen"] = row["paid_fen"], 0
    row["status"] = ExpenseStatus.REVERSED
    reference = event.bank_reference
    _put(rows, row, event, entry, amount_fen=back_fen, bank_reference=reference)


@view.on(events.EvidenceAttached)
async def evidence_attached(rows: Rows, event: events.EvidenceAttached, entry: Entry) -> None:
    """Note what the documents are; that they are there is counted with every step."""
    row = await rows.get(expenses, event.originator_id)
    _put(rows, row, event, entry, evidence_kind=event.kind)


@view.on(events.Published)
async def published(rows: Rows, event: events.Published, entry: Entry) -> None:
    """Note where and until when it is shown."""
    row = await rows.get(expenses, event.originator_id)
    row |= {
        "published_at": event.timestamp,
        "published_where": event.where,
        "published_until_on": event.until_on,
    }
    _put(rows, row, event, entry, published_where=event.where, until_on=event.until_on)


@view.on(events.PublicationMissed)
async def publication_missed(rows: Rows, event: events.PublicationMissed, entry: Entry) -> None:
    """Note that it was not shown in time."""
    row = await rows.get(expenses, event.originator_id)
    row["is_publication_missed"] = True
    _put(rows, row, event, entry, until_on=row["publish_by_on"])


# Objections ------------------------------------------------------------------------------


@view.on(events.ObjectionRaised)
async def objection_raised(rows: Rows, event: events.ObjectionRaised, entry: Entry) -> None:
    """Begin an objection."""
    row = await rows.get(expenses, event.originator_id)
    row["objection_count"] += 1
    row["open_objection_count"] += 1
    about = {"objection_id": event.objection_id, "statement": event.statement}
    _put(rows, row, event, entry, until_on=event.due.on, **about)
    objection = {
        "expense_id": event.originator_id,
        "estate_id": row["estate_id"],
        "raised_at": event.timestamp,
        "raised_by": event.by.actor_id,
        "due_on": event.due.on,
        "is_due_provisional": event.due.is_provisional,
    }
    rows.put(objections, objection | about)


@view.on(events.ObjectionAnswered)
async def objection_answered(rows: Rows, event: events.ObjectionAnswered, entry: Entry) -> None:
    """Note the answer."""
    objection = await rows.get(objections, event.originator_id, event.objection_id)
    objection |= {
        "answer": event.answer,
        "answered_at": event.timestamp,
        "answered_by": event.by.actor_id,
        "answered_role": event.by.role,
        "status": "answered",
    }
    rows.put(objections, objection)
    row = await rows.get(expenses, event.originator_id)
    row["open_objection_count"] -= 1
    about = {"objection_id": event.objection_id, "statement": event.answer}
    _put(rows, row, event, entry, **about)


@view.on(events.ObjectionAnswerMissed)
async def answer_missed(rows: Rows, event: events.ObjectionAnswerMissed, entry: Entry) -> None:
    """Note that the answer is late."""
    objection = await rows.get(objections, event.originator_id, event.objection_id)
    objection["is_missed"] = True
    if objection["answered_at"] is None:
        objection["status"] = "missed"
    rows.put(objections, objection)
    row = await rows.get(expenses, event.originator_id)
    row["missed_answer_count"] += 1
    about = {"objection_id": event.objection_id, "until_on": objection["due_on"]}
    _put(rows, row, event, entry, **about)


# What the handlers share -----------------------------------------------------------------


def _asked(terms: ExpenseTerms) -> Row:
    return _told(terms) | {"payee_id": terms.payee_id}


def _told(terms: ExpenseTerms) -> Row:
    return {
        "amount_fen": terms.amount_fen,
        "category": terms.category,
        "purpose": terms.purpose,
        "payee": terms.payee,
    }


def _is_paid(row: Row) -> bool:
    return ExpenseStatus(row["status"]).is_paid()


def _void(row: Row) -> None:
    """Take review and approval off, and count them."""
    row["voided_count"] += (row["reviewed_at"] is not None) + (row["approved_at"] is not None)
    row |= UNDECIDED


def _put(rows: Rows, row: Row, event: Any, entry: Entry, **about: Any) -> None:
    """Write the expense's row and the step that changed it."""
    by = event.by
    evidence = entry.header.get("evidence", [])
    row["evidence_count"] += len(evidence)
    row["breaches"] += [breach for breach in by.breaches if breach not in row["breaches"]]
    rows.put(expenses, row)
    rows.add(
        steps,
        {
            "expense_id": event.originator_id,
            "estate_id": row["estate_id"],
            "step": entry.topic.split(".")[1],
            "actor_id": by.actor_id,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "post": by.post,
            "on_behalf_of": by.on_behalf_of,
            "evidence": evidence,
            "reason": by.reason,
            "breaches": list(by.breaches),
            **about,
        },
    )
