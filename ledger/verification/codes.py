"""Was each entry, receipt and follower's place written by the service? Its codes say so.

    eras of the log ─► is the last key the one at hand, and the head's?
    entries, receipts ─► code by the key of their era ─► rows of ``entry_macs``
    trackings ─► code of each place

Whoever writes past the service can make hashes that fit; a code only with the service's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ledger.storage.checking_macs import (
    BEYOND,
    MISSING,
    WRONG,
    Era,
    eras_of,
    wrong_codes,
    wrong_trackings,
)
from ledger.storage.connect import Connection
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.service_key import ServiceKey
from ledger.storage.stops import key_check_of
from ledger.verification.findings import Finding, Findings

RULE_OF = {MISSING: "code-missing", WRONG: "code-wrong", BEYOND: "code-beyond"}


async def check_codes(
    db: Connection, ledger_id: str, key: ServiceKey | None, found: Findings
) -> list[str]:
    """Compare all codes with what the keys at hand make of the log; return what was not checked."""
    eras = await eras_of(db, ledger_id)
    if (eras[-1].key_check if eras else None) != await key_check_of(db, ledger_id):
        found.add(Finding(rule="head-differs", table="heads", column="key_check"))
    if key is None:
        return ["codes of entries, receipts and trackings: the service's key is not at hand"]
    if not eras:
        return ["codes of entries, receipts and trackings: the log names no service key"]
    own = EntryMacs(key, ledger_id)
    keys = {one.check: one for one in (own, *(EntryMacs(k, ledger_id) for k in key.former))}
    _check_eras(eras, own, keys, found)
    async for position, what in wrong_codes(db, keys, ledger_id):
        found.add(Finding(rule=RULE_OF[what], table="entry_macs", position=position, column="macs"))
    if eras[-1].key_check == own.check:
        for name, position in await wrong_trackings(db, own):
            found.add(
                Finding(
                    rule="tracking-foreign",
                    table="trackings",
                    position=position,
                    column="mac",
                    detail=name,
                )
            )
    return _not_checked(eras, keys)


def _check_eras(
    eras: Sequence[Era], own: EntryMacs, keys: dict[bytes, EntryMacs], found: Findings
) -> None:
    """The last key is the one at hand; where a key speaks for the next one, it is right."""
    if eras[-1].key_check != own.check:
        found.add(_other_key(eras[-1]))
    for former, era in pairwise(eras):
        before, after = keys.get(former.key_check), keys.get(era.key_check)
        if before is None or after is None or not era.by_former:
            continue
        if era.by_former != after.answers_for(before):
            found.add(_other_key(era))


def _other_key(era: Era) -> Finding:
    return Finding(rule="service-key-other", table="events", position=era.start, column="entry")


def _not_checked(eras: Sequence[Era], keys: dict[bytes, EntryMacs]) -> list[str]:
    said = []
    if eras[0].start:
        said.append(f"codes of entries before {eras[0].start}: made before the log named a key")
    ends = [str(era.start) for era in eras[1:]] + ["the end"]
    for era, end in zip(eras, ends, strict=True):
        if era.key_check not in keys:
            said.append(f"codes of entries from {era.start} to {end}: their key is not at hand")
    return said
