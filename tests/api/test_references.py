"""A bank reference that looks like a telephone number is recorded with a second person's word."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries, read_head
from tests.api.conftest import the_problem
from tests.api.money import ACCOUNT, Office, office
from tests.api.test_delegations import stands_in, street
from tests.commands.county import COMMUNITY, COMPANY, ESTATE, OTHER_COMMUNITY, STREET

__all__ = ["office", "street"]

RECEIPTS = f"/accounts/{ACCOUNT}/receipts"
CONFIRMATIONS = "/reference-confirmations"
REFERENCE, SAME = "TX-13705398642", "ｔｘ—１３７０５３９８６４２"
RECEIPT = {
    "category": "parking",
    "amount_fen": 500_00,
    "payer": "顺达停车",
    "bank_reference": REFERENCE,
}
WORD = {"reference": REFERENCE, "reason": "农商银行回单流水号"}


async def confirmed(office: Office, who: str, **changed: Any) -> dict[str, Any]:
    return await office.done(
        who, CONFIRMATIONS, **({"organisation_id": str(STREET)} | WORD | changed)
    )


async def test_it_is_refused_and_recorded_once_somebody_else_said_what_it_is(
    office: Office, ledger: Ledger
) -> None:
    problem = await the_problem(
        await office.post("clerk", RECEIPTS, **RECEIPT), 422, "reference-looks-personal"
    )
    assert problem["facts"] == {"field": "bank_reference", "kind": "mobile-number"}
    word = await confirmed(office, "head", reference=SAME)
    head = await read_head(ledger.pool, ledger.id)
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=head.size)
    assert not any(b"13705398642" in one.data for one in entries), "the word does not repeat it"

    await office.done("clerk", RECEIPTS, **RECEIPT)
    events = (await office.read("auditor", f"/events?stream_id={word['id']}", after=word))["rows"]
    assert {one["topic"] for one in events} == {
        "confirmed_reference.opened.v1",
        "confirmed_reference.confirmed.v1",
    }


async def test_nobody_confirms_for_themselves(office: Office) -> None:
    await confirmed(office, "clerk")
    refused = await office.post("clerk", RECEIPTS, **RECEIPT)
    await the_problem(refused, 422, "reference-looks-personal")
    await office.done("cashier", RECEIPTS, **RECEIPT)
    again = await office.post("clerk", CONFIRMATIONS, **WORD, organisation_id=str(STREET))
    await the_problem(again, 422, "reference-confirmed-already")


async def test_a_stand_in_counts_as_both_persons(street: Office) -> None:
    await stands_in(street)
    await confirmed(street, "leader")
    refused = await street.post("acting", RECEIPTS, **RECEIPT)
    await the_problem(refused, 422, "reference-looks-personal")
    await street.done("clerk", RECEIPTS, **RECEIPT)


async def test_a_proposer_counts_as_well(office: Office) -> None:
    await confirmed(office, "head")
    refused = await office.post("head", f"{RECEIPTS}?propose=true", **RECEIPT)
    await the_problem(refused, 422, "reference-looks-personal")
    told = RECEIPT | {"reason": "回单"}
    proposed = await office.done("clerk", f"{RECEIPTS}?propose=true", **told)
    refused = await office.post("head", f"/proposals/{proposed['id']}/approvals", reason="已核对")
    await the_problem(refused, 422, "reference-looks-personal")
    await office.done("cashier", f"/proposals/{proposed['id']}/approvals", reason="已核对")


async def test_a_word_is_taken_back(office: Office) -> None:
    word = await confirmed(office, "head")
    path = f"{CONFIRMATIONS}/{word['id']}/withdrawals"
    await the_problem(await office.post("head", path), 422, "reason-missing")
    await office.done("head", path, reason="是手机号")
    refused = await office.post("clerk", RECEIPTS, **RECEIPT)
    await the_problem(refused, 422, "reference-looks-personal")
    await the_problem(await office.post("head", path, reason="x"), 422, "reference-not-confirmed")


async def test_a_contract_number_is_one_as_well(office: Office) -> None:
    deposit = {
        "estate_id": str(ESTATE),
        "company_id": str(COMPANY),
        "contract": "HT13705398642",
        "base_fen": 1_000_000_00,
        "rate_bp": 500,
        "basis": "服务合同",
        "ends_on": "2028-12-31",
    }
    refused = await office.post("clerk", "/deposits", **deposit)
    await the_problem(refused, 422, "reference-looks-personal")
    await confirmed(office, "head", reference="ht13705398642")
    await office.done("clerk", "/deposits", **deposit)


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("BK20261120001", "reference-needs-no-word"),
        ("联系 13705398642", "personal-data-in-text"),
        ("zhang@163.com", "personal-data-in-text"),
        ("passport:E12345678", "personal-data-in-text"),
    ],
)
async def test_only_a_bare_number_can_be_something_else(
    office: Office, reference: str, code: str
) -> None:
    said = {"organisation_id": str(STREET), "reference": reference, "reason": "银行流水号"}
    await the_problem(await office.post("head", CONFIRMATIONS, **said), 422, code)


async def test_who_may_confirm_and_for_whom(office: Office) -> None:
    for who in ("owner", "auditor", "company"):
        said = {"organisation_id": str(STREET)} | WORD
        response = await office.post(who, CONFIRMATIONS, **said)
        await the_problem(response, 403, "not-allowed")
    far = await office.post("reviewer", CONFIRMATIONS, **WORD, organisation_id=str(OTHER_COMMUNITY))
    await the_problem(far, 404, "not-found")
    await confirmed(office, "reviewer", organisation_id=str(COMMUNITY))
