"""The settings that keep the service safe: its key, proxies, passwords, rates."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from api.options import Network
from scripts.setting_kinds import Setting, whole


def _url(text: str) -> str:
    parts = urlsplit(text)
    is_plain = not (parts.query or parts.fragment or parts.path.rstrip("/") or parts.username)
    if parts.scheme not in {"https", "http"} or not parts.hostname or not is_plain:
        raise ValueError(text)
    return text.rstrip("/")


def _networks(text: str) -> str:
    return ",".join(str(network) for network in networks_of(text))


def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks that are named, parted by commas."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not text.isprintable() or path.is_dir():
        raise ValueError(text)
    return path.absolute()


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    is_local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise ValueError(text)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(text)
    return text


def _word(text: str) -> str:
    if not text.isprintable() or " " in text:
        raise ValueError(text)
    return text


SAFETY_SETTINGS = (
    Setting(
        name="public_url",
        read=_url,
        rule_zh="以 https:// 或 http:// 开头的网址，不含路径",
        rule_en="an address that begins with https:// or http://, without a path",
        purpose="address under which people reach the service, behind a proxy that speaks TLS",
    ),
    Setting(
        name="key_file",
        read=_file,
        rule_zh="一个文件的路径",
        rule_en="the path of a file",
        purpose="file of the service's own key, made at the first start (DATA/service.key)",
    ),
    Setting(
        name="trusted_proxies",
        read=_networks,
        rule_zh="以逗号分隔的网段，如 127.0.0.1/32,10.0.0.0/8",
        rule_en="networks parted by commas, such as 127.0.0.1/32,10.0.0.0/8",
        purpose="proxies that are believed when they say for whom they speak, and whether by TLS",
    ),
    Setting(
        name="password_memory_kib",
        read=whole(8, 4_194_304),
        rule_zh="8 到 4194304 的整数",
        rule_en="a whole number from 8 to 4194304",
        purpose="memory that one password check takes (argon2id)",
        default="65536",
    ),
    Setting(
        name="password_passes",
        read=whole(1, 100),
        rule_zh="1 到 100 的整数",
        rule_en="a whole number from 1 to 100",
        purpose="how often a password check goes through its memory",
        default="3",
    ),
    Setting(
        name="sign_in_refused_after_ms",
        read=whole(0, 60_000),
        rule_zh="0 到 60000 的整数",
        rule_en="a whole number from 0 to 60000",
        purpose="how long after asking a wrong password is refused; longer than a check takes",
        default="750",
    ),
    Setting(
        name="rate_per_address",
        read=whole(1, 1_000_000),
        rule_zh="1 到 1000000 的整数",
        rule_en="a whole number from 1 to 1000000",
        purpose="requests a second that are taken from one address",
        default="100",
    ),
    Setting(
        name="rate_per_account",
        read=whole(1, 1_000_000),
        rule_zh="1 到 1000000 的整数",
        rule_en="a whole number from 1 to 1000000",
        purpose="requests a second that are taken for one account",
        default="50",
    ),
    Setting(
        name="evidence_mib_per_day",
        read=whole(1, 1_048_576),
        rule_zh="1 到 1048576 的整数",
        rule_en="a whole number from 1 to 1048576",
        purpose="MiB of documents that one person may upload within a day",
        default="200",
    ),
    Setting(
        name="oidc_issuer",
        read=_issuer,
        rule_zh="以 https:// 开头的签发方网址（仅本机可用 http://）",
        rule_en="an issuer's address that begins with https:// (http:// on this machine only)",
        purpose="OpenID Connect issuer through which users may sign in",
    ),
    Setting(
        name="oidc_client_id",
        read=_word,
        rule_zh="一段可打印、不含空格的文字",
        rule_en="a printable text without spaces",
        purpose="what we are called there",
    ),
    Setting(
        name="oidc_client_secret_file",
        read=_file,
        rule_zh="一个文件的路径",
        rule_en="the path of a file",
        purpose="file that holds our secret there",
    ),
    Setting(
        name="oidc_hosts",
        read=_word,
        rule_zh="以逗号分隔的主机名",
        rule_en="host names parted by commas",
        purpose="further hosts that the issuer's endpoints may be on",
    ),
)
