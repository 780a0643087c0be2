"""A mistake in handling is taken back: dispatch, merger, withdrawal."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from ledger.commands.petition_closing import WithdrawPetition, withdraw_petition
from ledger.commands.petition_supervision import (
    EscalatePetition,
    ReversePetitionStep,
    escalate_petition,
    reverse_petition_step,
)
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


async def test_what_rests_on_a_step_goes_first(county: Ledger) -> None:
    petition_id = await filed(county)
    sent = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    dispatched = await dispatch_petition(sent, county.for_request(), CLERK)
    escalate = EscalatePetition(petition_id=petition_id, level=Level.STREET, cause=CAUSE)
    await escalate_petition(escalate, county.for_request(), CLERK)
    with pytest.raises(StepsRestOnIt, match=r"petition\.escalated"):
        await reverse(county, petition_id, dispatched.version)
