"""The settings that say what is logged, and where besides stderr."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.setting_kinds import Setting, matching
from scripts.syslog.places import place_of

LEVELS = ("debug", "info", "warning", "error")


def _place(text: str) -> str:
    return str(place_of(text))


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not text.isprintable() or not path.is_file():
        raise ValueError(text)
    return path.absolute()


LOGGING_SETTINGS = (
    Setting(
        name="log_level",
        read=matching(re.compile("|".join(LEVELS))),
        rule_zh="debug、info、warning、error 之一",
        rule_en="one of debug, info, warning, error",
        purpose="least severity that is logged",
        default="info",
    ),
    Setting(
        name="syslog",
        read=_place,
        rule_zh="unix:/路径、udp://主机[:514]、tcp://主机[:601] 或 tls://主机[:6514]",
        rule_en="unix:/PATH, udp://HOST[:514], tcp://HOST[:601] or tls://HOST[:6514]",
        purpose="syslog receiver (RFC 5424) that gets every line of the log besides stderr",
    ),
    Setting(
        name="syslog_ca_file",
        read=_file,
        rule_zh="一个可读文件的路径",
        rule_en="the path of a file that can be read",
        purpose="root certificates for a syslog receiver with tls:// (default: the system's)",
    ),
)
