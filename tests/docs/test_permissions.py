"""The matrix of permissions that people read is the table that the program keeps."""

from __future__ import annotations

from pathlib import Path

from api.permissions import MAY
from api.roles import Role
from scripts.permission_matrix import HEADS, MEANINGS, matrix

ROOT = Path(__file__).parent.parent.parent


def test_the_matrix_is_up_to_date() -> None:
    written = (ROOT / "docs" / "permissions.md").read_text("utf-8")
    assert written == matrix(), "run: python -m scripts.permission_matrix"


def test_every_operation_and_every_role_is_in_it() -> None:
    text = matrix()
    assert [name for name in MAY if f"`{name}`" not in text] == []
    assert set(HEADS) == set(Role)
    assert len(set(HEADS.values())) == len(Role)
    assert len({sign for sign, _ in MEANINGS.values()}) == len(MEANINGS)
