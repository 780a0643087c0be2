"""/v1/leases: premises of an estate that are let: sign, amend, end; rent against schedule."""

from __future__ import annotations

from api.concerning import of_record
from api.routing import Routes
from ledger.commands import leases
from projections import accounts as shown

routes = Routes("leases", zh="出租合同", en="Leases")

ALL = "/v1/leases"
ONE = ALL + "/{lease_id}"
LEASE = of_record("lease_id", "lease")

routes.command(
    ALL,
    leases.SignLease,
    leases.sign_lease,
    about=of_record("account_id", "public_account"),
    zh="登记出租合同",
)
routes.command(
    ONE + "/amendments", leases.AmendLease, leases.amend_lease, about=LEASE, zh="变更出租合同"
)
routes.command(ONE + "/endings", leases.EndLease, leases.end_lease, about=LEASE, zh="登记合同终止")

view = shown.view
routes.read(ALL, shown.LeaseQuery, shown.lease_income, view=view, zh="按合同核对租金")
routes.read_one(ONE, shown.LeaseAt, shown.lease_by_id, view=view, zh="查看出租合同")
