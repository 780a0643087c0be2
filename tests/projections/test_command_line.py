"""`minzhang projections` on a ledger with some events."""

from __future__ import annotations

import asyncio
import json
import sys

from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.engine import catch_up
from tests.examples import by


async def minzhang(ledger: Ledger, dsn: str, *arguments: str) -> tuple[int, str, str]:
    """Run a sub-command to its end; return exit code, output and complaints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "scripts.cli", "projections", *arguments, "--ledger", ledger.id),
        env={"PATH": "/usr/bin:/bin", "MINZHANG_DSN": dsn, "HOME": "/nonexistent"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate()
    return process.returncode or 0, output.decode(), complaints.decode()


async def filled(ledger: Ledger) -> None:
    """Adopt the standard policies and bring all views up to date."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by(reason="采用"))
    await catch_up(ledger, VIEWS)


async def test_views_are_verified_rebuilt_and_hashed(ledger: Ledger, store_dsn: str) -> None:
    await filled(ledger)
    code, output, complaints = await minzhang(ledger, store_dsn, "verify", "--json")
    verified = [json.loads(line) for line in output.splitlines()]
    assert (code, complaints) == (0, "")
    assert [found["live"]["view"] for found in verified] == [view.name for view in VIEWS]
    assert all(found["is_right"] for found in verified)

    _, before, _ = await minzhang(ledger, store_dsn, "digest", "audit_trail")
    code, _, complaints = await minzhang(ledger, store_dsn, "rebuild", "audit_trail")
    _, after, _ = await minzhang(ledger, store_dsn, "digest", "audit_trail")
    assert (code, complaints) == (0, "")
    assert before == after


async def test_a_row_changed_by_hand_is_said(ledger: Ledger, store_dsn: str) -> None:
    await filled(ledger)
    await ledger.pool.execute(
        "UPDATE audit_trail_v2 SET role = 'nobody' WHERE ledger_id = $1 AND position = 7", ledger.id
    )
    code, output, _ = await minzhang(ledger, store_dsn, "verify", "audit_trail")

    assert code == 1
    assert 'audit_trail_v2 {"position":7}' in output
    assert '{"role":"nobody"}' in output


async def test_status_says_how_far_each_view_is(ledger: Ledger, store_dsn: str) -> None:
    await filled(ledger)
    code, output, _ = await minzhang(ledger, store_dsn, "status", "--json")
    stands = json.loads(output)

    assert code == 0
    assert [view["name"] for view in stands] == [view.name for view in VIEWS]
    assert {view["lag"] for view in stands} == {0}
    assert {view["failure"] for view in stands} == {None}


async def test_an_unknown_view_is_refused_in_one_sentence(ledger: Ledger, store_dsn: str) -> None:
    code, _, complaints = await minzhang(ledger, store_dsn, "status", "nonsense")

    assert code == 1
    assert "nonsense" in complaints
    assert "Traceback" not in complaints
