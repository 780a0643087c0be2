"""/v1/reference-confirmations: a second person's word that a reference is no personal number."""

from __future__ import annotations

from api.concerning import of_organisation, of_record
from api.routing import Routes
from ledger.commands import references

routes = Routes("references", zh="编号确认", en="References confirmed")

ALL = "/v1/reference-confirmations"

routes.command(
    ALL,
    references.ConfirmReference,
    references.confirm_reference,
    about=of_organisation("organisation_id"),
    zh="确认编号不是个人号码",
    location="/v1/events?stream_id={id}",
)
routes.command(
    ALL + "/{confirmation_id}/withdrawals",
    references.WithdrawReferenceConfirmation,
    references.withdraw_reference_confirmation,
    about=of_record("confirmation_id", "confirmed_reference"),
    zh="撤回编号确认",
    location="/v1/events?stream_id={id}",
)
