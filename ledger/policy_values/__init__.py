"""The numbers and lists that a new ledger starts from: data with a basis, never constants in code.

One file a context; ``minzhang init`` records them all as events of the policy
book, where each can be changed from a later day on. ``certainty`` says how sure
we are of the basis: ``verified`` (the article was read), ``second-hand``,
``general`` (not checked: no conformity is claimed), ``source`` (a source
document tells it as local practice), ``inferred`` (our reconstruction) or
``house`` (our own choice where nothing prescribes one).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Certainty: TypeAlias = Literal["verified", "second-hand", "general", "source", "inferred", "house"]

FROM_THE_START = date(2020, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardValue:
    """One number or text; ``unit`` says of what (basis-points, working-days, days, fen, …)."""

    name: str
    value: int | str
    unit: str
    basis_zh: str
    basis_en: str
    certainty: Certainty
    valid_from: date = FROM_THE_START


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardList:
    """One list of codes; ``count``, where given, is an invariant that every version must keep."""

    name: str
    items: tuple[str, ...]
    count: int | None
    basis_zh: str
    basis_en: str
    certainty: Certainty
    valid_from: date = FROM_THE_START
