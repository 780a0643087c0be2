"""Views follow the log: exactly once, whatever comes, and the same again from the start."""

from __future__ import annotations

from ledger.storage.ledger import Ledger
from projections.engine import catch_up, status
from tests.projections.jars import jars_view
from tests.storage.test_ledger import fill, saved_jar


async def test_commands_in_rows_out(ledger: Ledger) -> None:
    view = jars_view()
    jar_id = await saved_jar(ledger)
    await catch_up(ledger, [view])
    await fill(ledger, jar_id, 3)
    await fill(ledger, jar_id, 4)
    await saved_jar(ledger)
    await catch_up(ledger, [view])
    row = await ledger.pool.fetchrow(
        "SELECT stones, positions, notes FROM test_jars_v1 WHERE ledger_id = $1 AND jar_id = $2",
        ledger.id,
        jar_id,
    )
    lines = await ledger.pool.fetch(
        "SELECT position, line_no, stones FROM test_fillings_v1 WHERE ledger_id = $1", ledger.id
    )
    (stands,) = await status(ledger.pool, ledger.id, [view])

    assert tuple(row)[:2] == (7, [0, 1, 2])
    assert [tuple(line) for line in lines] == [(1, 0, 3), (2, 0, 4)]
    assert (stands.position, stands.lag) == (3, 0)
