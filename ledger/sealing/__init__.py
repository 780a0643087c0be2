"""Personal data outside the log: what is committed to, how it is sealed, and how it is told apart.

    value ─► canonical bytes ─► HMAC-SHA256 under a key of the slot ─► commitment, in the entry
          └► AES-256-GCM under a key of the slot ──────────────────► sealed value, outside
    slot secret (32 random bytes, one per subject and record) ─► wrapped by the KEK, outside

Whoever destroys a slot's secret makes its sealed values unreadable and its
commitments unguessable; the entries, and every proof over them, stay as they are.
Everything here is pure: no database, no clock, no environment.
"""

from ledger.sealing.documents import DocumentCipher
from ledger.sealing.fields import FIELD_NAMES, Field, guard_value, normalised
from ledger.sealing.keyring import (
    Keyring,
    KeyringWrong,
    KeyUnknown,
    WrappedSecret,
    new_keyring,
    read_keyring,
)
from ledger.sealing.own_secrets import OWN_SECRET, holds_own_secret, mask_secrets
from ledger.sealing.personal_numbers import (
    NUMBERS,
    PERSONAL_KINDS,
    find_personal,
    is_bare_reference,
    kind_in_reference,
    kind_in_text,
    mask_personal,
)
from ledger.sealing.slots import (
    Commitment,
    NewSlot,
    SealBroken,
    SealedValue,
    SlotPlace,
    canonical_bytes,
    commitment_of,
    new_slot,
    open_value,
    unbound_value,
    verify_opening,
)

__all__ = [
    "FIELD_NAMES",
    "NUMBERS",
    "OWN_SECRET",
    "PERSONAL_KINDS",
    "Commitment",
    "DocumentCipher",
    "Field",
    "KeyUnknown",
    "Keyring",
    "KeyringWrong",
    "NewSlot",
    "SealBroken",
    "SealedValue",
    "SlotPlace",
    "WrappedSecret",
    "canonical_bytes",
    "commitment_of",
    "find_personal",
    "guard_value",
    "holds_own_secret",
    "is_bare_reference",
    "kind_in_reference",
    "kind_in_text",
    "mask_personal",
    "mask_secrets",
    "new_keyring",
    "new_slot",
    "normalised",
    "open_value",
    "read_keyring",
    "unbound_value",
    "verify_opening",
]
