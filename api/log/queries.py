"""What may be asked beside an address of the log: sizes, and in which form to answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from multidict import MultiMapping

from api.errors import FieldError, RequestInvalid
from api.sentences import CHOICE, INTEGER, MISSING, UNKNOWN, shown_name

FORMS = ("json", "text")

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyAsked:
    """Two sizes of the log; without ``to_size`` that of the latest checkpoint."""

    from_size: int
    to_size: int | None
    is_text: bool


def read_consistency_query(query: MultiMapping[str]) -> ConsistencyAsked:
    """Read ?from=&to=&form= (refuses with ``RequestInvalid``)."""
    errors = _unknown(query, ("from", "to", "form"))
    from_size, to_size = _size(query, "from", errors), _size(query, "to", errors)
    form = query.get("form", FORMS[0])
    if "from" not in query:
        errors.append(MISSING.about({}, parameter="from"))
    if form not in FORMS:
        errors.append(CHOICE.about({"expected": ", ".join(FORMS)}, parameter="form"))
    if errors:
        raise RequestInvalid(*errors)
    return ConsistencyAsked(from_size=from_size or 0, to_size=to_size, is_text=form == FORMS[1])


def read_size_query(query: MultiMapping[str]) -> int | None:
    """Read ?size= (refuses with ``RequestInvalid``)."""
    errors = _unknown(query, ("size",))
    size = _size(query, "size", errors)
    if errors:
        raise RequestInvalid(*errors)
    return size


def _size(query: MultiMapping[str], name: str, errors: list[FieldError]) -> int | None:
    given = query.getall(name, [])
    if not given:
        return None
    if len(given) > 1 or not _SIZE.fullmatch(given[0]):
        errors.append(INTEGER.about({}, parameter=name))
        return None
    return int(given[0])


def _unknown(query: MultiMapping[str], names: tuple[str, ...]) -> list[FieldError]:
    left = [name for name in dict.fromkeys(query) if name not in names]
    return [UNKNOWN.about({}, parameter=shown_name(name)) for name in left]
