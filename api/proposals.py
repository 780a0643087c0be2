"""/v1/proposals: what waits for a second person; carry it out, refuse it, withdraw it.

A command is proposed at its own address, with ``?propose=true``.
"""

from __future__ import annotations

from api.concerning import EVERYWHERE, of_record
from api.routing import CommandFunction, Routes
from ledger.commands import proposals
from ledger.core.aggregate import By
from ledger.core.times import like
from ledger.storage.ledger import Ledger, Recorded
from projections import proposals as shown

routes = Routes("proposals", zh="两人办理", en="Steps of two persons")

ALL = "/v1/proposals"
ONE = ALL + "/{proposal_id}"
SYSTEM = "/v1/system-proposals"


def _step(path: str, command_type: type, function: CommandFunction, zh: str) -> None:
    routes.command(
        ONE + path,
        command_type,
        function,
        about=of_record("proposal_id", "proposal"),
        zh=zh,
        location=ONE,
    )


_step("/approvals", proposals.CarryOutProposal, proposals.carry_out_proposal, "核准并执行")
_step("/refusals", proposals.RefuseProposal, proposals.refuse_proposal, "否决提议")
_step("/withdrawals", proposals.WithdrawProposal, proposals.withdraw_proposal, "撤回提议")


@like(proposals.carry_out_proposal)
async def carry_out_system_proposal(
    command: proposals.CarryOutProposal, ledger: Ledger, by: By
) -> Recorded:
    """Carry out what another administrator proposed about users or roles."""
    return await proposals.carry_out_proposal(command, ledger, by)


@like(proposals.refuse_proposal)
async def refuse_system_proposal(
    command: proposals.RefuseProposal, ledger: Ledger, by: By
) -> Recorded:
    """Refuse what another administrator proposed about users or roles."""
    await proposals.guard_system(ledger, command.proposal_id)
    return await proposals.refuse_proposal(command, ledger, by)


@like(proposals.withdraw_proposal)
async def withdraw_system_proposal(
    command: proposals.WithdrawProposal, ledger: Ledger, by: By
) -> Recorded:
    """Withdraw what one proposed about users or roles."""
    await proposals.guard_system(ledger, command.proposal_id)
    return await proposals.withdraw_proposal(command, ledger, by)


for word, command_type, function, zh in (
    ("approvals", proposals.CarryOutProposal, carry_out_system_proposal, "核准用户与角色提议"),
    ("refusals", proposals.RefuseProposal, refuse_system_proposal, "否决用户与角色提议"),
    ("withdrawals", proposals.WithdrawProposal, withdraw_system_proposal, "撤回用户与角色提议"),
):
    routes.command(
        f"{SYSTEM}/{{proposal_id}}/{word}",
        command_type,
        function,
        about=EVERYWHERE,
        zh=zh,
        location=SYSTEM,
    )

routes.read(ALL, shown.ProposalQuery, shown.proposal_register, view=shown.view, zh="待办提议")
routes.read(
    SYSTEM,
    shown.ProposalQuery,
    shown.system_proposals,
    view=shown.view,
    zh="用户与角色的待办提议",
)
routes.read_one(ONE, shown.ProposalAt, shown.proposal_by_id, view=shown.view, zh="查看提议")
