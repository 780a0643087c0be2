"""What one row stands for: a record of the ledger and the steps of its history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from ledger.core.aggregate import Aggregate, By, Evidence
from ledger.core.errors import LedgerError
from ledger.core.values import derived_id
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.storage.ledger import Ledger, Recorded
from scripts.imports import rules
from scripts.imports.cells import When
from scripts.imports.columns import canonical

Run: TypeAlias = Callable[[Any, Ledger, By], Awaitable[Recorded]]
Need: TypeAlias = "tuple[type[Aggregate], UUID]"
At: TypeAlias = "tuple[str, LedgerError]"
"""Something wrong with a row: the field, and the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a row's history.

    ``command`` makes it from the id of the record, which the first step may give. ``column`` is
    the field that says when. ``actor`` is who took the step, as the file says; ``note`` what it
    says about why. A step that ``opens`` its lane is taken before all others there.
    """

    name: str
    column: str
    when: When
    run: Run
    command: Callable[[UUID], Any]
    role: str
    actor: str = ""
    organisation_id: UUID | None = None
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    opens: bool = False


@dataclass(slots=True)
class Found:
    """What the rows refer to: records that the ledger has, records that this file begins."""

    aggregates: dict[UUID, Aggregate] = field(default_factory=dict)
    begun: set[UUID] = field(default_factory=set)

    def organisation(self, code: str) -> Organisation | None:
        """Return the organisation with this code."""
        found = self.aggregates.get(organisation_id(code))
        return found if isinstance(found, Organisation) else None

    def check(self, column: str, code: str, *kinds: Kind) -> Iterator[At]:
        """Yield what is wrong with an organisation's code: unknown, or of another kind."""
        organisation = self.organisation(code)
        if organisation is None:
            yield column, rules.OrganisationUnknown(code=code)
        elif kinds and organisation.kind not in kinds:
            yield column, rules.OrganisationUnfit(kind=organisation.kind, asked="/".join(kinds))


class ImportRow:
    """A row of one kind; subclasses are dataclasses whose fields are its columns.

    ``PROBE`` is a policy that must be in force on the day of each step. ``LATER`` names the
    fields of each step after the first: a file that has grown by later steps adds only those.
    """

    KIND: ClassVar[str]
    TITLE: ClassVar[str]
    PROBE: ClassVar[str]
    LATER: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    DIRECTION: ClassVar[str] = ""
    """Which way money goes, where a table may have rows of both: ``in`` or ``out``."""

    def later(self) -> Mapping[str, tuple[str, ...]]:
        """Return the fields of each later step that such a row can have."""
        return self.LATER

    def needs(self) -> Iterator[Need]:
        """Yield what must be looked up in the ledger to check the row."""
        yield from ()

    def problems(self, found: Found) -> Iterator[At]:
        """Yield what is wrong with the row as a whole."""
        yield from ()

    def begins(self) -> UUID | None:
        """Return the id of what this row begins, if it follows from the row."""
        return None

    def stands_once(self) -> object:
        """Return what no other row of a file may say as well, or ``None``."""
        return self.begins()

    def recorded(self, found: Found) -> At | None:
        """Return the refusal of a row whose record the ledger has from elsewhere."""
        return None

    def lane(self) -> UUID | None:
        """Return the record whose steps are taken one after another, over all rows."""
        return self.begins()

    def steps(self, found: Found, key: str) -> list[Step]:
        """Return the steps in their order; ``key`` is the row's own digest, in hex."""
        raise AssertionError("a kind of row says its steps")

    @cached_property
    def content(self) -> dict[str, object]:
        """Return what the row says, the same however the file was written."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        return {
            name: canonical(type(self), name, value)
            for name, value in values.items()
            if value not in (None, "")
        }


def together(row: ImportRow, *names: str) -> Iterator[At]:
    """Yield a problem when only some of these fields are filled in."""
    empty = [name for name in names if getattr(row, name) in (None, "")]
    if 0 < len(empty) < len(names):
        yield empty[0], rules.CellsBelongTogether(columns=", ".join(names))


def needed_with(row: ImportRow, name: str, *others: str) -> Iterator[At]:
    """Yield a problem for each of the others that is empty although ``name`` is filled in."""
    if getattr(row, name) not in (None, ""):
        for other in others:
            if getattr(row, other) in (None, ""):
                yield other, rules.CellRequired()


def person_id(text: str) -> UUID:
    """Return the pseudonymous id of a person: the UUID given, or what follows from the number."""
    try:
        return UUID(text)
    except ValueError:
        return derived_id("person", text.casefold())


def unrecorded_person_id(key: str, step: str) -> UUID:
    """Return the id of somebody whom the older books do not name: of this step alone."""
    return derived_id("person-unrecorded", f"{key}:{step}")
