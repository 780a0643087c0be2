"""What the module promises beyond the library's own cases, on a real PostgreSQL."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import (
    ApplicationRecorder,
    DataError,
    IntegrityError,
    InterfaceError,
    Notification,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Tracking,
)
from eventsourcing.utils import Environment
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.entry import ENTRY_BYTES_MAX, Entry
from ledger.merkle.tree import Frontier, leaf_hash
from ledger.persistence import Factory, LedgerTrackingRecorder, ledger_name
from ledger.persistence.engine import Engine
from ledger.persistence.entries import LIBRARY
from ledger.storage.connect import connect
from ledger.storage.reading import Head, read_entries, read_head


@pytest.fixture
def factory(library_env: dict[str, str]) -> Iterator[Factory]:
    factory = Factory(library_env)
    yield factory
    factory.close()


def event(
    version: int = 1, *, stream: UUID | str | None = None, topic: str = "t", state: bytes = b"{}"
) -> StoredEvent:
    return StoredEvent(
        originator_id=uuid4() if stream is None else stream,
        originator_version=version,
        topic=topic,
        state=state,
    )


def log_of(factory: Factory, ledger_id: str) -> tuple[Head, list[Entry]]:
    async def read() -> tuple[Head, list[Entry]]:
        pool = await factory.engine.reactor.pool()
        entries = await read_entries(pool, ledger_id, start=0, limit=10_000)
        return await read_head(pool, ledger_id), entries

    return factory.engine.run(read())


def eventually(holds: Callable[[], bool]) -> bool:
    """Ask until it holds, at most some seconds."""
    pause = threading.Event()
    return any(holds() or pause.wait(0.02) for _ in range(500))


# What is stored ---------------------------------------------------------------------------


def test_the_librarys_events_are_entries_and_leaves_like_any_other(
    factory: Factory, library_env: dict[str, str]
) -> None:
    recorder = factory.application_recorder()
    recorder.insert_events([event(), event(topic="账本:登记", state=b"\x00\n\xff")])
    head, entries = log_of(factory, library_env["MINZHANG_LEDGER"])

    tree = Frontier()
    for entry in entries:
        tree.append(leaf_hash(entry.data))
    assert head.frontier.to_bytes() == tree.to_bytes()
    assert {entry.by.actor_id for entry in entries} == {LIBRARY}
    assert {entry.by.role for entry in entries} == {"library"}
    assert {entry.header["origin"] for entry in entries} == {head.origin}
    assert [entry.topic for entry in entries] == ["t", "账本:登记"]
    assert entries[1].state == b"\x00\n\xff"


@pytest.mark.parametrize(
    "stream", [UUID(int=7), "a", "账本 1", str(UUID(int=7)), "x" * 1_024], ids=range(5)
)
def test_ids_come_back_with_their_type(factory: Factory, stream: UUID | str) -> None:
    recorder = factory.application_recorder()
    stored = event(stream=stream)
    recorder.insert_events([stored])

    assert recorder.select_events(stream) == [stored]
    (notification,) = recorder.select_notifications(None, 10)
    assert notification.originator_id == stream
    assert type(notification.originator_id) is type(stream)


@pytest.mark.parametrize(
    "stored",
    [
        event(stream="\0"),
        event(stream=""),
        event(stream="\ud800"),
        event(stream="x" * 1_025),
        event(topic="\0"),
        event(topic=""),
        event(-1),
        event(2**63),
    ],
    ids=range(8),
)
def test_what_the_database_cannot_keep_is_refused_and_spoils_nothing(
    factory: Factory, stored: StoredEvent
) -> None:
    recorder = factory.application_recorder()
    with pytest.raises(DataError):
        recorder.insert_events([event(), stored])
    assert recorder.max_notification_id() is None


def test_an_event_that_is_too_large_is_refused_with_all_that_came_with_it(
    factory: Factory,
) -> None:
    recorder = factory.application_recorder()
    with pytest.raises(DataError, match="bytes"):
        recorder.insert_events([event(), event(state=bytes(ENTRY_BYTES_MAX))])
    assert recorder.max_notification_id() is None


def test_versions_may_have_gaps_but_are_never_taken_twice(factory: Factory) -> None:
    recorder = factory.aggregate_recorder("snapshots")
    stream = uuid4()
    recorder.insert_events([event(7, stream=stream)])
    recorder.insert_events([event(3, stream=stream), event(90, stream=stream)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(91, stream=stream), event(3, stream=stream)])
    assert [e.originator_version for e in recorder.select_events(stream)] == [3, 7, 90]


# Atomic tracking --------------------------------------------------------------------------


@pytest.fixture
def process(factory: Factory) -> ProcessRecorder:
    return factory.process_recorder()


def test_a_conflict_of_the_events_leaves_the_tracking_alone(process: ProcessRecorder) -> None:
    stored = event()
    process.insert_events([stored], tracking=Tracking("up", 1))
    with pytest.raises(IntegrityError):
        process.insert_events([stored], tracking=Tracking("up", 2))
    assert process.max_tracking_id("up") == 1


def test_a_conflict_of_the_tracking_leaves_the_events_out(process: ProcessRecorder) -> None:
    process.insert_events([event()], tracking=Tracking("up", 5))
    with pytest.raises(IntegrityError):
        process.insert_events([event()], tracking=Tracking("up", 5))
    assert process.max_notification_id() == 1


def test_of_many_who_process_one_notification_at_once_one_does(process: ProcessRecorder) -> None:
    def attempt(_: int) -> bool:
        try:
            process.insert_events([event()], tracking=Tracking("up", 1))
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(16))) == 1
    assert process.max_notification_id() == 1


class Lines(LedgerTrackingRecorder):
    CREATE_STATEMENTS = ("CREATE TABLE IF NOT EXISTS lines (ledger_id text, line text NOT NULL)",)

    def add(self, tracking: Tracking, line: str | None) -> None:
        self.change(tracking, "INSERT INTO lines VALUES ($1, $2)", self.ledger_id, line)

    def count(self) -> Any:
        return self.fetch_value("SELECT count(*) FROM lines WHERE ledger_id = $1", self.ledger_id)


def test_a_views_rows_and_its_tracking_change_together_or_not_at_all(factory: Factory) -> None:
    view = factory.tracking_recorder(Lines)
    assert isinstance(view, Lines)
    view.add(Tracking("up", 1), "one")
    with pytest.raises(IntegrityError):
        view.add(Tracking("up", 1), "one again")
    with pytest.raises(IntegrityError):
        view.add(Tracking("up", 2), None)
    assert (view.count(), view.max_tracking_id("up")) == (1, 1)


# Apart and together -----------------------------------------------------------------------


def test_applications_on_one_setting_have_ledgers_of_their_own(
    library_env: dict[str, str],
) -> None:
    books, tools = (Factory(Environment(name, library_env)) for name in ("Books", "Tools"))
    books.application_recorder().insert_events([event()])
    assert tools.application_recorder().max_notification_id() is None
    _, entries = log_of(books, f"{library_env['MINZHANG_LEDGER']}-books")
    assert len(entries) == 1
    books.close()
    tools.close()


def test_an_application_can_be_given_a_ledger_by_name(library_env: dict[str, str]) -> None:
    own = f"own-{uuid4().hex[:8]}"
    factory = Factory(Environment("Books", library_env | {"BOOKS_MINZHANG_LEDGER": own}))
    factory.application_recorder().insert_events([event()])
    _, entries = log_of(factory, own)
    assert len(entries) == 1
    factory.close()


NAMES = st.text(max_size=80)


@for_all(base=st.sampled_from(["", "371329"]), one=NAMES, other=NAMES)
def test_every_application_name_gives_a_valid_ledger_and_other_names_others(
    base: str, one: str, other: str
) -> None:
    names = [ledger_name(base, name) for name in (one, other)]
    for name in names:
        assert 0 < len(name) <= 63
        assert name.isascii()
        assert name == name.lower()
    if one and other and one.lower() != other.lower():
        assert names[0] != names[1] or "eventsourcing" in (one.lower(), other.lower())


def test_two_processes_on_one_ledger_share_one_sequence(
    factory: Factory, library_env: dict[str, str]
) -> None:
    other = Factory(library_env)
    recorders = [factory.application_recorder(), other.application_recorder()]

    def insert(number: int) -> list[int]:
        return list(recorders[number % 2].insert_events([event(), event()]) or ())

    with ThreadPoolExecutor(8) as threads:
        ids = [given_id for pair in threads.map(insert, range(40)) for given_id in pair]
    assert sorted(ids) == list(range(1, 81))
    other.close()


# Following --------------------------------------------------------------------------------


def take(subscription: Iterator[Notification], count: int) -> list[int]:
    return [next(subscription).id for _ in range(count)]


def test_a_subscription_hears_of_what_another_process_records(
    factory: Factory, library_env: dict[str, str]
) -> None:
    other = Factory(library_env)
    recorder = other.application_recorder()
    with factory.application_recorder().subscribe() as subscription:
        for number in range(1, 6):
            recorder.insert_events([event()])
            assert take(subscription, 1) == [number]
    other.close()


def test_a_subscription_survives_the_loss_of_every_connection(
    factory: Factory, library_env: dict[str, str]
) -> None:
    recorder = factory.application_recorder()
    with recorder.subscribe() as subscription:
        recorder.insert_events([event()])
        assert take(subscription, 1) == [1]
        end_connections(library_env["MINZHANG_DSN"])
        recorder.insert_events([event()])
        assert take(subscription, 1) == [2]


def end_connections(dsn: str) -> None:
    """Cut off everybody who is connected to the database."""

    async def execute() -> None:
        db = await connect(dsn)
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await db.close()

    engine = Engine(dsn)
    engine.run(execute())
    engine.close()


def test_inserts_that_are_cut_off_are_asked_again_and_stored_once(
    factory: Factory, library_env: dict[str, str]
) -> None:
    recorder = factory.application_recorder()
    stored: dict[int, UUID | str] = {}
    enough = threading.Event()

    def insert_until_enough() -> None:
        while not enough.is_set():
            one = event()
            (given_id,) = recorder.insert_events([one]) or ()
            stored[given_id] = one.originator_id

    with ThreadPoolExecutor(4) as threads:
        inserts = [threads.submit(insert_until_enough) for _ in range(4)]
        for _ in range(10):
            before = len(stored)
            end_connections(library_env["MINZHANG_DSN"])
            assert eventually(lambda before=before: len(stored) > before + 10)  # type: ignore[misc]
        enough.set()
        for insert in inserts:
            insert.result()

    _, entries = log_of(factory, library_env["MINZHANG_LEDGER"])
    assert {entry.position + 1: UUID(entry.stream_id) for entry in entries} == stored


# Opening and closing ----------------------------------------------------------------------


def test_a_closed_module_says_so(library_env: dict[str, str]) -> None:
    factory = Factory(library_env)
    recorder = factory.application_recorder()
    with factory:
        recorder.insert_events([event()])
    factory.close()
    with pytest.raises(InterfaceError, match="closed"):
        recorder.max_notification_id()


def test_a_module_that_nobody_uses_any_more_ends_its_thread(library_env: dict[str, str]) -> None:
    recorder: ApplicationRecorder | None = Factory(library_env).application_recorder()
    assert recorder is not None
    recorder.insert_events([event()])  # the recorder alone keeps it open
    assert engine_threads()
    recorder = None
    gc.collect()
    assert eventually(lambda: not engine_threads())


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "minzhang" in thread.name]


def test_without_creating_a_ledger_nothing_is_found_and_nothing_stored(
    factory: Factory, library_env: dict[str, str]
) -> None:
    factory.application_recorder()  # makes the tables
    other = Factory(library_env | {"CREATE_TABLE": "no", "MINZHANG_LEDGER": "nowhere"})
    recorder = other.application_recorder()
    assert recorder.max_notification_id() is None
    assert recorder.select_notifications(None, 10) == []
    with pytest.raises(ProgrammingError):
        recorder.insert_events([event()])
    other.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MINZHANG_DSN", ""),
        ("MINZHANG_LEDGER", "Not A Name"),
        ("MINZHANG_POOL_SIZE_MAX", "0"),
        ("MINZHANG_QUEUE_MAX", "many"),
    ],
)
def test_a_wrong_setting_is_named(library_env: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(OSError, match=name):
        Factory(library_env | {name: value})


def test_a_recorder_class_of_another_kind_is_refused(library_env: dict[str, str]) -> None:
    topic = {"APPLICATION_RECORDER_TOPIC": "ledger.persistence:LedgerTrackingRecorder"}
    factory = Factory(library_env | topic)
    with pytest.raises(TypeError):
        factory.application_recorder()
    factory.close()


def test_the_digest_of_a_long_name_is_that_of_the_whole_name() -> None:
    plain = "371329-" + "x" * 80
    assert ledger_name("371329", "X" * 80).endswith(sha256(plain.encode()).hexdigest()[:16])
