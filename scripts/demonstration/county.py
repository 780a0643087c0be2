"""The places and bodies of the demo, read from the data files beside this module."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any
from uuid import UUID

import orjson

from ledger.organisations import Kind, organisation_id

ESTATES_COUNT = 110
SEED = "minzhang demo"

id_of = cache(organisation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An organisation that acts: a department, a unit, a company, a committee, a shop."""

    code: str
    kind: Kind
    zh: str
    en: str
    parent_code: str

    @property
    def id(self) -> UUID:
        return id_of(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Street(Body):
    """A street with its communities."""

    communities: tuple[Community, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Community(Body):
    """A community."""

    volunteers: Body
    shop: Body

    @property
    def street_id(self) -> UUID:
        return id_of(self.parent_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate(Body):
    """An estate with who looks after it; ``note`` tells what a source says of it."""

    number: int
    community: Community
    company: Body
    committee: Body
    households: int
    key: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """Everything that the demo's people act for."""

    code: str
    zh: str
    en: str
    streets: tuple[Street, ...]
    bodies: dict[str, Body]
    talked_to: tuple[str, ...]
    companies: tuple[Body, ...]
    estates: tuple[Estate, ...]
    shop_items: tuple[dict[str, Any], ...]
    named: dict[str, Estate] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return id_of(self.code)

    @property
    def communities(self) -> tuple[Community, ...]:
        """All communities, street by street."""
        return tuple(c for street in self.streets for c in street.communities)


def dice(key: str) -> Random:
    """Return chance that falls the same way each time, for one subject of the demo."""
    return Random(f"{SEED} {key}")  # noqa: S311 - nothing secret comes of it


@cache
def data(name: str) -> Any:
    """Return one of the demo's data files."""
    return orjson.loads(files(__package__).joinpath("data", f"{name}.json").read_bytes())


def a_county() -> County:
    """Return the county with all its places, the same each time."""
    listed, invented = data("linshu"), data("bodies")
    streets = tuple(_street(row, listed["code"]) for row in listed["streets"])
    companies = tuple(
        Body(
            code=f"demo-company-{number:02}",
            kind=Kind.PROPERTY_COMPANY,
            zh=f"{name}物业（演示）",
            en=f"Property company {number} (demo)",
            parent_code=listed["code"],
        )
        for number, name in enumerate(invented["companies"], 1)
    )
    communities = [c for street in streets for c in street.communities]
    estates = _estates(communities, companies, invented)
    return County(
        code=listed["code"],
        zh=listed["zh"],
        en=listed["en"],
        streets=streets,
        bodies=_bodies(invented, listed["code"]),
        talked_to=tuple(invented["talked_to"]),
        companies=companies,
        estates=estates,
        shop_items=tuple(invented["shop_items"]),
        named={estate.key: estate for estate in estates if estate.key},
    )


def _street(row: dict[str, Any], county_code: str) -> Street:
    return Street(
        code=row["code"],
        kind=Kind.STREET,
        zh=row["zh"],
        en=row["en"],
        parent_code=county_code,
        communities=tuple(_community(one, row["code"]) for one in row["communities"]),
    )


def _community(row: dict[str, Any], street_code: str) -> Community:
    code = row["code"]
    return Community(
        code=code,
        kind=Kind.COMMUNITY,
        zh=row["zh"],
        en=row["en"],
        parent_code=street_code,
        volunteers=_group(f"demo-volunteers-{code}", row, "志愿服务队", "Volunteers of"),
        shop=_group(f"demo-shop-{code}", row, "爱心超市", "Charity shop of"),
    )


def _group(code: str, row: dict[str, Any], zh: str, en: str) -> Body:
    return Body(
        code=code,
        kind=Kind.GROUP,
        zh=f"{row['zh']}{zh}（演示）",
        en=f"{en} {row['en']} (demo)",
        parent_code=row["code"],
    )


def _bodies(invented: dict[str, Any], county_code: str) -> dict[str, Body]:
    rows = [row | {"street": county_code} for row in invented["bodies"]]
    return {
        row["code"]: Body(
            code=row["code"],
            kind=Kind(row.get("kind", "unit")),
            zh=row["zh"],
            en=row["en"],
            parent_code=row["street"],
        )
        for row in [*rows, *invented["street_units"]]
    }


def _estates(
    communities: list[Community], companies: tuple[Body, ...], invented: dict[str, Any]
) -> tuple[Estate, ...]:
    """Return two estates for each community and a third for the first ones; 110 in all."""
    named = {row["community"]: row for row in invented["named_estates"]}
    places = [*communities, *communities, *communities][:ESTATES_COUNT]
    estates = []
    for number, community in enumerate(places, 1):
        row = named.pop(community.code, None)
        ending = invented["estate_endings"][(number - 1) // len(communities)]
        short = community.zh.removesuffix("社区")
        zh = row["zh"] if row else f"{short}{ending}（演示）"
        en = row["en"] if row else f"Estate {number} (demo)"
        estates.append(_estate(number, community, companies, {"zh": zh, "en": en, **(row or {})}))
    return tuple(estates)


def _estate(
    number: int, community: Community, companies: tuple[Body, ...], row: dict[str, Any]
) -> Estate:
    code = f"demo-estate-{number:03}"
    return Estate(
        number=number,
        code=code,
        kind=Kind.ESTATE,
        zh=row["zh"],
        en=row["en"],
        parent_code=community.code,
        community=community,
        company=companies[number % len(companies)],
        committee=Body(
            code=f"demo-committee-{number:03}",
            kind=Kind.OWNERS_COMMITTEE,
            zh=f"{row['zh'].removesuffix('（演示）')}业主委员会（演示）",
            en=f"Owners' committee of {row['en'].removesuffix(' (demo)')} (demo)",
            parent_code=code,
        ),
        households=dice(f"{code}").randrange(240, 1_400, 20),
        key=row.get("key", ""),
        note=row.get("note", ""),
    )
