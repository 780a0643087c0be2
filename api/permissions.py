"""Who may do what: one table, deny by default.

A row names an operation (the function that a route calls) and the roles that may
ask for it. A route that has no row stops the start, and so does a row without a
route: nothing is open by omission. Rules that depend on the record (who applied
must not approve) are the domain's, not this table's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """In which capacity someone acts."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    COMMUNITY = "community"
    COMPANY = "company"
    COUNTY = "county"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    DEPARTMENT = "department"
    DISCIPLINE = "discipline"
    EFFICIENCY_OFFICE = "efficiency_office"
    GRID_WORKER = "grid_worker"
    HOTLINE = "hotline"
    ORGANISER = "organiser"
    OWNER = "owner"
    OWNERS_COMMITTEE = "owners_committee"
    RESIDENT = "resident"
    SHOP = "shop"
    STREET = "street"
    SUPERVISOR = "supervisor"
    VOLUNTEER = "volunteer"


ROLE_NAMES_ZH: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "系统管理员",
    Role.AUDITOR: "审计",
    Role.COMMUNITY: "社区",
    Role.COMPANY: "物业企业",
    Role.COUNTY: "县级主管",
    Role.DATA_PROTECTION_OFFICER: "个人信息保护负责人",
    Role.DEPARTMENT: "县直部门",
    Role.DISCIPLINE: "纪检监察",
    Role.EFFICIENCY_OFFICE: "效能办",
    Role.GRID_WORKER: "网格员",
    Role.HOTLINE: "热线",
    Role.ORGANISER: "活动组织者",
    Role.OWNER: "业主",
    Role.OWNERS_COMMITTEE: "业主委员会",
    Role.RESIDENT: "居民",
    Role.SHOP: "积分超市",
    Role.STREET: "街道",
    Role.SUPERVISOR: "监督员",
    Role.VOLUNTEER: "志愿者",
}

EVERYONE = frozenset(Role)
OVERSIGHT = frozenset({Role.AUDITOR, Role.DISCIPLINE, Role.COUNTY, Role.EFFICIENCY_OFFICE})
GOVERNMENT = frozenset({Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COUNTY})
AUDIT_READERS = OVERSIGHT | GOVERNMENT | {Role.OWNERS_COMMITTEE}


def _only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


ORGANISATIONS: Mapping[str, frozenset[Role]] = {
    "establish_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "rename_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "reparent_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "dissolve_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "fill_post": _only(Role.ADMINISTRATOR, Role.COUNTY, Role.STREET),
    "vacate_post": _only(Role.ADMINISTRATOR, Role.COUNTY, Role.STREET),
    "organisation_register": EVERYONE,
    "organisation_tree": EVERYONE,
    "organisation_by_id": EVERYONE,
    "post_holders": EVERYONE,
}

POLICIES: Mapping[str, frozenset[Role]] = {
    "adopt_standard_policies": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "set_policy_value": _only(Role.COUNTY),
    "publish_policy_list": _only(Role.COUNTY),
    "withdraw_policy_entry": _only(Role.COUNTY),
    "publish_calendar_year": _only(Role.COUNTY),
    "policies_in_force": EVERYONE,
    "policy_in_force": EVERYONE,
    "policy_history": EVERYONE,
    "due_date": EVERYONE,
}

RECORDERS = _only(Role.COMMUNITY, Role.STREET, Role.COUNTY, Role.HOTLINE)
"""Who takes petitions in, sends them to units and asks petitioners back."""
HANDLERS = _only(Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COMPANY)
"""Whose people handle petitions."""
CALLERS = _only(Role.COMMUNITY, Role.STREET)
"""Who calls departments and brings sides together."""
PETITION_READERS = (
    GOVERNMENT | OVERSIGHT | {Role.HOTLINE, Role.COMPANY, Role.SUPERVISOR, Role.OWNERS_COMMITTEE}
)

PETITIONS: Mapping[str, frozenset[Role]] = {
    "file_petition": RECORDERS | {Role.DEPARTMENT, Role.SUPERVISOR},
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
    "take_action": HANDLERS,
    "answer_petition": HANDLERS,
    "request_extension": HANDLERS,
    "approve_extension": _only(Role.STREET, Role.COUNTY),
    "reject_extension": _only(Role.STREET, Role.COUNTY),
    "visit_back": RECORDERS,
    "resume_handling": RECORDERS,
    "close_petition": RECORDERS,
    "reopen_petition": RECORDERS,
    "withdraw_petition": RECORDERS,
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
FINDING_READERS = GOVERNMENT | OVERSIGHT | {Role.COMPANY, Role.SUPERVISOR, Role.OWNERS_COMMITTEE}

FINDINGS: Mapping[str, frozenset[Role]] = {
    "appoint_supervisor": _only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "assign_supervisor": _only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "release_supervisor": _only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "raise_finding": WATCHERS,
    "remind_company": WATCHERS,
    "solve_finding_on_the_spot": WATCHERS,
    "rectify_finding": WATCHERS,
    "report_unrectified": WATCHERS,
    "hold_company_talk": _only(Role.STREET, Role.COUNTY, Role.DEPARTMENT),
    "note_assessment_score": _only(Role.STREET, Role.COUNTY, Role.DEPARTMENT),
    "withdraw_finding": WATCHERS,
    "finding_register": FINDING_READERS,
    "finding_by_id": FINDING_READERS,
    "supervisor_register": FINDING_READERS,
    "company_findings": FINDING_READERS,
}

CONDUCT: Mapping[str, frozenset[Role]] = {
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

DEPOSITS: Mapping[str, frozenset[Role]] = {
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
    "deposit_register": EVERYONE,
    "deposit_by_id": EVERYONE,
    "deposit_lines": EVERYONE,
    "deposit_roll_forward": EVERYONE,
    "draw_by_id": EVERYONE,
    "draw_register": EVERYONE,
    "deposit_top_ups": EVERYONE,
    "deposit_reminders": EVERYONE,
}

LETTERS = _only(Role.OWNERS_COMMITTEE, Role.COMMUNITY, Role.STREET)
"""Who lets an estate's premises."""

ACCOUNTS: Mapping[str, frozenset[Role]] = {
    "open_public_account": STREET_ONLY,
    "receive_revenue": STREET_ONLY,
    "reverse_revenue": STREET_ONLY,
    "close_period": STREET_ONLY,
    "sign_lease": LETTERS,
    "amend_lease": LETTERS,
    "end_lease": LETTERS,
    "account_register": EVERYONE,
    "account_by_id": EVERYONE,
    "account_statement": EVERYONE,
    "account_periods": EVERYONE,
    "account_income": EVERYONE,
    "lease_income": EVERYONE,
    "lease_by_id": EVERYONE,
}

COMMITTEE_ONLY = _only(Role.OWNERS_COMMITTEE)
EXPENSE_HANDLERS = _only(Role.OWNERS_COMMITTEE, Role.COMMUNITY, Role.STREET)
"""Who has a part in an expense before it is paid."""

EXPENSES: Mapping[str, frozenset[Role]] = {
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
    "expense_register": EVERYONE,
    "expense_by_id": EVERYONE,
    "expense_trail": EVERYONE,
    "objection_register": EVERYONE,
}

POINTS_DESKS = _only(Role.COMMUNITY, Role.STREET)
"""Who keeps the volunteers' accounts."""
ORGANISERS = POINTS_DESKS | {Role.ORGANISER}
"""Who invites volunteers, and confirms what they did (nobody what they did themselves)."""
POINTS_READERS = (
    GOVERNMENT | OVERSIGHT | {Role.ORGANISER, Role.SHOP, Role.VOLUNTEER, Role.ADMINISTRATOR}
)

POINTS: Mapping[str, frozenset[Role]] = {
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
    "redeem_points": _only(Role.VOLUNTEER, Role.SHOP),
    "list_shop_item": _only(Role.SHOP),
    "receive_goods": _only(Role.SHOP),
    "price_shop_item": _only(Role.SHOP),
    "count_stock": _only(Role.SHOP),
    "adjust_stock": _only(Role.SHOP),
    "withdraw_shop_item": _only(Role.SHOP),
    "issue_goods": _only(Role.SHOP),
    "cancel_redemption": _only(Role.VOLUNTEER, Role.SHOP),
    "return_goods": _only(Role.SHOP),
    "volunteer_activities": EVERYONE,
    "volunteer_activity": EVERYONE,
    "volunteer_services": POINTS_READERS,
    "points_accounts": POINTS_READERS,
    "points_account": POINTS_READERS,
    "points_statement": POINTS_READERS,
    "points_redemptions": POINTS_READERS,
    "shop_stock": EVERYONE,
    "shop_item": EVERYONE,
    "shop_statement": POINTS_READERS,
}

EVENTS: Mapping[str, frozenset[Role]] = {
    "audit_trail": AUDIT_READERS,
    "event": AUDIT_READERS,
    "consequences": AUDIT_READERS,
    "stream_events": AUDIT_READERS,
    "event_entry": AUDIT_READERS,
    "read_entry_bundle": OVERSIGHT,
}

OPERATIONS: Mapping[str, frozenset[Role]] = {"read_metrics": OVERSIGHT | {Role.ADMINISTRATOR}}

TABLES: tuple[Mapping[str, frozenset[Role]], ...] = (
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
    OPERATIONS,
)
"""All rows, context by context."""

MAY: Mapping[str, frozenset[Role]] = {
    name: roles for table in TABLES for name, roles in table.items()
}


class PermissionsIncomplete(Exception):
    """The table and the routes do not match: the program must not start."""


def check_complete(operations: Collection[str], may: Mapping[str, frozenset[Role]]) -> None:
    """Refuse to go on when a route has no row, or a row no route."""
    missing = sorted(set(operations) - may.keys())
    left_over = sorted(may.keys() - set(operations))
    if missing or left_over:
        raise PermissionsIncomplete(f"no row for {missing}, no route for {left_over}")


def is_allowed(role: str, operation: str, may: Mapping[str, frozenset[Role]]) -> bool:
    """Tell whether a role may ask for an operation; what is not in the table is not allowed."""
    return role in may.get(operation, frozenset())
