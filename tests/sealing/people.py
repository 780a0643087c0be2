"""Made-up people: numbers with right check digits that belong to nobody here."""

from __future__ import annotations

from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def identity_number(region: str, born_on: date, serial: int) -> str:
    """Return an identity number with its check digit (GB 11643), computed apart from our own."""
    body = f"{region}{born_on:%Y%m%d}{serial:03d}"
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
    remainder = (12 - total % 11) % 11
    return body + ("X" if remainder == 10 else str(remainder))


def card_number(beginning: str, more: int) -> str:
    """Return a bank card's number whose Luhn digit is right, of ``more`` further digits and one."""
    body = beginning + "".join(str((7 * place + 3) % 10) for place in range(more))
    for check in "0123456789":
        digits = [int(digit) for digit in body + check]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0:
            return body + check
    raise AssertionError(body)
