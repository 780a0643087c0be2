"""The setting that says where the embedded server archives its write-ahead log."""

from __future__ import annotations

from pathlib import Path

from ledger.postgres.archiving import OFF
from scripts.setting_kinds import Setting


def _archive(text: str) -> str:
    if text == OFF:
        return text
    path = Path(text).expanduser()
    if not text.isprintable() or not path.is_absolute() or (path.exists() and not path.is_dir()):
        raise ValueError(text)
    return str(path)


BACKUP_SETTINGS = (
    Setting(
        name="wal_archive",
        read=_archive,
        rule_zh="一个目录的绝对路径，或 none",
        rule_en="the absolute path of a directory, or none",
        purpose="where the embedded server archives its write-ahead log, remembered once set",
    ),
)
