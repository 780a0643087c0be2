"""/v1/delegations, /v1/interests: who stands in for whom; what keeps somebody from deciding.

Whoever stands in sends the delegation's id with each request: ``Acting-For: <id>``.
"""

from __future__ import annotations

from api.concerning import OWN_POST, of_person, of_record
from api.routing import Routes
from ledger.commands import delegations as substitution
from ledger.commands import interests as conflicts
from projections import delegations, interests

routes = Routes("delegations", zh="委托与回避", en="Delegations and conflicts of interest")

DELEGATIONS = "/v1/delegations"
INTERESTS = "/v1/interests"

routes.command(
    DELEGATIONS,
    substitution.GrantDelegation,
    substitution.grant_delegation,
    about=OWN_POST,
    zh="委托他人代行职务",
    location=DELEGATIONS,
)
routes.command(
    DELEGATIONS + "/{delegation_id}/endings",
    substitution.EndDelegation,
    substitution.end_delegation,
    about=of_record("delegation_id", "delegation"),
    zh="终止委托",
    location=DELEGATIONS,
)
routes.command(
    INTERESTS,
    conflicts.DeclareInterest,
    conflicts.declare_interest,
    about=of_person("person_id"),
    zh="申报利益关系",
    location=INTERESTS,
)
routes.command(
    INTERESTS + "/endings",
    conflicts.EndInterest,
    conflicts.end_interest,
    about=of_person("person_id"),
    zh="解除利益关系申报",
    location=INTERESTS,
)
routes.read(
    DELEGATIONS,
    delegations.DelegationQuery,
    delegations.delegation_register,
    view=delegations.view,
    zh="委托台账",
)
routes.read(
    INTERESTS,
    interests.InterestQuery,
    interests.interest_register,
    view=interests.view,
    zh="利益关系申报台账",
)
