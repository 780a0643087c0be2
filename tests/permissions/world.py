"""Two streets of one county, alike in everything: who belongs to one is a stranger in the other.

Each side has one of every organisation, one of every record and one person of every role.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from api.roles import Role
from ledger.accounts import account_id_of
from ledger.belonging import Concern
from ledger.commands import (
    accounts,
    activities,
    delegations,
    deposits,
    draws,
    erasures,
    expenses,
    findings,
    interests,
    leases,
    persons,
    petitioners,
    petitions,
    points,
    references,
    shop,
)
from ledger.commands import organisations as trees
from ledger.commands import petition_handling as handling
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.commands.proposals import propose
from ledger.commands.sealing import PersonalData
from ledger.conduct import UnitConduct
from ledger.core.aggregate import By
from ledger.deposits import CauseKind
from ledger.findings import FindingSource
from ledger.interests import InterestKind
from ledger.leases import Instalment
from ledger.organisations import Kind, organisation_id
from ledger.points import account_id_of as points_account_id_of
from ledger.points import item_id_of
from ledger.sealing import Field
from ledger.storage.ledger import Ledger
from tests.examples.deposits import proven
from tests.petition_world import day

SINCE = date(2020, 1, 1)
COUNTY = organisation_id("county")
PERSONS = UUID("6f1d1f4e-5f0c-4ef8-9f5e-6a0b7f0d8c11")

TREE: tuple[tuple[str, Kind, str], ...] = (
    ("street", Kind.STREET, "county"),
    ("community", Kind.COMMUNITY, "street"),
    ("estate", Kind.ESTATE, "community"),
    ("committee", Kind.OWNERS_COMMITTEE, "estate"),
    ("volunteers", Kind.GROUP, "community"),
    ("shop", Kind.GROUP, "community"),
    ("department", Kind.DEPARTMENT, "street"),
    ("company", Kind.PROPERTY_COMPANY, "county"),
)
ACTS_FOR: dict[Role, str] = {
    Role.COMMUNITY: "community",
    Role.COMPANY: "company",
    Role.DEPARTMENT: "department",
    Role.GRID_WORKER: "community",
    Role.ORGANISER: "volunteers",
    Role.OWNER: "estate",
    Role.OWNERS_COMMITTEE: "committee",
    Role.RESIDENT: "estate",
    Role.SHOP: "shop",
    Role.STREET: "street",
    Role.SUPERVISOR: "estate",
    Role.VOLUNTEER: "community",
}
"""For which organisation of its side each role acts; the others act for the county."""


OFFICES = (
    Role.COMMUNITY,
    Role.COMPANY,
    Role.DEPARTMENT,
    Role.OWNERS_COMMITTEE,
    Role.STREET,
)
"""Roles of a side that hold a post, which can be delegated."""


@dataclass(frozen=True, slots=True)
class Side:
    """One street with everything in it; ``name`` is part of every code."""

    name: str
    street_of: str = ""
    """The side whose street it shares, for a neighbour; else it has one of its own."""

    def organisation(self, what: str) -> UUID:
        owner = (self.street_of or self.name) if what == "street" else self.name
        return COUNTY if what == "county" else organisation_id(f"{what}-{owner}")

    def person(self, role: str) -> UUID:
        """Return the side's person of a role; a resident has filed, a volunteer has served."""
        return uuid5(PERSONS, f"{self.name} {role}")

    def record(self, kind: str) -> UUID:
        """Return the id under which the side's record of a kind was founded."""
        derived: dict[str, UUID] = {
            "public_account": account_id_of(self.organisation("estate")),
            "points_account": points_account_id_of(self.person(Role.VOLUNTEER)),
            "shop_item": item_id_of(self.organisation("shop"), "rice"),
            "unit_conduct": UnitConduct.create_id(unit_id=self.organisation("department")),
        }
        return derived.get(kind) or RECORDED[self.name, kind]

    def ids(self) -> Iterator[UUID]:
        """Yield the ids of all its records."""
        yield from (found for (name, _), found in RECORDED.items() if name == self.name)
        for kind in ("public_account", "points_account", "shop_item", "unit_conduct"):
            yield self.record(kind)


A, B = Side("a"), Side("b")
EAST, WEST = Side("east"), Side("west")
"""Two more, for tests that really record."""
RECORDED: dict[tuple[str, str], UUID] = {}
"""The ids that commands gave: side and kind of record."""


def by(side: Side, role: Role, number: float = 0, reason: str = "") -> By:
    """Return the side's person of a role, deciding on a day."""
    return By(
        actor_id=side.person(role),
        at=day(number),
        role=role,
        organisation_id=side.organisation(ACTS_FOR.get(role, "county")),
        reason=reason,
    )


async def found(ledger: Ledger, sides: Sequence[Side]) -> None:
    """Record the sides."""
    county = by(A, Role.COUNTY, -400)
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, county)
    await _establish(ledger, county, "county", Kind.COUNTY, None)
    for side in sides:
        for what, kind, above in TREE[bool(side.street_of) :]:
            code = f"{what}-{side.name}"
            await _establish(ledger, county, code, kind, side.organisation(above))
        await _petition(ledger, side)
        await _money(ledger, side)
        await _points(ledger, side)
        await _duties(ledger, side)
        await _sealed(ledger, side)
        await _proposed(ledger, side)


async def _proposed(ledger: Ledger, side: Side) -> None:
    """A receipt of the deposit waits for a second person."""
    told = {"deposit_id": str(side.record("deposit")), "amount_fen": 5_00}
    concern = Concern(
        places=frozenset({side.organisation("estate"), side.organisation("shop")}),
        parties=frozenset({side.organisation("company"), side.organisation("department")}),
    )
    clerk = by(side, Role.STREET, 3, "补录")
    recorded = await propose(ledger, clerk, operation="receive_deposit", told=told, concern=concern)
    RECORDED[side.name, "proposal"] = recorded.id


async def _establish(
    ledger: Ledger, who: By, code: str, kind: Kind, parent_id: UUID | None
) -> None:
    command = trees.EstablishOrganisation(
        code=code, kind=kind, name_zh=code, parent_id=parent_id, valid_from=SINCE
    )
    await trees.establish_organisation(command, ledger, who)


async def _did(  # noqa: PLR0917
    side: Side,
    kind: str,
    function: Callable[..., Awaitable[Any]],
    command: Any,
    ledger: Ledger,
    who: By,
) -> UUID:
    """Run a command and remember the record that it began."""
    record_id: UUID = (await function(command, ledger, who)).id
    RECORDED[side.name, kind] = record_id
    return record_id


async def _petition(ledger: Ledger, side: Side) -> None:
    community = by(side, Role.COMMUNITY)
    file = petitions.FilePetition(
        channel="reception_day",
        title="地下车库潮湿积水",
        summary="雨后地下车库积水",
        community_id=side.organisation("community"),
        estate_id=side.organisation("estate"),
        petitioner_id=side.person(Role.RESIDENT),
        category="facilities",
        item="damp_garage",
    )
    petition_id = await _did(side, "petition", petitions.file_petition, file, ledger, community)
    sent = petitions.DispatchPetition(
        petition_id=petition_id, unit_id=side.organisation("department")
    )
    await petitions.dispatch_petition(sent, ledger, community)
    claim = handling.ClaimResponsibility(
        petition_id=petition_id, company_id=side.organisation("company")
    )
    await handling.claim_responsibility(claim, ledger, by(side, Role.COMPANY))
    conduct = UnitConduct.open(community, unit_id=side.organisation("department"))
    conduct.note_escalation(community, petition_id=petition_id, petition_round=1)
    await ledger.save(conduct)
    appoint = findings.AppointSupervisor(
        person_id=side.person(Role.SUPERVISOR), estate_ids=(side.organisation("estate"),)
    )
    await _did(side, "supervisor", findings.appoint_supervisor, appoint, ledger, community)
    finding = findings.RaiseFinding(
        supervisor_id=side.person(Role.SUPERVISOR),
        estate_id=side.organisation("estate"),
        company_id=side.organisation("company"),
        source=FindingSource.GROUP_CHAT,
        category="property_service",
        item="cleaning",
        summary="三号楼楼道多日未清扫",
    )
    await _did(side, "finding", findings.raise_finding, finding, ledger, by(side, Role.SUPERVISOR))


async def _sealed(ledger: Ledger, side: Side) -> None:
    """The resident's data is sealed, once read, and asked to be erased."""
    resident_id, petition_id = side.person(Role.RESIDENT), side.record("petition")
    community = by(side, Role.COMMUNITY, 1, "居民要求")
    known = PersonalData(name="王秀兰", phone="13905391234")
    register = persons.RegisterPerson(
        person=known, person_id=resident_id, place_id=side.organisation("community")
    )
    await _did(side, "person", persons.register_person, register, ledger, community)
    seal = petitioners.SealPetitioner(
        petition_id=petition_id, petitioner_id=resident_id, petitioner=known
    )
    await petitioners.seal_petitioner(seal, ledger, community)
    RECORDED[side.name, "record"] = petition_id
    reveal = persons.RevealSealed(
        person_id=resident_id,
        record_id=petition_id,
        fields=(Field.PHONE,),
        purpose="petition_handling",
    )
    await persons.reveal_sealed(reveal, ledger, community)
    ask = erasures.RequestErasure(subject_id=resident_id, ground="purpose_ended")
    await _did(side, "erasure", erasures.request_erasure, ask, ledger, community)
    for role in Role:
        await _known(ledger, side, role, community)


async def _known(ledger: Ledger, side: Side, role: Role, community: By) -> None:
    """Of every role's person contact data is sealed, once read, and asked to be erased."""
    person_id = side.person(role)
    if role is not Role.RESIDENT:
        register = persons.RegisterPerson(
            person=PersonalData(name="李建国"),
            person_id=person_id,
            place_id=side.organisation("community"),
        )
        await persons.register_person(register, ledger, community)
        reveal = persons.RevealSealed(
            person_id=person_id,
            record_id=person_id,
            fields=(Field.NAME,),
            purpose="petition_handling",
        )
        await persons.reveal_sealed(reveal, ledger, community)
    RECORDED[side.name, f"person of {role}"] = person_id
    ask = erasures.RequestErasure(
        subject_id=person_id, ground="purpose_ended", record_ids=(person_id,)
    )
    await _did(side, f"erasure of {role}", erasures.request_erasure, ask, ledger, community)


async def _money(ledger: Ledger, side: Side) -> None:
    street = by(side, Role.STREET, 1)
    estate_id = side.organisation("estate")
    opening = accounts.OpenPublicAccount(estate_id=estate_id, street_id=side.organisation("street"))
    account_id = (await accounts.open_public_account(opening, ledger, street)).id
    lease = leases.SignLease(
        account_id=account_id,
        premises="社区服务用房",
        area_m2_hundredths=120_50,
        tenant="惠民便利店",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        schedule=(Instalment(due_on=date(2026, 1, 5), amount_fen=1_000_00),),
    )
    await _did(side, "lease", leases.sign_lease, lease, ledger, street)
    apply = expenses.ApplyForExpense(
        account_id=account_id,
        amount_fen=500_00,
        category="repair",
        purpose="维修小区南门",
        payee="宏达维修公司",
    )
    chair = by(side, Role.OWNERS_COMMITTEE, 2)
    await _did(side, "expense", expenses.apply_for_expense, apply, ledger, chair)
    assess = deposits.AssessDeposit(
        estate_id=estate_id,
        company_id=side.organisation("company"),
        contract="YG-2025-01",
        base_fen=400_000_00,
        rate_bp=500,
        basis="履约保证金协议",
        ends_on=date(2030, 12, 31),
    )
    deposit_id = await _did(side, "deposit", deposits.assess_deposit, assess, ledger, street)
    received = deposits.ReceiveDeposit(deposit_id=deposit_id, amount_fen=20_000_00)
    await deposits.receive_deposit(received, ledger, street)
    request = draws.RequestDraw(
        deposit_id=deposit_id,
        amount_fen=1_000_00,
        payee="宏达维修公司",
        purpose="抢修供热管道",
        cause_kind=CauseKind.EMERGENCY,
        cause_record="值班记录 2026-03-02",
    )
    asking = proven(by(side, Role.COMMUNITY, 2, "供暖中断"))
    await draws.request_draw(request, ledger, asking)
    RECORDED[side.name, "draw"] = request.draw_id


async def _points(ledger: Ledger, side: Side) -> None:
    volunteer_id = side.person(Role.VOLUNTEER)
    organiser, community = by(side, Role.ORGANISER), by(side, Role.COMMUNITY, 1)
    opening = points.OpenPointsAccount(
        volunteer_id=volunteer_id, community_id=side.organisation("community")
    )
    account_id = (await points.open_points_account(opening, ledger, organiser)).id
    activity = activities.OpenActivity(
        organiser_id=side.organisation("volunteers"),
        place_id=side.organisation("estate"),
        kind="cleaning",
        title="清扫楼道",
        starts_at=day(0),
        ends_at=day(0.1),
        capacity=20,
    )
    activity_id = await _did(
        side, "activity", activities.open_activity, activity, ledger, organiser
    )
    of: dict[str, Any] = {"activity_id": activity_id, "volunteer_id": volunteer_id}
    here = activities.CheckInVolunteer(**of)
    await activities.check_in_volunteer(here, ledger, by(side, Role.ORGANISER, 0))
    gone = activities.CheckOutVolunteer(**of)
    await activities.check_out_volunteer(gone, ledger, by(side, Role.ORGANISER, 0.1))
    await activities.verify_service(activities.VerifyService(**of, minutes=120), ledger, community)
    award = points.AwardPoints(account_id=account_id, activity_id=activity_id)
    await points.award_points(award, ledger, community)
    listing = shop.ListShopItem(
        shop_id=side.organisation("shop"), code="rice", name="大米", price_points=1
    )
    keeper = by(side, Role.SHOP, 2)
    item_id = (await shop.list_shop_item(listing, ledger, keeper)).id
    await shop.receive_goods(shop.ReceiveGoods(item_id=item_id, pieces=5), ledger, keeper)
    order_id = uuid5(PERSONS, f"{side.name} order")
    redeem = shop.RedeemPoints(account_id=account_id, item_id=item_id, pieces=1, order_id=order_id)
    await shop.redeem_points(redeem, ledger, by(side, Role.VOLUNTEER, 3))
    RECORDED[side.name, "order"] = order_id


async def _duties(ledger: Ledger, side: Side) -> None:
    """Every office has somebody who stands in; everyone has declared an interest."""
    word = references.ConfirmReference(
        organisation_id=side.organisation("community"),
        reference=f"TX13{side.person('somebody').int % 10**9:09d}",
    )
    clerk = replace(by(side, Role.COMMUNITY), reason="银行流水号")
    await _did(side, "confirmed_reference", references.confirm_reference, word, ledger, clerk)
    for role in OFFICES:
        if side.street_of and role is Role.STREET:  # their street's head is the neighbour's
            kind = f"delegation of {role}"
            RECORDED[side.name, kind] = RECORDED[side.street_of, kind]
            continue
        holder = by(side, role)
        office_id = side.organisation(ACTS_FOR[role])
        fill = trees.FillPost(
            organisation_id=office_id, person_id=holder.actor_id, post="head", from_on=SINCE
        )
        await trees.fill_post(fill, ledger, by(A, Role.COUNTY))
        terms = delegations.GrantDelegation(
            person_id=side.person("deputy"), from_on=day(0).date(), until_on=day(9).date()
        )
        holder = replace(holder, post="head")
        function = delegations.grant_delegation
        await _did(side, f"delegation of {role}", function, terms, ledger, holder)
    leads = Role.COMMUNITY if side.street_of else Role.STREET
    leader = replace(by(side, leads), post="head")
    for role in set(Role) - set(OFFICES):
        terms = delegations.GrantDelegation(
            person_id=side.person(role), from_on=day(0).date(), until_on=day(9).date()
        )
        await delegations.grant_delegation(terms, ledger, leader)
    for role in Role:
        declare = interests.DeclareInterest(
            person_id=side.person(role),
            about_id=side.person("brother"),
            kind=InterestKind.FAMILY,
        )
        await interests.declare_interest(declare, ledger, by(side, role))
