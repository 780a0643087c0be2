"""The views: what people may see. Each is made from the log and can be made again."""

from __future__ import annotations

from projections import audit_trail, conduct, findings, petitions
from projections.engine import View

VIEWS: tuple[View, ...] = (
    audit_trail.view,
    petitions.view,
    findings.view,
    conduct.view,
)
"""Every view, in the order in which listings show them."""
