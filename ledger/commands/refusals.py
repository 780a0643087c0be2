"""Makes entries of refusals: who could not come in, who asked for what is not theirs.

A refusal that cannot be recorded is answered as a failure of the service, never as if nothing had
happened: the caller lets the error through.
"""

from __future__ import annotations

from uuid import UUID

from ledger.core.aggregate import Aggregate, By
from ledger.storage.ledger import Ledger
from ledger.storage.refusal_windows import (
    RefusalKind,
    Refused,
    Window,
    count,
    note_told,
    take_windows_over,
)
from ledger.users import Denial, SignIn, SignInMethod
from ledger.users.attempts import NOBODY, UNKNOWN_ACTOR


async def note_failed_sign_in(
    ledger: Ledger, *, user_id: UUID | None, method: SignInMethod, is_blocked: bool = False
) -> None:
    """Count an attempt that did not let anybody in."""
    refused = Refused(
        kind=RefusalKind.BLOCKED if is_blocked else RefusalKind.FAILED,
        subject=user_id or UNKNOWN_ACTOR,
        what=str(method),
        role=NOBODY,
    )
    await _note(ledger, refused)


async def note_denial(ledger: Ledger, *, actor_id: UUID, role: str, operation: str) -> None:
    """Count a request for what somebody's role may not do."""
    await _note(
        ledger,
        Refused(kind=RefusalKind.DENIED, subject=actor_id, what=operation, role=role[:64]),
    )


async def tell_of_windows_over(ledger: Ledger) -> int:
    """Make entries of what was counted in windows that are over; return how many."""
    async with ledger.pool.acquire() as db, db.transaction():
        windows = await take_windows_over(db, ledger.id, now=ledger.clock())
        if windows:
            told = [_told(window, ledger) for window in windows]
            await ledger.for_request().save(*told)
    return len(windows)


async def _note(ledger: Ledger, refused: Refused) -> None:
    window = await count(ledger.pool, ledger.id, refused, now=ledger.clock())
    if window.is_worth_an_entry:
        await ledger.for_request().save(_told(window, ledger))
        await note_told(ledger.pool, ledger.id, window)


def _told(window: Window, ledger: Ledger) -> Aggregate:
    refused = window.refused
    by = By(actor_id=refused.subject, at=ledger.clock(), role=refused.role)
    if refused.kind is RefusalKind.DENIED:
        return Denial.count(
            by,
            operation=refused.what,
            attempts_count=window.attempts_count,
            since=window.since,
        )
    return SignIn.fail(
        by,
        user_id=None if refused.subject == UNKNOWN_ACTOR else refused.subject,
        method=SignInMethod(refused.what),
        attempts_count=window.attempts_count,
        since=window.since,
        is_blocked=refused.kind is RefusalKind.BLOCKED,
    )
