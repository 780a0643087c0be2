"""Who acts in the demo: pseudonymous persons, each in one capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from ledger.core.aggregate import By, Evidence
from ledger.core.values import derived_id
from ledger.deposits.values import COMPANY
from scripts.demonstration.county import Body, Community, County, Estate

DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the capacity in which it acts."""

    id: UUID
    role: str
    organisation_id: UUID | None
    post: str

    def by(self, at: datetime, reason: str = "", evidence: Sequence[Evidence] = ()) -> By:
        """Return this person as the one who decides at a moment."""
        return By(
            actor_id=self.id,
            at=at,
            role=self.role,
            organisation_id=self.organisation_id,
            post=self.post,
            reason=reason,
            evidence=tuple(evidence),
        )


@cache
def a_person(key: str, role: str, body_id: UUID | None, post: str) -> Person:
    """Return the person that a key stands for; its post says that it is of the demo."""
    return Person(derived_id("demo-person", key), role, body_id, f"{DEMO} {post}")


def of_body(body: Body, role: str, post: str, number: int = 1) -> Person:
    """Return the ``number``-th person who acts for a body in a post."""
    return a_person(f"{body.code} {post} {number}", role, body.id, post)


def secretary(community: Community) -> Person:
    """The secretary of a community's party organisation."""
    return of_body(community, "community", "secretary")


def community_worker(community: Community, number: int = 1) -> Person:
    """One of the people who work for a community."""
    return of_body(community, "community", "worker", number)


def grid_worker(community: Community, number: int = 1) -> Person:
    """One of those who walk a community's grids every day."""
    return of_body(community, "grid_worker", "grid-worker", number)


def street_official(community: Community, post: str) -> Person:
    """A person of a community's street: leader, clerk or cashier."""
    return a_person(f"{community.parent_code} {post} 1", "street", community.street_id, post)


def manager(estate: Estate, number: int = 1) -> Person:
    """The company's manager for an estate."""
    return a_person(f"{estate.code} manager {number}", COMPANY, estate.company.id, "manager")


def repairer(estate: Estate) -> Person:
    """The company's worker on an estate."""
    return a_person(f"{estate.code} repairer", COMPANY, estate.company.id, "repairer")


def chair(estate: Estate) -> Person:
    """The chair of an estate's owners' committee."""
    return of_body(estate.committee, "owners_committee", "chair")


def owner(estate: Estate, number: int = 1) -> Person:
    """An owner of a home on an estate."""
    return a_person(f"{estate.code} owner {number}", "owner", estate.id, "owner")


def resident(estate: Estate, number: int = 1) -> Person:
    """Somebody who lives on an estate."""
    return a_person(f"{estate.code} resident {number}", "resident", estate.id, "resident")


def supervisor(estate: Estate) -> Person:
    """The supervisor who watches over an estate."""
    return a_person(f"supervisor {estate.number}", "supervisor", estate.id, "supervisor")


def county_official(county: County, code: str, post: str = "officer") -> Person:
    """A person of one of the county's bodies."""
    roles = {
        "demo-efficiency": "efficiency_office",
        "demo-discipline": "discipline",
        "demo-hotline": "hotline",
        "demo-audit": "auditor",
        "demo-committee": "county",
        "demo-governance": "county",
    }
    return of_body(county.bodies[code], roles.get(code, "department"), post)


def data_protection_officer(county: County) -> Person:
    """Who answers for personal data in the whole county."""
    body = county.bodies["demo-governance"]
    return of_body(body, "data_protection_officer", "data-protection-officer")
