"""Proposals: what one person asks for and another one carries out.

Some steps take two persons: money that leaves a deposit, a policy, an oversight role, a fact
told after its term. The first proposes the very command; the second, who is neither the
first nor stands in for them, carries it out, and it is decided then, by the rules of that
moment. What was carried out names both (``By.proposed_by``) and the proposal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.core.guards import apart, persons


class ProposalEnded(RuleViolated):
    """This proposal was carried out, refused or withdrawn already.

    该提议已经执行、否决或撤回。
    """


class ProposalTooOld(RuleViolated):
    """Too much time has passed since it was proposed; propose it anew.

    该提议已超过有效期，请重新提出。
    """


class ProposalOfOthers(RuleViolated):
    """Only who proposed something withdraws it; others refuse it.

    只有提出人可以撤回提议；其他人应予以否决。
    """


class ProposalStage(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    CARRIED_OUT = "carried_out"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Proposal(core.Aggregate):
    """One command that waits for a second person."""

    TOPIC = "proposal"

    # Events: what can happen to a proposal ----------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a proposal."""

    @dataclass(frozen=True, kw_only=True)
    class Made(Event, core.Created):
        """Somebody proposed a command; until ``until_on`` another person may carry it out.

        ``operation`` is the command's name, ``told`` what was sent, as JSON with sorted keys.
        ``place_ids`` and ``party_ids`` are whom it concerns.
        """

        TOPIC = "proposal.made.v1"

        operation: str
        told: str
        until_on: date
        place_ids: tuple[UUID, ...]
        party_ids: tuple[UUID, ...]

    @dataclass(frozen=True, kw_only=True)
    class CarriedOut(Event):
        """Another person carried it out; what that recorded went into the log with this."""

        TOPIC = "proposal.carried_out.v1"

        def apply(self, proposal: Proposal) -> None:
            proposal.stage = ProposalStage.CARRIED_OUT

    @dataclass(frozen=True, kw_only=True)
    class Refused(Event):
        """Another person refused it, for the reason given."""

        TOPIC = "proposal.refused.v1"

        def apply(self, proposal: Proposal) -> None:
            proposal.stage = ProposalStage.REFUSED

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(Event):
        """Who proposed it withdrew it."""

        TOPIC = "proposal.withdrawn.v1"

        def apply(self, proposal: Proposal) -> None:
            proposal.stage = ProposalStage.WITHDRAWN

    # State: what we remember of it ------------------------------------------------------

    def __init__(self, *, operation: str, told: str, until_on: date, by: By) -> None:
        self.operation = operation
        self.told = told
        self.until_on = until_on
        self.made_by = persons(by)
        self.reason = by.reason
        self.evidence = by.evidence
        self.stage = ProposalStage.OPEN

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def make(  # noqa: PLR0913 - what a proposal says, each by name
        cls,
        by: By,
        *,
        operation: str,
        told: str,
        until_on: date,
        place_ids: tuple[UUID, ...],
        party_ids: tuple[UUID, ...],
    ) -> Proposal:
        """Propose a command, giving the reason."""
        return cls._begin(
            cls.Made,
            by.with_reason(),
            operation=operation,
            told=told,
            until_on=until_on,
            place_ids=place_ids,
            party_ids=party_ids,
        )

    def carry_out(self, by: By) -> None:
        """Note that another person carries it out, while it is open."""
        by = apart(self._open(by), "carry-out", {"propose": self.made_by})
        if local_day(by.now) > self.until_on:
            by = by.refuse(ProposalTooOld(until_on=self.until_on.isoformat()))
        self._record(self.CarriedOut, by)

    def refuse(self, by: By) -> None:
        """Refuse it, giving the reason; who proposed it withdraws it instead."""
        by = apart(self._open(by), "refuse", {"propose": self.made_by}).with_reason()
        self._record(self.Refused, by)

    def withdraw(self, by: By) -> None:
        """Withdraw what one proposed."""
        by = self._open(by)
        if persons(by).isdisjoint(self.made_by):
            by = by.refuse(ProposalOfOthers())
        self._record(self.Withdrawn, by)

    def _open(self, by: By) -> By:
        if self.stage is ProposalStage.OPEN:
            return by
        return by.refuse(ProposalEnded(stage=self.stage))
