"""Directories for installations of their own."""

from __future__ import annotations

from tests.backups.conftest import elsewhere

__all__ = ["elsewhere"]
