"""A process that writes alone remembers what it saved, and is still told when it is not alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ledger.core.errors import Conflict
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.memory import Memory
from tests.examples import by
from tests.storage.jars import Jar


@pytest.fixture
async def alone(store_dsn: str, ledger_id: str) -> AsyncIterator[Ledger]:
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, is_sole_writer=True) as ledger:
        yield ledger


async def test_what_was_saved_is_not_read_again(alone: Ledger) -> None:
    jar = Jar.make(by())
    await alone.save(jar)
    assert await alone.load(Jar, jar.id) is jar


async def test_a_step_that_fails_leaves_no_trace_in_memory(alone: Ledger) -> None:
    jar_id = (await alone.save(Jar.make(by()))).id
    (await alone.load(Jar, jar_id)).fill(by())  # and then something goes wrong: never saved
    assert (await alone.load(Jar, jar_id)).stones == 0


async def test_two_steps_at_once_do_not_share_an_aggregate(alone: Ledger) -> None:
    jar_id = (await alone.save(Jar.make(by()))).id
    first, second = await alone.load(Jar, jar_id), await alone.load(Jar, jar_id)
    first.fill(by())
    second.fill(by())
    await alone.save(first)
    with pytest.raises(Conflict):
        await alone.save(second)
    assert (await alone.load(Jar, jar_id)).stones == 1


async def test_a_second_writer_is_noticed_and_its_events_are_read(
    alone: Ledger, ledger: Ledger
) -> None:
    jar_id = (await alone.save(Jar.make(by()))).id
    elsewhere = await ledger.load(Jar, jar_id)
    elsewhere.fill(by())
    await ledger.save(elsewhere)

    stale = await alone.load(Jar, jar_id)
    stale.fill(by())
    with pytest.raises(Conflict):
        await alone.save(stale)
    assert (await alone.load(Jar, jar_id)).stones == 1


async def test_what_was_consulted_and_changed_elsewhere_is_noticed(
    alone: Ledger, ledger: Ledger
) -> None:
    jar_id = (await alone.save(Jar.make(by()))).id
    await alone.consult(Jar, jar_id)
    elsewhere = await ledger.load(Jar, jar_id)
    elsewhere.fill(by())
    await ledger.save(elsewhere)

    decided = alone.for_request()
    await decided.consult(Jar, jar_id)
    with pytest.raises(Conflict):
        await decided.save(Jar.make(by()))
    consulted = await alone.consult(Jar, jar_id)
    assert consulted is not None and consulted.stones == 1


async def test_a_dry_run_is_not_remembered(alone: Ledger) -> None:
    jar_id = (await alone.save(Jar.make(by()))).id
    dry = alone.for_request(is_dry_run=True)
    jar = await dry.load(Jar, jar_id)
    jar.fill(by())
    await dry.save(jar)
    assert (await alone.load(Jar, jar_id)).stones == 0


def test_only_the_last_ones_are_remembered() -> None:
    memory, jars = Memory(2), [Jar.make(by()) for _ in range(3)]
    memory.keep(*jars)
    assert memory.take(Jar, jars[0].id) is None
    assert memory.take(Jar, jars[1].id) is jars[1]
    assert memory.take(Jar, jars[1].id) is None
