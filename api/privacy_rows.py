"""Who may do and see what with sealed personal data: rows of the table of permissions.

Everybody, in whatever role, sees what is kept about themselves and who looked at it, takes it home
and asks that it be erased. Of others whoever administers the service sees nothing. Who asks for an
erasure and who decides it are different people by these rows already, and by the domain again.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.reach import Row, own_and
from api.roles import Role

DESKS = frozenset(
    {Role.COMMUNITY, Role.GRID_WORKER, Role.HOTLINE, Role.ORGANISER, Role.STREET, Role.COUNTY}
)
"""Who takes people's data in, in their own area."""
HANDLERS = frozenset(
    {Role.COMMUNITY, Role.COUNTY, Role.DEPARTMENT, Role.GRID_WORKER, Role.HOTLINE, Role.STREET}
)
"""Who needs to reach a petitioner."""
WATCHERS = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.DISCIPLINE})
OFFICER = frozenset({Role.DATA_PROTECTION_OFFICER})
FOR_OTHERS = frozenset({Role.COMMUNITY, Role.HOTLINE, Role.STREET})
"""Who passes on what people ask for at a counter."""

PRIVACY: Mapping[str, Row | frozenset[Role]] = {
    "register_person": DESKS,
    "seal_contact": DESKS,
    "reveal_sealed": HANDLERS | WATCHERS,
    "look_up_person": frozenset(
        {Role.COUNTY, Role.DATA_PROTECTION_OFFICER, Role.DISCIPLINE, Role.HOTLINE}
    ),
    "export_person": own_and(OFFICER),
    "sealed_register": own_and(HANDLERS | WATCHERS | {Role.ORGANISER}),
    "person_by_id": own_and(DESKS | WATCHERS),
    "looks_at_person": own_and(WATCHERS),
    "access_trail": WATCHERS,
    "request_erasure": own_and(FOR_OTHERS),
    "withdraw_erasure": own_and(FOR_OTHERS),
    "approve_erasure": OFFICER,
    "restrict_erasure": OFFICER,
    "refuse_erasure": OFFICER,
    "carry_out_erasure": OFFICER,
    "erasure_register": own_and(FOR_OTHERS | WATCHERS),
    "erasure_by_id": own_and(FOR_OTHERS | WATCHERS),
}
