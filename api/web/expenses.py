"""/expenses/{id}: who applied, reviewed, approved and paid; evidence, publication, objections."""

from __future__ import annotations

from typing import Any

from api.evidence import readable
from api.web import labels_money as labels
from api.web.estates import four_steps, place_of, position_of, times_asked
from api.web.places import names_of
from api.web.site import Pages, Visit
from projections.expenses import ExpenseAt, expense_by_id, view

BAD_STEPS = frozenset(
    {
        "returned",
        "rejected",
        "withdrawn",
        "payment_reversed",
        "publication_missed",
        "objection_answer_missed",
    }
)
GOOD_STEPS = frozenset({"review_passed", "approved", "paid", "published", "objection_answered"})

pages = Pages()


@pages.page("/expenses/{expense_id}", "expense.jinja2", is_public=True)
async def expense(visit: Visit) -> dict[str, Any]:
    """Show one expense with its whole trail; what no longer counts is shown as void."""
    asked = ExpenseAt(expense_id=visit.id_in_path("expense_id"), **times_asked(visit))
    row = await visit.read(expense_by_id, asked)
    organisations = [step["organisation_id"] for step in row["steps"]]
    named = {one["sha256"] for step in row["steps"] for one in step["evidence"]}
    return {
        "expense": row,
        "downloads": await readable(visit.request, visit.visitor, named),
        "four": four_steps(row["steps"]),
        "place": await place_of(visit, row["estate_id"]),
        "names": await names_of(visit, organisations),
        "colour": _colour,
        "labels": labels,
        "position": await position_of(visit, view),
    }


def _colour(step: str) -> str:
    if step in BAD_STEPS:
        return "bad"
    return "good" if step in GOOD_STEPS else ""
