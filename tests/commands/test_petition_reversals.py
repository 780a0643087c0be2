"""A mistake in handling is taken back: dispatch, merger, withdrawal."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from ledger.commands.petition_closing import WithdrawPetition, withdraw_petition
from ledger.commands.petition_supervision import (
    EscalatePetition,
    IssueSupervisionOrder,
    ReversePetitionStep,
    escalate_petition,
    issue_supervision_order,
    reverse_petition_step,
)
from ledger.commands.petitioners import JoinPetition, join_petition
from ledger.commands.petitions import (
    DispatchPetition,
    FilePetition,
    MergePetition,
    dispatch_petition,
    file_petition,
    merge_petition,
)
from ledger.core.errors import ReasonMissing, StepOfOthers, StepsRestOnIt
from ledger.petitions import Cause, ClockName, Level, Petition, Stage
from ledger.petitions.errors import PetitionerNotNamed
from ledger.storage.ledger import Ledger
from tests.commands.county import COMMUNITY, DEPARTMENT, ESTATE, build_county, who

REASON = "派错了单位"
CAUSE = next(iter(Cause))
CLERK = replace(who(reason=REASON), role="community")


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    await build_county(ledger)
    return ledger


async def filed(ledger: Ledger) -> UUID:
    command = FilePetition(
        channel="reception_day",
        title="车库潮湿",
        summary="地下车库积水",
        community_id=COMMUNITY,
        estate_id=ESTATE,
        petitioner_id=uuid4(),
        category="facilities",
        item="damp_garage",
    )
    return (await file_petition(command, ledger.for_request(), CLERK)).id


async def reverse(ledger: Ledger, petition_id: UUID, version: int, by: object = CLERK) -> None:
    command = ReversePetitionStep(petition_id=petition_id, version_reversed=version)
    await reverse_petition_step(command, ledger.for_request(), by)  # type: ignore[arg-type]


async def test_a_wrong_dispatch_has_not_happened(county: Ledger) -> None:
    petition_id = await filed(county)
    before = await county.load(Petition, petition_id)
    sent = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    recorded = await dispatch_petition(sent, county.for_request(), CLERK)
    with pytest.raises(ReasonMissing):
        await reverse(county, petition_id, recorded.version, replace(CLERK, reason=""))
    with pytest.raises(StepOfOthers):
        await reverse(county, petition_id, recorded.version, replace(CLERK, role="department"))
    await reverse(county, petition_id, recorded.version)
    after = await county.load(Petition, petition_id)
    assert (after.stage, after.holder_id, after.clocks) == (
        Stage.FILED,
        before.holder_id,
        before.clocks,
    )
    again = await dispatch_petition(sent, county.for_request(), CLERK)
    assert again.version == recorded.version + 2


async def test_a_merger_is_taken_back_on_both_sides(county: Ledger) -> None:
    one, other = await filed(county), await filed(county)
    merge = MergePetition(petition_id=one, into_petition_id=other)
    recorded = await merge_petition(merge, county.for_request(), CLERK)
    await reverse(county, one, recorded.version)
    assert (await county.load(Petition, one)).is_open
    assert (await county.load(Petition, one)).clocks
    assert (await county.load(Petition, other)).absorbed_ids == ()


async def test_a_withdrawal_is_undone_with_its_clocks(county: Ledger) -> None:
    petition_id = await filed(county)
    clocks = (await county.load(Petition, petition_id)).clocks
    command = WithdrawPetition(petition_id=petition_id)
    recorded = await withdraw_petition(command, county.for_request(), CLERK)
    await reverse(county, petition_id, recorded.version)
    petition = await county.load(Petition, petition_id)
    assert (petition.stage, petition.clocks) == (Stage.FILED, clocks)
    assert {clock.clock for clock in clocks} >= {ClockName.ROUTING}


async def test_one_of_several_withdraws_for_themself(county: Ledger) -> None:
    petition_id, second = await filed(county), uuid4()
    join = JoinPetition(petition_id=petition_id, petitioner_id=second)
    await join_petition(join, county.for_request(), CLERK)
    command = WithdrawPetition(petition_id=petition_id)
    with pytest.raises(PetitionerNotNamed):
        await withdraw_petition(command, county.for_request(), CLERK)
    paper = replace(CLERK, said_by=second)
    recorded = await withdraw_petition(command, county.for_request(), paper)
    assert isinstance(recorded.events[0], Petition.PetitionerLeft)
    petition = await county.load(Petition, petition_id)
    assert petition.is_open and petition.clocks
    assert second not in petition.petitioner_ids
    await withdraw_petition(command, county.for_request(), CLERK)
    assert (await county.load(Petition, petition_id)).stage == Stage.WITHDRAWN


async def test_no_petitioner_ends_what_the_county_ordered(county: Ledger) -> None:
    petition_id = await filed(county)
    for level in (Level.STREET, Level.COUNTY):
        up = EscalatePetition(petition_id=petition_id, level=level, cause=CAUSE)
        await escalate_petition(up, county.for_request(), CLERK)
    order = IssueSupervisionOrder(petition_id=petition_id, unit_id=DEPARTMENT, demand="限期修复")
    await issue_supervision_order(order, county.for_request(), CLERK)
    command = WithdrawPetition(petition_id=petition_id)
    await withdraw_petition(command, county.for_request(), CLERK)
    petition = await county.load(Petition, petition_id)
    assert (petition.is_open, petition.supervised_unit_id) == (True, DEPARTMENT)
    assert petition.petitioner_ids == set()


async def test_a_withdrawal_gives_back_what_was_merged_into_it(county: Ledger) -> None:
    one, other = await filed(county), await filed(county)
    merge = MergePetition(petition_id=one, into_petition_id=other)
    await merge_petition(merge, county.for_request(), CLERK)
    command = WithdrawPetition(petition_id=other)
    await withdraw_petition(command, county.for_request(), CLERK)
    back = await county.load(Petition, one)
    assert back.is_open and back.clocks
    withdrawn = await county.load(Petition, other)
    assert (withdrawn.stage, withdrawn.absorbed_ids) == (Stage.WITHDRAWN, ())


async def test_what_rests_on_a_step_goes_first(county: Ledger) -> None:
    petition_id = await filed(county)
    sent = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    dispatched = await dispatch_petition(sent, county.for_request(), CLERK)
    escalate = EscalatePetition(petition_id=petition_id, level=Level.STREET, cause=CAUSE)
    await escalate_petition(escalate, county.for_request(), CLERK)
    with pytest.raises(StepsRestOnIt, match=r"petition\.escalated"):
        await reverse(county, petition_id, dispatched.version)
