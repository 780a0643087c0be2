"""Residents of the demo whose data is sealed: read, searched, asked to be erased, held, erased.

Everything about them is invented and says so. It is recorded once, when the demo is
first served, because it needs the keys of sealed data, which loading does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ledger.commands import erasures, persons, petitioners, petitions
from ledger.commands.sealing import PersonalData
from ledger.core.aggregate import By
from ledger.persons import Person as Known
from ledger.petitions import Petition
from ledger.sealing import Field
from ledger.storage.ledger import Ledger
from scripts.demonstration import people
from scripts.demonstration.county import County, Estate
from scripts.demonstration.people import Person

MATTERS: Sequence[tuple[str, str]] = (
    ("地下车库入口积水", "雨后入口积水，老人出行不便"),
    ("楼道照明不亮", "三单元楼道灯连续多日不亮"),
    ("消防通道被占", "西侧消防通道停放车辆"),
    ("电梯异响", "二号楼电梯运行时异响"),
    ("污水管返味", "一层厨房下水管返味"),
    ("健身器材松动", "小广场健身器材螺栓松动"),
)
SURNAMES = "赵钱孙李周吴"
CHANNEL = "hotline"


async def seal_people(ledger: Ledger, county: County) -> tuple[UUID, ...]:
    """Record the residents' petitions and what happened to their data; again does nothing."""
    estate = county.named["yangguang"]
    residents = [people.resident(estate, number) for number in range(1, len(MATTERS) + 1)]
    ids = [sealed_petition_id(number) for number in range(1, len(MATTERS) + 1)]
    if await ledger.find(Petition, ids[-1]) is not None:
        return tuple(ids)
    clerk = people.community_worker(estate.community).by(ledger.clock())
    for number, resident in enumerate(residents, 1):
        if await ledger.find(Petition, ids[number - 1]) is None:
            await _file(ledger, estate, number, resident, clerk)
    await _joined(ledger, ids[0], residents[1], clerk)
    await _read(ledger, estate, residents[0], ids[0])
    await _erasures(ledger, county, residents, clerk)
    return tuple(ids)


def sealed_petition_id(number: int) -> UUID:
    """Return the id of the ``number``-th petition whose petitioner is sealed."""
    return Petition.create_id(channel=CHANNEL, reference=_reference(number))


def _reference(number: int) -> str:
    return f"DEMO-SEALED-{number}"


def _known(number: int) -> PersonalData:
    """Return what is known about a resident: invented, under numbers that nobody was given."""
    return PersonalData(
        name=f"{SURNAMES[number - 1]}某某（演示虚构）",
        phone=f"1990000{number:04d}",
        address=f"阳光花园（演示）{number}号楼1单元{number}01室",
        statement="家中有老人，希望白天联系（演示虚构）",
    )


async def _file(ledger: Ledger, estate: Estate, number: int, resident: Person, clerk: By) -> None:
    title, summary = MATTERS[number - 1]
    command = petitions.FilePetition(
        channel=CHANNEL,
        title=title,
        summary=summary,
        community_id=estate.community.id,
        estate_id=estate.id,
        petitioner_id=resident.id,
        category="facilities",
        item="damp_garage",
        reference=_reference(number),
        petitioner=_known(number),
    )
    await petitions.file_petition(command, ledger.for_request(), clerk)


async def _joined(ledger: Ledger, petition_id: UUID, neighbour: Person, clerk: By) -> None:
    petition = await ledger.load(Petition, petition_id)
    if neighbour.id not in petition.petitioner_ids:
        command = petitioners.JoinPetition(
            petition_id=petition_id, petitioner_id=neighbour.id, petitioner=_known(2)
        )
        await petitioners.join_petition(command, ledger.for_request(), clerk)


async def _read(ledger: Ledger, estate: Estate, resident: Person, petition_id: UUID) -> None:
    secretary = people.secretary(estate.community).by(ledger.clock(), "回访前核对联系方式")
    reveal = persons.RevealSealed(
        person_id=resident.id,
        record_id=petition_id,
        fields=(Field.NAME, Field.PHONE),
        purpose="visit_back",
    )
    await persons.reveal_sealed(reveal, ledger.for_request(), secretary)


async def _erasures(ledger: Ledger, county: County, residents: Sequence[Person], clerk: By) -> None:
    """Leave one request to decide, one restricted under a hold and one carried out."""
    officer = people.data_protection_officer(county).by(ledger.clock(), "处理目的已实现")
    for number, resident in enumerate(residents[2:5]):
        person = await ledger.load(Known, resident.id)
        if person.restrictions or not person.living_slots():
            continue
        ask = erasures.RequestErasure(subject_id=resident.id, ground="purpose_ended")
        asked = await erasures.request_erasure(ask, ledger.for_request(), clerk)
        if number == 1:
            hold = erasures.RestrictErasure(erasure_id=asked.id, hold="audit")
            await erasures.restrict_erasure(hold, ledger.for_request(), officer)
        elif number == 2:
            approve = erasures.ApproveErasure(erasure_id=asked.id)
            await erasures.approve_erasure(approve, ledger.for_request(), officer)
