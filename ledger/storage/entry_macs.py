"""The service's code over each entry: whoever can write to the database cannot make it.

    code of an entry = HMAC( key of the purpose, position as 8 bytes ‖ leaf hash ‖ receipt )
    receipt          = SHA256 over caller, key, request digest, stream, version and count of the
                       receipt whose first entry it is; nothing where there is none

The key follows from the service's own (``service_key.py``), which is in no database. The codes of
one append lie in one row of ``entry_macs``, written in its transaction. From which entry on there
are codes, and by which key, is an entry of the log (``log_history.service_key_named.v1``) and
stands in the head row as a check value, so that a process with another key cannot append.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

from ledger.storage.requests import Appended, Once
from ledger.storage.service_key import ServiceKey

MAC_BYTES = 32
CHECK_BYTES = 16
POSITION_BYTES = 8
MAC_COLUMNS = ("ledger_id", "first_position", "macs")
NO_RECEIPT = b""


class EntryMacs:
    """Makes the codes of one ledger with one key."""

    def __init__(self, key: ServiceKey, ledger_id: str) -> None:
        self.ledger_id = ledger_id
        self.check = key.mac("check value", ledger_id.encode())[:CHECK_BYTES]
        self._of_entries = key.for_purpose(f"entries of {ledger_id}")
        self._service_key = key

    def of(self, position: int, leaf: bytes, receipt: bytes = NO_RECEIPT) -> bytes:
        """Return the code of an entry; for every event, so it is one call."""
        place = position.to_bytes(POSITION_BYTES, "big")
        return hmac.digest(self._of_entries, place + leaf + receipt, "sha256")

    def of_tracking(self, name: str, position: int) -> bytes:
        """Return the code of how far a follower has come."""
        place = position.to_bytes(POSITION_BYTES, "big", signed=True)
        return self._service_key.mac("tracking", self.ledger_id.encode(), name.encode(), place)

    def is_tracking(self, code: bytes | None, name: str, position: int) -> bool:
        """Tell whether a follower's place was written by the service."""
        place = position.to_bytes(POSITION_BYTES, "big", signed=True)
        parts = self.ledger_id.encode(), name.encode(), place
        return code is not None and self._service_key.is_mac("tracking", code, *parts)

    def answers_for(self, former: EntryMacs) -> bytes:
        """Return the code by the former key over this one's check value: a change of keys."""
        return former._service_key.mac("next key", self.ledger_id.encode(), self.check)


def receipt_digest(once: Once, appended: Appended) -> bytes:
    """Return what the code of a request's first entry says about its receipt."""
    return digest_of_receipt(
        (once.caller, once.key, appended.stream_id),
        once.request_digest,
        (appended.version, appended.event_count),
    )


def digest_of_receipt(texts: Sequence[str], digest: bytes, numbers: Sequence[int]) -> bytes:
    """Return the digest over a receipt's columns, in this order."""
    parts = [text.encode() for text in texts] + [digest]
    parts += [number.to_bytes(POSITION_BYTES, "big", signed=True) for number in numbers]
    return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
