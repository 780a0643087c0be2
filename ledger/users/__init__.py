"""Users: who may sign in, in which roles, and what was done about it.

A user's id is the pseudonym that every entry names as its actor; who was known to the log before
has an account with an id of its own, which acts as that pseudonym. What would tell who that is, or
let somebody in (login name, password hash, second factor, sessions, the tokens themselves), is
kept in tables outside the log and can be erased; the log holds only that it happened, and who
decided it.

    user     opened ► roles granted and revoked, password, second factor, disabled, enabled
    token    issued ► revoked
    sign-in  succeeded ► ended;  failed, blocked: counted, a flood makes few entries
    denial   somebody asked for what their role may not do: counted likewise
"""

from ledger.users.access_token import AccessToken
from ledger.users.attempts import Denial, SignIn, SignInMethod, SignOutReason
from ledger.users.machine_side import MACHINE, MachineSide
from ledger.users.roles import BY_TWO, ROLES, needs_second_factor
from ledger.users.user import Grant, PasswordSource, User, user_id_of

__all__ = [
    "BY_TWO",
    "MACHINE",
    "ROLES",
    "AccessToken",
    "Denial",
    "Grant",
    "MachineSide",
    "PasswordSource",
    "SignIn",
    "SignInMethod",
    "SignOutReason",
    "User",
    "needs_second_factor",
    "user_id_of",
]
