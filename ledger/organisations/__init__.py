"""Organisations: who belongs to whom, since when, and who held which post.

County, streets, communities and estates form a tree; departments, property
companies, owners' committees, units and groups hang from it. Nothing is moved or
renamed in place: each change has a first day, so the tree can be asked for as it
was on any day. Days are days in China; the first and the last day both count.
"""

from ledger.organisations.chart import Chart
from ledger.organisations.history import Named, Parent, Placed, Tenure
from ledger.organisations.organisation import Organisation, organisation_id
from ledger.organisations.rules import PARENT_KINDS, Kind

__all__ = [
    "PARENT_KINDS",
    "Chart",
    "Kind",
    "Named",
    "Organisation",
    "Parent",
    "Placed",
    "Tenure",
    "organisation_id",
]
