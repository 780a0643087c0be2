"""The receipts that a command's answer carries: what was accepted, and where it will be proved.

    {"event_id": "…", "position": 91228, "leaf_hash": "q1IUx…=",
     "checkpoint": "/log/checkpoint", "proof": "/v1/events/…/proof"}

Whoever keeps a receipt can show that an event was accepted and not logged: once a checkpoint
is larger than the position, the proof must lead from this very leaf hash at this position.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from ledger.storage.ledger import Recorded

CHECKPOINT_PATH = "/log/checkpoint"


def proof_path(event: object) -> str:
    """Return the address of an event's proof, by its id or its position."""
    return f"/v1/events/{event}/proof"


def receipts_of(recorded: Recorded) -> list[dict[str, Any]]:
    """Return a receipt for each event that was recorded, in the order of the log."""
    first = recorded.position - len(recorded.event_ids) + 1
    return [
        {
            "event_id": event_id,
            "position": first + number,
            "leaf_hash": b64encode(leaf).decode(),
            "checkpoint": CHECKPOINT_PATH,
            "proof": proof_path(event_id),
        }
        for number, (event_id, leaf) in enumerate(
            zip(recorded.event_ids, recorded.leaf_hashes, strict=True)
        )
    ]
