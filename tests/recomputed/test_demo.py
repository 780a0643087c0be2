"""The demo's figures, worked out a second time from the entries, now and as of other times."""

from __future__ import annotations

from datetime import datetime
from random import Random

from ledger.core.entry import Entry
from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.engine import AsOf, catch_up
from tests.recomputed.figures import RULES, counting, figures, read
from tests.recomputed.views import shown
from tests.scripts.conftest import demo_log, loaded_demo, small_demo

__all__ = ["demo_log", "loaded_demo", "small_demo"]


async def test_every_figure_of_the_demo_follows_from_its_entries(
    loaded_demo: Ledger, demo_log: list[Entry]
) -> None:
    await catch_up(loaded_demo, VIEWS)
    log = [read(entry.position, entry.data) for entry in demo_log]
    moments = sorted(said.occurred_at for said in log)
    known = sorted(said.recorded_at for said in log)
    chance = Random(5)  # noqa: S311 - the same each time
    times: list[tuple[datetime | None, datetime | None]] = [(None, None)]
    times += [(chance.choice(moments), None) for _ in range(3)]
    times += [(None, chance.choice(known)) for _ in range(2)]
    times += [(chance.choice(moments), chance.choice(known)) for _ in range(2)]
    for at, known_at in times:
        worked_out = figures(counting(log, at, known_at))
        seen = await shown(loaded_demo, worked_out, AsOf(at=at, known_at=known_at))
        assert seen == worked_out, (at, known_at)

    now = figures(counting(log))
    assert {kind for kind, _, _ in now} == set(RULES), "every kind of figure occurs"
    assert sum(value for (_, _, name), value in now.items() if name == "missed_count") > 20
    assert max(value for (_, _, name), value in now.items() if name == "longest_streak") > 1
