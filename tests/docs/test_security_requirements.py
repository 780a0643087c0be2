"""docs/security-requirements.md has a row for every number, and every test it cites is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs/security-requirements.md").read_text("utf-8")
CITED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
STATES = {"met", "partly", "not met", "n.a."}
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they are the first ones.
SECTIONS = (
    "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3"
    " 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3"
    " 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4"
    " 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4"
    " 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4"
    " 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2"
)


def rows(first: str) -> Iterator[list[str]]:
    """Return the cells of each row whose first cell is of a form."""
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and re.fullmatch(first, cells[0]):
            yield cells


def numbers_of(cell: str) -> Iterator[str]:
    """Return every number that a cell like `1.1.1–1.1.3, 1.2.1` names."""
    for part in cell.split(", "):
        begin, _, end = part.partition("–")
        section, _, first = begin.rpartition(".")
        assert not end or end.rpartition(".")[0] == section, part
        last = end.rpartition(".")[2] or first
        for number in range(int(first), int(last) + 1):
            yield f"{section}.{number}"


def test_what_is_cited_is_there() -> None:
    cited = set(CITED.findall(TEXT))
    missing = [
        f"{path}::{name}"
        for path, name in cited
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []
    assert len(cited) > 100


def test_every_requirement_of_ours_has_a_row_with_a_test() -> None:
    found = list(rows(r"S[0-9]+"))
    assert [cells[0] for cells in found] == [f"S{number}" for number in range(1, 31)]
    assert all(len(cells) == 4 and cells[1] and cells[3] for cells in found)
    assert [cells[0] for cells in found if not CITED.search(cells[2])] == []


def test_every_requirement_of_the_standard_has_one_row() -> None:
    wanted = [
        f"{section}.{number}"
        for section, count in (one.split(":") for one in SECTIONS.split())
        for number in range(1, int(count) + 1)
    ]
    found = list(rows(r"[0-9]+\.[0-9]+\.[0-9].*"))
    assert Counter(n for cells in found for n in numbers_of(cells[0])) == Counter(wanted)
    assert len(wanted) == 253
    assert {cells[1] for cells in found} == STATES
    assert [cells for cells in found if len(cells) != 4 or not cells[2] or not cells[3]] == []


def test_no_conformity_is_claimed() -> None:
    assert "No conformity is claimed" in TEXT
