"""The words of the persons' context, and what it refuses."""

from __future__ import annotations

from enum import StrEnum

from ledger.core.errors import NotFound, RuleViolated


class RecordKind(StrEnum):
    """What kind of record a person's data was sealed for."""

    CONTACT = "contact"
    PETITION = "petition"
    DOCUMENT = "document"


class NothingSealed(NotFound):
    """Nothing is sealed about this person in this record.

    该记录中没有此人的密封信息。
    """


class FieldNotSealed(NotFound):
    """This field is not among what is sealed about the person in this record.

    该记录中没有密封此人的这一项信息。
    """


class SlotErased(RuleViolated):
    """What was sealed here has been erased for good.

    此处密封的信息已被永久删除。
    """


class PersonRestricted(RuleViolated):
    """This person's data is restricted: it is kept and protected, and used for nothing else.

    此人的信息已被限制处理：除存储和采取必要的安全保护措施外，不得用于其他处理。
    """
