"""The views of persons, erasures and the access trail: commands in, rows out, rebuilt alike."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from ledger.commands import erasures, persons
from ledger.commands.refusals import note_failed_sign_in
from ledger.sealing import Field
from ledger.storage.ledger import Ledger
from ledger.users import SignInMethod
from projections import access_trail
from projections import erasures as erasure_views
from projections import persons as person_views
from projections.access_trail import AccessQuery
from projections.erasures import ErasureQuery
from projections.persons import PersonAsked, SealedQuery
from tests.petition_world import COMMUNITY, found_county
from tests.projections.asking import ask, assert_rebuilds_the_same
from tests.storage.sealed import LI, WANG, clerk

WANG_ID, LI_ID = UUID(int=701), UUID(int=702)
CLERK = clerk(901, reason="居民要求")
OFFICER = clerk(31, role="data_protection_officer", reason="处理目的已实现")


@pytest.fixture
async def kept(ledger: Ledger) -> Ledger:
    """Two people whose data was sealed, read and searched; one held, one erased."""
    await found_county(ledger)
    for person_id, data in ((WANG_ID, WANG), (LI_ID, LI)):
        command = persons.RegisterPerson(person=data, person_id=person_id, place_id=COMMUNITY)
        await persons.register_person(command, ledger, CLERK)
    reveal = persons.RevealSealed(
        person_id=WANG_ID, record_id=WANG_ID, fields=(Field.PHONE,), purpose="visit_back"
    )
    await persons.reveal_sealed(reveal, ledger, CLERK)
    search = persons.LookUpPerson(field=Field.PHONE, value="13905391234", purpose="audit")
    await persons.look_up_person(search, ledger, CLERK)
    await persons.look_up_person(replace(search, value="13905391299"), ledger, CLERK)
    asked = []
    for person_id in (WANG_ID, LI_ID):
        request = erasures.RequestErasure(subject_id=person_id, ground="purpose_ended")
        asked.append((await erasures.request_erasure(request, ledger, CLERK)).id)
    hold = erasures.RestrictErasure(erasure_id=asked[0], hold="audit")
    await erasures.restrict_erasure(hold, ledger, OFFICER)
    await erasures.approve_erasure(erasures.ApproveErasure(erasure_id=asked[1]), ledger, OFFICER)
    await note_failed_sign_in(ledger, user_id=None, method=SignInMethod.PASSWORD)
    return ledger


async def test_a_person_shows_what_is_sealed_held_and_erased(kept: Ledger) -> None:
    view = person_views.view
    wang = await ask(kept, view, person_views.person_by_id, PersonAsked(person_id=WANG_ID))
    assert (wang["place_id"], wang["looks_count"]) == (COMMUNITY, 1)
    assert person_views.is_restricted(wang, WANG_ID)
    page = await ask(kept, view, person_views.sealed_register, SealedQuery(record_id=LI_ID))
    (row,) = page.rows
    assert row["is_erased"] and row["backups_expire_on"] is not None
    assert sorted(row["fields"]) == ["address", "name", "phone"]


async def test_requests_show_who_asked_who_decided_and_why(kept: Ledger) -> None:
    page = await ask(
        kept, erasure_views.view, erasure_views.erasure_register, ErasureQuery(is_open=True)
    )
    (held,) = page.rows
    assert (held["stage"], held["hold"], held["decided_by"]) == (
        "restricted",
        "audit",
        OFFICER.actor_id,
    )
    done = await ask(
        kept, erasure_views.view, erasure_views.erasure_register, ErasureQuery(subject_id=LI_ID)
    )
    assert [(row["stage"], row["slots_count"]) for row in done.rows] == [("carried_out", 1)]


async def test_the_trail_tells_every_look_and_failed_sign_in(kept: Ledger) -> None:
    page = await ask(kept, access_trail.view, access_trail.access_trail, AccessQuery())
    assert [(row["kind"], row["person_id"]) for row in reversed(page.rows)] == [
        ("revealed", WANG_ID),
        ("looked_up", WANG_ID),
        ("looked_up", None),
        ("sign_in_failed", None),
    ]


async def test_each_view_rebuilds_the_same(kept: Ledger, store_dsn: str) -> None:
    for view in (person_views.view, erasure_views.view, access_trail.view):
        await assert_rebuilds_the_same(kept, store_dsn, view)
