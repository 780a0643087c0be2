"""Where the sealing keys come from: a file that only its owner reads, the environment, a command.

    MINZHANG_SEALING_KEYS=file:/etc/minzhang/sealing.keys      the default is below the data
    MINZHANG_SEALING_KEYS=env:MINZHANG_KEYRING
    MINZHANG_SEALING_KEYS=command:/usr/local/bin/fetch-keys --ledger 371329

The text itself is described in ``ledger/sealing/keyring.py``. A file that is missing is
made once, for a ledger that has nothing sealed yet; keys that are lost are never
replaced in silence.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import stat
from contextlib import suppress
from pathlib import Path

from ledger.core.clock import local_day, utc_now
from ledger.sealing import Keyring, new_keyring, read_keyring
from ledger.storage.connect import Connection, connect
from ledger.storage.moving_keys import keys_migrations, moved_away, slots_count
from ledger.storage.privileges import KEYS_TABLES
from ledger.storage.roles import bring_up_to_date
from ledger.storage.vault import SealingKeys
from scripts.failures import Failure
from scripts.settings import Settings

COMMAND_SECONDS = 30.0

# The few keys that wrap this ledger's many slots, each found by one look at the index.
_KEKS = """
    WITH RECURSIVE used AS (
        (SELECT kek FROM sealing_slots WHERE ledger_id = $1 ORDER BY kek LIMIT 1)
        UNION ALL
        SELECT (
            SELECT next.kek FROM sealing_slots AS next
            WHERE next.ledger_id = $1 AND next.kek > used.kek ORDER BY next.kek LIMIT 1
        ) FROM used WHERE used.kek IS NOT NULL
    )
    SELECT kek FROM used WHERE kek IS NOT NULL
"""


async def read_keys(settings: Settings) -> SealingKeys:
    """Read the keys from where the settings say; a failure says what is wrong, never a key."""
    kind, _, where = settings.sealing_keys.partition(":")
    match kind:
        case "file":
            text = _read_file(Path(where))
        case "env":
            text = os.environ.get(where, "")
        case _:
            text = await _run(where)
    return SealingKeys(read_keyring(text), settings.keys_dsn, settings.data / "evidence")


async def prepare_keys(db: Connection, settings: Settings) -> None:
    """Make the tables of the secrets where they are, and a key file if none was ever needed.

    Raises ``Failure`` when keys under which this ledger has sealed something are not there.
    """
    if settings.keys_dsn is not None:
        await prepare_keys_database(settings.keys_dsn, settings.keys_owner_dsn)
    keys_db = db if settings.keys_dsn is None else await connect(settings.keys_dsn)
    try:
        await _guard_home(db, keys_db, settings)
        used = {kek for (kek,) in await keys_db.fetch(_KEKS, settings.ledger)}
        where = _missing_file(settings)
        if where is not None and not used:
            make_file(where, new_keyring(local_day(utc_now())))
        elif used and settings.sealing_keys.startswith("file:"):
            await _guard_complete(settings, used, is_missing=where is not None)
    finally:
        if keys_db is not db:
            await keys_db.close()


async def prepare_keys_database(dsn: str, owner_dsn: str | None) -> None:
    """Make the tables of a database that holds secrets only, and grant the app what it needs."""
    await bring_up_to_date(dsn, owner_dsn, keys_migrations(), KEYS_TABLES)


async def _guard_home(db: Connection, keys_db: Connection, settings: Settings) -> None:
    """Refuse a database whose secrets went elsewhere, and secrets in two databases."""
    if await moved_away(keys_db, settings.ledger) is not None:
        raise Failure(
            "本账本的密钥槽已迁至另一数据库：请相应设置 MINZHANG_KEYS_DSN。",
            "the secrets of this ledger were moved to another database: set MINZHANG_KEYS_DSN to it"
            " (or remove it, if they went into the main one)",
        )
    if keys_db is not db and await slots_count(db, settings.ledger):
        raise Failure(
            "账本数据库和 MINZHANG_KEYS_DSN 中都有密钥槽：请执行 minzhang sealing move-keys。",
            "there are secrets in the ledger's own database and in that of MINZHANG_KEYS_DSN:"
            " finish with minzhang sealing move-keys (from where they were, with the setting of"
            " before)",
        )


async def _guard_complete(settings: Settings, used: set[str], *, is_missing: bool) -> None:
    """Refuse a file without the keys in use: it is gone, or was made anew for another ledger."""
    held = set() if is_missing else set((await read_keys(settings)).keyring.keks)
    if lost := sorted(used - held):
        source = settings.sealing_keys
        raise Failure(
            f"密封密钥 {source} 缺少 {'、'.join(lost)}，账本中已有用其密封的信息；请从备份恢复。",
            f"the sealing keys {source} lack {', '.join(lost)}, and the ledger has data sealed"
            " under them: restore that file from its backup",
        )


def _missing_file(settings: Settings) -> Path | None:
    kind, _, where = settings.sealing_keys.partition(":")
    return Path(where) if kind == "file" and not os.path.lexists(where) else None


def make_file(path: Path, keyring: Keyring) -> None:
    """Write the keys to a new file that only its owner reads; one that is there stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = _write_beside(path, keyring)
    with suppress(FileExistsError):  # another process was quicker: its keys count
        os.link(beside, path)
    beside.unlink()


def replace_file(path: Path, keyring: Keyring) -> None:
    """Put other keys into the file, all at once."""
    _write_beside(path, keyring).replace(path)


def _write_beside(path: Path, keyring: Keyring) -> Path:
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(keyring.to_text())
        file.flush()
        os.fsync(file.fileno())
    return beside


def _read_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1_000_000)
    except (OSError, UnicodeDecodeError) as unreadable:
        raise Failure(
            f"无法读取密封密钥文件 {path}（MINZHANG_SEALING_KEYS）。",
            f"cannot read the sealing keys {path} (MINZHANG_SEALING_KEYS):"
            f" {type(unreadable).__name__}",
        ) from unreadable
    if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
        raise Failure(
            f"密封密钥文件 {path} 只能由其所有者读取，请执行 chmod 600。",
            f"only its owner may read the sealing keys {path}: chmod 600",
        )
    return text


async def _run(command: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except (OSError, ValueError, TimeoutError) as failed:
        raise _command_failed(command, type(failed).__name__) from failed
    if process.returncode != 0:
        raise _command_failed(command, f"exit code {process.returncode}")
    return output.decode("utf-8", "replace")


def _command_failed(command: str, problem: str) -> Failure:
    name = command.split(maxsplit=1)[0] if command.split() else command
    return Failure(
        f"取密封密钥的命令 {name} 失败（MINZHANG_SEALING_KEYS）：{problem}。",
        f"the command {name} for the sealing keys (MINZHANG_SEALING_KEYS) failed: {problem}",
    )
