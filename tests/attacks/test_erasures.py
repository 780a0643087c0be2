"""Attacks on personal data: a key that is gone and should be there, or the other way round."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.commands.sealing_check import (
    DESTROYED,
    STILL_INDEX,
    STILL_KEY,
    STILL_VALUE,
    VALUE_GONE,
    check_sealing,
)
from ledger.storage.ledger import Ledger
from tests.storage.sealed import said_erased, sealed

PERSON = UUID(int=16)


async def problems(ledger: Ledger) -> set[str]:
    """What ``minzhang sealing verify`` finds."""
    return {finding.problem for finding in (await check_sealing(ledger)).findings}


@pytest.mark.parametrize(
    ("table", "problem"), [("sealing_slots", DESTROYED), ("sealed_values", VALUE_GONE)]
)
async def test_a_key_or_a_value_is_destroyed_and_no_erasure_recorded(
    ledger: Ledger, table: str, problem: str
) -> None:
    """Attack 16. Detected by ``minzhang sealing verify``."""
    await sealed(ledger, PERSON)
    assert await problems(ledger) == set()
    await ledger.pool.execute(f"DELETE FROM {table} WHERE ledger_id = $1", ledger.id)  # noqa: S608
    assert await problems(ledger) == {problem}


async def test_an_erasure_is_recorded_and_nothing_destroyed(ledger: Ledger) -> None:
    """Attack 16, the other way round. Detected by ``minzhang sealing verify``."""
    await sealed(ledger, PERSON)
    await said_erased(ledger, PERSON)
    assert await problems(ledger) == {STILL_KEY, STILL_VALUE, STILL_INDEX}
