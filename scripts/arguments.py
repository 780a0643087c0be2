"""The parser of the command line: settings as flags everywhere, errors in two languages."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn, TypeAlias

from ledger.core.values import derived_id
from scripts.settings import SETTINGS

SubParsers: TypeAlias = "argparse._SubParsersAction[Parser]"

OPERATOR = derived_id("actor", "minzhang operator")
"""Whoever runs a command on the machine itself, where nobody signs in."""


class Parser(argparse.ArgumentParser):
    """Reports wrong usage in one sentence and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to see the right usage."""
        sys.stderr.write(
            f"{self.prog}: 命令用法有误，详见 {self.prog} --help。"
            f" / wrong usage: {message}; see {self.prog} --help\n"
        )
        raise SystemExit(2)


def add_settings_flags(parser: argparse.ArgumentParser) -> None:
    """Let every sub-command, at every depth, take every setting as a flag."""
    group = parser.add_argument_group("settings / 设置")
    for setting in SETTINGS:
        group.add_argument(
            setting.flag,
            dest=f"setting_{setting.name}",
            metavar="VALUE",
            default=argparse.SUPPRESS,
            help=f"{setting.purpose} ({setting.variable})",
        )
    for action in parser._actions:  # argparse offers no public way to its sub-parsers
        if isinstance(action, argparse._SubParsersAction):
            for child in set(action.choices.values()):
                add_settings_flags(child)


def flags_of(args: argparse.Namespace) -> dict[str, str]:
    """Return the settings that were given as flags."""
    given = vars(args)
    names = [setting.name for setting in SETTINGS]
    return {name: given[f"setting_{name}"] for name in names if f"setting_{name}" in given}
