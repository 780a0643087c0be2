"""/v1/organisations: enter, rename, move and end organisations; fill and vacate posts."""

from __future__ import annotations

from api.concerning import of_organisation
from api.routing import Routes
from ledger.commands.organisations import (
    DissolveOrganisation,
    EstablishOrganisation,
    FillPost,
    RenameOrganisation,
    ReparentOrganisation,
    VacatePost,
    dissolve_organisation,
    establish_organisation,
    fill_post,
    rename_organisation,
    reparent_organisation,
    vacate_post,
)
from projections.organisations import (
    OrganisationAt,
    OrganisationQuery,
    PostQuery,
    TreeQuery,
    organisation_by_id,
    organisation_register,
    organisation_tree,
    post_holders,
    view,
)

routes = Routes("organisations", zh="组织机构", en="Organisations")

ALL = "/v1/organisations"
ONE = "/v1/organisations/{organisation_id}"
ITSELF = of_organisation("organisation_id")
PARENT = of_organisation("parent_id")

routes.command(ALL, EstablishOrganisation, establish_organisation, about=PARENT, zh="设立组织")
routes.command(
    ONE + "/names", RenameOrganisation, rename_organisation, about=ITSELF, zh="更改组织名称"
)
routes.command(
    ONE + "/parents",
    ReparentOrganisation,
    reparent_organisation,
    about=(ITSELF, PARENT),
    zh="调整隶属关系",
)
routes.command(ONE + "/post-terms", FillPost, fill_post, about=ITSELF, zh="任职")
routes.command(ONE + "/post-endings", VacatePost, vacate_post, about=ITSELF, zh="离任")
routes.command(
    ONE + "/dissolutions", DissolveOrganisation, dissolve_organisation, about=ITSELF, zh="撤销组织"
)
routes.read(ALL, OrganisationQuery, organisation_register, view=view, zh="查询组织名录")
routes.read(ALL + "/tree", TreeQuery, organisation_tree, view=view, zh="查看组织树")
routes.read("/v1/posts", PostQuery, post_holders, view=view, zh="查询任职情况")
routes.read_one(ONE, OrganisationAt, organisation_by_id, view=view, zh="查看组织")
