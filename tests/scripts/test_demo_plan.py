"""The demo's plan at full size: what it will hold, without loading it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import date, timedelta
from io import BytesIO
from types import ModuleType
from typing import Any

import pytest

from ledger.commands import (
    accounts,
    conduct,
    draws,
    expenses,
    findings,
    leases,
    organisations,
    petition_closing,
    petition_handling,
    petition_supervision,
    petitions,
)
from ledger.core.clock import local_day
from ledger.organisations import Kind
from ledger.petitions.labels import CATEGORIES, CHANNELS
from ledger.storage.evidence_kinds import inspect
from scripts.demonstration.people import DEMO
from scripts.demonstration.plan import Plan, plan
from scripts.demonstration.steps import Step
from tests.scripts.conftest import END, SMALL


@pytest.fixture(scope="module")
def full() -> Plan:
    return plan(END)


def commands(steps: Iterable[Step], kind: type) -> list[Any]:
    return [step.command for step in steps if isinstance(step.command, kind)]


def test_the_county_is_the_real_one(full: Plan) -> None:
    established = commands(full.steps, organisations.EstablishOrganisation)
    by_kind = defaultdict(list)
    for command in established:
        by_kind[command.kind].append(command)
    assert [command.code for command in by_kind[Kind.COUNTY]] == ["371329"]
    assert {c.code: c.name_zh for c in by_kind[Kind.STREET]} == {
        "371329001": "临沭街道",
        "371329002": "郑山街道",
    }
    codes = [command.code for command in by_kind[Kind.COMMUNITY]]
    assert len(set(codes)) == len(codes) == 43
    assert Counter(code[:9] for code in codes) == {"371329001": 36, "371329002": 7}
    assert {"阳光社区", "红石湖社区", "平安社区"} < {c.name_zh for c in by_kind[Kind.COMMUNITY]}


def test_no_money_is_told_twice(full: Plan) -> None:
    """A bank reference is of one receipt, or of one payment, of one record."""
    told = Counter(
        (type(step.command), step.command.bank_reference)
        for step in full.steps
        if getattr(step.command, "bank_reference", "")
    )
    assert [one for one, count in told.items() if count > 1] == []
    assert len(told) > 200


def test_no_official_code_is_invented(full: Plan) -> None:
    official = {Kind.COUNTY, Kind.STREET, Kind.COMMUNITY}
    for command in commands(full.steps, organisations.EstablishOrganisation):
        assert command.code.startswith(f"{DEMO}-") is (command.kind not in official)


def test_it_is_of_the_size_that_the_source_tells(full: Plan) -> None:
    assert len(commands(full.steps, petitions.FilePetition)) == 8_000
    appointed = commands(full.steps, findings.AppointSupervisor)
    assert len({command.person_id for command in appointed}) == len(appointed) == 110
    assert len(commands(full.steps, findings.RaiseFinding)) == 530
    settled = commands(full.steps, findings.RectifyFinding)
    settled += commands(full.steps, findings.SolveFindingOnTheSpot)
    assert len({command.finding_id for command in settled}) == 530
    assert len(commands(full.steps, findings.HoldCompanyTalk)) == 8
    talks = commands(full.steps, conduct.HoldUnitTalk)
    assert len({command.unit_id for command in talks}) == len(talks) == 9
    assert len(commands(full.steps, conduct.AnalysePerformance)) >= 20


def test_every_estate_has_an_account_with_expenses_and_a_deposit(full: Plan) -> None:
    estates = {estate.id for estate in full.estates}
    assert len(estates) == 110
    opened = commands(full.steps, accounts.OpenPublicAccount)
    assert {command.estate_id for command in opened} == estates
    topics = Counter(type(step.command).__name__ for step in full.steps)
    assert topics["AssessDeposit"] == topics["ReceiveDeposit"] == 110
    assert topics["PayExpense"] > 400
    assert topics["OpenPointsAccount"] == 8 * 43


def test_the_leases_are_of_the_size_that_the_source_tells(full: Plan) -> None:
    signed = commands(full.steps, leases.SignLease)
    assert 3_000 * 100 < sum(command.area_m2_hundredths for command in signed) < 3_500 * 100


def test_everything_is_labelled_and_in_order(full: Plan) -> None:
    moments = [step.by.at for step in full.steps]
    assert moments == sorted(moments)
    assert date(2024, 3, 1) <= local_day(moments[0])
    assert local_day(moments[-1]) < END
    assert all(step.by.post.startswith(f"{DEMO} ") for step in full.steps)
    filed = commands(full.steps, petitions.FilePetition)
    assert all(command.reference.startswith(f"{DEMO}-") for command in filed)


def test_the_plan_is_the_same_each_time() -> None:
    assert plan(END, SMALL).steps == plan(END, SMALL).steps


@pytest.mark.parametrize("end", [date(2024, 12, 1), date(2025, 10, 1), date(2026, 12, 1)])
def test_the_plan_can_end_in_any_month(end: date) -> None:
    small = plan(end, SMALL)
    assert len(commands(small.steps, petitions.FilePetition)) == SMALL.petitions
    assert len(commands(small.steps, conduct.HoldUnitTalk)) == 9
    assert commands(small.steps, petitions.FilePetition)


def test_lives_of_petitions_take_every_turn(full: Plan) -> None:
    given = {type(step.command) for step in full.steps}
    for module in (petitions, petition_handling, petition_closing, petition_supervision):
        assert commands_of(module) - NOT_SHOWN <= {kind.__name__ for kind in given}
    channels = {command.channel for command in commands(full.steps, petitions.FilePetition)}
    assert channels == set(CHANNELS)
    categories = {c.category for c in commands(full.steps, petitions.FilePetition)}
    assert categories == {*CATEGORIES, None}


def commands_of(module: ModuleType) -> set[str]:
    own = [member for member in vars(module).values() if isinstance(member, type)]
    return {
        kind.__name__ for kind in own if is_dataclass(kind) and kind.__module__ == module.__name__
    }


NOT_SHOWN = {
    "ReclassifyPetition",
    "RecountDeadlines",
    "ReverseObligorSpend",
    "ReversePetitionStep",
}
"""Corrections that nobody in the demo has to make."""


def test_each_document_is_a_real_file_of_its_own(full: Plan) -> None:
    documents = [document for step in full.steps for document in step.documents]
    named = [one for step in full.steps for one in step.by.evidence]
    assert [document.evidence for document in documents] == named
    assert len(documents) > 800
    assert len({document.content for document in documents}) == len(documents)
    assert len({document.name for document in documents}) == len(documents)
    for document in documents:
        assert inspect(BytesIO(document.content), document.name) == document.evidence.media_type


def test_work_of_every_kind_is_left_to_do(full: Plan) -> None:
    last: dict[object, Step] = {}
    for step in full.steps:
        name = step.names or getattr(step.command, "expense_id", None)
        if step.lane.startswith("money") and name is not None:
            last[name] = step
    waiting = Counter(type(step.command).__name__ for step in last.values())
    for kind in (
        expenses.ApplyForExpense,
        expenses.PassExpenseReview,
        expenses.ApproveExpense,
        expenses.PayExpense,
        expenses.AttachExpenseEvidence,
        expenses.RaiseObjection,
    ):
        assert waiting[kind.__name__] >= 3, kind
    filed = commands(full.steps, petitions.FilePetition)
    closed = commands(full.steps, petition_closing.ClosePetition)
    assert len(closed) < len(filed) - 50
    requested, decided = (
        commands(full.steps, draws.RequestDraw),
        [*commands(full.steps, draws.ApproveDraw), *commands(full.steps, draws.RejectDraw)],
    )
    assert len(requested) > len(decided)


def test_a_later_day_only_adds_steps_at_the_end() -> None:
    at_the_end, later = plan(END, SMALL), plan(END, SMALL, until=END + timedelta(days=20))
    assert len(later.steps) > len(at_the_end.steps)
    assert later.steps[: len(at_the_end.steps)] == at_the_end.steps
    assert len(commands(later.steps, petitions.FilePetition)) == SMALL.petitions
