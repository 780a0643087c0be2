"""What was done at the machine itself about who administers and oversees, for everybody to see.

The first administrator, and a second one after a loss, cannot be let in by two persons. Whoever
runs the service does so by a command on the machine; its entry is open to everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By

MACHINE = "system"
"""The role of whoever runs the service, on its machine; nobody has it over HTTP."""


class MachineSide(core.Aggregate):
    """One act at the machine."""

    TOPIC = "machine_side"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event about what was done at the machine."""

    @dataclass(frozen=True, kw_only=True)
    class Acted(Event, core.Created):
        """Somebody who runs the service did alone what takes two persons otherwise.

        ``operation`` is what was done to ``user_id``, ``role`` the role that it opens.
        """

        TOPIC = "machine_side.acted.v1"

        operation: str
        user_id: UUID
        role: str

    def __init__(self, *, operation: str, user_id: UUID, role: str) -> None:
        self.operation = operation
        self.user_id = user_id
        self.role = role

    @classmethod
    def act(cls, by: By, *, operation: str, user_id: UUID, role: str) -> MachineSide:
        """Tell of an act."""
        return cls._begin(cls.Acted, by, operation=operation, user_id=user_id, role=role)
