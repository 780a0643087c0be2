"""Streaks against people who would make or break them alone."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.commands.conduct import TransferUnit, transfer_unit
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.commands.petition_closing import (
    ClosePetition,
    VisitBack,
    close_petition,
    visit_back,
)
from ledger.commands.petition_handling import AnswerPetition, answer_petition
from ledger.commands.petition_supervision import (
    ReversePetitionStep,
    reverse_petition_step,
)
from ledger.commands.petitions import (
    AcceptPetition,
    DispatchPetition,
    FilePetition,
    accept_petition,
    dispatch_petition,
    file_petition,
)
from ledger.conduct import TransferToItself, UnitConduct
from ledger.core.aggregate import Evidence
from ledger.organisations import Kind, organisation_id
from ledger.petitions import Level, Outcome
from ledger.reactions import conduct
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from tests.petition_world import (
    APPROVER,
    COMMUNITY,
    DISPATCHER,
    ESTATE,
    HANDLER,
    OFFICE,
    OTHER_UNIT,
    PETITIONER,
    SINCE,
    STREET,
    UNIT,
    VISITOR,
    day,
    escalated,
    filed,
    found_county,
    in_hand,
    sent_to_county,
    solved,
    who,
)

SECTION = organisation_id("section")
PAPER = Evidence(sha256="a" * 64, name="回执.pdf", media_type="application/pdf", size_bytes=9)


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    """The county, with a section below the unit."""
    await found_county(ledger)
    section = EstablishOrganisation(
        code="section", kind=Kind.OTHER, name_zh="维修科", valid_from=SINCE, parent_id=UNIT
    )
    await establish_organisation(section, ledger, who(on=-400))
    return ledger


async def judged(ledger: Ledger, *, unit_id: UUID = UNIT) -> UnitConduct | None:
    runner = Reactions(ledger, [conduct.reaction])
    await runner.catch_up(now=day(30))
    assert [follower.failure for follower in runner.followers] == [None]
    return await ledger.find(UnitConduct, UnitConduct.create_id(unit_id=unit_id))


async def sent(ledger: Ledger, *, on: float = 0) -> UUID:
    petition_id = await filed(ledger, on=on)
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=UNIT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER, on=on))
    return petition_id


async def own_petition(ledger: Ledger, *, on: float, clerk_of: UUID) -> UUID:
    """Let a clerk invent a petition, which the unit takes on and the street takes up."""
    command = FilePetition(
        channel="reception_day",
        title="地下车库潮湿积水",
        summary="雨后地下车库积水，墙面发霉",
        community_id=COMMUNITY,
        estate_id=ESTATE,
        petitioner_id=PETITIONER,
        category="facilities",
        item="damp_garage",
    )
    by = who(71, on=on, organisation_id=clerk_of)
    petition_id = (await file_petition(command, ledger, by)).id
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=UNIT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER, on=on))
    accept = AcceptPetition(petition_id=petition_id)
    await accept_petition(accept, ledger, who(HANDLER, on=on, organisation_id=UNIT))
    await escalated(ledger, petition_id, Level.STREET, on=on)
    return petition_id


async def test_three_honest_escalations_make_a_transfer_due(county: Ledger) -> None:
    for number in range(3):
        await sent_to_county(county, on=number)
    found = await judged(county)

    assert found is not None
    assert (found.streak, len(found.transfers_due)) == (3, 1)


async def test_a_clerk_who_files_and_takes_up_alone_makes_no_streak_of_another_unit(
    county: Ledger,
) -> None:
    for number in range(3):
        petition_id = await filed(county, on=number, received_by_id=OTHER_UNIT)
        await escalated(county, petition_id, Level.STREET, Level.COUNTY, on=number, by_id=COMMUNITY)
        await escalated(
            county, await sent(county, on=number), Level.STREET, Level.COUNTY, on=number
        )

    assert await judged(county, unit_id=OTHER_UNIT) is None
    assert await judged(county) is None


async def test_what_lies_with_a_unit_past_its_day_counts(county: Ledger) -> None:
    petition_id = await sent(county)
    await escalated(county, petition_id, Level.STREET, Level.COUNTY, on=20)
    found = await judged(county)

    assert found is not None
    assert found.streak == 1


@pytest.mark.parametrize("organisation", [UNIT, SECTION])
async def test_what_the_unit_itself_takes_up_is_counted_apart(
    county: Ledger, organisation: UUID
) -> None:
    for number in range(3):
        petition_id = await in_hand(county, on=number)
        await escalated(
            county, petition_id, Level.STREET, Level.COUNTY, on=number, by_id=organisation
        )
    found = await judged(county)

    assert found is not None
    assert (found.streak, found.transfers_due, len(found.counted)) == (0, (), 3)


async def test_a_handler_of_the_unit_in_anothers_name_is_still_the_unit(county: Ledger) -> None:
    petition_id = await own_petition(county, on=0, clerk_of=COMMUNITY)
    await escalated(county, petition_id, Level.COUNTY, by_id=STREET, person=HANDLER)
    found = await judged(county)

    assert found is not None
    assert (found.streak, len(found.counted)) == (0, 1)


async def test_an_own_escalation_taken_back_leaves_room_for_an_honest_one(county: Ledger) -> None:
    petition_id = await in_hand(county)
    await escalated(county, petition_id, Level.STREET)
    await escalated(county, petition_id, Level.COUNTY, by_id=UNIT)
    assert (await judged(county)) is not None
    reverse = ReversePetitionStep(petition_id=petition_id, version_reversed=5)
    by = who(APPROVER, on=1, reason="误操作", organisation_id=UNIT)
    await reverse_petition_step(reverse, county, by)
    await escalated(county, petition_id, Level.COUNTY, on=2)
    found = await judged(county)

    assert found is not None
    assert (found.streak, len(found.counted)) == (1, 1)


@pytest.mark.parametrize(
    ("clerk_of", "visited_by", "streak"),
    [
        (COMMUNITY, COMMUNITY, 0),
        (COMMUNITY, STREET, 0),
        (COMMUNITY, UNIT, 2),
        (COMMUNITY, SECTION, 2),
        (UNIT, COMMUNITY, 2),
        (SECTION, COMMUNITY, 2),
    ],
)
async def test_only_what_others_filed_and_others_confirm_ends_a_streak(
    county: Ledger, clerk_of: UUID, visited_by: UUID, streak: int
) -> None:
    for number in range(2):
        await sent_to_county(county, on=number)
    petition_id = await own_petition(county, on=2, clerk_of=clerk_of)
    await solved(county, petition_id, on=3, visited_by=visited_by)
    found = await judged(county)

    assert found is not None
    assert found.streak == streak


@pytest.mark.parametrize(
    ("said_by", "evidence", "streak"),
    [(PETITIONER, (PAPER,), 0), (PETITIONER, (), 1), (UUID(int=77), (PAPER,), 1)],
)
async def test_the_petitioners_own_paper_confirms_whoever_records_it(
    county: Ledger, said_by: UUID, evidence: tuple[Evidence, ...], streak: int
) -> None:
    await sent_to_county(county)
    petition_id = await own_petition(county, on=2, clerk_of=COMMUNITY)
    answer = AnswerPetition(petition_id=petition_id, outcome=Outcome.RESOLVED, summary="已修复")
    await answer_petition(answer, county, who(HANDLER, on=3))
    visit = VisitBack(petition_id=petition_id, is_resolved=True, is_satisfied=True)
    by = who(VISITOR, on=3, organisation_id=UNIT, said_by=said_by, evidence=evidence)
    await visit_back(visit, county, by)
    await close_petition(ClosePetition(petition_id=petition_id), county, who(on=3))
    found = await judged(county)

    assert found is not None
    assert found.streak == streak


@pytest.mark.parametrize("office_id", [UNIT, SECTION])
async def test_a_unit_is_not_transferred_to_itself_or_below(
    county: Ledger, office_id: UUID
) -> None:
    for number in range(3):
        await sent_to_county(county, on=number)
    await judged(county)
    with pytest.raises(TransferToItself):
        await transfer_unit(TransferUnit(unit_id=UNIT, office_id=office_id), county, who(on=5))
    await transfer_unit(TransferUnit(unit_id=UNIT, office_id=OFFICE), county, who(on=5))
    found = await judged(county)

    assert found is not None
    assert found.transfers_due == ()
