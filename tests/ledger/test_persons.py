"""What a person's stream keeps of sealed data, and what it refuses."""

from __future__ import annotations

from uuid import UUID

from ledger.core.errors import ReasonMissing
from ledger.persons import (
    FieldNotSealed,
    Lookup,
    NothingSealed,
    Person,
    PersonRestricted,
    RecordKind,
    SlotErased,
)
from ledger.sealing import Field
from tests.examples.persons import (
    BACKUPS_EXPIRE_ON,
    CLERK,
    COMMUNITY,
    CONTACT,
    CONTACT_SLOT,
    ERASURE,
    HANDLER,
    OF_PETITION,
    OFFICER,
    OFFICER_SAYS,
    PETITION,
    PETITION_SLOT,
    SUBJECT,
    commitment,
    erased,
    exported,
    lookup_made,
    registered,
    restricted,
    restriction_lifted,
    revealed,
    sealed,
    sealed_for_petition,
)
from tests.given import replay
from tests.story import numbered, story

KNOWN = (registered(), sealed(), sealed_for_petition())


def seal(person: Person, record_id: UUID = SUBJECT) -> None:
    person.seal(
        CLERK,
        slot_id=CONTACT_SLOT if record_id == SUBJECT else PETITION_SLOT,
        record_kind=RecordKind.CONTACT if record_id == SUBJECT else RecordKind.PETITION,
        record_id=record_id,
        commitments=CONTACT if record_id == SUBJECT else OF_PETITION,
    )


def reveal(person: Person, *fields: Field, record_id: UUID = SUBJECT) -> None:
    person.reveal(HANDLER, record_id=record_id, fields=fields, purpose="petition_handling")


def erase(person: Person, slot_ids: tuple[UUID, ...] = (CONTACT_SLOT,)) -> None:
    person.erase(
        OFFICER_SAYS,
        erasure_id=ERASURE,
        slot_ids=slot_ids,
        approved_by=OFFICER,
        backups_expire_on=BACKUPS_EXPIRE_ON,
    )


def test_a_person_begins_under_the_pseudonym_that_others_use() -> None:
    person = Person.register(CLERK, person_id=SUBJECT, place_id=COMMUNITY)
    assert list(person.collect_events()) == [registered()]


def test_data_is_sealed_for_a_record() -> None:
    story(registered()).when(seal).then(sealed())
    story(registered(), sealed()).when(lambda p: seal(p, PETITION)).then(sealed_for_petition())


def test_reading_is_recorded_with_what_was_read_and_why() -> None:
    story(*KNOWN).when(lambda p: reveal(p, Field.PHONE)).then(revealed(Field.PHONE))
    story(*KNOWN).when(lambda p: reveal(p, Field.STATEMENT, record_id=PETITION)).then(
        revealed(Field.STATEMENT, record_id=PETITION, slot_ids=(PETITION_SLOT,))
    )


def test_what_was_sealed_later_goes_before_what_was_sealed_earlier() -> None:
    newer = UUID(int=713)
    again = sealed(newer, SUBJECT, (commitment(Field.PHONE, "e"),))
    person: Person = replay(numbered((*KNOWN, again)))

    readable = person.reveal(
        HANDLER, record_id=SUBJECT, fields=(Field.NAME, Field.PHONE), purpose="visit_back"
    )

    assert {one.slot.slot_id: set(one.fields) for one in readable} == {
        CONTACT_SLOT: {Field.NAME},
        newer: {Field.PHONE},
    }
    assert readable[1].fields[Field.PHONE].hmac_sha256 == "e" * 64


def test_what_is_not_there_is_not_read() -> None:
    story(*KNOWN).when(lambda p: reveal(p, Field.ADDRESS)).then_refused(
        FieldNotSealed, field="address", record_id=str(SUBJECT)
    )
    other = UUID(int=9)
    story(*KNOWN).when(lambda p: reveal(p, Field.PHONE, record_id=other)).then_refused(
        NothingSealed, record_id=str(other)
    )
    story(*KNOWN, erased()).when(lambda p: reveal(p, Field.PHONE)).then_refused(
        SlotErased, record_id=str(SUBJECT)
    )


def test_restricted_data_is_neither_read_nor_added_to() -> None:
    story(*KNOWN, restricted()).when(lambda p: reveal(p, Field.PHONE)).then_refused(
        PersonRestricted
    )
    story(*KNOWN, restricted()).when(seal).then_refused(PersonRestricted)
    story(*KNOWN, restricted((PETITION,))).when(lambda p: reveal(p, Field.PHONE)).then(
        revealed(Field.PHONE)
    )
    story(*KNOWN, restricted((PETITION,))).when(
        lambda p: reveal(p, Field.PHONE, record_id=PETITION)
    ).then_refused(PersonRestricted)


def test_a_restriction_needs_a_reason_and_can_be_lifted_once() -> None:
    story(*KNOWN).when(lambda p: p.restrict(OFFICER_SAYS, erasure_id=ERASURE, record_ids=())).then(
        restricted()
    )
    story(*KNOWN).when(lambda p: p.restrict(CLERK, erasure_id=ERASURE, record_ids=())).then_refused(
        ReasonMissing
    )
    story(*KNOWN, restricted()).when(
        lambda p: p.lift_restriction(OFFICER_SAYS, erasure_id=ERASURE)
    ).then(restriction_lifted())
    story(*KNOWN).when(lambda p: p.lift_restriction(OFFICER_SAYS, erasure_id=ERASURE)).then()


def test_people_get_their_own_data_also_while_it_is_restricted() -> None:
    both = (CONTACT_SLOT, PETITION_SLOT)
    story(*KNOWN, restricted()).when(lambda p: p.export(CLERK, format="json")).then(exported(both))
    story(*KNOWN, erased()).when(lambda p: p.export(CLERK, format="json")).then(
        exported((PETITION_SLOT,))
    )


def test_an_erasure_leaves_what_other_records_hold_and_is_told_once() -> None:
    story(*KNOWN).when(erase).then(erased())
    story(*KNOWN, erased()).when(erase).then(erased(slot_ids=()))

    person: Person = replay(numbered((*KNOWN, restricted(), erased())))
    assert [slot.slot_id for slot in person.living_slots()] == [PETITION_SLOT]
    assert person.living_slots((SUBJECT,)) == ()
    assert not person.is_restricted(SUBJECT)


def test_a_lookup_says_whom_it_found_and_not_by_which_number() -> None:
    lookup = Lookup.make(HANDLER, field=Field.PHONE, purpose="identity_check", found_ids=(SUBJECT,))
    (event,) = lookup.collect_events()
    assert isinstance(event, Lookup.Made)
    assert (event.field, event.purpose, event.found_ids) == (
        lookup_made().field,
        lookup_made().purpose,
        lookup_made().found_ids,
    )
