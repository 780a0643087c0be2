"""Why a log is doubted: it is not what was signed, its head does not fit, its time is not credible.

Each of these stops appends (``stops.py``) until somebody answers for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger.core.errors import LedgerError

AHEAD_MAX = timedelta(hours=1)
"""So far the log's time may be ahead of the clock: clocks of two machines differ, not by this."""


class LogDoubtful(LedgerError):
    """This database is not the log that was signed and published before.

    该数据库不是此前已签名并公布的日志。
    """


class LogBehind(LogDoubtful):
    """The log is shorter than a checkpoint that was signed: entries are missing from the database.

    日志比已签名的检查点短：数据库中缺少条目。
    """


class LogRewritten(LogDoubtful):
    """The log does not begin with what was signed before: entries were changed in the database.

    日志与此前已签名的内容不符：数据库中的条目被更改。
    """


class LogTorn(LogDoubtful):
    """The log's head does not fit its entries: the database was changed from outside.

    日志头与其条目不符：数据库曾被外部改动。
    """


class LogAheadOfClock(LogDoubtful):
    """The log's time is far ahead of the clock: one of the two is wrong, so nothing is dated by it.

    日志的时间远远超前于时钟：二者必有一误，故不据此记录时间。
    """


class SignedMissing(LogDoubtful):
    """What was signed last is kept in a file beside the keys, and that file is not there.

    记载上次签名内容的文件（signed）不在密钥目录中。
    """


class LogStoppedBefore(LogDoubtful):
    """Appends to this log were stopped, and nobody has answered for it yet.

    本日志此前已被停止记录，尚无人就此作出说明。
    """


def is_ahead(recorded_at: datetime, now: datetime) -> bool:
    """Tell whether the log's last time cannot be, if the clock is right."""
    if recorded_at.tzinfo is None:  # -infinity: nothing is recorded yet; infinity: never
        return recorded_at > datetime(9000, 1, 1)  # noqa: DTZ001 - how asyncpg gives infinity
    return recorded_at > now + AHEAD_MAX
