"""Who may do what with money and points: the part of the table of permissions on them.

Deposits, public accounts, leases and expenses are disclosed to everybody: their rows for
reading are public. Points are the volunteers' own and are not.
"""

from __future__ import annotations

from api.reach import PUBLIC, Table, Within, reaching
from api.roles import OVERSIGHT, Role, only

STREET_ONLY = only(Role.STREET)
DRAW_ASKERS = only(Role.STREET, Role.COMMUNITY)
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
    "reverse_deposit_step": DRAW_ASKERS | {Role.SUPERVISOR, Role.COMPANY},
    "request_draw": DRAW_ASKERS,
    "approve_draw": STREET_ONLY,
    "reject_draw": STREET_ONLY,
    "cancel_draw": DRAW_ASKERS,
    "order_emergency_work": STREET_ONLY,
    "pay_draw": STREET_ONLY,
    "verify_work": DRAW_ASKERS,
    "contest_draw": only(Role.COMPANY),
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

LETTERS = only(Role.OWNERS_COMMITTEE, Role.COMMUNITY, Role.STREET)
"""Who lets an estate's premises."""

ACCOUNTS: Table = {
    "open_public_account": STREET_ONLY,
    "receive_revenue": STREET_ONLY,
    "reverse_revenue": STREET_ONLY,
    "close_period": STREET_ONLY,
    "reopen_period": STREET_ONLY,
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

COMMITTEE_ONLY = only(Role.OWNERS_COMMITTEE)
EXPENSE_HANDLERS = only(Role.OWNERS_COMMITTEE, Role.COMMUNITY, Role.STREET)
"""Who has a part in an expense before it is paid."""

EXPENSES: Table = {
    "apply_for_expense": COMMITTEE_ONLY,
    "change_expense": COMMITTEE_ONLY,
    "withdraw_expense": COMMITTEE_ONLY,
    "publish_expense": COMMITTEE_ONLY,
    "pass_expense_review": only(Role.COMMUNITY),
    "return_expense": only(Role.COMMUNITY),
    "approve_expense": STREET_ONLY,
    "reject_expense": STREET_ONLY,
    "pay_expense": STREET_ONLY,
    "reverse_expense_payment": STREET_ONLY,
    "attach_expense_evidence": EXPENSE_HANDLERS,
    "raise_objection": only(Role.OWNER),
    "answer_objection": EXPENSE_HANDLERS,
    "expense_register": PUBLIC,
    "expense_by_id": PUBLIC,
    "expense_trail": PUBLIC,
    "objection_register": PUBLIC,
}

POINTS_DESKS = only(Role.COMMUNITY, Role.STREET)
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
    "redeem_points": reaching(only(Role.VOLUNTEER), {Role.SHOP: Within.COMMUNITY}),
    "list_shop_item": only(Role.SHOP),
    "receive_goods": only(Role.SHOP),
    "price_shop_item": only(Role.SHOP),
    "count_stock": only(Role.SHOP),
    "adjust_stock": only(Role.SHOP),
    "withdraw_shop_item": only(Role.SHOP),
    "issue_goods": only(Role.SHOP),
    "cancel_redemption": only(Role.VOLUNTEER, Role.SHOP),
    "return_goods": only(Role.SHOP),
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
