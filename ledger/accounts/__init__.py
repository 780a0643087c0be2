"""Public accounts 小区公共账户: an estate's own money, kept for it at the street.

What the common parts earn (rent, parking, advertising …) belongs to the owners
(Civil Code 282). It comes in as revenue by category and leaves only for an
expense that was approved: first a hold, then the payment. A wrong entry is never
changed, only reversed, with a reason; a closed month takes no more entries.

At every moment ``balance = received - reversed - paid + paid back``, and a live
command never lets ``free = balance - holds`` fall below zero.
"""

from ledger.accounts.account import PublicAccount, Receipt, account_id_of

__all__ = ["PublicAccount", "Receipt", "account_id_of"]
