"""An authority for time stamps of the tests' own: ``openssl ts`` behind a small server."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from api.serving import serving
from ledger.publishing.authorities import ANSWER_TYPE

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class LocalAuthority:
    """Its files, how often it was asked, and what it does instead of answering, if anything."""

    folder: Path
    asked: int = 0
    instead: bytes | None = None
    url: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def roots_file(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        subprocess.run(
            [
                *("openssl", "ts", "-reply", "-queryfile", "query", "-signer", "tsa.pem"),
                *("-inkey", "tsa.key", "-config", "config", "-out", "answer"),
            ],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        return (self.folder / "answer").read_bytes()

    async def handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        query = await request.read()
        if self.instead is not None:
            return web.Response(body=self.instead, content_type=ANSWER_TYPE)
        async with self.lock:
            body = await asyncio.to_thread(self.answer, query)
        return web.Response(body=body, content_type=ANSWER_TYPE)


def make_authority(folder: Path, name: str) -> LocalAuthority:
    """Make its root, its certificate and its configuration."""
    folder.mkdir()
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name(f"{name} root")
    root = (
        _begin(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, SHA256())
    )
    certificate = (
        _begin(_name(name), root_name, key.public_key())
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, SHA256())
    )
    (folder / "ca.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "config").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return LocalAuthority(folder)


@asynccontextmanager
async def authority_at(folder: Path, name: str = "authority") -> AsyncIterator[LocalAuthority]:
    """Serve a new authority until the block ends."""
    authority = make_authority(folder, name)
    app = web.Application()
    app.router.add_post("/tsr", authority.handle)
    async with serving(app, "127.0.0.1", 0) as address:
        authority.url = f"{address}/tsr"
        yield authority


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )
