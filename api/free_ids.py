"""Ids in commands that no scope needs to cover, each with the reason why that is safe.

Every id that a command takes, also one that may be left out or lies within a list or an object,
is either read by a source of its route (``api/concerning.py``) or listed here; a route with an id
that is neither cannot be declared. To list one here, make sure that its reason is true: the
command must not load, change or tell of anything by that id alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints
from uuid import UUID

WRITTEN_DOWN = "it is written into the entry or compared with what the record has; nothing is read"
ORGANISATION = "organisations are public; a rule asks which of them may be named in this step"
PART = "it names a part of the record that is covered; another record's part is unknown there"
NEW = "it names what the command makes; what is there already by that name refuses it"
ALIKE = "whoever it names, the rule is the same and its refusal says no more"

FREE: Mapping[str, frozenset[str]] = {
    WRITTEN_DOWN: frozenset(
        {
            "AmendLease.tenant_id",
            "ApplyForExpense.payee_id",
            "AssignHandler.handler_id",
            "ChangeExpense.payee_id",
            "DeclareInterest.about_id",
            "EndInterest.about_id",
            "FillPost.person_id",
            "GrantDelegation.person_id",
            "ReceiveGoods.donor_id",
            "RecordInspectionFinding.person_id",
            "RequestDraw.payee_id",
            "SignLease.tenant_id",
            "VacatePost.person_id",
        }
    ),
    ORGANISATION: frozenset(
        {
            "AssessDeposit.company_id",
            "AssignHandler.co_unit_ids",
            "BlowWhistle.department_ids",
            "DispatchPetition.unit_id",
            "FilePetition.received_by_id",
            "HoldCompanyTalk.convener_id",
            "HoldJointMeeting.convener_id",
            "HoldJointMeeting.unit_ids",
            "HoldUnitTalk.convener_id",
            "IssueSupervisionOrder.unit_id",
            "OpenActivity.organiser_id",
            "RaiseFinding.company_id",
            "ReopenPetition.to_unit_id",
            "ReturnDispatch.to_unit_id",
            "TransferUnit.office_id",
        }
    ),
    PART: frozenset(
        {
            "AnswerObjection.objection_id",
            "ApproveDraw.draw_id",
            "AssessDepartment.department_id",
            "CancelDraw.draw_id",
            "ContestDraw.draw_id",
            "DecideContest.draw_id",
            "IssueGoods.order_id",
            "OrderEmergencyWork.draw_id",
            "PayDraw.draw_id",
            "ReceiveTopUp.demand_id",
            "RefundDraw.draw_id",
            "RejectDraw.draw_id",
            "RejectService.volunteer_id",
            "RequestDraw.reminder_id",
            "RequestErasure.record_ids",
            "ReturnGoods.order_id",
            "RevealSealed.person_id",
            "ReversePoints.service_id",
            "ReverseRevenue.receipt_id",
            "SealPetitioner.petitioner_id",
            "VerifyService.volunteer_id",
            "VerifyWork.draw_id",
            "WithdrawVerification.volunteer_id",
        }
    ),
    NEW: frozenset(
        {
            "DemandTopUp.demand_id",
            "HoldFourPartyMeeting.meeting_id",
            "RaiseObjection.objection_id",
            "ReceiveRevenue.receipt_id",
            "RedeemPoints.order_id",
            "RequestDraw.draw_id",
            "SendDepositReminder.reminder_id",
        }
    ),
    ALIKE: frozenset({"RaiseFinding.supervisor_id"}),
}
"""By reason: which fields, each with the name of its command."""

_FREE = frozenset[str]().union(*FREE.values())


def ids_in(command_type: type) -> tuple[str, ...]:
    """Return the fields that hold ids, as paths such as ``lines/account_id``."""
    return tuple(dict.fromkeys(_ids(command_type, "")))


def uncovered(command_type: type, covered: frozenset[str]) -> list[str]:
    """Return the ids that neither a source covers nor this table declares free."""
    name = command_type.__name__
    return [
        path
        for path in ids_in(command_type)
        if path.partition("/")[0] not in covered and f"{name}.{path}" not in _FREE
    ]


def needlessly_free(command_type: type, covered: frozenset[str]) -> list[str]:
    """Return what the table says of a command's fields that are covered, or no ids at all."""
    begins = command_type.__name__ + "."
    said = {one.removeprefix(begins) for one in _FREE if one.startswith(begins)}
    left = {path for path in ids_in(command_type) if path.partition("/")[0] not in covered}
    return sorted(said - left)


def _ids(hint: Any, path: str) -> list[str]:
    if hint is UUID:
        return [path]
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        begins = f"{path}/" if path else ""
        return [one for f in fields(hint) for one in _ids(hints[f.name], begins + f.name)]
    return [one for argument in get_args(hint) for one in _ids(argument, path)]
