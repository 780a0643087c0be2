"""Each kind of import, with the example file that the documentation shows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ledger.accounts import PublicAccount
from ledger.commands.leases import SignLease, sign_lease
from ledger.core.clock import LOCAL
from ledger.core.values import derived_id
from ledger.deposits import Deposit, deposit_id_of
from ledger.petitions import Petition
from ledger.points import PointsAccount
from ledger.points import account_id_of as points_account_id_of
from ledger.storage.ledger import Ledger
from tests.commands.county import COMMUNITY, COMPANY, DEPARTMENT, ESTATE
from tests.commands.money import ACCOUNT, CLERK, OTHER_ACCOUNT
from tests.examples.leases import TERMS
from tests.scripts.importing import (
    EXAMPLES,
    entries_of,
    found_county,
    history_of,
    imported,
    marked,
    rules_of,
    text_file,
    topics_of,
)


async def test_petitions_go_as_far_as_their_rows_say(ledger: Ledger) -> None:
    await found_county(ledger)

    report = await imported(ledger, "petitions", EXAMPLES / "petitions.csv")

    assert rules_of(report) == set()
    assert (report.rows_count, report.recorded_count, report.steps_count) == (3, 3, 13)
    topics = await topics_of(ledger)
    assert topics["petition.filed.v1"] == 3
    assert topics["petition.closed.v1"] == 2
    petition = await ledger.load(
        Petition, Petition.create_id(channel="hotline", reference="RX2025-0311")
    )
    assert petition.is_solved
    assert petition.holder_id == DEPARTMENT
    assert (petition.category, petition.item) == ("facilities", "damp_garage")


async def test_a_step_keeps_its_time_and_says_where_it_came_from(ledger: Ledger) -> None:
    await found_county(ledger)

    report = await imported(ledger, "petitions", EXAMPLES / "petitions.csv")

    filed, dispatched, *_ = sorted(await history_of(ledger), key=lambda entry: entry.occurred_at)
    assert filed.topic == "petition.filed.v1"
    assert filed.occurred_at == datetime(2025, 3, 11, 9, 20, tzinfo=LOCAL)
    assert filed.recorded_at > datetime(2026, 1, 1, tzinfo=UTC)
    by = filed.by
    assert by.is_history
    assert by.actor_id == derived_id("person", "s101")
    assert by.organisation_id == COMMUNITY
    assert by.reason.endswith(f"Imported history: petitions.csv, SHA-256 {report.sha256}, row 2")
    assert dispatched.by.correlation == by.correlation == derived_id("import", report.sha256)


async def test_who_handled_and_asked_back_is_marked_and_recorded(ledger: Ledger) -> None:
    await found_county(ledger)

    report = await imported(ledger, "petitions", EXAMPLES / "petitions.csv")

    assert marked(report) == {"same-person-twice": (3,)}
    [breach] = report.breaches
    assert (breach.en, breach.zh)[0].endswith(".")
    visits = [e for e in await history_of(ledger) if e.topic == "petition.visited_back.v1"]
    assert sorted(entry.by.breaches for entry in visits) == [(), ("same-person-twice",)]


async def test_deadlines_missed_in_the_past_are_recorded_when_history_is(ledger: Ledger) -> None:
    await found_county(ledger)

    await imported(ledger, "petitions", EXAMPLES / "petitions.csv")

    missed = [e for e in await entries_of(ledger) if e.topic == "petition.deadline_missed.v1"]
    assert missed  # the third petition was never sent to a unit


async def test_revenue_counts_every_row_also_two_that_are_alike(ledger: Ledger) -> None:
    await found_county(ledger)

    report = await imported(ledger, "revenue", EXAMPLES / "revenue.csv")

    assert (report.problems, report.recorded_count) == ([], 5)
    assert marked(report) == {"same-money-twice": (5,)}
    account = await ledger.load(PublicAccount, ACCOUNT)
    assert account.balance_fen == 12_000_00 + 5_000_00 + 2 * 3_200_00
    assert (await ledger.load(PublicAccount, OTHER_ACCOUNT)).balance_fen == 8_000_50


async def test_revenue_of_a_lease_names_it(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    signing = SignLease(
        account_id=ACCOUNT,
        premises="东门商铺",
        area_m2_hundredths=4_500,
        tenant="惠民便利店",
        starts_on=TERMS.starts_on,
        ends_on=TERMS.ends_on,
        schedule=TERMS.schedule,
    )
    lease_id = (await sign_lease(signing, ledger, CLERK)).id
    rows = (
        "estate,category,amount,received_at,payer,lease\n"
        f"371329001001.e1,rent,100,2026-01-05,惠民便利店,{lease_id}\n"
        f"371329001001.e1,rent,100,2026-01-05,惠民便利店,{derived_id('lease', 'none')}\n"
    )

    report = await imported(ledger, "revenue", text_file(tmp_path, rows), accepts_good_rows=True)

    assert rules_of(report) == {(3, "lease", "record-unknown")}
    assert report.recorded_count == 1


async def test_expenses_that_broke_rules_are_recorded_and_marked(ledger: Ledger) -> None:
    await found_county(ledger)
    await imported(ledger, "revenue", EXAMPLES / "revenue.csv")

    report = await imported(ledger, "expenses", EXAMPLES / "expenses.csv")

    assert report.problems == []
    assert marked(report) == {
        "same-person-twice": (3,),  # one person reviewed and approved
        "hold-exceeds-free": (3,),
        "account-overdrawn": (3,),
    }
    account = await ledger.load(PublicAccount, ACCOUNT)
    assert account.balance_fen == 23_400_00 - 4_800_00 - 30_000_00
    applied = [e for e in await history_of(ledger) if e.topic == "expense.applied.v1"]
    [evidence] = [document for e in applied for document in e.by.evidence]
    assert (evidence.media_type, evidence.size_bytes) == ("application/pdf", 48213)


async def test_deposits_are_assessed_received_and_drawn(ledger: Ledger) -> None:
    await found_county(ledger)

    report = await imported(ledger, "deposits", EXAMPLES / "deposits.csv")

    assert report.problems == []
    # Asked for and approved by one person, and without a document.
    assert marked(report) == {"same-person-twice": (4,), "evidence-missing": (4,)}
    deposit = await ledger.load(Deposit, deposit_id_of(ESTATE, COMPANY, "2024年物业服务合同"))
    assert (deposit.required_fen, deposit.held_fen) == (30_000_00, 25_000_00)


async def test_lines_of_a_deposit_may_stand_in_any_order(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    heading, *lines = (EXAMPLES / "deposits.csv").read_text("utf-8").splitlines()
    path = text_file(tmp_path, "\n".join([heading, *reversed(lines)]))

    report = await imported(ledger, "deposits", path)

    assert report.problems == []
    topics = [e.topic for e in await history_of(ledger)]
    assert topics[:2] == ["deposit.assessed.v1", "deposit.received.v1"]


async def test_awards_open_accounts_and_are_marked(ledger: Ledger) -> None:
    await found_county(ledger)

    report = await imported(ledger, "point-awards", EXAMPLES / "point-awards.csv")

    assert report.problems == []
    assert marked(report) == {
        "service-not-verified": (2, 3, 4, 5),
        "awards-oneself": (4,),
        "service-time-exceeds-day": (5,),
    }
    topics = await topics_of(ledger)
    assert topics["points_account.opened.v1"] == 2
    volunteer_id = derived_id("person", "v-0001")
    account = await ledger.load(PointsAccount, points_account_id_of(volunteer_id))
    assert account.balance_points == 20 + 15 + 200
    assert account.served_minutes(on=datetime(2025, 3, 12, tzinfo=LOCAL).date()) == 90
