"""A small county with one of everything that a page shows, through the real commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ledger.accounts import account_id_of
from ledger.commands import (
    accounts,
    deposits,
    draws,
    erasures,
    expenses,
    leases,
    organisations,
    persons,
    petitioners,
    shop,
    users,
)
from ledger.commands.findings import RemindCompany, remind_company
from ledger.commands.petition_closing import WithdrawPetition, withdraw_petition
from ledger.core.aggregate import By, Evidence
from ledger.deposits import CauseKind, ContestOutcome
from ledger.expenses import EvidenceKind
from ledger.leases import Instalment
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.sealing import Field
from ledger.storage.ledger import Ledger
from ledger.users import User, user_id_of
from tests.petition_world import (
    COMMUNITY,
    COMPANY,
    ESTATE,
    PETITIONER,
    STREET,
    UNIT,
    day,
    filed,
    found_county,
    in_hand,
    raised_finding,
    sent_to_county,
    solved,
)
from tests.petition_world import who as of_street
from tests.points_world import days_later, earned, opened_account, stocked
from tests.storage.sealed import LI, WANG

SCRIPT = "<script>document.title='taken'</script>"
IMAGE = '"><img src=x onerror="document.title=\'taken\'">'
"""What somebody may write into a petition, hoping that a page runs it."""

ACCOUNT = account_id_of(ESTATE)
VOLUNTEER_ID = UUID("8c1f7a52-4d3e-4b90-9a6d-2f5be7013c64")
PERSON = UUID("8c1f7a52-4d3e-4b90-9a6d-2f5be7013c66")
USER = user_id_of(PERSON)
NEIGHBOUR = UUID("8c1f7a52-4d3e-4b90-9a6d-2f5be7013c65")
INVOICE = Evidence(
    sha256="ab" * 32, name="发票.pdf", media_type="application/pdf", size_bytes=20_480
)
QUARTERS = (date(2026, 1, 5), date(2026, 4, 5), date(2026, 7, 5), date(2026, 10, 5))
RENT_FEN = 8_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """The ids of what was recorded."""

    deposit_id: UUID
    expense_id: UUID
    petition_id: UUID
    missed_petition_id: UUID
    hostile_petition_id: UUID
    item_id: UUID


def who(number: int, role: str, days: float, reason: str = "", *evidence: Evidence) -> By:
    """Return a person of a role, some days after Monday 2 March 2026."""
    return By(
        actor_id=UUID(int=1_000 + number),
        at=day(days),
        role=role,
        reason=reason,
        evidence=evidence,
        organisation_id=COMPANY if role == "company" else STREET,
    )


async def seed(ledger: Ledger) -> Seeded:
    """Record everything, then let time pass: what fell due is recorded too."""
    await found_county(ledger)
    secretary = organisations.FillPost(
        organisation_id=COMMUNITY,
        person_id=UUID(int=1_050),
        post="secretary",
        from_on=date(2026, 1, 1),
    )
    await organisations.fill_post(secretary, ledger, who(0, "county", 0))
    petition_id, missed_petition_id, hostile_petition_id = await _petitions(ledger)
    deposit_id = await _deposit(ledger)
    expense_id = await _account(ledger)
    item_id = await _points(ledger)
    await _sealed(ledger, petition_id)
    await _user(ledger)
    await Reactions(ledger, REACTIONS).catch_up(now=day(200))
    return Seeded(
        deposit_id=deposit_id,
        expense_id=expense_id,
        petition_id=petition_id,
        missed_petition_id=missed_petition_id,
        hostile_petition_id=hostile_petition_id,
        item_id=item_id,
    )


async def _user(ledger: Ledger) -> None:
    """Somebody may act for the community, and for a while might for the street."""
    admin = who(41, "administrator", 0, "岗位调整")
    await users.open_user(users.OpenUser(user_id=PERSON), ledger, admin)
    for role, place in (("street", STREET), ("community", COMMUNITY)):
        grant = users.GrantRole(user_id=USER, role=role, organisation_id=place)
        await users.grant_role(grant, ledger, admin)
    grant_id = next(iter((await ledger.load(User, USER)).grants))
    revoke = users.RevokeRole(user_id=USER, grant_id=grant_id)
    await users.revoke_role(revoke, ledger, admin)


async def _petitions(ledger: Ledger) -> tuple[UUID, UUID, UUID]:
    petition_id = await in_hand(ledger)
    await solved(ledger, petition_id, on=3)
    missed_id = await in_hand(ledger, on=1)
    for number in range(3):
        await sent_to_county(ledger, on=2 + number, unit_id=UNIT)
    hostile_id = await filed(ledger, on=4, title=SCRIPT, summary=IMAGE)
    withdraw = WithdrawPetition(petition_id=hostile_id)
    await withdraw_petition(withdraw, ledger, of_street(on=5, reason=SCRIPT + IMAGE))
    finding_id = await raised_finding(ledger, on=5)
    await remind_company(RemindCompany(finding_id=finding_id), ledger, of_street(901, on=5))
    return petition_id, missed_id, hostile_id


async def _sealed(ledger: Ledger, petition_id: UUID) -> None:
    """The petitioner's data is sealed, read once, asked to be erased; a neighbour's is erased."""
    clerk = who(21, "community", 6, "回访前核对")
    seal = petitioners.SealPetitioner(
        petition_id=petition_id, petitioner_id=PETITIONER, petitioner=WANG
    )
    await petitioners.seal_petitioner(seal, ledger, clerk)
    reveal = persons.RevealSealed(
        person_id=PETITIONER,
        record_id=petition_id,
        fields=(Field.NAME, Field.PHONE),
        purpose="visit_back",
    )
    await persons.reveal_sealed(reveal, ledger, clerk)
    register = persons.RegisterPerson(person=LI, person_id=NEIGHBOUR, place_id=COMMUNITY)
    await persons.register_person(register, ledger, clerk)
    for_her = erasures.RequestErasure(subject_id=PETITIONER, ground="purpose_ended")
    await erasures.request_erasure(for_her, ledger, clerk)
    ask = erasures.RequestErasure(subject_id=NEIGHBOUR, ground="purpose_ended")
    erasure_id = (await erasures.request_erasure(ask, ledger, clerk)).id
    approve = erasures.ApproveErasure(erasure_id=erasure_id)
    officer = who(31, "data_protection_officer", 7, "处理目的已实现")
    await erasures.approve_erasure(approve, ledger, officer)


async def _deposit(ledger: Ledger) -> UUID:
    assess = deposits.AssessDeposit(
        estate_id=ESTATE,
        company_id=COMPANY,
        contract="YG-2025-01",
        base_fen=400_000_00,
        rate_bp=500,
        basis="街道与物业企业签订的履约保证金协议",
        ends_on=date(2027, 12, 31),
    )
    clerk = who(1, "street", 1, "按协议办理")
    deposit_id = (await deposits.assess_deposit(assess, ledger, clerk)).id
    receive = deposits.ReceiveDeposit(deposit_id=deposit_id, amount_fen=20_000_00)
    await deposits.receive_deposit(receive, ledger, who(1, "street", 2))
    request = draws.RequestDraw(
        deposit_id=deposit_id,
        amount_fen=5_000_00,
        payee="宏达维修公司",
        purpose="更换漏水的供暖管道",
        cause_kind=CauseKind.EMERGENCY,
        cause_record="值班记录 2026-03-05",
    )
    await draws.request_draw(request, ledger, who(1, "street", 3, "供暖中断", INVOICE))
    of_draw: dict[str, Any] = {"deposit_id": deposit_id, "draw_id": request.draw_id}
    await draws.approve_draw(draws.ApproveDraw(**of_draw), ledger, who(2, "street", 4, "情况属实"))
    pay = draws.PayDraw(**of_draw, amount_fen=5_000_00)
    await draws.pay_draw(pay, ledger, who(3, "street", 5))
    verify = draws.VerifyWork(**of_draw, is_accepted=True)
    await draws.verify_work(verify, ledger, who(4, "community", 6))
    contest = draws.ContestDraw(**of_draw, statement="管道属供热单位维护范围")
    await draws.contest_draw(contest, ledger, who(5, "company", 7))
    decide = draws.DecideContest(**of_draw, outcome=ContestOutcome.DISMISSED)
    await draws.decide_contest(decide, ledger, who(6, "street", 8, "经核实"))
    demand = deposits.DemandTopUp(deposit_id=deposit_id)
    await deposits.demand_top_up(demand, ledger, who(1, "street", 9))
    return deposit_id


async def _account(ledger: Ledger) -> UUID:
    """Rent comes in, a gate is repaired and published, and somebody asks about it."""
    opening = accounts.OpenPublicAccount(estate_id=ESTATE, street_id=STREET)
    await accounts.open_public_account(opening, ledger, who(1, "street", 0))
    lease = leases.SignLease(
        account_id=ACCOUNT,
        premises="社区服务用房一层东侧",
        area_m2_hundredths=120_50,
        tenant="惠民便利店",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        schedule=tuple(Instalment(due_on=on, amount_fen=RENT_FEN) for on in QUARTERS),
    )
    lease_id = (await leases.sign_lease(lease, ledger, who(1, "street", 0))).id
    for days, fen, of_lease in ((1, RENT_FEN, lease_id), (2, 2_345_67, None)):
        revenue = accounts.ReceiveRevenue(
            account_id=ACCOUNT,
            category="rent" if of_lease else "advertising",
            amount_fen=fen,
            payer="惠民便利店",
            lease_id=of_lease,
        )
        await accounts.receive_revenue(revenue, ledger, who(1, "street", days))
    expense_id = await _paid_expense(ledger)
    await _applied_expense(ledger, 20, "更换单元门锁", 800_00)
    second_id = await _applied_expense(ledger, 21, "补种南侧绿化带", 1_200_00)
    back = expenses.ReturnExpense(expense_id=second_id)
    await expenses.return_expense(back, ledger, who(12, "community", 22, "材料不全"))
    return expense_id


async def _applied_expense(ledger: Ledger, days: float, purpose: str, amount_fen: int) -> UUID:
    apply = expenses.ApplyForExpense(
        account_id=ACCOUNT,
        amount_fen=amount_fen,
        category="repair",
        purpose=purpose,
        payee="宏达维修公司",
    )
    chair = who(11, "owners_committee", days, "按业主大会决议")
    return (await expenses.apply_for_expense(apply, ledger, chair)).id


async def _paid_expense(ledger: Ledger) -> UUID:
    expense_id = await _applied_expense(ledger, 3, "维修小区南门", 6_000_00)
    review = expenses.PassExpenseReview(expense_id=expense_id)
    await expenses.pass_expense_review(review, ledger, who(12, "community", 4))
    approve = expenses.ApproveExpense(expense_id=expense_id)
    await expenses.approve_expense(approve, ledger, who(13, "street", 5))
    pay = expenses.PayExpense(expense_id=expense_id, amount_fen=6_000_00)
    await expenses.pay_expense(pay, ledger, who(14, "street", 6))
    attach = expenses.AttachExpenseEvidence(expense_id=expense_id, kind=EvidenceKind.INVOICE)
    chair = who(11, "owners_committee", 7, "", INVOICE)
    await expenses.attach_expense_evidence(attach, ledger, chair)
    until_on = (day(8) + timedelta(days=20)).date()
    publish = expenses.PublishExpense(expense_id=expense_id, where="小区公告栏", until_on=until_on)
    await expenses.publish_expense(publish, ledger, who(11, "owners_committee", 8))
    objection = expenses.RaiseObjection(expense_id=expense_id, statement="报价是否偏高")
    await expenses.raise_objection(objection, ledger, who(15, "owner", 9))
    answer = expenses.AnswerObjection(
        expense_id=expense_id, objection_id=objection.objection_id, answer="已比选三家报价"
    )
    await expenses.answer_objection(answer, ledger, who(11, "owners_committee", 10))
    return expense_id


async def _points(ledger: Ledger) -> UUID:
    """A volunteer earns forty points, takes one bag of rice home and orders another."""
    account_id = await opened_account(ledger, VOLUNTEER_ID, COMMUNITY)
    for days in (0, 1):
        await earned(ledger, account_id, VOLUNTEER_ID, days=days, place_id=ESTATE)
    item_id = await stocked(ledger)
    for days in (3, 4):
        order_id = UUID(int=2_000 + days)
        redeem = shop.RedeemPoints(
            account_id=account_id, item_id=item_id, pieces=1, order_id=order_id
        )
        await shop.redeem_points(redeem, ledger, days_later(days))
    issue = shop.IssueGoods(item_id=item_id, order_id=UUID(int=2_003))
    await shop.issue_goods(issue, ledger, days_later(5))
    adjust = shop.AdjustStock(item_id=item_id, difference_pieces=-1)
    await shop.adjust_stock(adjust, ledger, days_later(6, reason="盘点发现破损一件"))
    return item_id
