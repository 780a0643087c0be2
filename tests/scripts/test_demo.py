"""The cases of the demo, in a small one that was loaded for real."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from ledger.accounts import PublicAccount
from ledger.conduct import UnitConduct
from ledger.core.aggregate import Event
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.deposits import CauseKind, Deposit
from ledger.findings import Finding
from ledger.leases import Lease
from ledger.organisations import Organisation
from ledger.petitions import Petition
from ledger.storage.evidence import EvidenceStore
from ledger.storage.ledger import Ledger
from scripts.demonstration.county import a_county
from tests.scripts.conftest import SMALL

E = TypeVar("E", bound=Event)


def events(log: Iterable[Entry], kind: type[E]) -> list[E]:
    topic = kind.TOPIC  # type: ignore[attr-defined]
    return [entry.event for entry in log if entry.topic == topic]  # type: ignore[misc]


def test_no_rule_was_broken(demo_log: list[Entry]) -> None:
    assert [entry.by.breaches for entry in demo_log if entry.by.breaches] == []
    assert not any(entry.by.is_history for entry in demo_log)


def test_the_heating_pipe_was_repaired_with_5000_yuan_without_a_petition(
    demo_log: list[Entry],
) -> None:
    estate = a_county().named["yangguang"]
    (deposit,) = (e for e in events(demo_log, Deposit.Assessed) if e.estate_id == estate.id)
    own = [
        e for e in events(demo_log, Deposit.DrawPaid) if e.originator_id == deposit.originator_id
    ]
    assert [event.amount_fen for event in own] == [5_000_00]
    (asked,) = (e for e in events(demo_log, Deposit.DrawRequested) if e.draw_id == own[0].draw_id)
    assert asked.terms.cause.kind is CauseKind.FINDING
    (finding,) = (
        e for e in events(demo_log, Finding.Raised) if e.originator_id == asked.terms.cause.id
    )
    assert finding.estate_id == estate.id
    assert "供热管道" in finding.summary
    missed = {event.originator_id for event in events(demo_log, Finding.RectificationMissed)}
    assert finding.originator_id in missed


def test_the_garage_cost_the_company_40000_yuan_of_its_own(demo_log: list[Entry]) -> None:
    estate = a_county().named["hongshihu"]
    (spend,) = events(demo_log, Petition.ObligorSpendReported)
    assert (spend.amount_fen, spend.payer_id) == (40_000_00, estate.company.id)
    own = [entry for entry in demo_log if entry.stream_id == str(spend.originator_id)]
    filed, claimed = own[0].event, own[1].event
    assert isinstance(filed, Petition.Filed)
    assert isinstance(claimed, Petition.ResponsibilityClaimed)
    assert (filed.channel, filed.item, filed.estate_id) == (
        "reception_day",
        "damp_garage",
        estate.id,
    )
    assert local_day(filed.timestamp) == local_day(claimed.timestamp)
    actions = [e.summary for e in events(own, Petition.ActionTaken)]
    assert any("8名保洁" in summary for summary in actions)
    assert own[-1].topic == Petition.Closed.TOPIC


def test_hotline_orders_fell_from_26_to_8_a_month_after_the_manager_changed(
    demo_log: list[Entry],
) -> None:
    estate = a_county().named["huafeng"]
    filed = [e for e in events(demo_log, Petition.Filed) if e.estate_id == estate.id]
    assert {event.channel for event in filed} == {"hotline"}
    (left,) = (
        e for e in events(demo_log, Organisation.PostVacated) if e.originator_id == estate.id
    )
    days = [local_day(event.timestamp) for event in filed]
    months = Counter((day.year, day.month) for day in days)
    assert len(months) == 24
    before = [
        n for month, n in months.items() if month <= (left.until_on.year, left.until_on.month)
    ]
    after = [n for month, n in months.items() if month > (left.until_on.year, left.until_on.month)]
    assert (sum(before), len(before)) == (26 * 12, 12)
    assert (sum(after), len(after)) == (8 * 12, 12)


def test_escalations_in_a_row_led_to_nine_talks(demo_log: list[Entry]) -> None:
    steps: dict[UUID, list[str]] = defaultdict(list)
    for entry in demo_log:
        if entry.topic.startswith(f"{UnitConduct.TOPIC}."):
            steps[UUID(entry.stream_id)].append(entry.topic.split(".")[1])
    talked_to = [told for told in steps.values() if "talk_held" in told]
    assert [told.count("talk_held") for told in talked_to] == [1] * 9
    for told in talked_to:
        due, handed_over = (
            told.index("transfer_fell_due"),
            told.index("transferred_to_efficiency_office"),
        )
        assert told[:due].count("escalation_counted") == 3
        assert "streak_broken" not in told[:due]
        assert due < handed_over < told.index("performance_analysis_done")
        found = told.index("inspection_finding_recorded")
        assert told.index("performance_analysis_done") < found < told.index("talk_held")
    assert sum("transfer_missed" in told for told in talked_to) == 1
    others = [told for told in steps.values() if "talk_held" not in told]
    assert others
    assert all("transfer_fell_due" not in told for told in others)
    reactions = [e for e in demo_log if e.topic == UnitConduct.TransferFellDue.TOPIC]
    assert {entry.by.role for entry in reactions} == {"reaction"}


def test_leases_brought_800000_yuan(demo_log: list[Entry]) -> None:
    signed = events(demo_log, Lease.Signed)
    assert sum(event.terms.area_m2_hundredths for event in signed) > 3_000 * 100
    receipts = [event.receipt for event in events(demo_log, PublicAccount.RevenueReceived)]
    rents = [receipt for receipt in receipts if receipt.lease_id is not None]
    assert sum(receipt.amount_fen for receipt in rents) == 800_000_00
    assert {receipt.lease_id for receipt in rents} == {event.originator_id for event in signed}


async def test_no_account_and_no_deposit_is_ever_below_zero(
    loaded_demo: Ledger, demo_log: list[Entry]
) -> None:
    for opened in events(demo_log, PublicAccount.Opened):
        account = await loaded_demo.load(PublicAccount, opened.originator_id)
        assert 0 <= account.free_fen <= account.balance_fen
    for assessed in events(demo_log, Deposit.Assessed):
        assert (await loaded_demo.load(Deposit, assessed.originator_id)).free_fen >= 0


def test_each_expense_was_paid_by_four_persons(demo_log: list[Entry]) -> None:
    actors: dict[str, dict[str, UUID]] = defaultdict(dict)
    for entry in demo_log:
        if entry.topic.startswith("expense."):
            actors[entry.stream_id][entry.topic.split(".")[1]] = entry.by.actor_id
    paid = [by for by in actors.values() if "paid" in by]
    assert paid
    for by in paid:
        four = {by[step] for step in ("applied", "review_passed", "approved", "paid")}
        assert len(four) == 4
    outcomes = {outcome for by in actors.values() for outcome in by}
    assert {"returned", "rejected", "withdrawn", "changed", "published"} <= outcomes


async def test_every_document_can_be_read(loaded_demo: Ledger, demo_log: list[Entry]) -> None:
    store = EvidenceStore(loaded_demo, quota_bytes=0)
    named = {one.sha256: entry.by for entry in demo_log for one in entry.by.evidence}
    copies = {copy.sha256: copy for copy in await store.copies(named.keys())}
    assert copies.keys() == named.keys()
    for digest, copy in copies.items():
        assert copy.actor_id == named[digest].actor_id
        assert sha256(await store.read(copy)).hexdigest() == digest


def test_deadlines_that_passed_are_recorded_as_missed(demo_log: list[Entry]) -> None:
    missed = [entry for entry in demo_log if entry.topic == Petition.DeadlineMissed.TOPIC]
    assert missed
    assert {entry.by.role for entry in missed} == {"reaction"}
    topics = Counter(entry.topic for entry in demo_log)
    assert topics[Petition.Filed.TOPIC] == SMALL.petitions
    assert topics[Finding.Raised.TOPIC] == SMALL.findings
