"""The full check of one ledger, in one snapshot, while the service goes on.

    async with open_check(dsn, ledger_id, ...) as check:
        report = await check.run()

Checked are: every entry against its columns, leaf hash and neighbours; versions of streams; every
tile against what lies below it; the head; every checkpoint's note, signature and root; witnesses'
lines and time stamps as far as keys are at hand; receipts; what the signer remembers; the
codes by the service's key, if it is at hand; the tripwires. Not checked is what the log does not
bind: see ``NOT_BOUND``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ledger.core.errors import LedgerError
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.merkle.proofs import nodes_of
from ledger.merkle.tree import EMPTY_ROOT
from ledger.storage import verifying
from ledger.storage.connect import Connection
from ledger.storage.errors import NotInitialised
from ledger.storage.service_key import ServiceKey
from ledger.storage.tree import read_nodes, read_root
from ledger.verification.beside import check_beside, check_cosignatures, check_time_stamps
from ledger.verification.codes import check_codes
from ledger.verification.findings import Finding, Findings
from ledger.verification.ranges import RANGE_ENTRIES, FormerOrigin, Task, check_note, check_range
from ledger.verification.rows import origin_of
from ledger.verification.snapshots import check_snapshots
from ledger.verification.tokens import check_tokens
from ledger.verification.whole import Whole
from ledger.verification.workers import WORKERS_MAX, Check, checking

FEW_ENTRIES = 16 * RANGE_ENTRIES
"""So few are checked sooner than it takes to start other processes."""
AHEAD = 2
"""How many ranges are in hand for each that is waited for."""

NOT_BOUND = (
    "checkpoints.signed_at, checkpoints.published_at",
    "time_stamps.authority, time_stamps.stamped_at",
)
"""Columns and tables that no hash covers: they decide about retries and work, and prove nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to check and with which keys. ``workers`` None: one process a processor; 0: none."""

    dsn: str
    ledger_id: str
    log_keys: tuple[VerifyingKey, ...] = ()
    witness_keys: tuple[VerifyingKey, ...] = ()
    former: tuple[FormerOrigin, ...] = ()
    signed: Checkpoint | None = None  # what the signer remembers
    start: Whole | None = None  # where an earlier run stopped
    workers: int | None = None
    are_gaps_allowed: bool = False
    key: ServiceKey | None = None  # the service's own, for the codes of rows


@dataclass(slots=True)
class Report:
    """What a check found; ``size`` and ``root`` are what the entries come to."""

    origin: str = ""
    size: int = 0
    root: bytes = EMPTY_ROOT
    start: int = 0
    findings: Findings = field(default_factory=Findings)
    not_checked: list[str] = field(default_factory=list)


Told = Callable[[Whole, int], None]


async def check_ledger(wanted: Wanted, told: Told = lambda _whole, _size: None) -> Report:
    """Check one ledger; ``told`` hears after each range how far it is, and of how many entries.

    Raises ``NotInitialised`` where there is neither a head nor an entry.
    """
    report = Report()
    async with verifying.snapshot(wanted.dsn) as db:
        head = await verifying.raw_head(db, wanted.ledger_id)
        if head is None:
            if not await verifying.positions_beyond(db, wanted.ledger_id, 0):
                raise NotInitialised(ledger=wanted.ledger_id)
            report.findings.add(Finding(rule="head-missing", table="heads", column="ledger_id"))
            return report
        whole = wanted.start or Whole(wanted.ledger_id)
        report.origin, report.start = head["origin"], whole.frontier.size
        head = await _with_origin(wanted, db, dict(head), report.findings)
        if report.start:
            await _check_start(db, whole, report.findings)
        if wanted.workers == 0 or head["size"] - whole.frontier.size < FEW_ENTRIES:
            await _ranges(wanted, db, whole, head, (partial(check_range, db), 1), told)
            report.findings.merge(await _beside(wanted, db))
        else:
            await _side_by_side(wanted, db, whole, head, report, told)
        report.findings.merge(whole.findings)
        report.size, report.root = whole.frontier.size, whole.frontier.root()
        await _finish(wanted, db, whole, head, report)
        report.not_checked += await check_codes(db, wanted.ledger_id, wanted.key, report.findings)
    _say_what_was_not(wanted, report)
    return report


async def _with_origin(
    wanted: Wanted, db: Connection, head: dict[str, Any], found: Findings
) -> dict[str, Any]:
    """If the first entries agree on another name of the log than the head, the head is wrong."""
    names = set()
    for row in await verifying.raw_events(db, wanted.ledger_id, 0, 3):
        names.add(origin_of(row["entry"]))
    known = {head["origin"], *(one.origin for one in wanted.former)}
    if len(names) == 1 and known.isdisjoint(names):
        head["origin"] = names.pop()
        found.add(Finding(rule="head-differs", table="heads", column="origin"))
    return head


async def _ranges(  # noqa: PLR0913, PLR0917 - one pass, everything in hand
    wanted: Wanted, db: Connection, whole: Whole, head: Any, how: tuple[Check, int], told: Told
) -> None:
    """Check all ranges, so many at once, and put them together in order."""
    check, at_once = how
    size = head["size"]
    tasks = deque(
        Task(
            wanted.ledger_id,
            head["origin"],
            start,
            min(start + RANGE_ENTRIES, size),
            wanted.log_keys,
            tuple(wanted.former),
        )
        for start in range(whole.frontier.size, size, RANGE_ENTRIES)
    )
    going: deque[asyncio.Future[Any]] = deque()
    try:
        while tasks or going:
            while tasks and len(going) < at_once:
                going.append(asyncio.ensure_future(check(tasks.popleft())))
            await whole.add(db, await going.popleft())
            told(whole, size)
    finally:
        for one in going:
            one.cancel()


async def _side_by_side(  # noqa: PLR0913, PLR0917 - as for the ranges
    wanted: Wanted, db: Connection, whole: Whole, head: Any, report: Report, told: Told
) -> None:
    """Check ranges in worker processes and everything else on a further connection meanwhile."""
    shared = await verifying.share(db)
    async with (
        checking(wanted.dsn, shared, wanted.workers) as check,
        verifying.snapshot(wanted.dsn, shared) as other,
        asyncio.TaskGroup() as group,
    ):
        beside = group.create_task(_beside(wanted, other))
        at_once = AHEAD * (wanted.workers or WORKERS_MAX)
        await _ranges(wanted, db, whole, head, (check, at_once), told)
    report.findings.merge(beside.result())


async def _beside(wanted: Wanted, db: Connection) -> Findings:
    found = await check_beside(db, wanted.ledger_id, are_gaps_allowed=wanted.are_gaps_allowed)
    await check_tokens(wanted.dsn, wanted.ledger_id, wanted.key, found)
    await check_snapshots(db, wanted.ledger_id, wanted.key, found)
    return found


async def _finish(wanted: Wanted, db: Connection, whole: Whole, head: Any, report: Report) -> None:
    """Compare what the entries came to with the head and with everything that was signed."""
    found, ledger_id, size = report.findings, wanted.ledger_id, head["size"]
    _check_head(head, whole, found)
    for position in await verifying.positions_beyond(db, ledger_id, size):
        found.add(Finding(rule="row-beyond", table="events", position=position, column="position"))
    for level, number in await verifying.tiles_beyond(db, ledger_id, size):
        detail = f"level {level}, number {number}"
        found.add(Finding(rule="tile-beyond", table="tiles", column="number", detail=detail))
    await _check_signed(wanted, db, whole, head["origin"], found)
    await check_cosignatures(db, ledger_id, wanted.witness_keys, found)
    await check_time_stamps(db, ledger_id, wanted.log_keys, found)


def _check_head(head: Any, whole: Whole, found: Findings) -> None:
    def differs(column: str) -> None:
        found.add(Finding(rule="head-differs", table="heads", position=head["size"], column=column))

    if head["frontier"] != whole.frontier.to_bytes():
        differs("frontier")
    if whole.recorded_at is not None and head["recorded_at"] != whole.recorded_at:
        differs("recorded_at")


async def _check_signed(
    wanted: Wanted, db: Connection, whole: Whole, origin: str, found: Findings
) -> None:
    """Check what no range has: the empty tree's checkpoint, larger ones, the signer's own."""
    size = whole.frontier.size
    for signed, root, note in await verifying.raw_checkpoints(db, wanted.ledger_id, -1, 1):
        check_note(found, Checkpoint(origin, signed, root), note, wanted.log_keys, wanted.former)
    for signed, root, note in await verifying.raw_checkpoints(
        db, wanted.ledger_id, size + 1, 2**63 - 1
    ):
        checkpoint = Checkpoint(origin, signed, root)
        check_note(found, checkpoint, note, wanted.log_keys, wanted.former)
        found.add(Finding(rule="log-shorter", table="checkpoints", position=signed, column="size"))
    if wanted.signed is None:
        return
    if wanted.signed.size > size:
        found.add(Finding(rule="log-shorter", table="signed", position=wanted.signed.size))
        return
    try:
        root = await read_root(db, wanted.ledger_id, wanted.signed.size)
    except LedgerError:
        root = b""
    if (wanted.signed.origin, wanted.signed.root) != (origin, root):
        found.add(Finding(rule="signer-contradicts", table="signed", position=wanted.signed.size))


async def _check_start(db: Connection, whole: Whole, found: Findings) -> None:
    """Where an earlier run read the entries, the stored tiles must still be of its tree."""
    nodes = nodes_of((0, whole.frontier.size))
    try:
        hashes = await read_nodes(db, whole.ledger_id, nodes)
    except LedgerError:
        hashes = {}
    if [hashes.get(node) for node in nodes] != whole.frontier.hashes:
        position = whole.frontier.size
        found.add(Finding(rule="tile-changed", table="tiles", position=position, column="hashes"))


def _say_what_was_not(wanted: Wanted, report: Report) -> None:
    if report.start:
        report.not_checked.append(
            f"events 0 … {report.start - 1}: read by an earlier run, not again"
        )
    if not wanted.log_keys:
        report.not_checked.append("signatures of checkpoints: no key of the log is known")
    if not wanted.witness_keys:
        report.not_checked.append("signatures of witnesses: no policy names their keys")
    if wanted.key is None:
        report.not_checked.append("codes of tokens and snapshots: the service's key is not at hand")
    report.not_checked.append("signatures of time-stamping authorities")
    report.not_checked += NOT_BOUND
