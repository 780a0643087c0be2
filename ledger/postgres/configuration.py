"""What the server is told: settings for a small machine, and who may come in.

There is no TCP port. The socket lies in a folder of mode 0700, and who connects is asked of
the kernel (peer): only the owner of the data is let in, as any role. Written anew at every
start, into a folder that the server itself cannot write.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ledger.postgres.account import Account
from ledger.postgres.place import Place

ROLE = "minzhang"
DATABASE = "minzhang"
SHARED_MEMORY_BYTES_MIN = 256 * 1024 * 1024

HBA = """\
# Written at every start. Peer: the kernel says who connects; nobody else, no network.
local  all          all  peer  map=owner
local  replication  all  peer  map=owner
"""

SETTINGS = {
    # No network; the socket is the only door.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    # Durable whatever happens.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    # A small machine with a disk that it shares.
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum": "on",
    # The same everywhere.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "iso, ymd",
    "lc_messages": "C",
    "client_encoding": "UTF8",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def write_configuration(place: Place, account: Account, settings: Mapping[str, str]) -> None:
    """Write the three files; `settings` come last and win."""
    own = {
        "data_directory": str(place.data),
        "hba_file": str(place.conf / "pg_hba.conf"),
        "ident_file": str(place.conf / "pg_ident.conf"),
        "unix_socket_directories": str(place.run),
        "dynamic_shared_memory_type": _shared_memory_type(),
    }
    lines = [
        f"{name} = {_quoted(value)}" for name, value in {**SETTINGS, **own, **settings}.items()
    ]
    _write(place.conf / "postgresql.conf", "\n".join(["# Written at every start.", *lines, ""]))
    _write(place.conf / "pg_hba.conf", HBA)
    owner = account.owner.replace('"', '""')
    _write(
        place.conf / "pg_ident.conf", f'# map, user of the system, role\nowner  "{owner}"  all\n'
    )


def _shared_memory_type() -> str:
    """Containers often give /dev/shm only 64 MiB, too small for a large query: use files then."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  only its size is asked
    except FileNotFoundError:
        return "mmap"
    return "posix" if room.f_blocks * room.f_frsize >= SHARED_MEMORY_BYTES_MIN else "mmap"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)
