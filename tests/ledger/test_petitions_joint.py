"""Several people can stand behind one petition, each once, as long as it is open."""

from __future__ import annotations

from uuid import UUID

from ledger.petitions import Petition
from ledger.petitions.errors import AlreadyPetitioner, PetitionNotOpen
from tests.examples.petitions import CLOSED, PETITIONER, filed, petitioner_joined, who
from tests.given import given, replay

NEIGHBOUR = UUID(int=211)


def join(petition: Petition, petitioner_id: UUID = NEIGHBOUR) -> None:
    petition.join(who(), petitioner_id=petitioner_id)


def test_a_neighbour_joins() -> None:
    given(filed()).when(join).then(petitioner_joined())
    petition: Petition = replay((filed(), petitioner_joined()))
    assert petition.petitioner_ids == {PETITIONER, NEIGHBOUR}


def test_nobody_stands_behind_it_twice() -> None:
    given(filed(), petitioner_joined()).when(join).then_refused(
        AlreadyPetitioner, petitioner_id=str(NEIGHBOUR)
    )
    given(filed()).when(lambda p: join(p, PETITIONER)).then_refused(
        AlreadyPetitioner, petitioner_id=str(PETITIONER)
    )


def test_nobody_joins_what_is_over() -> None:
    given(*CLOSED).when(join).then_refused(PetitionNotOpen, stage="closed")
