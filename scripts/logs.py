"""Logs: one JSON object a line on stderr, and at a syslog receiver if MINZHANG_SYSLOG names one."""

from __future__ import annotations

import logging
import ssl

from ledger.core.log_lines import log_as_lines
from scripts.failures import Failure
from scripts.settings import Settings
from scripts.syslog.handler import SyslogHandler
from scripts.syslog.places import place_of


def start_logging(settings: Settings) -> None:
    """Log as the settings say, until the process ends."""
    others: list[logging.Handler] = []
    if settings.syslog is not None:
        _check_authorities(settings)
        others.append(SyslogHandler(place_of(settings.syslog, settings.syslog_ca_file)))
    log_as_lines(settings.log_level.upper(), *others)


def syslog_handler() -> SyslogHandler | None:
    """Return what sends this process's lines to a second place, if anything does."""
    found = (one for one in logging.getLogger().handlers if isinstance(one, SyslogHandler))
    return next(found, None)


def _check_authorities(settings: Settings) -> None:
    """Refuse a file that holds no certificate now, rather than at every try to connect."""
    file = settings.syslog_ca_file
    try:
        if file is not None:
            ssl.create_default_context(cafile=file)
    except OSError as wrong:
        raise Failure(
            f"MINZHANG_SYSLOG_CA_FILE 指定的 {file} 不含可读的证书：{wrong}。",
            f"MINZHANG_SYSLOG_CA_FILE: {file} holds no certificate that can be read: {wrong}",
        ) from wrong
