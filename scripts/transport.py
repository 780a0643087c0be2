"""Whether the way to a database elsewhere is safe: TLS, with the server's name verified.

Anything less than `sslmode=verify-full` to another machine is told at every start; what TLS itself
refuses stops the start, with a sentence that says which part of the connection string to look at.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from ledger.storage.connect import hosts_of
from scripts.failures import Failure

log = logging.getLogger(__name__)

VERIFIED = "verify-full"
UNSAID = "prefer"
"""What a client does without being told: TLS if the server likes, and whoever the server is."""


def tell_unverified(variable: str, dsn: str | None) -> None:
    """Log each host elsewhere whose name the connection would not verify."""
    for host, mode in unverified_hosts(dsn or ""):
        log.warning(
            "%s：与数据库主机 %s 的连接未核实对方身份（sslmode=%s），请用 sslmode=verify-full 和"
            " sslrootcert。 / the connection to the database host %s does not verify who it is"
            " (sslmode=%s): use sslmode=verify-full and sslrootcert",
            *(variable, host, mode, host, mode),
        )


def unverified_hosts(dsn: str) -> Iterator[tuple[str, str]]:
    """Give each host that is not this machine, with its sslmode, unless its name is verified."""
    for one in hosts_of(dsn) if dsn else []:
        parts = urlsplit(one)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = query.get("host") or parts.hostname or ""
        mode = query.get("sslmode") or os.environ.get("PGSSLMODE") or UNSAID
        if mode != VERIFIED and not is_here(host):
            yield host, mode


def is_here(host: str) -> bool:
    """Tell whether a host is this machine: a socket's folder, or its loopback."""
    if host in {"", "localhost"} or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refused_by_tls(error: Exception, variable: str = "MINZHANG_DSN") -> Failure | None:
    """Return what to say when TLS refused the server, or the server TLS; ``None`` otherwise."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(
            f"数据库服务器的证书不受信任，或与主机名不符：{error.verify_message}。"
            f"请检查 {variable} 中的主机名和 sslrootcert。",
            "the database server's certificate is not trusted or not for that host:"
            f" {error.verify_message}. Look at the host and sslrootcert in {variable}",
        )
    if isinstance(error, ssl.SSLError) or "SSL upgrade" in str(error):
        return Failure(
            f"数据库服务器不支持 TLS 1.2 或更高版本，而 {variable} 的 sslmode 要求加密。",
            f"the database server does not speak TLS 1.2 or newer, which sslmode in {variable}"
            " asks for",
        )
    if isinstance(error, ConnectionResetError):
        return Failure(
            f"数据库服务器在建立连接时断开。若 {variable} 的 sslmode 要求加密，请确认它支持"
            " TLS 1.2 或更高版本。",
            "the database server cut the connection while it was made. Where sslmode in"
            f" {variable} asks for TLS, does it speak TLS 1.2 or newer?",
        )
    return None
