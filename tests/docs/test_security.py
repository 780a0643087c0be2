"""Every test that docs/security.md cites is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CITED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_what_is_cited_is_there() -> None:
    cited = CITED.findall((ROOT / "docs/security.md").read_text("utf-8"))
    missing = [
        f"{path}::{name}"
        for path, name in cited
        if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []
    assert len(cited) > 30
