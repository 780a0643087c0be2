"""Public accounts: one for each estate, with its leases, its revenue and its closed months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from ledger.accounts import account_id_of
from ledger.commands import accounts, leases
from ledger.core.values import derived_id
from ledger.leases import Instalment
from scripts.demonstration import people
from scripts.demonstration.county import Estate, data, dice
from scripts.demonstration.documents import a_paper
from scripts.demonstration.steps import Step, alias
from scripts.demonstration.working_time import at, months_later, office_hours, working_day_after

RENT_FEN = 800_000_00
"""What all leases together bring in the demo's two years, as the article on Linshu tells."""

MONTHS = 24
RENT_DAY = timedelta(days=9)
"""Rent is due on the tenth day of the second month of its quarter."""
FEN = 100
HUNDREDTHS = 100
PARKING_A_HOUSEHOLD_FEN = 25_00
WRONG_EVERY = 23


@dataclass(frozen=True, slots=True)
class Income:
    """Money that came in on a day, so that expenses can be planned."""

    on: date
    amount_fen: int


def lane_of(estate: Estate) -> str:
    """All money of an estate is in one lane."""
    return f"money {estate.code}"


def account_steps(estate: Estate, start: date) -> tuple[list[Step], list[Income]]:
    """Write the account's opening, revenue, leases and closed quarters; tell what came in."""
    opened_at = at(working_day_after(start, 0), 9, 30)
    command = accounts.OpenPublicAccount(estate_id=estate.id, street_id=estate.community.street_id)
    clerk = people.street_official(estate.community, "clerk")
    steps = [_step(estate, accounts.open_public_account, command, clerk.by(opened_at))]
    incomes: list[Income] = []
    for step, income in (*_quarters(estate, start), *_leases(estate, start)):
        steps.append(step)
        incomes.extend([income] if income else [])
    return steps, incomes


def _step(estate: Estate, run: Any, command: Any, by: Any, names: UUID | None = None) -> Step:
    return Step(lane=lane_of(estate), run=run, command=command, by=by, names=names)


def _quarters(estate: Estate, start: date) -> Iterator[tuple[Step, Income | None]]:
    rng = dice(f"account {estate.code}")
    clerk = people.street_official(estate.community, "clerk")
    for month in range(2, MONTHS, 3):
        first = months_later(start, month)
        amount_fen = estate.households * PARKING_A_HOUSEHOLD_FEN * rng.randint(80, 120)
        yield _received(
            estate, rng, first, "parking", amount_fen // FEN // FEN * FEN, "停车管理收入"
        )
        if month % 6 == 2:
            amount_fen = rng.randrange(1_000_00, 6_000_00, 100_00)
            yield _received(estate, rng, first, "advertising", amount_fen, "电梯广告商（演示）")
        if month == 8 and estate.number % WRONG_EVERY == 0:
            yield from _wrong(estate, rng, first)
        over = months_later(start, month + 1)
        close = accounts.ClosePeriod(
            account_id=account_id_of(estate.id), year=first.year, month=first.month
        )
        closed_at = office_hours(rng, working_day_after(over, rng.randint(3, 8)))
        yield _step(estate, accounts.close_period, close, clerk.by(closed_at)), None


def _received(  # noqa: PLR0913, PLR0917
    estate: Estate, rng: Random, first: date, category: str, amount_fen: int, payer: str
) -> tuple[Step, Income | None]:
    received_at = office_hours(rng, working_day_after(first, rng.randint(2, 12)))
    cashier = people.street_official(estate.community, "cashier")
    key = f"{estate.code} {category} {first:%Y-%m}"
    command = accounts.ReceiveRevenue(
        account_id=account_id_of(estate.id),
        category=category,
        amount_fen=amount_fen,
        payer=payer,
        bank_reference=f"demo-{category}-{first:%Y%m}-{estate.number:03}",
        receipt_id=derived_id("demo-receipt", key),
    )
    step = _step(estate, accounts.receive_revenue, command, cashier.by(received_at))
    return step, Income(received_at.date(), amount_fen)


def _wrong(estate: Estate, rng: Random, first: date) -> Iterator[tuple[Step, Income | None]]:
    """Enter a receipt that belongs to another estate, and take it back."""
    step, _ = _received(estate, rng, first, "other", 800_00, "记账错误（演示）")
    yield step, None
    reverse = accounts.ReverseRevenue(
        account_id=account_id_of(estate.id), receipt_id=step.command.receipt_id
    )
    cashier = people.street_official(estate.community, "cashier")
    by = cashier.by(step.by.at + timedelta(minutes=40), "误记入本小区，已转入正确账户")
    yield _step(estate, accounts.reverse_revenue, reverse, by), None


# Leases ----------------------------------------------------------------------------------


def lease_rows() -> list[dict[str, Any]]:
    """Return the leases of the data file; the last tenant owes one quarter."""
    rows: list[dict[str, Any]] = data("leases")["leases"]
    return rows


def _leases(estate: Estate, start: date) -> Iterator[tuple[Step, Income | None]]:
    rows = lease_rows()
    for number, row in enumerate(rows):
        if row["estate"] == estate.number:
            is_in_arrears = number == len(rows) - 1
            yield from _lease(estate, number, row, start, is_in_arrears=is_in_arrears)


def _lease(
    estate: Estate, number: int, row: dict[str, Any], start: date, *, is_in_arrears: bool
) -> Iterator[tuple[Step, Income | None]]:
    rng = dice(f"lease {number}")
    begins_on = months_later(start, row["begins"])
    lease_id = alias("lease", str(number))
    schedule = tuple(
        Instalment(
            due_on=months_later(begins_on, month + 1) + RENT_DAY, amount_fen=row["rent"] * FEN
        )
        for month in range(0, 36, 3)
    )
    sign = leases.SignLease(
        account_id=account_id_of(estate.id),
        premises=row["premises"],
        area_m2_hundredths=row["area"] * HUNDREDTHS,
        tenant=row["tenant"],
        starts_on=begins_on,
        ends_on=months_later(begins_on, 36) - timedelta(days=1),
        schedule=schedule,
    )
    clerk = people.street_official(estate.community, "clerk")
    contract = a_paper(
        f"租赁合同{number + 1}（演示）",
        (
            f"承租方：{row['tenant']}",
            f"房屋：{row['premises']}",
            f"租期：{sign.starts_on} 至 {sign.ends_on}",
        ),
    )
    signed_at = at(working_day_after(begins_on, 1), 10)
    by = clerk.by(signed_at, evidence=(contract.evidence,))
    step = _step(estate, leases.sign_lease, sign, by, names=lease_id)
    yield replace(step, documents=(contract,)), None
    end = months_later(start, MONTHS)
    due = [instalment for instalment in schedule if instalment.due_on < end]
    for quarter, instalment in enumerate(due[:-1] if is_in_arrears else due):
        yield _rent(estate, lease_id, row["tenant"], instalment, f"{number}-{quarter}", rng)


def _rent(  # noqa: PLR0913, PLR0917
    estate: Estate, lease_id: UUID, tenant: str, instalment: Instalment, key: str, rng: Random
) -> tuple[Step, Income | None]:
    late_days = rng.choice((0, 0, 0, 1, 2, 6))
    received_at = office_hours(rng, working_day_after(instalment.due_on, late_days))
    command = accounts.ReceiveRevenue(
        account_id=account_id_of(estate.id),
        category="rent",
        amount_fen=instalment.amount_fen,
        payer=tenant,
        bank_reference=f"demo-rent-{key}",
        lease_id=lease_id,
        receipt_id=derived_id("demo-receipt", f"rent {key}"),
    )
    cashier = people.street_official(estate.community, "cashier")
    step = _step(estate, accounts.receive_revenue, command, cashier.by(received_at))
    return step, Income(received_at.date(), instalment.amount_fen)
