"""The keys of a log under all the names that it has had: what its old checkpoints are checked with.

After a loss was acknowledged the log goes on under another name with another key. What was signed
before, over entries that are still there, stays true, and was signed by the keys of then.
"""

from __future__ import annotations

from ledger.merkle.keys import VerifyingKey
from ledger.publishing.checking import Standpoint, known_keys


def keys_ever(here: Standpoint) -> list[VerifyingKey]:
    """Return all public keys that the log names, of ended names too; the current ones first."""
    recorded = here.history.keys if here.history else []
    former = [VerifyingKey.of_text(key.vkey) for key in recorded]
    return list(dict.fromkeys([*known_keys(here), *former]))
