"""Good events of the policy book."""

from __future__ import annotations

from datetime import date

from ledger.core.aggregate import By, Event
from ledger.policies import POLICY_BOOK_ID, Basis, PolicyBook
from tests.examples import AT, by

HOUSE = Basis(zh="自行设定", en="Our own choice", certainty="house")
BACKDATED = by(reason="采用")


def opened(*, who: By = BACKDATED) -> PolicyBook.Opened:
    """An empty book."""
    return PolicyBook.Opened(
        originator_id=POLICY_BOOK_ID,
        originator_topic=PolicyBook.TOPIC,
        originator_version=1,
        timestamp=AT,
        by=who,
    )


def number_set(
    version: int = 2,
    *,
    name: str = "deposit.rate_min_bp",
    value: int = 500,
    unit: str = "basis-points",
    valid_from: date = date(2020, 1, 1),
    who: By = BACKDATED,
) -> PolicyBook.NumberSet:
    """A deposit is at least five percent."""
    return PolicyBook.NumberSet(
        originator_id=POLICY_BOOK_ID,
        originator_version=version,
        timestamp=AT,
        by=who,
        name=name,
        value=value,
        unit=unit,
        basis=HOUSE,
        valid_from=valid_from,
    )


def text_set(version: int = 2, *, who: By = BACKDATED) -> PolicyBook.TextSet:
    """Days are counted by Beijing time."""
    return PolicyBook.TextSet(
        originator_id=POLICY_BOOK_ID,
        originator_version=version,
        timestamp=AT,
        by=who,
        name="ledger.timezone",
        value="Asia/Shanghai",
        basis=HOUSE,
        valid_from=date(2020, 1, 1),
    )


def list_published(
    version: int = 2,
    *,
    items: tuple[str, ...] = ("reception-day", "hotline"),
    count: int | None = 2,
    who: By = BACKDATED,
    valid_from: date = date(2020, 1, 1),
) -> PolicyBook.ListPublished:
    """Two channels."""
    return PolicyBook.ListPublished(
        originator_id=POLICY_BOOK_ID,
        originator_version=version,
        timestamp=AT,
        by=who,
        name="petition.channels",
        edition="2026",
        items=items,
        count=count,
        basis=HOUSE,
        valid_from=valid_from,
    )


def entry_withdrawn(
    version: int = 3, *, name: str = "deposit.rate_min_bp", version_set: int = 2
) -> PolicyBook.EntryWithdrawn:
    """The rate was a slip of the pen."""
    return PolicyBook.EntryWithdrawn(
        originator_id=POLICY_BOOK_ID,
        originator_version=version,
        timestamp=AT,
        by=by(reason="笔误"),
        name=name,
        version_set=version_set,
    )


EXAMPLES: tuple[Event, ...] = (
    opened(),
    number_set(),
    text_set(),
    list_published(),
    entry_withdrawn(),
)
