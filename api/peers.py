"""From where a request comes, and whether it came by TLS. Proxies are believed if configured."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

from api.keys import OPTIONS
from api.options import Network

LOCAL_SOCKET = "local"


def client_address(request: web.Request) -> str:
    """Return the address that a request comes from.

    ``X-Forwarded-For`` is read from its end, as far as each station is a trusted proxy: what a
    client wrote at its beginning is never reached.
    """
    networks = request.app[OPTIONS].trusted_proxies
    address = _plain(request.remote) or LOCAL_SOCKET
    stations = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    while stations and is_trusted(address, networks):
        before = _plain(stations.pop().strip())
        if before is None:
            break
        address = before
    return address


def came_by_tls(request: web.Request) -> bool:
    """Tell whether the client's own connection was TLS: ours, or a trusted proxy's."""
    if request.secure:
        return True
    peer = _plain(request.remote) or LOCAL_SOCKET
    if not is_trusted(peer, request.app[OPTIONS].trusted_proxies):
        return False
    return request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip() == "https"


def is_trusted(address: str, networks: tuple[Network, ...]) -> bool:
    """Tell whether an address is a proxy that was configured."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _plain(address: str | None) -> str | None:
    """Return an address in its usual form; ``None`` for what is none."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)
