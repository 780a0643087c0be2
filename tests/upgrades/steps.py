"""A ledger with records on every step of their way, some with deadlines that still run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from aiohttp import ClientSession, CookieJar, web
from pyotp import TOTP

from api.keys import DOOR
from api.roles import Role
from api.serving import serving
from api.sessions import COOKIE
from ledger.accounts import PublicAccount, account_id_of
from ledger.commands import accounts, deposits, draws, expenses, leases, petitions, users
from ledger.commands import petition_handling as handling
from ledger.commands import petition_supervision as supervision
from ledger.commands.access_tokens import issue_with_account
from ledger.commands.calendar import publish_calendar_year
from ledger.commands.second_factor import begin_second_factor, finish_second_factor
from ledger.commands.sign_ins import Visitor, set_up_password
from ledger.core.aggregate import By, Evidence
from ledger.core.clock import local_day, utc_now
from ledger.deposits import CauseKind
from ledger.expenses import EvidenceKind
from ledger.leases import Instalment
from ledger.petitions import Cause, Level
from ledger.storage.ledger import Ledger
from ledger.storage.requests import Once
from ledger.storage.tokens import NewToken
from scripts.init import INSTALLER
from scripts.service import Service
from tests.api.house import CSRF
from tests.browser.seed import seed
from tests.commands.test_calendar import YEAR_2027
from tests.petition_world import COMMUNITY, COMPANY, ESTATE, PETITIONER, STREET, UNIT

SMALL_RECEIPTS = 105
"""More than the events after which the state of an account is kept beside the log."""
PASSWORD = "two rivers and a bridge"  # noqa: S105 - of a test
LOGIN_NAME = "wang.fang"
OTHER_ESTATE_DEPOSIT = "YG-2026-02"


async def fill_county(service: Service) -> dict[str, Any]:
    """Records on every step of their way, a user with a second factor, and an issued token."""
    ledger = service.ledger
    seeded = await seed(ledger)
    await publish_calendar_year(YEAR_2027, ledger, _who(0, "county"))
    admin = By(actor_id=INSTALLER, at=utc_now(), role="administrator", reason="开通账号")
    return {
        "petition": str(seeded.petition_id),
        "deposit": str(seeded.deposit_id),
        "expense": str(seeded.expense_id),
        "running_petitions": await _running_petitions(ledger),
        "expenses_by_step": await _expenses(ledger),
        "draws_by_step": await _draws(ledger),
        "lease": await _lease(ledger),
        **await _user(ledger, service.app, admin),
    }


def _who(number: int, role: str, reason: str = "", *evidence: Evidence) -> By:
    return By(
        actor_id=UUID(int=5_000 + number),
        at=utc_now(),
        role=role,
        reason=reason,
        evidence=evidence,
        organisation_id={"company": COMPANY, "department": UNIT}.get(role, STREET),
    )


async def _running_petitions(ledger: Ledger) -> dict[str, str]:
    """Filed, dispatched, accepted, extended and under an order, all today."""
    ids = {}
    for step in ("filed", "dispatched", "accepted", "extension_requested", "ordered"):
        file = petitions.FilePetition(
            channel="reception_day",
            title="楼道照明不亮",
            summary="三单元楼道灯连续多日不亮",
            community_id=COMMUNITY,
            estate_id=ESTATE,
            petitioner_id=PETITIONER,
            category="facilities",
            item="damp_garage",
        )
        petition_id = (await petitions.file_petition(file, ledger, _who(1, "community"))).id
        ids[step] = str(petition_id)
        if step == "filed":
            continue
        send = petitions.DispatchPetition(petition_id=petition_id, unit_id=UNIT)
        await petitions.dispatch_petition(send, ledger, _who(2, "street"))
        if step == "dispatched":
            continue
        accept = petitions.AcceptPetition(petition_id=petition_id)
        await petitions.accept_petition(accept, ledger, _who(3, "department"))
        if step == "extension_requested":
            extend = handling.RequestExtension(petition_id=petition_id, days=3)
            await handling.request_extension(extend, ledger, _who(3, "department", "等候配件"))
        if step == "ordered":
            for level in (Level.STREET, Level.COUNTY):
                up = supervision.EscalatePetition(
                    petition_id=petition_id, level=level, cause=Cause.UNRESOLVED
                )
                leader = _who(4, "street", "长期未解决")
                await supervision.escalate_petition(up, ledger, leader)
            order = supervision.IssueSupervisionOrder(
                petition_id=petition_id, unit_id=UNIT, demand="限期修复", days=5
            )
            await supervision.issue_supervision_order(order, ledger, _who(5, "county", "督办"))
    return ids


async def _expenses(ledger: Ledger) -> dict[str, str]:
    """One expense on each step; what is published is so from today. Many small receipts."""
    account_id = account_id_of(ESTATE)
    income = accounts.ReceiveRevenue(
        account_id=account_id, category="advertising", amount_fen=50_000_00, payer="广告公司"
    )
    await accounts.receive_revenue(income, ledger, _who(10, "street"))
    for number in range(SMALL_RECEIPTS):
        small = replace(
            income,
            amount_fen=10_00,
            payer="停车",
            bank_reference=f"77{number:05d}",
            receipt_id=uuid4(),
        )
        key = f"small receipt {number}"
        once = Once(caller="frozen", key=key, request_digest=sha256(key.encode()).digest())
        await accounts.receive_revenue(small, ledger.for_request(once=once), _who(10, "street"))
    await ledger.load(PublicAccount, account_id)
    steps = ("applied", "reviewed", "approved", "paid", "published", "rejected", "withdrawn")
    ids = {}
    for number, step in enumerate(steps):
        apply = expenses.ApplyForExpense(
            account_id=account_id,
            amount_fen=(100 + number) * 100,
            category="repair",
            purpose=f"维修第{number + 1}单元门",
            payee="宏达维修公司",
        )
        chair = _who(11, "owners_committee", "按业主大会决议")
        expense_id = (await expenses.apply_for_expense(apply, ledger, chair)).id
        ids[step] = str(expense_id)
        await _take_expense(ledger, expense_id, step, apply.amount_fen)
    return ids


async def _take_expense(ledger: Ledger, expense_id: UUID, until: str, amount_fen: int) -> None:
    of: dict[str, Any] = {"expense_id": expense_id}
    if until == "applied":
        return
    if until == "withdrawn":
        by = _who(11, "owners_committee", "暂缓")
        await expenses.withdraw_expense(expenses.WithdrawExpense(**of), ledger, by)
        return
    review = expenses.PassExpenseReview(**of)
    await expenses.pass_expense_review(review, ledger, _who(12, "community"))
    if until == "reviewed":
        return
    if until == "rejected":
        by = _who(13, "street", "应由物业承担")
        await expenses.reject_expense(expenses.RejectExpense(**of), ledger, by)
        return
    await expenses.approve_expense(expenses.ApproveExpense(**of), ledger, _who(13, "street"))
    if until == "approved":
        return
    pay = expenses.PayExpense(**of, amount_fen=amount_fen, bank_reference=f"5520{amount_fen}")
    await expenses.pay_expense(pay, ledger, _who(14, "street"))
    if until == "paid":
        return
    invoice = Evidence(
        sha256="cd" * 32, name="发票.pdf", media_type="application/pdf", size_bytes=20_480
    )
    attach = expenses.AttachExpenseEvidence(**of, kind=EvidenceKind.INVOICE)
    chair = _who(11, "owners_committee", "", invoice)
    await expenses.attach_expense_evidence(attach, ledger, chair)
    until_on = local_day(utc_now()) + timedelta(days=30)
    publish = expenses.PublishExpense(**of, where="小区公告栏", until_on=until_on)
    await expenses.publish_expense(publish, ledger, _who(11, "owners_committee"))


async def _draws(ledger: Ledger) -> dict[str, Any]:
    """A second deposit with open draws: requested, approved, paid, contested."""
    assess = deposits.AssessDeposit(
        estate_id=ESTATE,
        company_id=COMPANY,
        contract=OTHER_ESTATE_DEPOSIT,
        base_fen=400_000_00,
        rate_bp=500,
        basis="街道与物业企业签订的履约保证金协议",
        ends_on=date(2035, 12, 31),
    )
    deposit_id = (await deposits.assess_deposit(assess, ledger, _who(20, "street"))).id
    receive = deposits.ReceiveDeposit(deposit_id=deposit_id, amount_fen=20_000_00)
    await deposits.receive_deposit(receive, ledger, _who(20, "street"))
    ids: dict[str, Any] = {"deposit": str(deposit_id)}
    for step in ("requested", "approved", "contested", "paid"):
        request = draws.RequestDraw(
            deposit_id=deposit_id,
            amount_fen=1_000_00,
            payee="宏达维修公司",
            purpose="更换漏水的供暖管道",
            cause_kind=CauseKind.EMERGENCY,
            cause_record="值班记录 2026-11-30",
        )
        photo = Evidence(
            sha256="ce" * 32, name="现场照片.png", media_type="image/png", size_bytes=20_480
        )
        await draws.request_draw(request, ledger, _who(20, "street", "供暖中断", photo))
        ids[step] = str(request.draw_id)
        of: dict[str, Any] = {"deposit_id": deposit_id, "draw_id": request.draw_id}
        if step == "requested":
            continue
        approve = draws.ApproveDraw(**of)
        await draws.approve_draw(approve, ledger, _who(21, "street", "情况属实"))
        if step in {"paid", "contested"}:
            pay = draws.PayDraw(**of, amount_fen=1_000_00)
            await draws.pay_draw(pay, ledger, _who(22, "street"))
        if step == "contested":
            contest = draws.ContestDraw(**of, statement="管道属供热单位维护范围")
            await draws.contest_draw(contest, ledger, _who(23, "company"))
    demand = deposits.DemandTopUp(deposit_id=deposit_id)
    await deposits.demand_top_up(demand, ledger, _who(20, "street"))
    return ids


async def _lease(ledger: Ledger) -> str:
    """A lease whose next instalments are years ahead."""
    lease = leases.SignLease(
        account_id=account_id_of(ESTATE),
        premises="地下车位十个",
        area_m2_hundredths=120_50,
        tenant="停车管理公司",
        starts_on=date(2026, 1, 1),
        ends_on=date(2035, 12, 31),
        schedule=(
            Instalment(due_on=date(2026, 11, 5), amount_fen=1_000_00),
            Instalment(due_on=date(2035, 1, 5), amount_fen=1_000_00),
        ),
    )
    return str((await leases.sign_lease(lease, ledger, _who(30, "street"))).id)


async def _user(ledger: Ledger, app: web.Application, admin: By) -> dict[str, Any]:
    """An auditor who signs in with a password and a device, has a session and a token."""
    door = app[DOOR]
    user_id, link = await users.create_user(ledger, admin, login_name=LOGIN_NAME)
    grant = users.GrantRole(user_id=user_id, role=Role.AUDITOR)
    await users.grant_role(grant, ledger.for_request(), admin)
    await set_up_password(ledger, door, link=link, password=PASSWORD)
    uri = urlsplit(await begin_second_factor(ledger, door, user_id))
    secret = parse_qs(uri.query)["secret"][0]
    code = TOTP(secret).now()
    codes = await finish_second_factor(
        ledger, door, Visitor(address="127.0.0.1"), user_id=user_id, code=code
    )
    async with (
        serving(app, "127.0.0.1", 0) as address,
        ClientSession(address, cookie_jar=CookieJar(unsafe=True)) as client,
    ):
        form = {"name": LOGIN_NAME, "password": PASSWORD, "next": "/"}
        async with client.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        page = await (await client.get("/login/code")).text()
        found = CSRF.search(page)
        assert found, page
        form = {"csrf": found[1], "code": codes.pop(), "next": "/"}
        async with client.post("/login/code", data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        cookie = next(one.value for one in client.cookie_jar if one.key == COOKIE)
    new = NewToken(name="frozen", role=Role.AUDITOR, actor_id=user_id)
    token = await issue_with_account(ledger.for_request(), replace(admin, at=utc_now()), new)
    machine = NewToken(name="machine", role=Role.COUNTY, actor_id=uuid4())
    return {
        "user": str(user_id),
        "login_name": LOGIN_NAME,
        "password": PASSWORD,
        "device_secret": secret,
        "recovery_codes": codes,
        "session": cookie,
        "token": token,
        "machine_token": await issue_with_account(ledger.for_request(), admin, machine),
    }
