"""Authorities for time stamps (RFC 3161): what they are asked, and whether their answer holds.

An authority signs a digest together with its own time. What is asked about is the whole signed
note, as it is given out at that moment, so a stamp also shows which cosignatures were there. An
answer counts only if it is over exactly these bytes, carries the number that was asked with, and
its certificate leads to a root that the operator configured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from ledger.core.errors import InvalidValue, LedgerError
from ledger.publishing.outgoing import Outgoing, Unreachable

REQUEST_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"


class AuthorityUnusable(InvalidValue):
    """An authority needs an http(s) address without a password, and a PEM file with its roots.

    时间戳机构须有不含密码的 http(s) 地址，以及含其根证书的 PEM 文件。
    """


class TimeStampWrong(LedgerError):
    """The authority's answer is no time stamp over what was asked, by a root that is believed.

    该机构的应答不是受信任根证书对所问内容作出的时间戳。
    """


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority: where it is, and the certificates that its own must lead to."""

    url: str
    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()

    @property
    def name(self) -> str:
        """Its address without the scheme: how rows and pages name it."""
        return self.url.partition("://")[2].rstrip("/")

    async def stamp(self, data: bytes, outgoing: Outgoing) -> tuple[bytes, datetime]:
        """Return its token over these bytes, checked, and its time.

        Raises ``Unreachable`` and ``TimeStampWrong``.
        """
        builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.build()
        answer = await outgoing.post(self.url, request.as_bytes(), REQUEST_TYPE)
        if answer.status != 200 or answer.content_type != ANSWER_TYPE:
            raise Unreachable(status=answer.status, content_type=answer.content_type)
        return answer.body, self._checked(answer.body, data, request)

    def check(self, token: bytes, stamped: bytes) -> datetime:
        """Return when it dated exactly these bytes (refuses with ``TimeStampWrong``)."""
        return self._checked(token, stamped, None)

    def _checked(self, token: bytes, data: bytes, request: TimeStampRequest | None) -> datetime:
        builder = VerifierBuilder(
            roots=list(self.roots),
            intermediates=list(self.intermediates),
            nonce=request.nonce if request else None,
        )
        try:
            response = decode_timestamp_response(token)
            builder.build().verify_message(response, data)
            return response.tst_info.gen_time
        except (VerificationError, ValueError, TypeError, OverflowError) as error:
            raise TimeStampWrong(authority=self.name, problem=str(error)[:200]) from error


def read_authority(url: str, roots_file: Path) -> Authority:
    """Return an authority as the settings name it (refuses with ``AuthorityUnusable``)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise AuthorityUnusable(url=parts.hostname or "")
    try:
        certificates = x509.load_pem_x509_certificates(roots_file.read_bytes())
    except (OSError, ValueError) as error:
        raise AuthorityUnusable(file=str(roots_file), problem=str(error)[:200]) from error
    roots = tuple(one for one in certificates if one.issuer == one.subject)
    if not roots:
        raise AuthorityUnusable(file=str(roots_file), problem="no root certificate in it")
    others = tuple(one for one in certificates if one.issuer != one.subject)
    return Authority(url, roots, others)
