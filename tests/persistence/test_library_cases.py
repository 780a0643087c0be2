"""The library's own test cases, unmodified, on the store.

Only what they leave open is filled in here: how to make a recorder, which
classes to expect, and a view with a table of its own.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import ClassVar, cast
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ProcessRecorder,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.tests import application as application_cases
from eventsourcing.tests import persistence as cases
from eventsourcing.tests import projection as projection_cases
from eventsourcing.utils import Environment

from ledger.persistence import (
    Factory,
    LedgerAggregateRecorder,
    LedgerApplicationRecorder,
    LedgerProcessRecorder,
    LedgerTrackingRecorder,
)


class OnTheStore:
    """Gives a library test case the environment of a new ledger."""

    factory_env: dict[str, str]

    @pytest.fixture(autouse=True)
    def _with_environment(self, library_env: dict[str, str]) -> Iterator[None]:
        type(self).env = library_env  # type: ignore[attr-defined]
        self.factory_env = library_env
        self.factories: list[Factory] = []
        yield
        for factory in self.factories:
            factory.close()
        gc.collect()  # applications that a test case left open close here, not in another test

    def new_factory(self) -> Factory:
        factory = Factory(self.factory_env)
        self.factories.append(factory)
        return factory


class TestAggregateRecorder(OnTheStore, cases.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.new_factory().aggregate_recorder()


class TestSnapshotRecorder(OnTheStore, cases.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.new_factory().aggregate_recorder("snapshots")


class TestApplicationRecorder(OnTheStore, cases.ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        return self.new_factory().application_recorder()

    def test_insert_subscribe(self) -> None:
        super().optional_test_insert_subscribe()


class TestTextIds(OnTheStore, cases.ApplicationRecorderTestCase[ApplicationRecorder]):
    def new_originator_id(self) -> str:
        return f"账本-{uuid4()}"

    def create_recorder(self) -> ApplicationRecorder:
        return self.new_factory().application_recorder()

    def test_insert_subscribe(self) -> None:
        super().optional_test_insert_subscribe()


class TestTrackingRecorder(OnTheStore, cases.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return self.new_factory().tracking_recorder()


class TestProcessRecorder(OnTheStore, cases.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        return self.new_factory().process_recorder()


class TestProcessRecorderTracks(OnTheStore, cases.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return self.new_factory().process_recorder()


class TestNonInterleavingIds(OnTheStore, cases.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.new_factory().application_recorder()


class SomeTrackingRecorder(LedgerTrackingRecorder):
    """A view of somebody's own."""


class TestFactory(OnTheStore, cases.InfrastructureFactoryTestCase[Factory]):
    def setUp(self) -> None:
        self.env = Environment("TestCase", self.factory_env)
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return LedgerAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LedgerApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return LedgerTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return SomeTrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return LedgerProcessRecorder


# One of the cases asks for this warning, to count it.
@pytest.mark.filterwarnings("default:'log' is deprecated:DeprecationWarning")
class TestApplication(OnTheStore, application_cases.ApplicationTestCase):
    pass


class TestExampleApplication(OnTheStore, application_cases.ExampleApplicationTestCase):
    expected_factory_topic = "ledger.persistence:Factory"


class LedgerEventCounters(LedgerTrackingRecorder, projection_cases.EventCountersView):
    """Counts events in a table of its own, which changes together with the tracking."""

    CREATE_STATEMENTS = (
        "CREATE TABLE IF NOT EXISTS event_counters"
        " (ledger_id text, name text, count bigint, PRIMARY KEY (ledger_id, name))",
    )

    def get_created_event_counter(self) -> int:
        return self._count("created")

    def get_subsequent_event_counter(self) -> int:
        return self._count("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self._increment(tracking, "created")

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self._increment(tracking, "subsequent")

    def _count(self, name: str) -> int:
        statement = "SELECT count FROM event_counters WHERE ledger_id = $1 AND name = $2"
        return cast(int, self.fetch_value(statement, self.ledger_id, name) or 0)

    def _increment(self, tracking: Tracking, name: str) -> None:
        statement = (
            "INSERT INTO event_counters VALUES ($1, $2, 1)"
            " ON CONFLICT (ledger_id, name) DO UPDATE SET count = event_counters.count + 1"
        )
        self.change(tracking, statement, self.ledger_id, name)


class TestEventCountersView(OnTheStore, projection_cases.EventCountersViewTestCase):
    def construct_event_counters_view(self) -> projection_cases.EventCountersView:
        return cast(
            projection_cases.EventCountersView,
            self.new_factory().tracking_recorder(LedgerEventCounters),
        )


class TestProjection(OnTheStore, projection_cases.AggregateEventCountersProjectionTestCase):
    view_class = LedgerEventCounters


class TestEventSourcedProjection(OnTheStore, projection_cases.EventSourcedProjectionTestCase):
    pass


class TestViewOfTaggedDecisions(
    OnTheStore, projection_cases.TaggedDecisionCountersProjectionTestCase
):
    """The view is on the store; its upstream is of the library's kind without aggregates."""

    view_class = LedgerEventCounters
    env: ClassVar[dict[str, str]]

    def setUp(self) -> None:
        type(self).env = self.factory_env | {
            "EVENTCOUNTERS_PERSISTENCE_MODULE": "ledger.persistence",
            "PERSISTENCE_MODULE": "eventsourcing.dcb.popo",
            "MAPPER_TOPIC": "eventsourcing.dcb.msgpack:MessagePackMapper",
        }
