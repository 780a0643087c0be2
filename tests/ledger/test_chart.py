"""The tree of organisations in memory, as of any day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from ledger.organisations import Chart, Kind, Organisation, Parent, organisation_id
from tests.examples import by

SINCE, MOVED_ON, LATER = date(2020, 1, 1), date(2026, 4, 1), date(2026, 5, 1)
COUNTY, STREET, OTHER_STREET, COMMUNITY, ESTATE = (
    organisation_id(code) for code in ("county", "street", "other", "community", "estate")
)
TREE = (
    ("county", Kind.COUNTY, None, None),
    ("street", Kind.STREET, COUNTY, Kind.COUNTY),
    ("other", Kind.STREET, COUNTY, Kind.COUNTY),
    ("community", Kind.COMMUNITY, STREET, Kind.STREET),
    ("estate", Kind.ESTATE, COMMUNITY, Kind.COMMUNITY),
)


def parent_of(parent_id: UUID, kind: Kind) -> Parent:
    return Parent(id=parent_id, kind=kind, is_there=True, above=frozenset())


@pytest.fixture
def built() -> tuple[Chart, dict[UUID, Organisation]]:
    """A small tree, and the records from which it was made."""
    chart, records = Chart(), {}
    for code, kind, parent_id, parent_kind in TREE:
        parent = parent_of(parent_id, parent_kind) if parent_id and parent_kind else None
        organisation = Organisation.establish(
            by(), code=code, kind=kind, name_zh=code, name_en="", parent=parent, valid_from=SINCE
        )
        records[organisation.id] = organisation
        told(chart, organisation)
    return chart, records


def told(chart: Chart, organisation: Organisation) -> None:
    """Let the chart hear what was just recorded."""
    for event in organisation.collect_events():
        assert isinstance(event, Organisation.Event | Organisation.Established)
        chart.take(event)


def test_it_knows_what_stands_above_and_below(
    built: tuple[Chart, dict[UUID, Organisation]],
) -> None:
    chart, _ = built
    assert chart.upwards(ESTATE, LATER) == (ESTATE, COMMUNITY, STREET, COUNTY)
    assert chart.below(STREET, LATER) == {STREET, COMMUNITY, ESTATE}
    assert chart.below(OTHER_STREET, LATER) == {OTHER_STREET}
    assert chart.nearest(ESTATE, Kind.COMMUNITY, LATER) == COMMUNITY
    assert chart.nearest(STREET, Kind.COMMUNITY, LATER) is None
    assert chart.lives(ESTATE, SINCE) and not chart.lives(ESTATE, date(2019, 12, 31))


def test_a_move_changes_the_tree_from_its_day_on(
    built: tuple[Chart, dict[UUID, Organisation]],
) -> None:
    chart, records = built
    assert chart.below(STREET, LATER) == {STREET, COMMUNITY, ESTATE}, "remembered, then forgotten"
    moving = records[COMMUNITY]
    moving.reparent(by(), parent=parent_of(OTHER_STREET, Kind.STREET), valid_from=MOVED_ON)
    told(chart, moving)
    assert chart.below(STREET, LATER) == {STREET}
    assert chart.below(OTHER_STREET, MOVED_ON) == {OTHER_STREET, COMMUNITY, ESTATE}
    assert chart.below(STREET, date(2026, 3, 31)) == {STREET, COMMUNITY, ESTATE}
    found = chart.find(COMMUNITY)
    assert found is not None and found.version == moving.version


def test_what_was_dissolved_stays_below_but_lives_no_more(
    built: tuple[Chart, dict[UUID, Organisation]],
) -> None:
    chart, records = built
    ending = records[ESTATE]
    ending.dissolve(by(reason="拆迁"), until_on=MOVED_ON)
    told(chart, ending)
    assert not chart.lives(ESTATE, LATER)
    assert ESTATE in chart.below(STREET, LATER)


def test_many_days_do_not_pile_up(built: tuple[Chart, dict[UUID, Organisation]]) -> None:
    chart, _ = built
    for number in range(100):
        day = date.fromordinal(LATER.toordinal() + number)
        assert chart.below(STREET, day) == {STREET, COMMUNITY, ESTATE}
