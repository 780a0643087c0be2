"""/v1/persons: seal what is known about people, read it for a purpose, look up, hand out, watch."""

from __future__ import annotations

import asyncio
from base64 import b64encode

from api.concerning import EVERYWHERE, of_known, of_organisation, of_record
from api.person_pdf import render_pdf
from api.routing import Routes
from ledger.commands import person_exports, persons
from ledger.commands.person_exports import ExportFormat, ExportPerson
from ledger.commands.sealing import Disclosed, disclose
from ledger.core.aggregate import By
from ledger.core.times import like
from ledger.storage.ledger import Ledger, Recorded
from projections import access_trail
from projections import persons as shown

routes = Routes("persons", zh="人员与密封信息", en="Persons and sealed data")

ALL = "/v1/persons"
ONE = ALL + "/{person_id}"
PERSON = of_record("person_id", "person")


@like(person_exports.export_person)
async def export_person(command: ExportPerson, ledger: Ledger, by: By) -> Recorded:
    """Hand out everything that is kept about a person, as JSON or as a PDF to read."""
    recorded = await person_exports.export_person(command, ledger, by)
    if command.format is ExportFormat.JSON or not isinstance(recorded, Disclosed):
        return recorded
    pdf = await asyncio.to_thread(render_pdf, recorded.disclosed["document"])
    told = {"media_type": "application/pdf", "base64": b64encode(pdf).decode()}
    return disclose(recorded, told)


routes.command(
    ALL,
    persons.RegisterPerson,
    persons.register_person,
    about=(of_organisation("place_id"), of_known("person_id", "person")),
    zh="登记人员并密封其联系信息",
)
routes.command(
    ONE + "/contacts",
    persons.SealContact,
    persons.seal_contact,
    about=PERSON,
    zh="密封新的联系信息",
)
routes.command(
    ONE + "/reveals",
    persons.RevealSealed,
    persons.reveal_sealed,
    about=of_record("record_id", "record"),
    location=ONE,
    discloses=True,
    zh="查看密封信息（须注明目的，先记录后查看）",
)
routes.command(
    ONE + "/exports",
    ExportPerson,
    export_person,
    about=PERSON,
    zh="导出本人全部信息",
    discloses=True,
)
routes.command(
    "/v1/person-searches",
    persons.LookUpPerson,
    persons.look_up_person,
    about=EVERYWHERE,
    discloses=True,
    zh="按电话或身份证号查人（须注明目的，先记录后查询）",
)

routes.read(
    "/v1/sealed", shown.SealedQuery, shown.sealed_register, view=shown.view, zh="密封信息目录"
)
routes.read_one(ONE, shown.PersonAsked, shown.person_by_id, view=shown.view, zh="查看人员")
routes.read(
    ONE + "/looks",
    access_trail.LooksQuery,
    access_trail.looks_at_person,
    view=access_trail.view,
    zh="谁看过我的信息",
)
routes.read(
    "/v1/access-trail",
    access_trail.AccessQuery,
    access_trail.access_trail,
    view=access_trail.view,
    zh="查阅轨迹",
)
