"""Filing, classifying, merging and sending petitions through commands, on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from ledger.commands.organisations import DissolveOrganisation, dissolve_organisation
from ledger.commands.petition_terms import (
    EstateElsewhere,
    NotListed,
    OrganisationKindWrong,
    OrganisationNotThere,
)
from ledger.commands.petitions import (
    AcceptPetition,
    AlreadyFiled,
    AssignHandler,
    ClassifyPetition,
    DispatchPetition,
    DisputeDispatch,
    FilePetition,
    MergePetition,
    ReclassifyPetition,
    ReturnDispatch,
    UpholdDispatch,
    accept_petition,
    assign_handler,
    classify_petition,
    dispatch_petition,
    dispute_dispatch,
    file_petition,
    merge_petition,
    reclassify_petition,
    return_dispatch,
    uphold_dispatch,
)
from ledger.commands.plain_texts import PersonalDataInText
from ledger.commands.policies import policies_of
from ledger.core.errors import InvalidValue, NotFound
from ledger.petitions import ClockName, Petition, Stage, events
from ledger.petitions.errors import DisputeTooLate
from ledger.petitions.labels import CATEGORIES, CHANNELS, ITEMS, Label, label_of
from ledger.storage.ledger import Ledger
from tests.commands.county import (
    COMMUNITY,
    COMPANY,
    COUNTY,
    DAMP_GARAGE,
    DEPARTMENT,
    DISPATCHER,
    ESTATE,
    HANDLER,
    OTHER_DEPARTMENT,
    OTHER_ESTATE,
    REASON,
    build_county,
    filed,
    in_hand,
    who,
)


@pytest.fixture(autouse=True)
async def county(ledger: Ledger) -> None:
    await build_county(ledger)


async def dues(ledger: Ledger, petition_id: UUID) -> dict[str, str]:
    """Return the running clocks and their days."""
    petition = await ledger.load(Petition, petition_id)
    return {clock.clock: clock.due_on.isoformat() for clock in petition.clocks}


async def test_a_petition_is_filed_under_the_policies_in_force(ledger: Ledger) -> None:
    recorded = await file_petition(DAMP_GARAGE, ledger, who())

    (event,) = recorded.events
    assert isinstance(event, events.Filed)
    assert event.by.policy_version == (await policies_of(ledger)).version
    assert (event.procedure, event.received_by_id) == ("hotline", COMMUNITY)
    petition = await ledger.load(Petition, recorded.id)
    assert petition.stage == Stage.FILED
    assert petition.holder_id == COMMUNITY


@pytest.mark.parametrize(
    ("channel", "on", "routing", "acceptance", "handling"),
    [
        ("hotline", "2026-09-24", "2026-09-28", "2026-09-28", "2026-10-09"),
        ("hotline", "2026-02-13", "2026-02-14", "2026-02-14", "2026-02-27"),
        ("reception_day", "2026-03-02", "2026-03-04", "2026-03-03", "2026-03-11"),
        ("letters_visits", "2026-03-02", "2026-03-17", "2026-03-17", None),
    ],
)
async def test_each_procedure_counts_its_own_days(  # noqa: PLR0917
    ledger: Ledger, channel: str, on: str, routing: str, acceptance: str, handling: str | None
) -> None:
    petition_id = await filed(ledger, channel=channel, on=on)
    assert await dues(ledger, petition_id) == {"routing": routing}

    dispatch = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER, on=on))
    expected = {"acceptance": acceptance} | ({"handling": handling} if handling else {})
    assert await dues(ledger, petition_id) == expected


async def test_letters_and_visits_count_sixty_days_from_acceptance(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger, channel="letters_visits")

    assert await dues(ledger, petition_id) == {"handling": "2026-05-01"}


async def test_a_category_may_have_a_term_of_its_own(ledger: Ledger) -> None:
    command = replace(DAMP_GARAGE, category="safety", item="fire_lane")
    petition_id = (await file_petition(command, ledger, who())).id
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await dispatch_petition(dispatch, ledger, who())

    assert (await dues(ledger, petition_id))["handling"] == "2026-03-03"


async def test_a_deadline_in_a_year_not_announced_yet_is_provisional(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger, on="2026-12-30")

    petition = await ledger.load(Petition, petition_id)
    (handling,) = petition.clocks
    assert (handling.clock, handling.is_provisional) == (ClockName.HANDLING, True)


async def test_a_reference_is_filed_once_in_a_channel(ledger: Ledger) -> None:
    command = replace(DAMP_GARAGE, reference="12345-2026-0001")
    await file_petition(command, ledger, who())

    with pytest.raises(AlreadyFiled):
        await file_petition(command, ledger, who())
    await file_petition(replace(command, channel="qr_code"), ledger, who())


@pytest.mark.parametrize(
    ("changed", "list_name"),
    [
        ({"channel": "pigeon"}, "petition.channels"),
        ({"category": "weather", "item": "rain"}, "petition.categories"),
        ({"item": "fire_lane"}, "petition.items.facilities"),
    ],
)
async def test_codes_are_of_the_policy_lists(
    ledger: Ledger, changed: dict[str, Any], list_name: str
) -> None:
    with pytest.raises(NotListed) as caught:
        await file_petition(replace(DAMP_GARAGE, **changed), ledger, who())
    assert caught.value.facts["list"] == list_name


async def test_an_item_needs_its_category(ledger: Ledger) -> None:
    with pytest.raises(InvalidValue):
        await file_petition(replace(DAMP_GARAGE, category=None), ledger, who())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("请联系13800138000", "mobile-number"),
        ("电话 138 0013 8000", "mobile-number"),
        ("身份证37132919900101123X", "identity-number"),
        ("卡号6222 0200 0000 0000 000", "bank-card"),
    ],
)
async def test_personal_numbers_stay_out_of_the_log(ledger: Ledger, text: str, kind: str) -> None:
    with pytest.raises(PersonalDataInText) as caught:
        await file_petition(replace(DAMP_GARAGE, summary=text), ledger, who())
    assert caught.value.facts == {"field": "summary", "kind": kind}


@pytest.mark.parametrize("text", ["2026-03-02 10:00 上报", "3号楼1单元101室", "工单20260302001"])
async def test_other_numbers_are_fine(ledger: Ledger, text: str) -> None:
    await file_petition(replace(DAMP_GARAGE, summary=text), ledger, who())


async def test_places_and_units_must_exist_and_be_of_the_right_kind(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await file_petition(replace(DAMP_GARAGE, community_id=UUID(int=1)), ledger, who())
    with pytest.raises(OrganisationKindWrong):
        await file_petition(replace(DAMP_GARAGE, community_id=COUNTY), ledger, who())
    with pytest.raises(OrganisationKindWrong):
        await file_petition(replace(DAMP_GARAGE, estate_id=COMPANY), ledger, who())
    with pytest.raises(EstateElsewhere):
        await file_petition(replace(DAMP_GARAGE, estate_id=OTHER_ESTATE), ledger, who())

    petition_id = await filed(ledger)
    with pytest.raises(OrganisationKindWrong):
        to_estate = DispatchPetition(petition_id=petition_id, unit_id=ESTATE)
        await dispatch_petition(to_estate, ledger, who())


async def test_nothing_is_sent_to_a_dissolved_unit(ledger: Ledger) -> None:
    dissolve = DissolveOrganisation(organisation_id=OTHER_DEPARTMENT, until_on=date(2026, 3, 1))
    await dissolve_organisation(dissolve, ledger, who(reason=REASON))
    petition_id = await filed(ledger)

    with pytest.raises(OrganisationNotThere):
        dispatch = DispatchPetition(petition_id=petition_id, unit_id=OTHER_DEPARTMENT)
        await dispatch_petition(dispatch, ledger, who())


async def test_history_is_recorded_and_marked(ledger: Ledger) -> None:
    past = replace(who(on="2024-05-01"), is_history=True)
    command = replace(DAMP_GARAGE, channel="pigeon")
    with pytest.raises(PersonalDataInText):  # this could never be erased, so not even history
        await file_petition(replace(command, summary="请联系13800138000"), ledger, past)
    recorded = await file_petition(command, ledger, past)

    (event,) = recorded.events
    assert event.by.breaches == ("not-listed",)
    assert event.by.is_history
    petition = await ledger.load(Petition, recorded.id)
    assert petition.procedure == "community", "an unknown channel follows the community's rules"


async def test_a_petition_is_classified_and_reclassified(ledger: Ledger) -> None:
    raw = replace(DAMP_GARAGE, channel="qr_code", category=None, item=None)
    petition_id = (await file_petition(raw, ledger, who())).id

    classify = ClassifyPetition(petition_id=petition_id, category="facilities", item="pipes")
    await classify_petition(classify, ledger, who())
    reclassify = ReclassifyPetition(petition_id=petition_id, category="utilities", item="water")
    await reclassify_petition(reclassify, ledger, who(reason=REASON))

    petition = await ledger.load(Petition, petition_id)
    assert (petition.category, petition.item) == ("utilities", "water")
    with pytest.raises(NotListed):
        wrong = replace(reclassify, item="lift")
        await reclassify_petition(wrong, ledger, who(reason=REASON))


async def test_a_merge_is_written_into_both_petitions_at_once(ledger: Ledger) -> None:
    first, second = await filed(ledger), await filed(ledger)

    recorded = await merge_petition(
        MergePetition(petition_id=second, into_petition_id=first), ledger, who()
    )

    assert len(recorded.event_ids) == 2
    assert (await ledger.load(Petition, second)).merged_into_id == first
    assert (await ledger.load(Petition, first)).absorbed_ids == (second,)


async def test_a_wrong_hotline_dispatch_goes_back_in_two_working_days(ledger: Ledger) -> None:
    petition_id = await filed(ledger, on="2026-03-05")  # a Thursday
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER, on="2026-03-05"))
    dispute = DisputeDispatch(petition_id=petition_id)

    with pytest.raises(DisputeTooLate) as caught:
        await dispute_dispatch(dispute, ledger, who(HANDLER, on="2026-03-10", reason=REASON))
    assert caught.value.facts == {"last_day": "2026-03-09"}
    await dispute_dispatch(dispute, ledger, who(HANDLER, on="2026-03-09", reason=REASON))

    uphold = UpholdDispatch(petition_id=petition_id)
    await uphold_dispatch(uphold, ledger, who(DISPATCHER, on="2026-03-09", reason=REASON))
    assert await dues(ledger, petition_id) == {
        "acceptance": "2026-03-10",
        "handling": "2026-03-12",
    }
    await dispute_dispatch(dispute, ledger, who(HANDLER, on="2026-03-09", reason=REASON))
    back = ReturnDispatch(petition_id=petition_id)
    await return_dispatch(back, ledger, who(DISPATCHER, on="2026-03-09", reason=REASON))
    assert await dues(ledger, petition_id) == {"routing": "2026-03-10"}
    assert (await ledger.load(Petition, petition_id)).holder_id == COMMUNITY


async def test_a_handler_and_helping_units_are_assigned(ledger: Ledger) -> None:
    petition_id = await filed(ledger)
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER))
    await accept_petition(AcceptPetition(petition_id=petition_id), ledger, who(HANDLER))
    assign = AssignHandler(
        petition_id=petition_id, handler_id=UUID(int=HANDLER), co_unit_ids=(OTHER_DEPARTMENT,)
    )
    await assign_handler(assign, ledger, who(HANDLER))

    petition = await ledger.load(Petition, petition_id)
    assert petition.co_unit_ids == (OTHER_DEPARTMENT,)
    with pytest.raises(NotFound):
        nobody = replace(assign, co_unit_ids=(UUID(int=1),))
        await assign_handler(nobody, ledger, who(HANDLER))


async def test_every_code_of_the_lists_has_a_label_and_a_procedure(ledger: Ledger) -> None:
    book, on = await policies_of(ledger), date(2026, 3, 2)
    channels = book.items("petition.channels", on=on)
    categories = book.items("petition.categories", on=on)
    by_procedure = [
        channel
        for procedure in book.items("petition.procedures", on=on)
        for channel in book.items(f"petition.procedure_channels.{procedure}", on=on)
    ]

    assert set(channels) == CHANNELS.keys()
    assert sorted(by_procedure) == sorted(channels)
    assert set(categories) == CATEGORIES.keys() == ITEMS.keys()
    for category in categories:
        assert set(book.items(f"petition.items.{category}", on=on)) == ITEMS[category].keys()
    assert label_of(CHANNELS, "hotline").zh == "热线工单"
    assert label_of(CHANNELS, "pigeon") == Label("pigeon", "pigeon")


def test_a_command_is_checked_from_json() -> None:
    good = {
        "channel": "hotline",
        "title": "车库积水",
        "summary": "雨后积水",
        "community_id": str(COMMUNITY),
        "petitioner_id": str(UUID(int=900)),
    }
    command = TypeAdapter(FilePetition).validate_python(good)
    assert command.community_id == COMMUNITY
    for wrong in ({"title": ""}, {"channel": "a b"}, {"summary": " "}, {"reference": "a b"}):
        with pytest.raises(ValidationError):
            TypeAdapter(FilePetition).validate_python(good | wrong)
