"""When two references mean the same paper: however somebody typed them.

References (a bank's, a contract's, another book's number) are kept and shown as they were typed.
Where the same must not come twice, their keys are compared.
"""

from __future__ import annotations

from unicodedata import normalize

from ledger.core.characters import is_dash, is_invisible, narrow


def same_reference_key(text: str) -> str:
    """Return what is the same for references that differ in width, case, blanks or kind of hyphen.

    Blanks and invisible characters fall away, every hyphen is the same one. Nothing else is read as
    something that it is not: ``①`` and ``²`` are no digits, and a hyphen still keeps apart what
    stands before it and behind. The key of a key is that key.
    """
    kept = (
        "-" if is_dash(one) else one
        for one in narrow(normalize("NFC", text))
        if not (is_invisible(one) or one.isspace())
    )
    return normalize("NFC", "".join(kept).casefold())
