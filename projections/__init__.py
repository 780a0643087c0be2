"""The views: what people may see. Each is made from the log and can be made again."""

from __future__ import annotations

from projections.engine import View

VIEWS: tuple[View, ...] = ()
"""Every view, in the order in which listings show them."""
