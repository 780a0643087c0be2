"""The embedded server: private, durable, shared, and gone with its last user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from ledger.postgres import (
    EmbeddedServer,
    NoServerHere,
    ServerBusy,
    ServerDidNotStart,
    dsn_for,
    erase,
    running,
)
from ledger.postgres.account import current_account
from ledger.postgres.errors import NotOurs
from ledger.postgres.processes import postmaster_of
from tests.platform.users import ROOT, another_user, first_line, mode_of


def postmaster(server: EmbeddedServer) -> psutil.Process:
    """The server's first process."""
    pid = postmaster_of(server.place.data, current_account().server_uid)
    assert pid is not None
    return psutil.Process(pid)


async def show(dsn: str, setting: str) -> str:
    """One setting of the server."""
    connection = await asyncpg.connect(dsn)
    try:
        value: str = await connection.fetchval("SELECT current_setting($1)", setting)
        return value
    finally:
        await connection.close()


async def test_it_is_durable_and_speaks_utf8(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server:
        found = {
            name: await show(server.dsn, name)
            for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
        }
        assert set(found.values()) == {"on"}
        assert await show(server.dsn, "server_encoding") == "UTF8"
        assert await show(server.dsn, "timezone") == "UTC"


async def test_it_listens_on_no_network_address(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server:
        assert await show(server.dsn, "listen_addresses") == ""
        assert postmaster(server).net_connections("inet") == []
        doors = {str(door.laddr) for door in postmaster(server).net_connections("unix")}
        assert doors <= {"", str(server.place.socket)}


def test_nobody_else_may_enter_its_folders(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server:
        place = server.place
        assert mode_of(place.run) == mode_of(place.data) == mode_of(place.server) == 0o700
        assert place.run.owner() == postmaster(server).username()
        assert mode_of(place.socket) == 0o700
        assert mode_of(place.users) == 0o700
        assert mode_of(place.log) == 0o600


def test_it_never_runs_as_root(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server:
        assert postmaster(server).uids().effective != 0


def test_who_connects_is_asked_of_the_kernel(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server:
        rules = (server.place.conf / "pg_hba.conf").read_text().splitlines()
        methods = {line.split()[3] for line in rules if not line.startswith("#")}
        assert methods == {"peer"}
        assert "trust" not in (server.place.data / "pg_hba.conf").read_text().split()


async def test_data_stays_and_an_empty_start_is_told(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as server:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        await connection.close()
    assert running(shared_data_dir) is None

    async with EmbeddedServer(shared_data_dir) as again:
        connection = await asyncpg.connect(again.dsn)
        assert await connection.fetchval("SELECT n FROM kept") == 1
        await connection.execute("DROP TABLE kept")
        await connection.close()
        assert running(shared_data_dir) == again.dsn == dsn_for(shared_data_dir)


def test_two_starts_share_one_server_and_the_last_to_leave_stops_it(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir) as ours, another_user(shared_data_dir) as other:
        assert first_line(other) == ours.dsn
        pid = postmaster(ours).pid
        ours.stop()
        assert running(shared_data_dir) == dsn_for(shared_data_dir)

        with EmbeddedServer(shared_data_dir) as again:
            assert postmaster(again).pid == pid
            other.communicate("leave\n", timeout=60)
            assert running(shared_data_dir) is not None
        assert running(shared_data_dir) is None


def test_many_starts_at_once_make_one_server(data_dir: Path) -> None:
    script = "import sys; from ledger.postgres import EmbeddedServer as E\n"
    script += "with E(sys.argv[1]) as s: print(s.dsn)"
    command = [sys.executable, "-c", script, str(data_dir)]
    starts = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = {start.communicate(timeout=120)[0].strip() for start in starts}

    assert [start.returncode for start in starts] == [0] * 4
    assert said == {dsn_for(data_dir)}
    assert running(data_dir) is None


def test_leaving_twice_does_nothing(shared_data_dir: Path) -> None:
    server = EmbeddedServer(shared_data_dir).start()
    server.stop()
    server.stop()
    assert running(shared_data_dir) is None


async def test_a_path_too_long_for_a_socket_gets_a_short_one(data_dir: Path) -> None:
    with EmbeddedServer(data_dir / "深" / ("x" * 90)) as server:
        assert len(os.fsencode(server.place.socket)) <= 107
        assert mode_of(server.place.run) == 0o700
        assert await show(server.dsn, "listen_addresses") == ""
        short = server.place.run
    erase(data_dir / "深" / ("x" * 90))
    assert not short.exists()


async def test_a_path_with_quotes_and_spaces_works(data_dir: Path) -> None:
    with EmbeddedServer(data_dir / """it's, "so" $HOME""") as server:
        assert await show(server.dsn, "data_directory") == str(server.place.data)
    erase(server.data_dir)


def test_a_socket_folder_that_others_prepared_is_refused(data_dir: Path) -> None:
    deep = data_dir / ("x" * 120)
    with EmbeddedServer(deep) as server:
        short = server.place.run
    short.chmod(0o755)
    with pytest.raises(NotOurs, match="0700"):
        EmbeddedServer(deep).start()
    short.chmod(0o700)
    erase(deep)


def test_without_a_server_there_is_no_address(data_dir: Path) -> None:
    assert running(data_dir) is None
    with pytest.raises(NoServerHere, match="minzhang init"):
        dsn_for(data_dir)


def test_a_server_in_use_is_not_erased(shared_data_dir: Path) -> None:
    with EmbeddedServer(shared_data_dir), pytest.raises(ServerBusy, match="in use"):
        erase(shared_data_dir)


def test_why_it_did_not_start_is_told(shared_data_dir: Path) -> None:
    with pytest.raises(ServerDidNotStart, match="no_such_setting"):
        EmbeddedServer(shared_data_dir, settings={"no_such_setting": "1"}).start()
    with EmbeddedServer(shared_data_dir) as server:
        assert running(shared_data_dir) == server.dsn
