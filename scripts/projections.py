"""`minzhang projections status|rebuild|verify|digest`: look after the views.

minzhang projections verify                   compare every view with what the log makes of it
minzhang projections rebuild deposits         make one again; readers see no gap
minzhang projections digest --position 4711   what two auditors compare
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from ledger.storage.connect import connect
from ledger.storage.reading import read_head
from projections import VIEWS
from projections.engine import View, digest, install, rebuild, status, verify, view_named
from scripts.arguments import SubParsers
from scripts.database import open_database
from scripts.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the views are: the database, the ledger, and which of them are meant."""

    dsn: str
    ledger_id: str
    views: Sequence[View]


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("projections", help="视图 / look after the views")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    _add_action(actions, "status", show_status, "各视图的进度 / how far each view has read")
    _add_action(actions, "rebuild", rebuild_views, "重建 / make views again from the log")
    _add_action(actions, "verify", verify_views, "核对 / compare views with the log")
    digesting = _add_action(actions, "digest", digest_views, "摘要 / hash the rows of views")
    digesting.add_argument(
        "--position", type=_position, metavar="N", help="as after the event at N; default: now"
    )


def _add_action(
    actions: SubParsers, name: str, run: Callable[..., Any], text: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=text)
    action.add_argument("names", nargs="*", metavar="NAME", help="views; default: all")
    action.add_argument("--json", action="store_true", help="print as JSON")
    action.set_defaults(run=run)
    return action


async def show_status(args: argparse.Namespace, settings: Settings) -> int:
    """Say where each view stands; exit code 1 when one has stopped."""
    async with _place(args, settings) as place:
        db = await connect(place.dsn)
        try:
            found = await status(db, place.ledger_id, place.views)
        finally:
            await db.close()
    if args.json:
        _print_json([asdict(view) for view in found])
    for view in () if args.json else found:
        state = f"lag {view.lag}"
        if view.failed_position is not None:
            state = f"停止 / stopped before {view.failed_position}: {view.failure}"
        print(f"{view.name:24} v{view.version}  {view.position:>10}  {state}")
    return int(any(view.failure is not None for view in found))


async def rebuild_views(args: argparse.Namespace, settings: Settings) -> None:
    """Make views again; a view that still cannot apply an event is said to."""
    async with _place(args, settings) as place:
        for view in place.views:
            rebuilt = await rebuild(place.dsn, place.ledger_id, view)
            if args.json:
                _print_json(asdict(rebuilt))
            else:
                counts = f"{rebuilt.row_count} 行 / rows"
                print(f"{view.name:24} v{view.version}  {rebuilt.position:>10}  {counts}")


async def verify_views(args: argparse.Namespace, settings: Settings) -> int:
    """Compare views with the log; exit code 1 when a row differs."""
    wrong = 0
    async with _place(args, settings) as place:
        for view in place.views:
            verified = await verify(place.dsn, place.ledger_id, view)
            wrong += not verified.is_right
            if args.json:
                _print_json(asdict(verified) | {"is_right": verified.is_right})
                continue
            state = "一致 / right" if verified.is_right else "不一致 / WRONG"
            print(f"{view.name:24} v{view.version}  {verified.live.position:>10}  {state}")
            if found := verified.difference:
                print(f"  {found.table} {_text(found.key)}")
                print(f"    现有 / live     {_text(found.live)}")
                print(f"    应为 / rebuilt  {_text(found.rebuilt)}")
    return int(wrong > 0)


async def digest_views(args: argparse.Namespace, settings: Settings) -> None:
    """Print one hash a view."""
    async with _place(args, settings) as place:
        for view in place.views:
            found = await digest(place.dsn, place.ledger_id, view, position=args.position)
            if args.json:
                _print_json(asdict(found) | {"sha256": found.sha256})
            else:
                print(f"{found.sha256}  {view.name} v{view.version} {found.position}")


@asynccontextmanager
async def _place(args: argparse.Namespace, settings: Settings) -> AsyncIterator[Place]:
    views = [view_named(VIEWS, name) for name in args.names] or VIEWS
    async with open_database(settings) as database:
        await database.bring_up_to_date()
        db = await connect(database.dsn)
        try:
            await read_head(db, settings.ledger)
            await install(db, VIEWS)
        finally:
            await db.close()
        yield Place(dsn=database.dsn, ledger_id=settings.ledger, views=views)


def _position(text: str) -> int:
    position = int(text)
    if position < 0:
        raise ValueError(text)
    return position


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z).decode())


def _text(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
