"""The example in the documentation runs as it is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"
EXAMPLE = DOCS / "examples" / "lending.py"


def run(env: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env=os.environ | env | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return [" ".join(line.split()[:2]) for line in done.stdout.splitlines()]


def test_the_example_records_and_reads_its_events(library_env: dict[str, str]) -> None:
    first = ["1 __main__:Book.Registered", "2 __main__:Book.Lent"]
    assert run(library_env) == first
    assert run(library_env) == [*first, "3 __main__:Book.Registered", "4 __main__:Book.Lent"]


def test_the_page_prints_the_example_as_it_is() -> None:
    page = (DOCS / "eventsourcing.md").read_text("utf-8")
    shown = page.partition("```python\n")[2].partition("```")[0].strip()
    assert shown in EXAMPLE.read_text("utf-8")


def test_a_program_that_ends_without_closing_ends_quietly(library_env: dict[str, str]) -> None:
    program = "from docs.examples.lending import Lending; app = Lending(); app.register('宪法')"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program],
        env=os.environ | library_env,
        cwd=DOCS.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
