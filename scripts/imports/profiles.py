"""How a table of somebody else's making is read, kept in a file for the next one like it.

    {"kind": "petitions",
     "map": {"title": "诉求标题"}, "ignore": ["诉求人", "联系电话"],
     "set": {"channel": "hotline"},
     "values": {"satisfied": {"基本满意": "是"}, "dispatched_to": {"县住建局": "371329-zjj"}},
     "sheet": "台账", "header_row": 3, "encoding": "gb18030"}

What is said on the command line goes before what the profile says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import orjson
from annotated_types import Ge
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from scripts.imports import file_rules
from scripts.imports.preparing import Ways
from scripts.imports.problems import printable

PROFILE_BYTES_MAX = 1024**2
Texts = dict[str, str]


class _Written(TypedDict, total=False):
    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]

    kind: str
    map: Texts
    ignore: list[str]
    set: Texts
    values: dict[str, Texts]
    sheet: str | None
    header_row: Annotated[int, Ge(1)] | None
    encoding: str | None


_ADAPTER = TypeAdapter(_Written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a profile says."""

    ways: Ways = field(default_factory=Ways)
    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None


def read_profile(path: Path, kind: str) -> Profile:
    """Return a profile for a kind of import (refuses with ``ProfileUnreadable``)."""
    try:
        with path.open("rb") as file:
            said = _ADAPTER.validate_python(orjson.loads(file.read(PROFILE_BYTES_MAX)))
    except (OSError, ValueError) as error:
        problem = _problem(error) if isinstance(error, ValidationError) else None
        raise file_rules.ProfileUnreadable(file=printable(path.name), problem=problem) from error
    if said.get("kind", kind) != kind:
        raise file_rules.ProfileUnreadable(file=printable(path.name), kind=printable(said["kind"]))
    ways = Ways(
        mapping=said.get("map", {}),
        ignored=tuple(said.get("ignore", ())),
        constants=said.get("set", {}),
        values=said.get("values", {}),
    )
    return Profile(
        ways=ways,
        sheet=said.get("sheet"),
        header_row=said.get("header_row"),
        encoding=said.get("encoding"),
    )


def write_profile(path: Path, kind: str, profile: Profile) -> None:
    """Keep a profile; a file that was there is replaced in one step."""
    ways = profile.ways
    said: dict[str, Any] = {
        "kind": kind,
        "map": dict(ways.mapping),
        "ignore": list(ways.ignored),
        "set": dict(ways.constants),
        "values": {name: dict(given) for name, given in ways.values.items()},
        "sheet": profile.sheet,
        "header_row": profile.header_row,
        "encoding": profile.encoding,
    }
    kept = {name: value for name, value in said.items() if value not in (None, {}, [])}
    data = orjson.dumps(kept, option=orjson.OPT_INDENT_2)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        beside.write_bytes(data + b"\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise file_rules.FileUnreadable(problem=error.strerror or type(error).__name__) from error


def merged(first: Ways, then: Ways) -> Ways:
    """Return what both say; where they differ, the first."""
    return Ways(
        mapping={**then.mapping, **first.mapping},
        ignored=tuple(dict.fromkeys((*then.ignored, *first.ignored))),
        constants={**then.constants, **first.constants},
        values=_merged_values(first.values, then.values),
    )


def _merged_values(
    first: Mapping[str, Mapping[str, str]], then: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    names = dict.fromkeys((*then, *first))
    return {name: {**then.get(name, {}), **first.get(name, {})} for name in names}


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return printable(".".join(map(str, first["loc"])) or first["type"])
