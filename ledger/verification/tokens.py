"""Are the tokens those that the log issued? Rows that say otherwise, or that nobody here wrote."""

from __future__ import annotations

from uuid import UUID

from ledger.storage.connect import Connection, connect
from ledger.storage.reading import read_of_streams
from ledger.storage.service_key import ServiceKey
from ledger.storage.tokens import Token, list_tokens
from ledger.users import AccessToken
from ledger.verification.findings import Finding, Findings

TOPICS = (AccessToken.Issued.TOPIC, AccessToken.Revoked.TOPIC)
SAID = ("role", "organisation_id", "post", "operations", "expires_at")


async def check_tokens(dsn: str, ledger_id: str, key: ServiceKey | None, found: Findings) -> None:
    """Compare every row with what the log says and, if the service's key is at hand, its code.

    Rows follow their events: the entries are read between, so that what happens meanwhile is not
    taken for a change.
    """
    own = key or ServiceKey.random()
    db = await connect(dsn)
    try:
        before = await list_tokens(db, ledger_id, key=own)
        issued, revoked = await _in_the_log(db, ledger_id, before)
        seen = {token.token_id for token in before}
        tokens = [one for one in await list_tokens(db, ledger_id, key=own) if one.token_id in seen]
    finally:
        await db.close()
    for token in tokens:
        event = issued.get(token.token_id)
        if event is None or (key is not None and not token.is_ours):
            found.add(_finding("token-foreign", token, "" if event is None else "code"))
            continue
        differs = [name for name in SAID if getattr(token, name) != getattr(event, name)]
        if token.actor_id != event.holder_id:
            differs.append("actor_id")
        if token.token_id in revoked and token.revoked_at is None:
            differs.append("revoked_at")
        if differs:
            found.add(_finding("token-differs", token, ", ".join(differs)))


async def _in_the_log(
    db: Connection, ledger_id: str, tokens: list[Token]
) -> tuple[dict[UUID, AccessToken.Issued], set[UUID]]:
    """Return how the log issued these tokens, and which of them it revoked."""
    streams = [str(token.token_id) for token in tokens]
    events = [one.event for one in await read_of_streams(db, ledger_id, streams, TOPICS)]
    issued = {e.originator_id: e for e in events if isinstance(e, AccessToken.Issued)}
    revoked = {e.originator_id for e in events if isinstance(e, AccessToken.Revoked)}
    return issued, revoked


def _finding(rule: str, token: Token, column: str) -> Finding:
    return Finding(rule=rule, table="tokens", column=column, detail=str(token.token_id))
