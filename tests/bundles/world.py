"""A small county with books: two estates in two communities, money and points over half a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from ledger.accounts import PublicAccount, Receipt
from ledger.calendar import Due
from ledger.core.aggregate import Aggregate, By
from ledger.deposits import Deposit
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import read_note, sign_note
from ledger.organisations import Kind, Organisation, Parent, organisation_id
from ledger.points import PointsAccount, ServiceAward
from ledger.storage.checkpoints import keep_signed, publish
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from tests.examples import by as person
from tests.examples import deposits as d
from tests.storage_fixtures import ORIGIN

FROM = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
ESTATES = ("371329001001", "371329002001")
COMMUNITIES = ("371329001", "371329002")
LOG_KEY = SigningKey("ledger.example.org/tests", KeyKind.NOTE, bytes(range(32)))
IDS = UUID(int=7)


def by(at: datetime, reason: str = "历史导入") -> By:
    """Return who records history, as of a moment."""
    return replace(person(1, role="street"), at=at, is_history=True, reason=reason)


def places() -> list[Aggregate]:
    """Return the organisations."""
    day = date(2020, 1, 1)
    made: list[Aggregate] = []
    for community, estate in zip(COMMUNITIES, ESTATES, strict=True):
        street = Parent(id=UUID(int=5), kind=Kind.STREET, is_there=True, above=frozenset())
        below = Parent(
            id=organisation_id(community), kind=Kind.COMMUNITY, is_there=True, above=frozenset()
        )
        for code, kind, parent in (
            (community, Kind.COMMUNITY, street),
            (estate, Kind.ESTATE, below),
        ):
            made.append(
                Organisation.establish(
                    by(FROM),
                    code=code,
                    kind=kind,
                    name_zh=f"{code}号",
                    name_en=code,
                    parent=parent,
                    valid_from=day,
                )
            )
    return made


def account(estate: str, receipts: int) -> Aggregate:
    """Return a public account over half a year."""
    account = PublicAccount.open(by(FROM), estate_id=organisation_id(estate), street_id=UUID(int=5))
    for number in range(receipts):
        at = FROM + timedelta(hours=number * 20)
        receipt = Receipt(
            receipt_id=uuid5(IDS, f"{estate} {number}"),
            category="rent",
            amount_fen=100_00 + number,
            payer="=HYPERLINK(1)" if number == 3 else '惠民便利店,\r\n"东"门',
            bank_reference=f"-R{number}",
        )
        account.receive(by(at), receipt=receipt, categories=("rent",))
        if number % 7 == 3:
            expense_id = uuid5(IDS, f"{estate} expense {number}")
            account.place_hold(by(at), expense_id=expense_id, amount_fen=50_00)
            account.pay_out(
                by(at),
                expense_id=expense_id,
                amount_fen=50_00,
                payee="宏达维修公司",
                bank_reference=f"P{number}",
            )
            if number % 2:
                account.reverse_payment(by(at), expense_id=expense_id, bank_reference="")
        if number % 11 == 5:
            account.reverse_receipt(by(at), receipt_id=receipt.receipt_id)
    return account


def deposit(estate: str) -> Aggregate:
    """Return a deposit that money went in and out of."""
    deposit = Deposit.assess(
        by(FROM),
        estate_id=organisation_id(estate),
        company_id=d.COMPANY,
        base_fen=400_000_00,
        rate_bp=500,
        agreement=d.AGREEMENT,
        rate_limits_bp=(500, 1_000),
    )
    at = FROM + timedelta(days=20)
    deposit.receive(by(at), amount_fen=20_000_00, bank_reference="B-1")
    deposit.request_draw(d.proven(by(at)), draw_id=d.DRAW, terms=d.TERMS)
    deposit.approve_draw(by(at), draw_id=d.DRAW)
    deposit.pay_draw(
        by(at + timedelta(days=40)),
        draw_id=d.DRAW,
        amount_fen=d.PIPE_FEN,
        bank_reference="P-1",
        contest_until=d.CONTEST_UNTIL,
    )
    deposit.demand_top_up(
        by(at + timedelta(days=41)),
        demand_id=d.DEMAND,
        amount_fen=d.PIPE_FEN,
        due=Due(date(2026, 5, 1), False),
    )
    deposit.receive_top_up(
        by(at + timedelta(days=80)), demand_id=d.DEMAND, amount_fen=3_000_00, bank_reference="B-2"
    )
    deposit.receive_top_up(
        by(at + timedelta(days=81)), demand_id=d.DEMAND, amount_fen=1_000_00, bank_reference="B-3"
    )
    deposit.reverse_step(d.second(by(at + timedelta(days=85))), version=deposit.version)
    return deposit


def points(community: str, name: str) -> Aggregate:
    """Return a points account with every kind of movement."""
    account = PointsAccount.open(
        by(FROM), volunteer_id=uuid5(IDS, name), community_id=organisation_id(community)
    )
    for number in range(4):
        at = FROM + timedelta(days=number * 30)
        award = ServiceAward(
            service_id=uuid5(IDS, f"{name} {number}"),
            activity_id=None,
            served_on=at.date(),
            minutes=60,
            rule="points.per_hour.patrol",
            points=10 + number,
            expires_on=date(2026, 3, 1) if number == 0 else date(2027, 3, 1),
        )
        account.award(by(at), award, minutes_a_day_max=480)
    at = FROM + timedelta(days=100)
    account.expire(by(at), before=date(2026, 3, 2))
    order = uuid5(IDS, f"{name} order")
    account.redeem(by(at), order_id=order, item_id=UUID(int=9), pieces=1, points=12)
    account.take_back(by(at + timedelta(days=1)), order_id=order)
    account.reverse(by(at + timedelta(days=2)), service_id=uuid5(IDS, f"{name} 3"), points=3)
    return account


async def record(ledger: Ledger) -> None:
    """Record places and books, account by account."""
    for place in places():
        await ledger.save(place)
    await record_books(ledger)


async def record_books(ledger: Ledger, receipts: int = 160) -> None:
    """Record accounts, deposits and points."""
    for estate, community in zip(ESTATES, COMMUNITIES, strict=True):
        await ledger.save(account(estate, receipts))
        await ledger.save(deposit(estate))
        for name in ("张三", "李四"):
            await ledger.save(points(community, f"{community} {name}"))


async def sign(ledger: Ledger) -> Checkpoint:
    """Sign and publish a checkpoint of the log as it stands."""
    head = await read_head(ledger.pool, ledger.id)
    checkpoint = Checkpoint(ORIGIN, head.size, head.frontier.root())
    note = signed_note(checkpoint)
    await keep_signed(ledger.pool, ledger.id, checkpoint, read_note(note), signed_at=ledger.clock())
    await publish(ledger.pool, ledger.id, head.size, at=ledger.clock())
    return checkpoint


def signed_note(checkpoint: Checkpoint, key: SigningKey = LOG_KEY) -> bytes:
    """Return a checkpoint's signed note."""
    return f"{checkpoint}\n{sign_note(str(checkpoint), key)}".encode()
