"""The engine of the views: declare (``View``), follow the log (``Projector``), ask (``Select``)."""

from ledger.core.entry import Entry
from projections.engine.checkpoints import Checkpoint
from projections.engine.cursors import CursorInvalid
from projections.engine.following import (
    ViewBehind,
    ViewStatus,
    ViewStopped,
    catch_up,
    status,
    view_named,
    wait_for,
)
from projections.engine.install import install, install_missing
from projections.engine.projector import Projector
from projections.engine.reading import AsOf, Page, Paging, Select, page_of, pinned
from projections.engine.rebuilding import digest, rebuild, verify
from projections.engine.rows import RowMissing, Rows
from projections.engine.scoping import Ties, Within
from projections.engine.view import Lines, Row, Table, View

__all__ = [
    "AsOf",
    "Checkpoint",
    "CursorInvalid",
    "Entry",
    "Lines",
    "Page",
    "Paging",
    "Projector",
    "Row",
    "RowMissing",
    "Rows",
    "Select",
    "Table",
    "Ties",
    "View",
    "ViewBehind",
    "ViewStatus",
    "ViewStopped",
    "Within",
    "catch_up",
    "digest",
    "install",
    "install_missing",
    "page_of",
    "pinned",
    "rebuild",
    "status",
    "verify",
    "view_named",
    "wait_for",
]
