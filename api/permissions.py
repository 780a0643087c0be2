"""Who may do what, and with whose records: one table, deny by default.

A row names an operation (the function that a route calls), the roles that may ask
for it and, where it is not the role's usual one, the reach: whose records they
reach (``api/reach.py``). A route that has no row stops the start, and so does a row
without a route: nothing is open by omission. ``docs/permissions.md`` shows the table
as a matrix. Rules that depend on what happened to a record (who applied must not
approve) are the domain's, not this table's.

Administration, audit and security are kept apart: an administrator looks after
accounts and the service and sees no business; whoever audits administers nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from api.privacy_rows import PRIVACY
from api.reach import PUBLIC, Row, Within, as_row, reaching
from api.roles import ROLE_NAMES_ZH, Role

__all__ = ["MAY", "ROLE_NAMES_ZH", "Role", "check_complete", "is_allowed"]

Table: TypeAlias = "Mapping[str, Row | frozenset[Role]]"
"""A table as it is written: a set of roles means each within its usual reach."""

OVERSIGHT = frozenset({Role.AUDITOR, Role.DISCIPLINE, Role.COUNTY, Role.EFFICIENCY_OFFICE})
GOVERNMENT = frozenset({Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COUNTY})
AUDIT_READERS = OVERSIGHT | GOVERNMENT | {Role.OWNERS_COMMITTEE}


def _only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


ORGANISATIONS: Table = {
    "establish_organisation": _only(Role.COUNTY),
    "rename_organisation": _only(Role.COUNTY),
    "reparent_organisation": _only(Role.COUNTY),
    "dissolve_organisation": _only(Role.COUNTY),
    "fill_post": _only(Role.COUNTY, Role.STREET),
    "vacate_post": _only(Role.COUNTY, Role.STREET),
    "organisation_register": PUBLIC,
    "organisation_tree": PUBLIC,
    "organisation_by_id": PUBLIC,
    "post_holders": PUBLIC,
}

POLICIES: Table = {
    "adopt_standard_policies": _only(Role.COUNTY),
    "set_policy_value": _only(Role.COUNTY),
    "publish_policy_list": _only(Role.COUNTY),
    "withdraw_policy_entry": _only(Role.COUNTY),
    "publish_calendar_year": _only(Role.COUNTY),
    "policies_in_force": PUBLIC,
    "policy_in_force": PUBLIC,
    "policy_history": PUBLIC,
    "due_date": PUBLIC,
}

RECORDERS = _only(Role.COMMUNITY, Role.STREET, Role.COUNTY, Role.HOTLINE)
"""Who takes petitions in, sends them to units and asks petitioners back."""
HANDLERS = _only(Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COMPANY)
"""Whose people handle petitions."""
CALLERS = _only(Role.COMMUNITY, Role.STREET)
"""Who calls departments and brings sides together."""
PETITION_READERS = (
    GOVERNMENT
    | OVERSIGHT
    | {
        Role.COMPANY,
        Role.GRID_WORKER,
        Role.HOTLINE,
        Role.OWNERS_COMMITTEE,
        Role.RESIDENT,
        Role.SUPERVISOR,
    }
)

PETITIONS: Table = {
    "file_petition": reaching(
        RECORDERS | {Role.GRID_WORKER, Role.RESIDENT, Role.SUPERVISOR},
        {Role.DEPARTMENT: Within.AREA},
    ),
    "join_petition": reaching(
        RECORDERS | {Role.GRID_WORKER, Role.SUPERVISOR}, {Role.DEPARTMENT: Within.AREA}
    ),
    "seal_petitioner": RECORDERS | {Role.GRID_WORKER},
    "classify_petition": RECORDERS,
    "reclassify_petition": RECORDERS,
    "merge_petition": RECORDERS,
    "dispatch_petition": RECORDERS,
    "dispute_dispatch": HANDLERS,
    "return_dispatch": RECORDERS,
    "uphold_dispatch": RECORDERS,
    "accept_petition": HANDLERS,
    "assign_handler": HANDLERS,
    "blow_whistle": CALLERS,
    "report_department_in": CALLERS | {Role.DEPARTMENT},
    "answer_for_department": CALLERS | {Role.DEPARTMENT},
    "assess_department": CALLERS,
    "hold_four_party_meeting": CALLERS,
    "claim_responsibility": CALLERS | {Role.COMPANY},
    "report_obligor_spend": CALLERS | {Role.COMPANY},
    "reverse_obligor_spend": CALLERS | {Role.COMPANY},
    "take_action": HANDLERS | {Role.GRID_WORKER},
    "answer_petition": HANDLERS,
    "request_extension": HANDLERS,
    "approve_extension": _only(Role.STREET, Role.COUNTY),
    "reject_extension": _only(Role.STREET, Role.COUNTY),
    "visit_back": RECORDERS,
    "resume_handling": RECORDERS,
    "close_petition": RECORDERS,
    "reopen_petition": RECORDERS,
    "withdraw_petition": RECORDERS | {Role.RESIDENT},
    "escalate_petition": RECORDERS,
    "hold_joint_meeting": _only(Role.COUNTY),
    "issue_supervision_order": _only(Role.COUNTY),
    "meet_supervision_order": _only(Role.COUNTY),
    "recount_deadlines": _only(Role.COUNTY, Role.STREET),
    "petition_register": PETITION_READERS,
    "petition_counts": PETITION_READERS,
    "petition_by_id": PETITION_READERS,
    "petition_timeline": PETITION_READERS,
    "petition_intake": PETITION_READERS,
}

WATCHERS = _only(Role.SUPERVISOR, Role.COMMUNITY, Role.STREET)
"""Who looks around on estates, and looks again."""
COMPANY_TALKERS = reaching(_only(Role.STREET, Role.COUNTY), {Role.DEPARTMENT: Within.AREA})
"""Who talks to companies and counts what was found; a department, for the area it serves."""
SUPERVISOR_READERS = (
    _only(Role.COMMUNITY, Role.OWNERS_COMMITTEE, Role.STREET, Role.SUPERVISOR) | OVERSIGHT
)
FINDING_READERS = reaching(SUPERVISOR_READERS | {Role.COMPANY}, {Role.DEPARTMENT: Within.AREA})

FINDINGS: Table = {
    "appoint_supervisor": _only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "assign_supervisor": _only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "release_supervisor": _only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "raise_finding": WATCHERS,
    "remind_company": WATCHERS,
    "solve_finding_on_the_spot": WATCHERS,
    "rectify_finding": WATCHERS,
    "report_unrectified": WATCHERS,
    "hold_company_talk": COMPANY_TALKERS,
    "note_assessment_score": COMPANY_TALKERS,
    "withdraw_finding": WATCHERS,
    "finding_register": FINDING_READERS,
    "finding_by_id": FINDING_READERS,
    "supervisor_register": reaching(SUPERVISOR_READERS, {Role.DEPARTMENT: Within.AREA}),
    "company_findings": reaching(_only(Role.COMPANY) | OVERSIGHT, {Role.DEPARTMENT: Within.AREA}),
}

CONDUCT: Table = {
    "transfer_unit": _only(Role.COUNTY),
    "analyse_performance": _only(Role.COUNTY, Role.EFFICIENCY_OFFICE),
    "record_inspection_finding": _only(Role.EFFICIENCY_OFFICE, Role.DISCIPLINE),
    "hold_unit_talk": _only(Role.COUNTY, Role.EFFICIENCY_OFFICE),
    "unit_streaks": GOVERNMENT | OVERSIGHT,
    "unit_streak": GOVERNMENT | OVERSIGHT,
    "unit_conduct_steps": GOVERNMENT | OVERSIGHT,
}

STREET_ONLY = _only(Role.STREET)
DRAW_ASKERS = _only(Role.STREET, Role.COMMUNITY)
"""Who asks for draw-downs, gives them up and looks at the work."""

DEPOSITS: Table = {
    "assess_deposit": STREET_ONLY,
    "reassess_deposit": STREET_ONLY,
    "receive_deposit": STREET_ONLY,
    "send_deposit_reminder": DRAW_ASKERS | {Role.SUPERVISOR},
    "demand_top_up": STREET_ONLY,
    "receive_top_up": STREET_ONLY,
    "end_contract": STREET_ONLY,
    "return_deposit": STREET_ONLY,
    "forfeit_deposit": STREET_ONLY,
    "close_deposit": STREET_ONLY,
    "request_draw": DRAW_ASKERS,
    "approve_draw": STREET_ONLY,
    "reject_draw": STREET_ONLY,
    "cancel_draw": DRAW_ASKERS,
    "order_emergency_work": STREET_ONLY,
    "pay_draw": STREET_ONLY,
    "verify_work": DRAW_ASKERS,
    "contest_draw": _only(Role.COMPANY),
    "decide_contest": STREET_ONLY,
    "refund_draw": STREET_ONLY,
    "deposit_register": PUBLIC,
    "deposit_by_id": PUBLIC,
    "deposit_lines": PUBLIC,
    "deposit_roll_forward": PUBLIC,
    "draw_by_id": PUBLIC,
    "draw_register": PUBLIC,
    "deposit_top_ups": PUBLIC,
    "deposit_reminders": PUBLIC,
}

LETTERS = _only(Role.OWNERS_COMMITTEE, Role.COMMUNITY, Role.STREET)
"""Who lets an estate's premises."""

ACCOUNTS: Table = {
    "open_public_account": STREET_ONLY,
    "receive_revenue": STREET_ONLY,
    "reverse_revenue": STREET_ONLY,
    "close_period": STREET_ONLY,
    "sign_lease": LETTERS,
    "amend_lease": LETTERS,
    "end_lease": LETTERS,
    "account_register": PUBLIC,
    "account_by_id": PUBLIC,
    "account_statement": PUBLIC,
    "account_periods": PUBLIC,
    "account_income": PUBLIC,
    "lease_income": PUBLIC,
    "lease_by_id": PUBLIC,
}

COMMITTEE_ONLY = _only(Role.OWNERS_COMMITTEE)
EXPENSE_HANDLERS = _only(Role.OWNERS_COMMITTEE, Role.COMMUNITY, Role.STREET)
"""Who has a part in an expense before it is paid."""

EXPENSES: Table = {
    "apply_for_expense": COMMITTEE_ONLY,
    "change_expense": COMMITTEE_ONLY,
    "withdraw_expense": COMMITTEE_ONLY,
    "publish_expense": COMMITTEE_ONLY,
    "pass_expense_review": _only(Role.COMMUNITY),
    "return_expense": _only(Role.COMMUNITY),
    "approve_expense": STREET_ONLY,
    "reject_expense": STREET_ONLY,
    "pay_expense": STREET_ONLY,
    "reverse_expense_payment": STREET_ONLY,
    "attach_expense_evidence": EXPENSE_HANDLERS,
    "raise_objection": _only(Role.OWNER),
    "answer_objection": EXPENSE_HANDLERS,
    "expense_register": PUBLIC,
    "expense_by_id": PUBLIC,
    "expense_trail": PUBLIC,
    "objection_register": PUBLIC,
}

POINTS_DESKS = _only(Role.COMMUNITY, Role.STREET)
"""Who keeps the volunteers' accounts."""
ORGANISERS = POINTS_DESKS | {Role.ORGANISER}
"""Who invites volunteers, and confirms what they did (nobody what they did themselves)."""
POINTS_READERS = reaching(
    POINTS_DESKS | OVERSIGHT | {Role.ORGANISER, Role.VOLUNTEER},
    {Role.SHOP: Within.COMMUNITY},
)
"""Who looks into accounts; a shop, into those of its own community's volunteers."""

POINTS: Table = {
    "open_activity": ORGANISERS,
    "check_in_volunteer": ORGANISERS | {Role.VOLUNTEER},
    "check_out_volunteer": ORGANISERS | {Role.VOLUNTEER},
    "verify_service": ORGANISERS,
    "reject_service": ORGANISERS,
    "withdraw_verification": ORGANISERS,
    "cancel_activity": ORGANISERS,
    "close_activity": ORGANISERS,
    "open_points_account": ORGANISERS,
    "award_points": POINTS_DESKS,
    "reverse_points": POINTS_DESKS,
    "expire_points": POINTS_DESKS,
    "redeem_points": reaching(_only(Role.VOLUNTEER), {Role.SHOP: Within.COMMUNITY}),
    "list_shop_item": _only(Role.SHOP),
    "receive_goods": _only(Role.SHOP),
    "price_shop_item": _only(Role.SHOP),
    "count_stock": _only(Role.SHOP),
    "adjust_stock": _only(Role.SHOP),
    "withdraw_shop_item": _only(Role.SHOP),
    "issue_goods": _only(Role.SHOP),
    "cancel_redemption": _only(Role.VOLUNTEER, Role.SHOP),
    "return_goods": _only(Role.SHOP),
    "volunteer_activities": PUBLIC,
    "volunteer_activity": PUBLIC,
    "volunteer_services": POINTS_READERS,
    "points_accounts": POINTS_READERS,
    "points_account": POINTS_READERS,
    "points_statement": POINTS_READERS,
    "points_redemptions": POINTS_READERS,
    "shop_stock": PUBLIC,
    "shop_item": PUBLIC,
    "shop_statement": PUBLIC,
}

EVENTS: Table = {
    "audit_trail": AUDIT_READERS,
    "event": AUDIT_READERS,
    "consequences": AUDIT_READERS,
    "stream_events": AUDIT_READERS,
    "event_entry": AUDIT_READERS,
    "read_entry_bundle": OVERSIGHT,
}

LOG: Table = {
    "read_checkpoint": PUBLIC,
    "read_tile": PUBLIC,
    "event_proof": PUBLIC,
    "log_consistency": PUBLIC,
    "log_checkpoint": PUBLIC,
}
"""What proves that nothing was changed is for everybody; it tells nothing of what it proves."""

OWN = Row(dict.fromkeys(Role, Within.SELF))
"""What everybody may do with their own account, and with nobody else's."""

USERS: Table = {
    "open_user": _only(Role.ADMINISTRATOR),
    "invite_user": _only(Role.ADMINISTRATOR),
    "grant_role": _only(Role.ADMINISTRATOR),
    "revoke_role": _only(Role.ADMINISTRATOR),
    "disable_user": _only(Role.ADMINISTRATOR),
    "enable_user": _only(Role.ADMINISTRATOR),
    "remove_second_factor": _only(Role.ADMINISTRATOR),
    "revoke_access_token": _only(Role.ADMINISTRATOR),
    "user_register": _only(Role.ADMINISTRATOR, Role.AUDITOR, Role.DISCIPLINE),
    "user_by_id": _only(Role.ADMINISTRATOR, Role.AUDITOR, Role.DISCIPLINE),
    "grant_register": _only(Role.ADMINISTRATOR, Role.AUDITOR, Role.DISCIPLINE),
    "own_account": OWN,
    "issue_own_token": OWN,
    "revoke_own_token": OWN,
    "end_own_session": OWN,
}

OPERATIONS: Table = {
    "overview": PUBLIC,
    "read_metrics": _only(Role.ADMINISTRATOR),
}
"""What is no declared route: the public figures of places, and the service's own figures."""

TABLES: tuple[Table, ...] = (
    ORGANISATIONS,
    POLICIES,
    PETITIONS,
    FINDINGS,
    CONDUCT,
    DEPOSITS,
    ACCOUNTS,
    EXPENSES,
    POINTS,
    EVENTS,
    LOG,
    USERS,
    PRIVACY,
    OPERATIONS,
)
"""All rows, context by context."""

MAY: Mapping[str, Row] = {name: as_row(row) for table in TABLES for name, row in table.items()}

SYSTEM = frozenset({"read_metrics"})
"""Operations on the service itself: for those who administer it, and for nobody who audits."""
AUDIT = frozenset(EVENTS) | frozenset(PRIVACY)
"""Operations on the audit trail and on people: for nobody who administers the service."""


class PermissionsIncomplete(Exception):
    """The table and the routes do not match: the program must not start."""


def check_complete(operations: Collection[str], may: Mapping[str, Row]) -> None:
    """Refuse to go on when a route has no row, or a row no route."""
    missing = sorted(set(operations) - may.keys())
    left_over = sorted(may.keys() - set(operations))
    if missing or left_over:
        raise PermissionsIncomplete(f"no row for {missing}, no route for {left_over}")


def is_allowed(role: str, operation: str, may: Mapping[str, Row]) -> bool:
    """Tell whether a role may ask for an operation; what is not in the table is not allowed."""
    row = may.get(operation)
    return row is not None and role in row
