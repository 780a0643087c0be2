"""What the service is told about keeping itself safe; ``create_app`` gets it as one argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from api.single_sign_on import Provider
from ledger.storage.password_hashes import HashCost
from ledger.storage.space import SpaceGuard

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How many requests a second are taken from one address and for one account.

    Ten seconds' worth may come at once.
    """

    of_address: int = 100
    of_account: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceOptions:
    """How much one person may upload in a day, and the disk's floor.

    Without it, or without a folder for documents in the vault, the service stores none.
    """

    quota_bytes: int = 200 * 1024**2
    space: SpaceGuard | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a password check costs, whom to believe, how much to take.

    ``trusted_proxies``: only what comes through one of these networks is believed when it says
    for whom it speaks (X-Forwarded-For) and whether that was TLS (X-Forwarded-Proto).
    """

    hash_cost: HashCost = field(default_factory=HashCost)
    trusted_proxies: tuple[Network, ...] = ()
    rates: Rates = field(default_factory=Rates)
    connections_per_address: int = 200
    public_url: str | None = None
    provider: Provider | None = None
    evidence: EvidenceOptions | None = None
