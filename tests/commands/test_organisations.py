from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from ledger.commands.organisations import (
    DissolveOrganisation,
    EstablishOrganisation,
    FillPost,
    RenameOrganisation,
    ReparentOrganisation,
    VacatePost,
    ancestors_of,
    dissolve_organisation,
    establish_organisation,
    fill_post,
    organisation_of,
    rename_organisation,
    reparent_organisation,
    vacate_post,
)
from ledger.commands.policies import (
    AdoptStandardPolicies,
    adopt_standard_policies,
    policies_of,
)
from ledger.core.errors import Conflict, NotFound
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.organisations.rules import (
    OrganisationExists,
    ParentBelowItself,
    ParentKindWrong,
    ParentNotThere,
    PostTaken,
)
from ledger.storage.ledger import Ledger
from tests.examples import by

SINCE = date(2020, 1, 1)
APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
PERSON_ID, OTHER_PERSON_ID = UUID(int=501), UUID(int=502)


async def establish(
    ledger: Ledger, code: str, kind: Kind, parent: str | None, since: date = SINCE
) -> UUID:
    command = EstablishOrganisation(
        code=code,
        kind=kind,
        name_zh=f"组织{code}",
        parent_id=None if parent is None else organisation_id(parent),
        valid_from=since,
    )
    return (await establish_organisation(command, ledger, by())).id


async def establish_streets(ledger: Ledger) -> None:
    await establish(ledger, "371329", Kind.COUNTY, None)
    await establish(ledger, "371329001", Kind.STREET, "371329")
    await establish(ledger, "371329002", Kind.STREET, "371329")
    await establish(ledger, "371329001001", Kind.COMMUNITY, "371329001")


async def move(ledger: Ledger, code: str, parent: str, valid_from: date = APRIL) -> None:
    command = ReparentOrganisation(
        organisation_id=organisation_id(code),
        parent_id=organisation_id(parent),
        valid_from=valid_from,
    )
    await reparent_organisation(command, ledger, by())


async def test_a_tree_is_established_from_the_top(ledger: Ledger) -> None:
    await establish_streets(ledger)
    estate_id = await establish(ledger, "E-1", Kind.ESTATE, "371329001001")

    assert estate_id == organisation_id("E-1")
    assert await ancestors_of(ledger, estate_id, SINCE, None) == {
        organisation_id("371329001001"),
        organisation_id("371329001"),
        organisation_id("371329"),
    }


async def test_a_code_is_used_once(ledger: Ledger) -> None:
    await establish(ledger, "371329", Kind.COUNTY, None)

    with pytest.raises(OrganisationExists):
        await establish(ledger, "371329", Kind.COUNTY, None)


async def test_a_parent_must_exist(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await establish(ledger, "371329001", Kind.STREET, "371329")


async def test_a_parent_must_be_of_the_right_kind_and_exist_on_the_day(ledger: Ledger) -> None:
    await establish(ledger, "371329", Kind.COUNTY, None)

    with pytest.raises(ParentKindWrong):
        await establish(ledger, "371329001001", Kind.COMMUNITY, "371329")
    with pytest.raises(ParentNotThere):
        await establish(ledger, "371329001", Kind.STREET, "371329", since=date(2019, 1, 1))


async def test_a_community_moves_to_another_street_with_a_date(ledger: Ledger) -> None:
    await establish_streets(ledger)

    await move(ledger, "371329001001", "371329002")

    community = await organisation_of(ledger, organisation_id("371329001001"))
    assert community.parent_on(date(2026, 3, 31)) == organisation_id("371329001")
    assert community.parent_on(APRIL) == organisation_id("371329002")
    assert await ancestors_of(ledger, community.id, APRIL, None) == {
        organisation_id("371329002"),
        organisation_id("371329"),
    }


async def establish_groups(ledger: Ledger) -> None:
    """A, B below the county; C below B."""
    await establish(ledger, "371329", Kind.COUNTY, None)
    for code, parent in (("A", "371329"), ("B", "371329"), ("C", "B")):
        await establish(ledger, code, Kind.GROUP, parent)


async def test_no_circle_closes_in_the_tree(ledger: Ledger) -> None:
    await establish_groups(ledger)

    with pytest.raises(ParentBelowItself):
        await move(ledger, "B", "C")
    with pytest.raises(ParentBelowItself):
        await move(ledger, "B", "B")


async def test_no_circle_closes_on_a_later_day_either(ledger: Ledger) -> None:
    await establish_groups(ledger)
    await move(ledger, "A", "C", JUNE)

    with pytest.raises(ParentBelowItself):
        await move(ledger, "B", "A", MAY)


async def test_what_stands_above_only_until_the_next_move_closes_no_circle(
    ledger: Ledger,
) -> None:
    await establish_groups(ledger)
    await move(ledger, "A", "C", MAY)
    await move(ledger, "A", "371329", JUNE)

    await move(ledger, "B", "A", JUNE)
    with pytest.raises(ParentBelowItself):
        await move(ledger, "B", "A", APRIL)


async def test_of_two_moves_at_once_that_would_close_a_circle_one_fails(ledger: Ledger) -> None:
    await establish_groups(ledger)
    first, second = ledger.for_request(), ledger.for_request()
    b = await first.load(Organisation, organisation_id("B"))
    await ancestors_of(first, organisation_id("A"), APRIL, None)

    await move(second, "A", "B")

    b.rename(by(), name_zh="乙", name_en="", valid_from=APRIL)
    with pytest.raises(Conflict):
        await first.save(b)


async def test_a_name_changes_and_an_organisation_ends(ledger: Ledger) -> None:
    await establish_streets(ledger)
    community_id = organisation_id("371329001001")

    await rename_organisation(
        RenameOrganisation(organisation_id=community_id, name_zh="新名", valid_from=APRIL),
        ledger,
        by(),
    )
    await dissolve_organisation(
        DissolveOrganisation(organisation_id=community_id, until_on=JUNE),
        ledger,
        by(reason="合并"),
    )

    community = await organisation_of(ledger, community_id)
    assert community.name_on(APRIL).zh == "新名"
    assert community.lives_on(JUNE)
    assert not community.lives_on(date(2026, 6, 2))
    with pytest.raises(ParentNotThere):
        await establish(ledger, "E-1", Kind.ESTATE, "371329001001", since=date(2026, 7, 1))


async def test_the_policy_book_tells_which_posts_only_one_person_holds(ledger: Ledger) -> None:
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())
    await establish_streets(ledger)
    street_id = organisation_id("371329001")

    def post(person_id: UUID, name: str) -> FillPost:
        return FillPost(
            organisation_id=street_id, person_id=person_id, post=name, from_on=APRIL, term="2026"
        )

    recorded = await fill_post(post(PERSON_ID, "secretary"), ledger, by())
    await fill_post(post(PERSON_ID, "clerk"), ledger, by())
    await fill_post(post(OTHER_PERSON_ID, "clerk"), ledger, by())
    with pytest.raises(PostTaken):
        await fill_post(post(OTHER_PERSON_ID, "secretary"), ledger, by())

    street = await organisation_of(ledger, street_id)
    assert street.holders_of("secretary", APRIL) == (PERSON_ID,)
    assert street.holders_of("clerk", APRIL) == (PERSON_ID, OTHER_PERSON_ID)
    assert recorded.events[0].by.policy_version == (await policies_of(ledger)).version


async def test_a_post_is_left_and_filled_again(ledger: Ledger) -> None:
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())
    await establish_streets(ledger)
    street_id = organisation_id("371329001")
    for person_id, day in ((PERSON_ID, APRIL), (OTHER_PERSON_ID, MAY)):
        command = FillPost(
            organisation_id=street_id, person_id=person_id, post="secretary", from_on=day
        )
        await fill_post(command, ledger, by())
        await vacate_post(
            VacatePost(
                organisation_id=street_id,
                person_id=person_id,
                post="secretary",
                until_on=day.replace(day=30),
            ),
            ledger,
            by(),
        )

    street = await organisation_of(ledger, street_id)
    assert street.holds_post(PERSON_ID, "secretary", date(2026, 4, 30))
    assert street.holders_of("secretary", MAY) == (OTHER_PERSON_ID,)
