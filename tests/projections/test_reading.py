"""Views are asked as of two times, page by page, with opaque cursors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from ledger.storage.ledger import Ledger
from projections.engine import AsOf, CursorInvalid, Page, Paging, Row, Select, catch_up
from projections.engine.view import Lines, Table
from tests.examples import AT, by
from tests.projections.jars import jars_view
from tests.projections.test_engine import jar_with
from tests.storage.jars import Jar

(JARS, LABELS), (FILLINGS,) = jars_view().tables, jars_view().all_lines


@dataclass(frozen=True, kw_only=True)
class JarQuery(AsOf, Paging):
    label: str | None = None


async def pages_of(
    ledger: Ledger, source: Table | Lines, order: tuple[str, ...], page_size: int
) -> list[Page]:
    """Walk through a list to its end."""
    pages = [Page([], "")]
    cursor: str | None = None
    while pages[-1].next_cursor is not None:
        paging = Paging(cursor=cursor, page_size=page_size)
        pages.append(await Select(source, ledger.id).page(ledger.pool, paging, order=order))
        cursor = pages[-1].next_cursor
    return pages[1:]


@pytest.mark.parametrize(
    "order",
    [
        ("position", "line_no"),
        ("-position", "-line_no"),
        ("stones", "-position"),
        ("-occurred_at", "jar_id", "position"),
    ],
)
@pytest.mark.parametrize("page_size", [1, 4, 12, 13])
async def test_pages_together_are_the_whole_list(
    ledger: Ledger, order: tuple[str, ...], page_size: int
) -> None:
    for _ in range(3):
        await jar_with(ledger, 1, 2, 1, 3)
    await catch_up(ledger, [jars_view()])
    whole = await Select(FILLINGS, ledger.id).all(ledger.pool, order=order)
    pages = await pages_of(ledger, FILLINGS, order, page_size)

    assert [row for page in pages for row in page.rows] == whole
    assert len(whole) == 12
    assert [len(page.rows) for page in pages[:-1]] == [page_size] * (len(pages) - 1)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "nonsense",
        "W10",
        "bnVsbA",
        "eyJhIjoxfQ",
        "W1sicG9zaXRpb24iXSxbMV1d",  # [["position"],[1]]
        "W1sicG9zaXRpb24iXSxbIngiXV0",  # [["position"],["x"]]
        "账",
    ],
)
async def test_a_cursor_from_elsewhere_is_refused(ledger: Ledger, cursor: str) -> None:
    await catch_up(ledger, [jars_view()])
    with pytest.raises(CursorInvalid):
        await Select(FILLINGS, ledger.id).page(
            ledger.pool, Paging(cursor=cursor), order=("position",)
        )


async def test_a_cursor_of_another_order_is_refused(ledger: Ledger) -> None:
    await jar_with(ledger, 1, 2)
    await catch_up(ledger, [jars_view()])
    page = await Select(FILLINGS, ledger.id).page(
        ledger.pool, Paging(page_size=1), order=("position",)
    )
    with pytest.raises(CursorInvalid):
        await Select(FILLINGS, ledger.id).page(
            ledger.pool, Paging(cursor=page.next_cursor), order=("-position",)
        )


async def recorded_late(ledger: Ledger) -> tuple[datetime, datetime]:
    """Fill a jar on day 0 (1 stone) and day 10 (2); then record that day 5 saw 4 more.

    Returns the times before and after the late record became known.
    """
    jar = Jar.make(by(), label="late")
    jar.fill(by(at=AT), 1)
    jar.fill(by(at=AT + timedelta(days=10)), 2)
    await ledger.save(jar)
    before = ledger.clock()
    jar = await ledger.load(Jar, jar.id)
    jar.fill(by(at=AT + timedelta(days=5)), 4)
    await ledger.save(jar)
    await catch_up(ledger, [jars_view()])
    return before, ledger.clock()


async def test_sums_of_lines_are_exact_at_both_times(ledger: Ledger) -> None:
    before, after = await recorded_late(ledger)

    async def held(at: timedelta, known_at: datetime | None) -> int:
        select = Select(FILLINGS, ledger.id, AsOf(at=AT + at, known_at=known_at))
        ((sums),) = await select.sums(ledger.pool, ("stones",))
        stones: int = sums["stones"]
        return stones

    assert await held(timedelta(days=-1), None) == 0
    assert await held(timedelta(days=7), None) == 5
    assert await held(timedelta(days=7), before) == 1
    assert await held(timedelta(days=10), before) == 3
    assert await held(timedelta(days=10), after) == 7


async def test_a_row_in_the_past_shows_nothing_of_what_came_later(ledger: Ledger) -> None:
    before, _ = await recorded_late(ledger)

    async def row(**times: datetime) -> Row | None:
        return await Select(JARS, ledger.id, AsOf(**times)).equal(label="late").one(ledger.pool)

    def stones(row: Row | None) -> int | None:
        return None if row is None else row["stones"]

    assert stones(await row()) == 7
    assert stones(await row(at=AT + timedelta(days=11))) == 7, "as it is now"
    assert stones(await row(at=AT + timedelta(days=7))) == 5, "what came late, nothing of day 10"
    assert stones(await row(at=AT - timedelta(days=1))) is None
    assert stones(await row(known_at=before)) == 3
    assert stones(await row(known_at=before - timedelta(days=9_000))) is None


async def test_the_past_of_a_list_is_filtered_as_it_was(ledger: Ledger) -> None:
    await jar_with(ledger, 5, label="a")
    await jar_with(ledger, 7, label="b")
    await catch_up(ledger, [jars_view()])

    async def labels(at: datetime | None, stones_min: int) -> list[str]:
        query = JarQuery(at=at)
        select = Select(JARS, ledger.id, query).at_least(stones=stones_min)
        page = await select.page(ledger.pool, query, order=("label", "jar_id"))
        return [row["label"] for row in page.rows]

    assert await labels(None, 6) == ["b"]
    assert await labels(AT, 6) == []
    assert await labels(AT, 0) == ["a", "b"]


async def test_conditions_and_sums(ledger: Ledger) -> None:
    one = await jar_with(ledger, 1, 2, 3, label="红色 one")
    await jar_with(ledger, 4, label="蓝色 two")
    await catch_up(ledger, [jars_view()])

    def jars() -> Select:
        return Select(JARS, ledger.id)

    async def names(select: Select) -> list[str]:
        return [row["label"] for row in await select.all(ledger.pool, order=("label",))]

    assert await names(jars().starts_with(label="红色")) == ["红色 one"]
    assert await names(jars().contains(label="two")) == ["蓝色 two"]
    assert await names(jars().one_of(stones=[4, 5])) == ["蓝色 two"]
    assert await names(jars().has(positions=2)) == ["红色 one"]
    assert await names(jars().at_most(stones=5).equal(label=None)) == ["蓝色 two"]
    assert await names(jars().where("stones % {} = {}", 4, 2)) == ["红色 one"]
    sums = await Select(FILLINGS, ledger.id).sums(ledger.pool, ("stones",), by=("jar_id",))
    assert {(row["jar_id"], row["stones"], row["count"]) for row in sums} >= {(one, 6, 3)}


async def test_a_running_sum_is_the_same_on_every_page(ledger: Ledger) -> None:
    jar_id = await jar_with(ledger, 1, 2, 3, 4)
    await jar_with(ledger, 9)
    await catch_up(ledger, [jars_view()])
    balance = {"held": "sum(stones) OVER (ORDER BY occurred_at, position, line_no)::bigint"}
    held: list[int] = []
    cursor: str | None = None
    for _ in range(2):
        select = Select(FILLINGS, ledger.id, computed=balance).within(jar_id=jar_id)
        page = await select.page(
            ledger.pool, Paging(cursor=cursor, page_size=2), order=("-occurred_at", "-position")
        )
        cursor = page.next_cursor
        held += [row["held"] for row in page.rows]

    assert held == [10, 6, 3, 1]
    assert cursor is None
