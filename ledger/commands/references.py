"""Confirm that a reference is no personal number, and let only confirmed ones through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from ledger.commands.plain_texts import (
    REFERENCES,
    PersonalDataInText,
    is_confirmable,
    texts_of,
    unfit_kind,
)
from ledger.confirmed_references import ConfirmedReference
from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.core.guards import persons
from ledger.core.references import same_reference_key
from ledger.core.times import NoUndo, decision
from ledger.core.values import Name
from ledger.storage.ledger import Ledger, Recorded

PURPOSE = "confirmed references"


class ReferenceLooksPersonal(RuleViolated):
    """The reference looks like a personal number: let somebody else confirm first that it is none.

    该编号看上去像个人号码：请由另一人先行确认它不是个人号码，再登记。
    """


class ReferenceNeedsNoWord(RuleViolated):
    """This reference does not look like a personal number, and needs no confirmation.

    该编号不像个人号码，无须确认。
    """


Doubtful = Annotated[Name, Field(examples=["TX13000000000"])]
"""A reference that looks like a personal number and is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReference:
    """Confirm that a reference of an organisation's papers is no personal number; needs a reason.

    The reference itself does not enter the log.
    """

    PERSONAL: ClassVar = frozenset({"reference"})

    organisation_id: UUID
    reference: Doubtful

    def __repr__(self) -> str:
        return f"ConfirmReference({self.organisation_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawReferenceConfirmation:
    """Take the confirmations of a reference back; needs a reason."""

    confirmation_id: UUID


@decision(undo="withdraw_reference_confirmation")
async def confirm_reference(command: ConfirmReference, ledger: Ledger, by: By) -> Recorded:
    """Confirm the reference; from now on others can record it."""
    kind = unfit_kind(command.reference, is_reference=True)
    if not kind:
        raise ReferenceNeedsNoWord()
    if not is_confirmable(command.reference, kind):
        raise PersonalDataInText(field="reference", kind=kind)
    code_hex = _code(ledger, command.reference)
    confirmed = await ledger.find(
        ConfirmedReference, ConfirmedReference.create_id(code_hex=code_hex)
    )
    if confirmed is None:
        confirmed = ConfirmedReference.open(
            by, code_hex=code_hex, organisation_id=command.organisation_id, looks_like=kind
        )
    confirmed.confirm(by)
    return await ledger.save(confirmed)


@decision(undo=NoUndo("it is confirmed anew"))
async def withdraw_reference_confirmation(
    command: WithdrawReferenceConfirmation, ledger: Ledger, by: By
) -> Recorded:
    """Withdraw; what was recorded with the reference stays as it is."""
    confirmed = await ledger.load(ConfirmedReference, command.confirmation_id)
    confirmed.withdraw(by)
    return await ledger.save(confirmed)


async def guard_references(ledger: Ledger, who: frozenset[UUID], command: Any) -> None:
    """Refuse (``ReferenceLooksPersonal``) a command with a reference that nobody else confirmed."""
    await _guard(ledger, who, texts_of(command))


async def without_personal_references(ledger: Ledger, by: By, **references: str) -> By:
    """Refuse references (by field name) that look personal, unless somebody else confirmed them."""
    await _guard(ledger, persons(by), references.items())
    return by


async def is_confirmed(ledger: Ledger, who: frozenset[UUID], reference: str) -> bool:
    """Tell whether somebody who is none of these persons confirmed a reference.

    The append checks that nothing was withdrawn meanwhile.
    """
    record_id = ConfirmedReference.create_id(code_hex=_code(ledger, reference))
    confirmed = await ledger.consult(ConfirmedReference, record_id)
    return confirmed is not None and confirmed.lets(who)


async def _guard(ledger: Ledger, who: frozenset[UUID], texts: Iterable[tuple[str, str]]) -> None:
    for field, text in texts:
        kind = unfit_kind(text, is_reference=True) if field in REFERENCES else ""
        if kind and not is_confirmable(text, kind):
            raise PersonalDataInText(field=field, kind=kind)
        if kind and not await is_confirmed(ledger, who, text):
            raise ReferenceLooksPersonal(field=field, kind=kind)


def _code(ledger: Ledger, reference: str) -> str:
    """Return the code of a reference, the same however it is typed."""
    return ledger.key.mac(PURPOSE, same_reference_key(reference).encode()).hex()
