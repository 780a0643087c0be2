"""Persons: under which pseudonym the ledger knows somebody, and what is sealed about them.

A person is one id, the same that petitions call the petitioner, points accounts the
volunteer and every entry the actor. The stream of a person holds commitments, never
data: what was sealed for which record, who read it and why, what was restricted
and erased. It is what answers "who looked at me".
"""

from ledger.persons.lookup import Lookup
from ledger.persons.person import Person, Readable
from ledger.persons.rules import (
    FieldNotSealed,
    NothingSealed,
    PersonRestricted,
    RecordKind,
    SlotErased,
)

__all__ = [
    "FieldNotSealed",
    "Lookup",
    "NothingSealed",
    "Person",
    "PersonRestricted",
    "Readable",
    "RecordKind",
    "SlotErased",
]
