"""Every command's handler, by its name: what an address, a page and a proposal carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID

import orjson

from api.commands import Asked, CommandHandler
from api.envelope import decided_by
from api.errors import NotAllowed, NotTried, NotYoursToCarryOut
from api.proposals import carry_out_system_proposal
from api.routes import ROUTES
from api.routing import CommandRoute
from ledger.commands.proposals import carry_out_proposal, proposed_by
from ledger.commands.references import guard_references
from ledger.core.errors import NotFound
from ledger.core.guards import persons
from ledger.proposals import Proposal
from ledger.storage.ledger import Ledger, Recorded
from ledger.users.roles import SYSTEM_OPERATIONS

TOLD_WITH_IT = ("occurred_at", "said_by")
"""What stands beside a command's fields and belongs to what was proposed."""


class CarryingOut(CommandHandler):
    """Handles the second person's word: the proposed command is decided anew, as theirs."""

    is_of_system = False

    async def decide_once(self, ledger: Ledger, asked: Asked) -> Recorded | None:
        """Decide the proposed command, by its own permission, reach and rules."""
        if asked.proposal is not None:
            return await super().decide_once(ledger, asked)
        relied_on = dict(await self.reached(asked))
        own = await decided_by(asked.identity, asked.said, ledger, self.timing)
        handle = ledger.for_request(
            once=asked.once,
            expected=_expected(asked),
            is_dry_run=asked.is_dry_run,
            decided_at=own.now,
        )
        proposal = await handle.load(Proposal, asked.command.proposal_id)
        handler = HANDLERS[proposal.operation]
        self._guard(asked, proposal)
        command, said = handler.read(orjson.loads(proposal.told))
        relied_on |= await handler.reached(replace(asked, command=command))
        if asked.is_dry_run and handler.route.discloses:
            raise NotTried(operation=proposal.operation)
        handle.rely_on(relied_on)
        proposal.carry_out(own)
        handle.accompany(proposal)
        told = asked.said | {name: said[name] for name in TOLD_WITH_IT if name in said}
        together = partial(proposed_by, proposal=proposal)
        by = await decided_by(asked.identity, told, ledger, handler.timing, together)
        await guard_references(handle, persons(by), command)
        recorded: Recorded | None = await handler.route.function(command, handle, by)
        return recorded

    def _guard(self, asked: Asked, proposal: Proposal) -> None:
        """Refuse what this door is not for, and whoever may not do the proposed thing."""
        identity, operation = asked.identity, proposal.operation
        if (operation in SYSTEM_OPERATIONS) is not self.is_of_system:
            raise NotFound(kind=Proposal.TOPIC, id=str(proposal.id))
        if identity.operations and operation not in identity.operations:
            raise NotAllowed(role=identity.role, operation=operation)
        if not asked.scopes.may(identity.role, operation):
            raise NotYoursToCarryOut(role=identity.role, operation=operation)


class CarryingOutForSystem(CarryingOut):
    """The same for users and their roles: administrators see no other proposals."""

    is_of_system = True


def _expected(asked: Asked) -> tuple[UUID, int] | None:
    """Return the version that the proposal itself must have."""
    version = asked.expected_version
    return None if version is None else (asked.command.proposal_id, version)


KINDS: Mapping[str, type[CommandHandler]] = {
    carry_out_proposal.__name__: CarryingOut,
    carry_out_system_proposal.__name__: CarryingOutForSystem,
}


def handler_of(route: CommandRoute) -> CommandHandler:
    """Return what handles an address."""
    return KINDS.get(route.operation, CommandHandler)(route)


HANDLERS: Mapping[str, CommandHandler] = {
    route.operation: handler_of(route) for routes in ROUTES for route in routes.commands
}
