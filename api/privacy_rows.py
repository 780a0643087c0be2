"""Who may do and see what with sealed personal data: rows of the table of permissions.

Whoever administers the service has no row here. Who asks for an erasure and who
decides it are different people by these rows already, and by the domain again.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.reach import Row, Within, reaching
from api.roles import Role

THEMSELVES = {Role.RESIDENT: Within.SELF}
"""People who ask about their own data; owners and volunteers do so as residents, too."""
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
    "export_person": reaching(OFFICER, THEMSELVES),
    "sealed_register": reaching(HANDLERS | WATCHERS | {Role.ORGANISER}, THEMSELVES),
    "person_by_id": reaching(DESKS | WATCHERS, THEMSELVES),
    "looks_at_person": reaching(WATCHERS, THEMSELVES),
    "access_trail": WATCHERS,
    "request_erasure": reaching(FOR_OTHERS, THEMSELVES),
    "withdraw_erasure": reaching(FOR_OTHERS, THEMSELVES),
    "approve_erasure": OFFICER,
    "restrict_erasure": OFFICER,
    "refuse_erasure": OFFICER,
    "carry_out_erasure": OFFICER,
    "erasure_register": reaching(FOR_OTHERS | WATCHERS, THEMSELVES),
    "erasure_by_id": reaching(FOR_OTHERS | WATCHERS, THEMSELVES),
}
