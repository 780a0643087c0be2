"""The audit of dependencies fails for known weaknesses, and claims nothing if nobody answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ANSWER = """
import json, sys
weak = {weak!r}
pins = [line.strip().split("==") for line in open(sys.argv[-1]) if line.strip()]
told = [
    dict(name=n, version=v, vulns=[dict(id="X-1")] if n in weak or f"{{n}}=={{v}}" in weak else [])
    for n, v in pins
]
print(json.dumps(dict(dependencies=told)))
sys.exit(1 if any(one["vulns"] for one in told) else 0)
"""


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        (ANSWER.format(weak=["jinja2==2.4.1"]), 0, "no known weakness"),
        (ANSWER.format(weak=["jinja2==2.4.1", "aiohttp"]), 1, "aiohttp: X-1"),
        (ANSWER.format(weak=["jinja2==2.4.1", "uvicorn"]), 1, "uvicorn: X-1"),  # pinned only
        (ANSWER.format(weak=[]), 0, "nothing is claimed"),
        ("import sys; sys.exit('no route to host')", 0, "nothing is claimed"),
    ],
)
def test_an_answer_is_believed_only_from_a_source_that_knows_a_weak_package(
    tmp_path: Path, program: str, code: int, words: str
) -> None:
    pretender = tmp_path / "pip_audit.py"
    pretender.write_text(program)
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci/audit"), sys.executable, str(pretender)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout
