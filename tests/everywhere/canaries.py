"""Canaries: secrets and personal numbers that are nobody's, each known by its form."""

from __future__ import annotations

import secrets
from datetime import date

from tests.sealing.people import card_number, identity_number

TOKEN = f"mz_{secrets.token_urlsafe(32)}"
PHONE = "13705398642"
IDENTITY = identity_number("371329", date(1971, 11, 3), 77)
CARD = card_number("621700", 12)
