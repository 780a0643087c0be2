"""The command `minzhang`: one parser, one module for each sub-command.

A module has `add(subparsers)`, which adds its parser and sets `run`, and `async def
run(args, settings)`, which may return an exit code. Expected failures are one sentence on
stderr in both languages; exit code 2 means wrong usage or settings, 1 a failure, 130 stopped
by Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from urllib.parse import urlsplit

import asyncpg
import uvloop

from ledger.core.errors import LedgerError
from ledger.core.log_lines import log_as_lines
from ledger.postgres import ServerError
from ledger.storage.roles import APP
from scripts import (
    backup,
    bench,
    bundle,
    demo,
    dsn,
    importing,
    init,
    keys,
    log,
    monitor,
    projections,
    recover,
    restore,
    sealing,
    serve,
    tokens,
    users,
    verify,
    witness,
)
from scripts.arguments import Parser, add_settings_flags, flags_of
from scripts.failures import Failure
from scripts.settings import Settings, environment_settings

COMMANDS = (
    init,
    demo,
    dsn,
    serve,
    projections,
    log,
    bundle,
    verify,
    monitor,
    importing,
    users,
    tokens,
    keys,
    sealing,
    witness,
    backup,
    restore,
    recover,
    bench,
)


def build_parser() -> Parser:
    """Return the whole parser."""
    parser = Parser(
        prog="minzhang", description="民账，基层治理账本 / Minzhang, the people's account"
    )
    parser.add_argument("--version", action="version", version=version("minzhang"))
    subparsers = parser.add_subparsers(
        title="commands / 命令", metavar="COMMAND", required=True, parser_class=Parser
    )
    for command in COMMANDS:
        command.add(subparsers)
    for child in subparsers.choices.values():
        add_settings_flags(child)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return the exit code."""
    args = build_parser().parse_args(argv)
    log_as_lines(logging.WARNING)  # a command that serves then starts what its settings say
    settings: Settings | None = None
    try:
        settings = environment_settings(flags_of(args))
        code: int | None = uvloop.run(args.run(args, settings))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, for example `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Failure, ServerError) as failure:
        return _fail(str(failure), failure.exit_code if isinstance(failure, Failure) else 1)
    except LedgerError as refused:
        facts = ", ".join(f"{name}={value}" for name, value in refused.facts.items())
        return _fail(f"{refused.title_zh()} / {refused.title_en()} {facts}".rstrip(), 1)
    except asyncpg.InsufficientPrivilegeError as refused:
        return _fail(_may_not(settings, refused), 1)
    return code or 0


def _may_not(settings: Settings | None, refused: asyncpg.InsufficientPrivilegeError) -> str:
    """Say which role lacks a privilege, and who grants it."""
    named = settings.dsn if settings is not None else None
    role = urlsplit(named).username if named else APP
    return (
        f"数据库角色 {role} 缺少权限（{refused}）；请设置 MINZHANG_OWNER_DSN（表的所有者）后运行"
        f" minzhang init，见 docs/database-roles.md。 / the database role {role} lacks a privilege"
        f" ({refused}): run minzhang init with MINZHANG_OWNER_DSN, see docs/database-roles.md"
    )


def _fail(sentence: str, exit_code: int) -> int:
    sys.stderr.write(f"minzhang: {sentence}\n")
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main())
