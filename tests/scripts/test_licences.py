"""The list of licences is that of what is pinned, and holds only what is allowed."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / ".ci/licences"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_the_list_is_up_to_date_and_everything_in_it_is_allowed() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("name", "licence", "used_by", "is_allowed"),
    [
        ("a", "MIT", "service", True),
        ("a", "MPL-2.0 AND (Apache-2.0 OR MIT)", "service", True),
        ("a", "MIT AND GPL-3.0-only", "service", False),
        ("a", "?", "tests", False),
        ("a", "GPL-3.0-or-later", "tests", False),
        ("pymerkle", "GPL-3.0-or-later", "tests, checks", True),
        ("pymerkle", "AGPL-3.0-only", "tests, checks", False),
        ("pymerkle", "GPL-3.0-or-later", "service, tests", False),
    ],
)
def test_only_some_licences_are_allowed_and_fewer_in_what_is_shipped(
    script: dict[str, Any], name: str, licence: str, used_by: str, is_allowed: bool
) -> None:
    assert (script["refused"]((name, "1", licence, used_by)) is None) is is_allowed


def test_every_pinned_package_has_a_row(script: dict[str, Any]) -> None:
    text = (ROOT / "docs/licences.md").read_text("utf-8")
    found = {(row[1], row[2]) for row in script["ROW"].finditer(text)}
    assert {(name, version) for name, (version, _) in script["pinned"]().items()} <= found
    assert len(found) > 100
