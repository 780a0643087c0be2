"""Codes by the service's key in the full check: what was written past the service is named."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from ledger.publishing.announcing import name_service_key
from ledger.storage.ledger import open_ledger
from ledger.storage.service_key import ServiceKey, replace_key
from ledger.verification.check import Report, Wanted, check_ledger
from tests.publishing.conftest import fill
from tests.storage.test_ledger import once, saved_jar

RULES = ("code-", "service-key-", "tracking-")


async def checked(dsn: str, ledger_id: str, key: ServiceKey | None) -> Report:
    """The whole check, in this process."""
    return await check_ledger(Wanted(dsn=dsn, ledger_id=ledger_id, workers=0, key=key))


def of_codes(report: Report) -> list[tuple[str, int | None]]:
    """What was found by codes."""
    found = report.findings.first
    return [(one.rule, one.position) for one in found if one.rule.startswith(RULES)]


@pytest.fixture
def key(tmp_path: Path) -> ServiceKey:
    """The service's key, in a file of its own."""
    return ServiceKey.kept_in(tmp_path / "service.key")


@pytest.fixture
async def filled(store_dsn: str, ledger_id: str, key: ServiceKey) -> str:
    """A ledger whose log names the key: eight entries, the last with a receipt."""
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, key=key) as ledger:
        await name_service_key(ledger)
        await fill(ledger, 5)
        await saved_jar(ledger.for_request(once=once("key")))
    return ledger_id


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE receipts SET key = 'other' WHERE", [("code-wrong", 7)]),
        ("UPDATE receipts SET request_digest = sha256('x') WHERE", [("code-wrong", 7)]),
        ("DELETE FROM receipts WHERE", [("code-wrong", 7)]),
        ("DELETE FROM entry_macs WHERE first_position = 3 AND", [("code-missing", 3)]),
        (
            "UPDATE entry_macs SET macs = sha256(macs) WHERE first_position = 3 AND",
            [("code-wrong", 3)],
        ),
        (
            "UPDATE entry_macs AS a SET macs = b.macs FROM entry_macs AS b"
            " WHERE a.first_position IN (3, 4) AND b.ledger_id = a.ledger_id"
            " AND b.first_position = 7 - a.first_position AND a.",
            [("code-wrong", 3), ("code-wrong", 4)],
        ),
        (
            "INSERT INTO trackings (ledger_id, name, position) SELECT ledger_id, 'moved', 3"
            " FROM heads WHERE",
            [("tracking-foreign", 3)],
        ),
    ],
)
async def test_rows_changed_past_the_service_are_named(  # noqa: PLR0917 - fixtures
    store_dsn: str,
    filled: str,
    key: ServiceKey,
    superuser: asyncpg.Connection,
    change: str,
    expected: list[tuple[str, int]],
) -> None:
    assert of_codes(await checked(store_dsn, filled, key)) == []
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        end = "" if change.endswith(".") else " "
        await superuser.execute(f"{change}{end}ledger_id = $1", filled)
    assert of_codes(await checked(store_dsn, filled, key)) == expected
    unread = await checked(store_dsn, filled, None)
    assert of_codes(unread) == []
    assert any("codes of entries" in said for said in unread.not_checked)


async def test_entries_with_right_hashes_but_another_key_are_named(
    store_dsn: str, filled: str, key: ServiceKey, superuser: asyncpg.Connection
) -> None:
    other = ServiceKey.random()
    async with superuser.transaction():
        await superuser.execute("UPDATE heads SET key_check = NULL WHERE ledger_id = $1", filled)
    async with open_ledger(store_dsn, filled, pool_size_max=2, key=other) as foreign:
        await fill(foreign, 2)
    report = await checked(store_dsn, filled, key)
    assert {position for _, position in of_codes(report)} == {8, 9}
    assert ("head-differs", "key_check") in [(o.rule, o.column) for o in report.findings.first]


async def test_a_key_file_that_was_replaced_past_the_log_is_named(
    store_dsn: str, filled: str, tmp_path: Path
) -> None:
    assert of_codes(await checked(store_dsn, filled, ServiceKey.random())) == [
        ("service-key-other", 1)
    ]
    with_former = replace_key(tmp_path / "service.key")
    assert of_codes(await checked(store_dsn, filled, with_former)) == [("service-key-other", 1)]
