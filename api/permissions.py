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

from api.identity import Identity
from api.money_permissions import ACCOUNTS, DEPOSITS, EXPENSES, POINTS
from api.privacy_rows import PRIVACY
from api.reach import PUBLIC, Row, Table, Within, as_row, own_and, reaching
from api.roles import GOVERNMENT, OVERSIGHT, ROLE_NAMES_ZH, Role, only
from ledger.users.roles import SYSTEM_OPERATIONS

__all__ = ["MAY", "ROLE_NAMES_ZH", "Role", "check_complete", "is_allowed"]

AUDIT_READERS = OVERSIGHT | GOVERNMENT | {Role.OWNERS_COMMITTEE}


ORGANISATIONS: Table = {
    "establish_organisation": only(Role.COUNTY),
    "rename_organisation": only(Role.COUNTY),
    "reparent_organisation": only(Role.COUNTY),
    "dissolve_organisation": only(Role.COUNTY),
    "fill_post": only(Role.COUNTY, Role.STREET),
    "vacate_post": only(Role.COUNTY, Role.STREET),
    "organisation_register": PUBLIC,
    "organisation_tree": PUBLIC,
    "organisation_by_id": PUBLIC,
    "post_holders": PUBLIC,
}

DELEGATORS = only(
    Role.COMMUNITY,
    Role.COMPANY,
    Role.COUNTY,
    Role.DEPARTMENT,
    Role.EFFICIENCY_OFFICE,
    Role.HOTLINE,
    Role.OWNERS_COMMITTEE,
    Role.STREET,
)
"""Who may let somebody stand in; nobody stands in for those who administer or audit."""
DECIDERS = DELEGATORS | {Role.GRID_WORKER, Role.ORGANISER, Role.SUPERVISOR}
DECLARERS = reaching(
    only(Role.COUNTY, Role.DISCIPLINE),
    {role: Within.SELF for role in DECIDERS if role is not Role.COUNTY},
)
"""Who declares interests: everyone who decides, their own; the discipline office, anybody's."""

DELEGATIONS: Table = {
    "grant_delegation": DELEGATORS,
    "end_delegation": DELEGATORS,
    "delegation_register": own_and(DELEGATORS | OVERSIGHT),
    "own_colleagues": Row(dict.fromkeys(sorted(DECIDERS), Within.SELF)),
    "declare_interest": DECLARERS,
    "end_interest": only(Role.COUNTY, Role.DISCIPLINE),
    "interest_register": reaching(
        OVERSIGHT, {role: Within.SELF for role in DECIDERS if role not in OVERSIGHT}
    ),
}

CONFIRMERS = only(Role.COMMUNITY, Role.COUNTY, Role.STREET)
"""Who knows the papers of an organisation, and says of a number in them what it is."""
REFERENCES: Table = {
    "confirm_reference": CONFIRMERS,
    "withdraw_reference_confirmation": CONFIRMERS,
}

POLICIES: Table = {
    "adopt_standard_policies": only(Role.COUNTY),
    "set_policy_value": only(Role.COUNTY),
    "publish_policy_list": only(Role.COUNTY),
    "withdraw_policy_entry": only(Role.COUNTY),
    "publish_calendar_year": only(Role.COUNTY),
    "policies_in_force": PUBLIC,
    "policy_in_force": PUBLIC,
    "policy_history": PUBLIC,
    "due_date": PUBLIC,
}

RECORDERS = only(Role.COMMUNITY, Role.STREET, Role.COUNTY, Role.HOTLINE)
"""Who takes petitions in, sends them to units and asks petitioners back."""
HANDLERS = only(Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COMPANY)
"""Whose people handle petitions."""
CALLERS = only(Role.COMMUNITY, Role.STREET)
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
    "report_department_in": CALLERS | {Role.DEPARTMENT},  # who called, for a paper
    "answer_for_department": CALLERS | {Role.DEPARTMENT},
    "assess_department": CALLERS,
    "hold_four_party_meeting": CALLERS,
    "claim_responsibility": CALLERS | {Role.COMPANY},
    "report_obligor_spend": CALLERS | {Role.COMPANY},
    "reverse_obligor_spend": CALLERS | {Role.COMPANY},
    "take_action": HANDLERS | {Role.GRID_WORKER},
    "answer_petition": HANDLERS,
    "request_extension": HANDLERS,
    "approve_extension": only(Role.STREET, Role.COUNTY),
    "reject_extension": only(Role.STREET, Role.COUNTY),
    "visit_back": RECORDERS,
    "resume_handling": RECORDERS,
    "close_petition": RECORDERS,
    "reopen_petition": RECORDERS,
    "withdraw_petition": RECORDERS | {Role.RESIDENT},
    "escalate_petition": RECORDERS,
    "hold_joint_meeting": only(Role.COUNTY),
    "issue_supervision_order": only(Role.COUNTY),
    "meet_supervision_order": only(Role.COUNTY),
    "recount_deadlines": only(Role.COUNTY, Role.STREET),
    "reverse_petition_step": RECORDERS | HANDLERS | {Role.RESIDENT, Role.GRID_WORKER},
    "petition_register": PETITION_READERS,
    "petition_counts": PETITION_READERS,
    "petition_by_id": PETITION_READERS,
    "petition_timeline": PETITION_READERS,
    "petition_intake": PETITION_READERS,
}

WATCHERS = only(Role.SUPERVISOR, Role.COMMUNITY, Role.STREET)
"""Who looks around on estates, and looks again."""
COMPANY_TALKERS = reaching(only(Role.STREET, Role.COUNTY), {Role.DEPARTMENT: Within.AREA})
"""Who talks to companies and counts what was found; a department, for the area it serves."""
SUPERVISOR_READERS = (
    only(Role.COMMUNITY, Role.OWNERS_COMMITTEE, Role.STREET, Role.SUPERVISOR) | OVERSIGHT
)
FINDING_READERS = reaching(SUPERVISOR_READERS | {Role.COMPANY}, {Role.DEPARTMENT: Within.AREA})

FINDINGS: Table = {
    "appoint_supervisor": only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "assign_supervisor": only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "release_supervisor": only(Role.COMMUNITY, Role.STREET, Role.COUNTY),
    "raise_finding": WATCHERS,
    "remind_company": WATCHERS,
    "solve_finding_on_the_spot": WATCHERS,
    "rectify_finding": WATCHERS,
    "report_unrectified": WATCHERS,
    "hold_company_talk": COMPANY_TALKERS,
    "note_assessment_score": COMPANY_TALKERS,
    "withdraw_finding": WATCHERS,
    "reverse_finding_step": WATCHERS | {Role.COUNTY},
    "finding_register": FINDING_READERS,
    "finding_by_id": FINDING_READERS,
    "supervisor_register": reaching(SUPERVISOR_READERS, {Role.DEPARTMENT: Within.AREA}),
    "company_findings": reaching(only(Role.COMPANY) | OVERSIGHT, {Role.DEPARTMENT: Within.AREA}),
}

CONDUCT: Table = {
    "transfer_unit": only(Role.COUNTY),
    "analyse_performance": only(Role.COUNTY, Role.EFFICIENCY_OFFICE),
    "record_inspection_finding": only(Role.EFFICIENCY_OFFICE, Role.DISCIPLINE),
    "hold_unit_talk": only(Role.COUNTY, Role.EFFICIENCY_OFFICE),
    "reverse_conduct_step": only(Role.COUNTY, Role.DISCIPLINE, Role.EFFICIENCY_OFFICE),
    "unit_streaks": GOVERNMENT | OVERSIGHT,
    "unit_streak": GOVERNMENT | OVERSIGHT,
    "unit_conduct_steps": GOVERNMENT | OVERSIGHT,
}

PAIRS = only(
    Role.COMMUNITY,
    Role.COMPANY,
    Role.COUNTY,
    Role.DATA_PROTECTION_OFFICER,
    Role.DEPARTMENT,
    Role.DISCIPLINE,
    Role.EFFICIENCY_OFFICE,
    Role.HOTLINE,
    Role.OWNERS_COMMITTEE,
    Role.SHOP,
    Role.STREET,
)
"""Who takes steps of the ledger's business that take two persons."""
PROPOSALS: Table = {
    "carry_out_proposal": PAIRS,
    "refuse_proposal": PAIRS,
    "withdraw_proposal": PAIRS,
    "proposal_register": PAIRS | OVERSIGHT,
    "proposal_by_id": PAIRS | OVERSIGHT,
    "carry_out_system_proposal": only(Role.ADMINISTRATOR),
    "refuse_system_proposal": only(Role.ADMINISTRATOR),
    "withdraw_system_proposal": only(Role.ADMINISTRATOR),
    "system_proposals": only(Role.ADMINISTRATOR),
}
"""What is proposed is carried out by whoever may do that very thing, to whom it is within reach.
Those about users and roles are apart: administrators see no others, and nobody else sees them."""

EVENTS: Table = {
    "audit_trail": AUDIT_READERS,
    "event": AUDIT_READERS,
    "consequences": AUDIT_READERS,
    "stream_events": AUDIT_READERS,
    "event_entry": AUDIT_READERS,
    "read_entry_bundle": only(Role.AUDITOR, Role.DISCIPLINE),
}
"""Events of who came in and who looked at what are left out for all but the auditor, discipline and
data protection (``Scope.hides_access``); whole bundles of entries leave nothing out."""

UPLOADERS = frozenset(Role) - {
    Role.ADMINISTRATOR,
    Role.AUDITOR,
    Role.DATA_PROTECTION_OFFICER,
}
"""Who takes steps that documents support."""
EVIDENCE: Table = {
    "own_evidence": Row(dict.fromkeys(Role, Within.SELF)),
    "upload_evidence": Row(dict.fromkeys(sorted(UPLOADERS), Within.SELF)),
    "read_evidence": reaching(AUDIT_READERS, dict.fromkeys(UPLOADERS - AUDIT_READERS, Within.SELF)),
}
"""Documents: of events within reach, and one's own uploads (all that ``SELF`` reaches here)."""

LOG: Table = {
    "read_checkpoint": PUBLIC,
    "read_tile": PUBLIC,
    "event_proof": PUBLIC,
    "event_interval": PUBLIC,
    "log_consistency": PUBLIC,
    "log_checkpoint": PUBLIC,
}
"""What proves that nothing was changed is for everybody; it tells nothing of what it proves."""

OWN = Row(dict.fromkeys(Role, Within.SELF))
"""What everybody may do with their own account, and with nobody else's."""

USERS: Table = {
    "open_user": only(Role.ADMINISTRATOR),
    "allow_entry": only(Role.ADMINISTRATOR),
    "invite_user": only(Role.ADMINISTRATOR),
    "grant_role": only(Role.ADMINISTRATOR),
    "revoke_role": only(Role.ADMINISTRATOR),
    "disable_user": only(Role.ADMINISTRATOR),
    "enable_user": only(Role.ADMINISTRATOR),
    "remove_second_factor": only(Role.ADMINISTRATOR),
    "end_user_sessions": only(Role.ADMINISTRATOR),
    "link_single_sign_on": only(Role.ADMINISTRATOR),
    "unlink_single_sign_on": only(Role.ADMINISTRATOR),
    "login_register": only(Role.ADMINISTRATOR),
    "user_login": only(Role.ADMINISTRATOR),
    "revoke_access_token": only(Role.ADMINISTRATOR),
    "user_register": only(Role.ADMINISTRATOR, Role.AUDITOR, Role.DISCIPLINE),
    "user_by_id": only(Role.ADMINISTRATOR, Role.AUDITOR, Role.DISCIPLINE),
    "grant_register": only(Role.ADMINISTRATOR, Role.AUDITOR, Role.DISCIPLINE),
    "own_account": OWN,
    "issue_own_token": OWN,
    "revoke_own_token": OWN,
    "end_own_session": OWN,
    "end_other_sessions": OWN,
}

OPERATIONS: Table = {
    "overview": PUBLIC,
    "read_metrics": only(Role.ADMINISTRATOR),
}
"""What is no declared route: the public figures of places, and the service's own figures."""

TABLES: tuple[Table, ...] = (
    ORGANISATIONS,
    DELEGATIONS,
    REFERENCES,
    POLICIES,
    PETITIONS,
    FINDINGS,
    CONDUCT,
    DEPOSITS,
    ACCOUNTS,
    EXPENSES,
    POINTS,
    PROPOSALS,
    EVENTS,
    EVIDENCE,
    LOG,
    USERS,
    PRIVACY,
    OPERATIONS,
)
"""All rows, context by context."""

MAY: Mapping[str, Row] = {name: as_row(row) for table in TABLES for name, row in table.items()}

SYSTEM = SYSTEM_OPERATIONS | {
    "carry_out_system_proposal",
    "read_metrics",
    "refuse_system_proposal",
    "system_proposals",
    "withdraw_system_proposal",
}
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


def may_ask(identity: Identity, operation: str, may: Mapping[str, Row]) -> bool:
    """Tell whether somebody may ask for it: the role may, and a token is not limited to others."""
    is_within = not identity.operations or operation in identity.operations
    return is_within and is_allowed(identity.role, operation, may)
