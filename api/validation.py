"""From plain JSON or a query to a typed command or question, or every bad field at once.

One validator a dataclass, made from its annotations by pydantic: strict for
bodies (a text is no number, ``true`` is no amount), reading texts for queries.
Unknown fields are refused. A time needs its offset; numbers that could be read as
seconds since 1970 are no dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, datetime
from functools import cache, cached_property, reduce
from operator import or_
from types import GenericAlias, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    NotRequired,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import orjson
from annotated_types import Ge, Le, MaxLen
from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Strict,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from typing_extensions import TypedDict, get_type_hints

from api.bodies import INTEGER_MAX, INTEGER_MIN
from api.errors import ERRORS_TOLD_MAX, FieldError, RequestInvalid
from api.sentences import sentence_for, shown_name

T = TypeVar("T")
Fields: TypeAlias = "Mapping[str, Any]"

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ].{5,40}")


def _iso_day(value: Any) -> Any:
    if not (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        raise PydanticCustomError("iso_day", "not a day")
    return value


def _iso_moment(value: Any) -> Any:
    if not (isinstance(value, str) and _ISO_MOMENT.fullmatch(value)):
        raise PydanticCustomError("iso_moment", "not a moment")
    return value


StoredInteger: TypeAlias = Annotated[int, Ge(INTEGER_MIN), Le(INTEGER_MAX)]
IsoDay: TypeAlias = Annotated[date, Strict(False), BeforeValidator(_iso_day)]
IsoMoment: TypeAlias = Annotated[
    datetime, AwareDatetime, Strict(False), BeforeValidator(_iso_moment)
]

_TIGHTENED: Mapping[Any, Any] = {datetime: IsoMoment, date: IsoDay, int: StoredInteger}


class Validator(Generic[T]):
    """Reads one dataclass, and ``beside`` it fields of another one, from plain values."""

    def __init__(self, takes: type[T], beside: type, *, is_strict: bool) -> None:
        self.takes = takes
        self.beside = beside
        self._own = frozenset(field.name for field in fields(takes))  # type: ignore[arg-type]
        self._is_strict = is_strict

    @cached_property
    def adapter(self) -> TypeAdapter[dict[str, Any]]:
        """What checks; made when it is first needed, so that the start does not wait for all."""
        given = _typed_dict(self.takes, self.beside)
        given.__pydantic_config__ = ConfigDict(extra="forbid", strict=self._is_strict)
        return TypeAdapter(given)

    def read(self, given: Fields, parameters: Sequence[str] = ()) -> tuple[T, dict[str, Any]]:
        """Return the dataclass and what was said beside it (refuses with ``RequestInvalid``).

        ``parameters`` are the names that did not come from the body.
        """
        self._guard_lengths(given)
        try:
            if self._is_strict:  # as JSON: there a text can be an id or a day, a list a tuple
                read = self.adapter.validate_json(orjson.dumps(given))
            else:
                read = self.adapter.validate_python(given)
        except ValidationError as error:
            raise _explained(error, given, parameters) from error
        own = {name: value for name, value in read.items() if name in self._own}
        said = {name: value for name, value in read.items() if name not in self._own}
        return self.takes(**own), said

    @cached_property
    def _lengths(self) -> Mapping[str, int]:
        """How many items each list may have."""
        hints = _hints(self.takes) | _hints(self.beside)
        found = {name: _items_max(hint) for name, hint in hints.items()}
        return {name: most for name, most in found.items() if most is not None}

    def _guard_lengths(self, given: Fields) -> None:
        """Refuse a list that is too long before each of its items is looked at."""
        too_long = [
            sentence_for("too_long").about({"max_length": most}, pointer=f"/{name}")
            for name, most in self._lengths.items()
            if isinstance(given.get(name), list) and len(given[name]) > most
        ]
        if too_long:
            raise RequestInvalid(*too_long)


def _hints(takes: type) -> dict[str, Any]:
    hints = get_type_hints(takes, include_extras=True)
    return {one.name: hints[one.name] for one in fields(takes)}


def _items_max(hint: Any) -> int | None:
    """Return how many items a list may have, if its type says so; texts have no items."""
    if get_origin(hint) in (Union, UnionType):
        return next((most for one in get_args(hint) if (most := _items_max(one)) is not None), None)
    if get_origin(hint) is not Annotated or not _takes_list(get_args(hint)[0]):
        return None
    return next((one.max_length for one in get_args(hint)[1:] if isinstance(one, MaxLen)), None)


@cache
def validator_for(takes: type, beside: type, *, is_strict: bool) -> Validator[Any]:
    """Return the one validator of a dataclass; it has no state and serves every application."""
    return Validator(takes, beside, is_strict=is_strict)


def lists_of(takes: type) -> frozenset[str]:
    """Return the names of the fields that take a list."""
    hints = get_type_hints(takes)
    return frozenset(name for name, hint in hints.items() if _takes_list(hint))


def _takes_list(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_takes_list(member) for member in get_args(hint))
    return get_origin(hint) is tuple


def _typed_dict(takes: type, beside: type) -> Any:
    make: Any = TypedDict
    given = make(takes.__name__, _typed(takes) | _typed(beside))
    given.__doc__ = takes.__doc__
    return given


def _typed(takes: type) -> dict[str, Any]:
    hints = get_type_hints(takes, include_extras=True)
    typed: dict[str, Any] = {}
    for field in fields(takes):
        hint = _tightened(hints[field.name])
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        typed[field.name] = NotRequired[hint] if has_default else hint
    return typed


def _tightened(hint: Any) -> Any:
    """Return the hint with its days and moments read from their ISO form only."""
    if hint in _TIGHTENED:
        return _TIGHTENED[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated and arguments[0] is int:
        return hint  # it has bounds of its own
    if origin is Annotated:
        return Annotated[(_tightened(arguments[0]), *arguments[1:])]
    if origin in (Union, UnionType):
        return reduce(or_, (_tightened(argument) for argument in arguments))
    if origin is tuple:
        return GenericAlias(tuple, tuple(_tightened(argument) for argument in arguments))
    return hint


def _explained(error: ValidationError, given: Fields, parameters: Sequence[str]) -> RequestInvalid:
    """Return the first errors in words, and how many more there are."""
    found = error.errors(include_url=False, include_input=False)
    told = _explain(found[:ERRORS_TOLD_MAX], given, parameters)
    more = {"errors_not_told": left} if (left := len(found) - ERRORS_TOLD_MAX) > 0 else {}
    return RequestInvalid(*told, **more)


def _explain(
    errors: Sequence[ErrorDetails], given: Fields, parameters: Sequence[str]
) -> tuple[FieldError, ...]:
    explained = []
    for found in errors:
        place = _place(found["loc"], given)
        sentence = sentence_for(found["type"])
        limits = found.get("ctx", {})
        if place and place[0] in parameters:
            explained.append(sentence.about(limits, parameter=shown_name(str(place[0]))))
        else:
            pointer = "".join(f"/{_shown(part)}" for part in place)
            explained.append(sentence.about(limits, pointer=pointer))
    return tuple(dict.fromkeys(explained))


def _shown(part: str | int) -> str:
    return str(part) if isinstance(part, int) else shown_name(part)


def _place(location: tuple[str | int, ...], given: Any) -> list[str | int]:
    """Return the path through what was given, without pydantic's names of union members."""
    place: list[str | int] = []
    here = given
    for number, part in enumerate(location):
        if isinstance(here, Mapping):
            is_last = number == len(location) - 1
            if part in here or is_last or not place:
                place.append(part)
                here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            place.append(part)
            here = here[part]
    return place
