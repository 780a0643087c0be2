"""Whatever is killed, the next start finds the data whole and the server in order."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from ledger.postgres import EmbeddedServer, OtherMajorVersion, ServerBusy, running
from ledger.postgres.account import current_account
from ledger.postgres.cluster import Cluster
from ledger.postgres.files import wait_until
from ledger.postgres.place import existing_place
from ledger.postgres.processes import postmaster_of, processes_in, send
from tests.platform.users import another_user, first_line

LIBC = ctypes.CDLL(None)
PR_SET_CHILD_SUBREAPER = 36


def postmaster(data_dir: Path) -> int:
    """The number of the living postmaster."""
    pid = postmaster_of(existing_place(data_dir).data, current_account().server_uid)
    assert pid is not None
    return pid


def everything(data_dir: Path) -> list[int]:
    """The numbers of all living processes of the server."""
    return processes_in(existing_place(data_dir).data, current_account().server_uid)


def kill(pids: list[int]) -> None:
    """Kill processes of ours at once."""
    send(signal.SIGKILL, pids)


@contextmanager
def nobody_reaps() -> Iterator[None]:
    """Orphans become children of this process, which leaves them zombies until the end."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


async def rows(dsn: str) -> int:
    """How many rows the tests have kept so far."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (n serial)")
        await connection.execute("INSERT INTO kept DEFAULT VALUES")
        count: int = await connection.fetchval("SELECT count(*) FROM kept")
        return count
    finally:
        await connection.close()


async def test_a_killed_server_is_started_again_with_its_data(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as first:
        before = await rows(first.dsn)
        kill(everything(shared_data_dir))
        with EmbeddedServer(shared_data_dir) as second:
            assert await rows(second.dsn) == before + 1


async def test_a_zombie_postmaster_is_not_taken_for_a_living_one(shared_data_dir: Path) -> None:
    with nobody_reaps():
        with EmbeddedServer(shared_data_dir) as first:
            before = await rows(first.dsn)
            dead = postmaster(shared_data_dir)
            kill(everything(shared_data_dir))
            assert wait_until(lambda: "Z" in Path(f"/proc/{dead}/stat").read_text(), seconds=10)
            with EmbeddedServer(shared_data_dir) as second:
                assert await rows(second.dsn) == before + 1
        assert running(shared_data_dir) is None


async def test_back_ends_that_outlive_their_postmaster_are_ended(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as first:
        before = await rows(first.dsn)
        connection = await asyncpg.connect(first.dsn)
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
        busy = asyncio.create_task(
            connection.execute("SELECT count(*) FROM generate_series(1, 100000000000)")
        )
        assert await asyncio.to_thread(wait_until, lambda: runs(pid), seconds=10)
        kill([postmaster(shared_data_dir)])
        with EmbeddedServer(shared_data_dir) as second:
            assert await rows(second.dsn) == before + 1
        with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
            await busy
        connection.terminate()


def runs(pid: int) -> bool:
    """Whether the process computes now."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"


STRANGERS: dict[str, Callable[[], int]] = {
    "this process": os.getpid,
    "init": lambda: 1,
    "nobody": lambda: 4_000_000,
}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_stale_pid_file_is_no_obstacle(shared_data_dir: Path, stranger: str) -> None:
    with EmbeddedServer(shared_data_dir) as first:
        before = await rows(first.dsn)
        place = first.place
        stale = (place.data / "postmaster.pid").read_text().split("\n")
        kill(everything(shared_data_dir))
        assert wait_until(lambda: not everything(shared_data_dir), seconds=10)
        stale[0] = str(STRANGERS[stranger]())
        (place.data / "postmaster.pid").write_text("\n".join(stale))
        place.socket.with_name(place.socket.name + ".lock").write_text("\n".join(stale))
        with EmbeddedServer(shared_data_dir) as second:
            assert await rows(second.dsn) == before + 1


async def test_the_watch_restarts_a_server_that_is_killed_again_and_again(
    shared_data_dir: Path,
) -> None:
    async with EmbeddedServer(shared_data_dir) as server:
        before = await rows(server.dsn)
        watch = asyncio.create_task(server.keep_alive())
        for count in range(3):
            dead = postmaster(shared_data_dir)
            kill(everything(shared_data_dir))
            assert await asyncio.to_thread(
                wait_until, partial(has_risen, shared_data_dir, dead), seconds=60
            )
            assert await rows(server.dsn) == before + count + 1
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def has_risen(data_dir: Path, dead: int) -> bool:
    """Whether another postmaster than the dead one answers."""
    found = postmaster_of(existing_place(data_dir).data, current_account().server_uid)
    return found not in {None, dead} and running(data_dir) is not None


def test_a_killed_user_does_not_count(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server, another_user(shared_data_dir) as other:
        assert first_line(other) == server.dsn
        other.kill()
        other.wait(timeout=60)
        server.stop()
        assert running(shared_data_dir) is None


async def test_a_server_whose_users_were_all_killed_is_taken_over(shared_data_dir: Path) -> None:
    with another_user(shared_data_dir) as other:
        dsn = first_line(other)
        other.kill()
        other.wait(timeout=60)
    pid = postmaster(shared_data_dir)
    with EmbeddedServer(shared_data_dir) as server:
        assert server.dsn == dsn
        assert postmaster(shared_data_dir) == pid
    assert running(shared_data_dir) is None


def test_a_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        place = server.place
    place.data.rename(place.server / "data.new")
    (place.server / "data.new" / "PG_VERSION").unlink()
    with EmbeddedServer(data_dir):
        assert (place.data / "PG_VERSION").exists()
        assert not (place.server / "data.new").exists()


def test_data_of_another_major_version_is_told_and_left_alone(data_dir: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        version = server.place.data / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(OtherMajorVersion, match=r"PostgreSQL 15.*\b18\b.*dump") as told:
        EmbeddedServer(data_dir).start()
    assert "属于 PostgreSQL 15" in told.value.zh
    assert version.read_text() == "15\n"


def test_a_server_started_by_hand_is_not_touched(data_dir: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        place = server.place
        cluster = server_cluster(server)
    program = str(cluster.binaries.program("postgres"))
    by_hand = [program, "-D", str(place.data), "-k", str(place.run), "-h", ""]
    with subprocess.Popen(
        by_hand, stderr=subprocess.PIPE, text=True, **cluster.account.spawn_options()
    ) as process:
        assert process.stderr is not None
        assert any("ready to accept" in line for line in process.stderr)
        with pytest.raises(ServerBusy, match="stop it first"):
            EmbeddedServer(data_dir).start()
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    with EmbeddedServer(data_dir):
        assert running(data_dir) is not None


def server_cluster(server: EmbeddedServer) -> Cluster:
    """The account and programs of a running server."""
    assert server._cluster is not None
    return server._cluster


def test_a_deleted_data_directory_begins_anew(data_dir: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        home = server.place.home
    shutil.rmtree(home)
    with EmbeddedServer(data_dir):
        assert running(data_dir) is not None
