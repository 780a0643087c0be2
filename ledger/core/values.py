"""The kinds of value that commands take, with the limits that every entrance checks.

The annotations are declarations: the api, the import and the command line hand
each input to one validator, which reads them, checks all fields and names every
bad one at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, TypeAlias
from uuid import UUID, uuid5

from annotated_types import Ge, Gt, Le, MaxLen, MinLen, Timezone
from pydantic import AfterValidator, StringConstraints

from ledger.core.texts import label, prose, statement

AMOUNT_FEN_MAX = 10**14  # one trillion yuan: no community account comes near it
POINTS_MAX = 10**9

AmountFen: TypeAlias = Annotated[int, Gt(0), Le(AMOUNT_FEN_MAX)]
"""An amount of money in fen, greater than zero."""
BalanceFen: TypeAlias = Annotated[int, Ge(0), Le(AMOUNT_FEN_MAX)]
"""An amount of money in fen that may be zero."""
Points: TypeAlias = Annotated[int, Gt(0), Le(POINTS_MAX)]
"""A number of points or pieces, greater than zero."""
Count: TypeAlias = Annotated[int, Ge(0), Le(POINTS_MAX)]
"""A number of things, zero allowed."""
Version: TypeAlias = Annotated[int, Ge(1), Le(10**9)]
"""The number of an event in its record."""
BasisPoints: TypeAlias = Annotated[int, Ge(0), Le(10_000)]
"""A share in hundredths of a percent: 5% is 500."""
Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$")]
"""A short official code, such as an administrative division's 371329001."""
# Texts. Each kind says what it may hold (ledger/core/texts.py); every text of a command is of one,
# or has a pattern of its own.
_Stripped: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True)]

Name: TypeAlias = Annotated[_Stripped, MinLen(1), MaxLen(100), AfterValidator(label)]
"""What names or labels something, on one line: 1 to 100 characters that a reader sees."""
OptionalName: TypeAlias = Annotated[_Stripped, MaxLen(100), AfterValidator(label)]
"""A name that may be left empty."""
Post: TypeAlias = Annotated[_Stripped, MaxLen(64), AfterValidator(label)]
"""A post, up to 64 characters; may be empty."""
Place: TypeAlias = Annotated[_Stripped, MaxLen(200), AfterValidator(label)]
"""Where something is, on one line of up to 200 characters; may be empty."""
Reason: TypeAlias = Annotated[_Stripped, MaxLen(2_000), AfterValidator(statement)]
"""Why, up to 2,000 characters; may be empty where a step needs no reason."""
Statement: TypeAlias = Annotated[_Stripped, MinLen(1), MaxLen(2_000), AfterValidator(statement)]
"""What somebody states and answers for, such as a purpose or a basis: 1 to 2,000 characters."""
Text: TypeAlias = Annotated[_Stripped, MinLen(1), MaxLen(2_000), AfterValidator(prose)]
"""Free text, also copied from elsewhere, 1 to 2,000 characters."""
PolicyName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_-]+)+$"), MaxLen(100)
]
"""A dotted name: the context, then what is limited, such as ``deposit.rate_min_bp``."""
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest as 64 lower-case hexadecimal digits."""
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
"""No record here is older, and no term reaches further: what lies outside is a typing mistake."""
FIRST_MOMENT = datetime.combine(FIRST_DAY, time.min, UTC)
LAST_MOMENT = datetime.combine(LAST_DAY, time.min, UTC)
Moment: TypeAlias = Annotated[datetime, Timezone(...), Ge(FIRST_MOMENT), Le(LAST_MOMENT)]
"""A point in time with its offset, between 1990 and 2100."""
Day: TypeAlias = Annotated[date, Ge(FIRST_DAY), Le(LAST_DAY)]
"""A calendar day in the ledger's own time zone (Asia/Shanghai), between 1990 and 2100."""
TermDays: TypeAlias = Annotated[int, Ge(0), Le(3_660)]
"""A term in days: ten years at the most."""

_NAMESPACE = UUID("6d696e7a-6861-5e67-8000-6c6564676572")


def derived_id(kind: str, key: str) -> UUID:
    """Return the id that follows from a natural key: the same key is always the same thing."""
    return uuid5(_NAMESPACE, f"{kind}:{key}")
