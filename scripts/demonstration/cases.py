"""The cases that the article on Linshu county tells, with its figures.

阳光社区: a worn heating pipe, repaired with ¥5,000 of the company's performance deposit before
anyone complained. 红石湖社区: a damp garage, raised at the secretary's reception day, claimed
by the company on the spot, eight cleaners, ¥40,000 of the company's own money. 华丰现代城: 26
hotline orders a month, and 8 after the manager changed. Dates and all that lies around these
figures are the demo's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ledger.commands import deposits, draws, findings, organisations
from ledger.commands import petition_handling as handling
from ledger.core.clock import local_day
from ledger.deposits import CauseKind
from ledger.findings import FindingSource
from ledger.petitions import Petition
from ledger.petitions.labels import ITEMS
from scripts.demonstration import people
from scripts.demonstration.county import County, Estate, dice
from scripts.demonstration.deposits import deposit_of, officials
from scripts.demonstration.documents import a_paper, a_photo, yuan
from scripts.demonstration.founding import LABEL
from scripts.demonstration.life import DAY, HOUR, Life, reference_of
from scripts.demonstration.petitions import Place, matter_at, work
from scripts.demonstration.steps import Step, Story, alias
from scripts.demonstration.working_time import a_day, any_hour, at, months_later

AUGUST = 8
HEATING_FEN = 5_000_00
REPAIRER = "暖通维修单位（演示）"
GARAGE_FEN = 40_000_00
CLEANERS = 8
GARAGE_NUMBER, GARAGE_CHANNEL = 1, "reception_day"
ORDERS_BEFORE = (24, 27, 25, 28, 26, 29, 23, 27, 26, 25, 28, 24)
ORDERS_AFTER = (11, 10, 9, 8, 8, 7, 8, 7, 7, 7, 7, 7)
"""Hotline orders of 华丰现代城 month by month: 26 on average, and 8 after the manager changed."""

ORDER_CATEGORIES = ("property_service", "facilities", "parking_and_order", "fees_and_income")


def heating_pipe(county: County, start: date) -> Iterator[Step]:
    """Repair a heating pipe with the deposit, because of a supervisor's finding."""
    estate = county.named["yangguang"]
    day = date(start.year + (start.month > AUGUST), 10, 20)  # the deposit has come in by then
    story = Story(f"money {estate.code}", at(day, 9))
    finding_id = alias("finding", "heating pipe")
    _find_unrectified(story, estate, finding_id)
    _draw(story, estate, finding_id)
    rectified = findings.RectifyFinding(finding_id=finding_id, summary="管道已更换，试水正常")
    story.do(findings.rectify_finding, rectified, people.supervisor(estate), 2 * HOUR)
    top_up: dict[str, Any] = {
        "deposit_id": deposit_of(estate),
        "demand_id": alias("demand", "heating pipe"),
    }
    clerk, _, cashier = officials(estate)
    story.do(deposits.demand_top_up, deposits.DemandTopUp(**top_up), clerk, DAY)
    paid_in = deposits.ReceiveTopUp(
        **top_up, amount_fen=HEATING_FEN, bank_reference="demo-top-up-0001"
    )
    story.do(deposits.receive_top_up, paid_in, cashier, 8 * DAY)
    yield from story.steps


def _find_unrectified(story: Story, estate: Estate, finding_id: UUID) -> None:
    supervisor = people.supervisor(estate)
    story.do(
        findings.raise_finding,
        findings.RaiseFinding(
            supervisor_id=supervisor.id,
            estate_id=estate.id,
            company_id=estate.company.id,
            source=FindingSource.OPEN_VISIT,
            category="facilities",
            item="pipes",
            summary="供热管道老化，多处锈蚀漏水，影响按期供热",
            place="3号楼热力入户井",
        ),
        supervisor,
        documents=(a_photo("供热管道锈蚀照片（演示）"),),
        names=finding_id,
    )
    remind = findings.RemindCompany(finding_id=finding_id)
    story.do(findings.remind_company, remind, supervisor, HOUR)
    unrectified = findings.ReportUnrectified(
        finding_id=finding_id, summary="复查时仍未维修，供热季将至"
    )
    story.do(findings.report_unrectified, unrectified, supervisor, 4 * DAY)


def _draw(story: Story, estate: Estate, finding_id: UUID) -> None:
    clerk, leader, cashier = officials(estate)
    draw: dict[str, Any] = {
        "deposit_id": deposit_of(estate),
        "draw_id": alias("draw", "heating pipe"),
    }
    request = draws.RequestDraw(
        **draw,
        amount_fen=HEATING_FEN,
        payee=REPAIRER,
        purpose="维修老化损坏的供热管道，确保按时供热",
        cause_kind=CauseKind.FINDING,
        cause_id=finding_id,
    )
    story.do(draws.request_draw, request, clerk, 2 * HOUR)
    story.do(draws.approve_draw, draws.ApproveDraw(**draw), leader, 2 * HOUR)
    order = draws.OrderEmergencyWork(**draw, contractor=REPAIRER, work="更换锈蚀管段并做保温")
    story.do(draws.order_emergency_work, order, clerk, HOUR)
    verify = draws.VerifyWork(**draw, is_accepted=True)
    story.do(draws.verify_work, verify, people.secretary(estate.community), 2 * DAY)
    pay = draws.PayDraw(**draw, amount_fen=HEATING_FEN, bank_reference="demo-draw-0001")
    story.do(draws.pay_draw, pay, cashier, 3 * HOUR)


def garage_petition_id() -> UUID:
    """Return the id of the petition about the damp garage."""
    return Petition.create_id(channel=GARAGE_CHANNEL, reference=reference_of(GARAGE_NUMBER))


def damp_garage(county: County, start: date) -> Life:
    """Let the company claim a damp garage on the spot and pay for it itself."""
    estate = county.named["hongshihu"]
    place = Place(community=estate.community, estate=estate)
    matter = matter_at(county, place, "facilities", "damp_garage")
    day = date(start.year + 1, 7, 10)
    rng = dice("damp garage")
    life = Life(county, GARAGE_NUMBER, matter, GARAGE_CHANNEL, at(day, 9, 20), rng)
    company_id = estate.company.id
    life.file(
        title="地下车库潮湿积水",
        summary="居民在书记接待日反映地下车库潮湿、低处积水，希望彻底解决。",
    )
    claim = handling.ClaimResponsibility(petition_id=life.id, company_id=company_id)
    life.do(handling.claim_responsibility, claim, people.manager(estate), 15)
    life.act(HOUR, f"立即安排{CLEANERS}名保洁人员清理积水和杂物")
    life.act(2 * DAY, "购买除湿机，维修通风系统")
    spend = handling.ReportObligorSpend(
        petition_id=life.id,
        payer_id=company_id,
        amount_fen=GARAGE_FEN,
        purpose="购买除湿机、维修通风系统，费用由物业企业自行承担",
    )
    lines = (f"购买方：{estate.company.zh}", f"价税合计：{yuan(GARAGE_FEN)}")
    documents = (a_paper("除湿机和通风维修发票（演示）", lines),)
    life.do(
        handling.report_obligor_spend, spend, people.manager(estate), 3 * HOUR, documents=documents
    )
    life.answer(HOUR, summary="车库积水已清理，除湿和通风设备运行正常，潮湿问题得到解决。")
    life.visit().close()
    return life


def hotline_orders(county: County, numbers: Iterator[int], start: date) -> Iterator[Life]:
    """Write the hotline orders of one estate, before and after its manager changed."""
    estate = county.named["huafeng"]
    for month, count in enumerate((*ORDERS_BEFORE, *ORDERS_AFTER)):
        is_new = month >= len(ORDERS_BEFORE)
        first, last = months_later(start, month), months_later(start, month + 1)
        for _ in range(count):
            yield _order(county, estate, next(numbers), (first, last), is_new)


def _order(
    county: County, estate: Estate, number: int, month: tuple[date, date], is_new: bool
) -> Life:
    rng = dice(f"order {number}")
    category = rng.choice(ORDER_CATEGORIES)
    place = Place(community=estate.community, estate=estate)
    matter = matter_at(county, place, category, rng.choice(sorted(ITEMS[category])))
    life = Life(county, number, matter, "hotline", any_hour(rng, a_day(rng, *month)), rng)
    if matter.unit == estate.company:
        life.accepter = people.manager(estate, 2 if is_new else 1)
    is_late = not is_new and rng.random() < LATE_BEFORE
    work(life.file().dispatch().accept(), 1.4 if is_late else None)
    life.visit(is_satisfied=not is_late).close()
    return life


def new_manager(county: County, start: date) -> Iterator[Step]:
    """Replace the manager of 华丰现代城 after twelve months."""
    estate = county.named["huafeng"]
    first = months_later(start, len(ORDERS_BEFORE))
    office = people.street_official(estate.community, "clerk")
    story = Story(f"posts {estate.code}", at(first, 9))
    post: dict[str, Any] = {"organisation_id": estate.id, "post": "manager"}
    vacate = organisations.VacatePost(
        **post, person_id=people.manager(estate).id, until_on=first - timedelta(days=1)
    )
    story.do(organisations.vacate_post, vacate, office, reason="考核不合格，撤换项目经理")
    fill = organisations.FillPost(
        **post, person_id=people.manager(estate, 2).id, from_on=local_day(story.at)
    )
    story.do(organisations.fill_post, fill, office, HOUR, reason=LABEL)
    yield from story.steps


LATE_BEFORE = 0.25
