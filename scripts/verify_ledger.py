#!/usr/bin/env python3
"""verify_ledger.py: check what a Minzhang ledger gave you, with nothing but this file and Python.

    python3 verify_ledger.py BUNDLE.zip --log-key VKEY [--since OLD_CHECKPOINT ...]
    python3 verify_ledger.py BUNDLE.zip --policy POLICY [--earlier FIRST.zip ...] [--tsa-ca CA.pem]
    python3 verify_ledger.py --proof FILE --entry FILE --log-key VKEY
    python3 verify_ledger.py DIRECTORY --log-key VKEY      (a log exported as static files)

It needs Python 3.8 or newer, its standard library, and no network. It trusts the keys that you
name on the command line and nothing else: a bundle never brings its own keys. For each claim it
says VERIFIED, FAILED or NOT CHECKED, and never more than it did.

Exit status: 0 every claim that was asked for is verified; 1 something failed; 2 wrong usage or an
unreadable file; 3 nothing failed, but something that was asked for could not be checked.

How to read this file: it goes from the small to the large, and each part can be checked against
its public definition.

    1  what is reported                        6  archives, which may be hostile
    2  Ed25519 (RFC 8032)                      7  arithmetic: what events do to balances
    3  signed notes and checkpoints (C2SP)     8  statements
    4  policies: whose signatures count        9  bundles, proofs, static logs
    5  the Merkle tree (RFC 6962)             10  the command line

License: Apache-2.0, like the rest of Minzhang. Copy it, read it, run it elsewhere.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import hmac
import io
import json
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import uuid
import zipfile
import zlib
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, NamedTuple, NoReturn, Sequence

# 1 What is reported -----------------------------------------------------------------------------

VERIFIED, FAILED, NOT_CHECKED = "VERIFIED", "FAILED", "NOT CHECKED"
IN_CHINESE = {VERIFIED: "已证实", FAILED: "不成立", NOT_CHECKED: "未检查"}


class Refused(Exception):
    """Something is not as it must be; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")


class Unchecked(Refused):
    """Something can be neither confirmed nor refuted with what is at hand."""


# What reading damaged or hostile input may raise: all of it means "this is not sound".
UNSOUND = (
    Refused,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    csv.Error,
    NotImplementedError,
    RuntimeError,
)


class Claim(NamedTuple):
    """One thing that was to be checked, and what became of it."""

    name: str
    status: str
    zh: str
    en: str
    detail: str
    asked: bool


class Report:
    """All claims of one run."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []

    def check(
        self, name: str, zh: str, en: str, run: Callable[[], str], asked: bool = True
    ) -> bool:
        """Run one check; it returns what it saw, or raises what is wrong."""
        try:
            status, detail = VERIFIED, run()
        except Unchecked as unknown:
            status, detail = NOT_CHECKED, str(unknown)
        except UNSOUND as wrong:
            said = str(wrong) if isinstance(wrong, Refused) else f"{type(wrong).__name__}: {wrong}"
            status, detail = FAILED, said
        self.claims.append(Claim(name, status, zh, en, printable(detail), asked))
        return status == VERIFIED

    def result(self) -> str:
        """Return what all claims that were asked for come to."""
        statuses = {claim.status for claim in self.claims if claim.asked}
        if any(claim.status == FAILED for claim in self.claims):
            return FAILED
        return VERIFIED if statuses == {VERIFIED} else NOT_CHECKED

    def show(self, as_json: bool) -> int:
        """Print the report and return the exit status."""
        result = self.result()
        if as_json:
            claims = [claim._asdict() for claim in self.claims]
            print(json.dumps({"result": result, "claims": claims}, ensure_ascii=False, indent=1))
        else:
            for claim in self.claims:
                print(f"{claim.status:11}  {IN_CHINESE[claim.status]}  {claim.zh} / {claim.en}")
                if claim.detail:
                    print(f"{'':21}{claim.detail}")
            print(f"\n{self._conclusion(result)}")
        return {VERIFIED: 0, FAILED: 1, NOT_CHECKED: 3}[result]

    def _conclusion(self, result: str) -> str:
        count = {s: sum(claim.status == s for claim in self.claims) for s in IN_CHINESE}
        counted = ", ".join(f"{number} {status}" for status, number in count.items() if number)
        return {
            VERIFIED: f"要求检查的各项全部证实。 / every claim asked for is VERIFIED ({counted})",
            FAILED: f"有的项不成立。 / something FAILED ({counted})",
            NOT_CHECKED: f"有的项未能检查。 / something asked for is NOT CHECKED ({counted})",
        }[result]


def printable(text: str, most: int = 600) -> str:
    """Return text that cannot play tricks with a terminal."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown if len(shown) <= most else shown[:most] + "…"


# 2 Ed25519 (RFC 8032) ---------------------------------------------------------------------------
# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z. Only verification: nothing secret is
# handled, so nothing needs constant time.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add_points(p: Sequence[int], q: Sequence[int]) -> tuple[int, int, int, int]:
    """Return p + q."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double_point(p: Sequence[int]) -> tuple[int, int, int, int]:
    """Return p + p."""
    a, b, c = p[0] * p[0] % P, p[1] * p[1] % P, 2 * p[2] * p[2] % P
    h = a + b
    e, g = h - (p[0] + p[1]) ** 2, a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def decode_point(data: bytes) -> tuple[int, int, int, int]:
    """Return the point that 32 bytes name; anything but its one canonical form is refused."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(data) != 32 or y >= P:
        raise Refused("公钥格式不对", "not a point of the curve")
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_OF_MINUS_1 % P
    if v * x * x % P != u or (x == 0 and sign):
        raise Refused("公钥格式不对", "not a point of the curve")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode_point(p: Sequence[int]) -> bytes:
    """Return the 32 bytes that name a point."""
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the key's owner signed the message: R = s·B - h·A."""
    if len(signature) != 64 or (s := int.from_bytes(signature[32:], "little")) >= ORDER:
        return False
    x, y, z, t = decode_point(public)
    minus_a = (P - x, y, z, P - t)
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    sums = {1: BASE, 2: minus_a, 3: add_points(BASE, minus_a)}
    reached: Any = NEUTRAL
    for bit in range(max(s.bit_length(), h.bit_length()) - 1, -1, -1):
        reached = double_point(reached)
        chosen = (s >> bit & 1) | (h >> bit & 1) << 1
        if chosen:
            reached = add_points(reached, sums[chosen])
    return encode_point(reached) == signature[:32]


def is_weak(public: bytes) -> bool:
    """Tell whether a key is of small order: signatures "by" it can be made by anybody."""
    point: Any = decode_point(public)
    for _ in range(3):
        point = double_point(point)
    return bool(point[0] % P == 0 and (point[1] - point[2]) % P == 0)


# 3 Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature) -----------

LOG_KEY, WITNESS_KEY = 1, 4
NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100
KEY_NAME = r"[^\s+\x00-\x1f\x7f]{1,255}"


class Key(NamedTuple):
    """A public key under a name, as the command line gave it."""

    name: str
    id: bytes
    kind: int
    public: bytes


def exact_base64(text: str, length: int | None = None) -> bytes:
    """Read base64 in its one canonical form."""
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text or (length is not None and len(data) != length):
        raise Refused("base64 不规范或长度不对", "base64 not canonical, or of the wrong length")
    return data


def read_key(vkey: str, kind: int) -> Key:
    """Read NAME+ID+BASE64; weak keys and keys of another kind are refused."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = exact_base64(encoded, 33)
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if not re.fullmatch(KEY_NAME, name) or key_id != expected.hex():
        raise Refused("密钥的编号与内容不符", "the key's id does not follow from its name and key")
    if data[0] != kind or is_weak(data[1:]):
        raise Refused("密钥种类不符或为弱密钥", "a key of another kind, or a weak one")
    return Key(name, expected, data[0], data[1:])


class Note(NamedTuple):
    """A signed note as it was read; signatures are (name, key id, signature)."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]


def read_note(data: bytes) -> Note:
    """Split a note at its last empty line."""
    if len(data) > NOTE_BYTES_MAX:
        raise Refused("签名笔记过大", "the note is too large")
    whole = data.decode("utf-8")
    text, gap, below = whole.rpartition("\n\n")
    lines = below.split("\n")
    if re.search(r"[\x00-\x09\x0b-\x1f]", whole) or not gap or not text or lines.pop():
        raise Refused("不是签名笔记", "not a signed note")
    if not 0 < len(lines) <= SIGNATURES_MAX:
        raise Refused("签名行数不对", "no signatures, or too many")
    found = []
    for line in lines:
        match = re.fullmatch(rf"— ({KEY_NAME}) ([A-Za-z0-9+/=]+)", line)
        if match is None or len(raw := exact_base64(match[2])) <= 4:
            raise Refused("签名行格式不对", "a malformed signature line")
        found.append((match[1], raw[:4], raw[4:]))
    return Note(text + "\n", found)


def signers_of(note: Note, keys: Iterable[Key]) -> dict[Key, int | None]:
    """Return which keys signed, and when if the signature says so.

    An unknown key's signature is ignored. A known key's that does not hold refuses the note.
    """
    known = {(key.name, key.id): key for key in keys}
    signers: dict[Key, int | None] = {}
    for name, key_id, data in note.signatures:
        key = known.get((name, key_id))
        if key is None:
            continue
        message, signature, seconds = note.text.encode(), data, None
        if key.kind == WITNESS_KEY:
            (seconds,), signature = struct.unpack(">Q", data[:8]), data[8:]
            message = f"cosignature/v1\ntime {seconds}\n".encode() + message
        if not is_signed(key.public, message, signature):
            raise Refused(f"{name} 的签名不成立", f"the signature by {name} does not hold")
        signers.setdefault(key, seconds)
    return signers


class Checkpoint(NamedTuple):
    """The state of a log: its name, how many leaves, the root over them."""

    origin: str
    size: int
    root: bytes


def read_checkpoint(note: Note) -> Checkpoint:
    """Read the three lines of a checkpoint."""
    lines = note.text.split("\n")
    if len(lines) != 4 or lines[3] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise Refused("不是检查点", "not a checkpoint of three lines")
    return Checkpoint(lines[0], int(lines[1]), exact_base64(lines[2], 32))


# 4 Policies: whose signatures count (C2SP tlog-policy) ------------------------------------------


class Policy(NamedTuple):
    """Log keys, witness keys, and which witnesses together are enough (`quorum`)."""

    logs: list[Key]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, list[str]]]
    quorum: str

    def is_met(self, name: str, signed: Iterable[Key]) -> bool:
        """Tell whether a witness, or enough members of a group, cosigned."""
        if name in self.witnesses:
            return self.witnesses[name] in signed
        needed, members = self.groups[name]
        return sum(self.is_met(member, signed) for member in members) >= needed


def read_policy(data: bytes) -> Policy:
    """Read a policy file: lines `log`, `witness`, `group`, `quorum`; `#` begins a comment line."""
    text = data.decode("utf-8")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text) or not text.endswith("\n"):
        raise Refused(
            "策略文件有控制字符或不完整", "a control character in the policy, or it is torn"
        )
    policy = Policy([], {}, {}, "none")
    names, members, quorums = {"none"}, {"none"}, []
    for line in text.split("\n"):
        kind, *rest = [word for word in re.split("[ \t]+", line) if word] or ["#"]
        if kind.startswith("#"):
            continue
        if kind == "log" and len(rest) in (1, 2):
            policy.logs.append(read_key(rest[0], LOG_KEY))
        elif kind == "witness" and len(rest) in (2, 3) and rest[0] not in names:
            policy.witnesses[rest[0]] = read_key(rest[1], WITNESS_KEY)
            names.add(rest[0])
        elif kind == "group" and len(rest) >= 3 and rest[0] not in names:
            policy.groups[rest[0]] = _group(rest[1], rest[2:], names - members)
            names.add(rest[0])
            members.update(rest[2:])
        elif kind == "quorum" and len(rest) == 1 and rest[0] in names:
            quorums.append(rest[0])
        else:
            raise Refused(f"策略文件有误：{line}", f"wrong line in the policy: {line}")
    return _sound(policy, quorums)


def _sound(policy: Policy, quorums: list[str]) -> Policy:
    keys = [key.public for key in (*policy.logs, *policy.witnesses.values())]
    if len(set(keys)) < len(keys):
        raise Refused("策略中有重复的公钥", "the policy lists one key twice: it would count twice")
    if len(quorums) != 1 or not policy.logs:
        raise Refused("策略须有日志密钥与一行 quorum", "a policy has log keys and one quorum line")
    return policy._replace(quorum=quorums[0])


def _group(threshold: str, members: list[str], free: set[str]) -> tuple[int, list[str]]:
    """Read a group; each witness or group is a member of at most one."""
    needed = {"any": 1, "all": len(members)}.get(threshold, 0)
    if re.fullmatch("[1-9][0-9]{0,5}", threshold):
        needed = int(threshold)
    if not free.issuperset(members) or len(set(members)) < len(members):
        raise Refused("见证组成员未知或重复", "a group with unknown or repeated members")
    if not 1 <= needed <= len(members):
        raise Refused("见证组的人数要求有误", "a group that asks for an impossible number")
    return needed, members


def signed_checkpoint(data: bytes, policy: Policy) -> tuple[Checkpoint, dict[Key, int | None]]:
    """Read a checkpoint that its log signed; return it with all signers that are known."""
    note = read_note(data)
    checkpoint = read_checkpoint(note)
    logs = [key for key in policy.logs if key.name == checkpoint.origin]
    signers = signers_of(note, [*logs, *policy.witnesses.values()])
    if not any(key in signers for key in logs):
        raise Refused(
            f"没有受信任的日志密钥为 {checkpoint.origin} 签名",
            f"no log key that you trust signed for {checkpoint.origin}",
        )
    return checkpoint, signers


# 5 The Merkle tree (RFC 6962, RFC 9162) ---------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def blocks_of(start: int, end: int) -> list[int]:
    """Return the sizes of the largest aligned blocks that make up [start, end), left to right."""
    sizes = []
    while start < end:
        size = 1 << (end - start).bit_length() - 1
        if start:
            size = min(size, start & -start)
        sizes.append(size)
        start += size
    return sizes


class Frontier:
    """The right edge of a growing tree: the roots of its complete blocks, largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size, self.hashes = size, list(hashes)
        if len(self.hashes) != bin(size).count("1"):
            raise Refused("左侧哈希的个数不对", "the wrong number of hashes for the left edge")

    def append(self, block: bytes, block_size: int = 1) -> None:
        """Add a block whose size divides the size so far: as a carry in binary addition."""
        carry = self.size // block_size
        while carry & 1:
            block = node_hash(self.hashes.pop(), block)
            carry >>= 1
        self.hashes.append(block)
        self.size += block_size

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused("叶子不在树内", "the leaf lies outside the tree")
    here, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused("证明过长", "the proof is too long")
        if here & 1 or here == last:
            reached = node_hash(sibling, reached)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise Refused("证明过短", "the proof is too short")
    return reached


def check_consistency(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that the new tree begins with the old one (RFC 9162, 2.1.4.2); 0 < old < new."""
    here, last = old.size - 1, new.size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    # Where the old tree is one block of the new one, the proof leaves its root out.
    first, *siblings = [old.root, *proof] if old.size & (old.size - 1) == 0 else proof
    old_root = new_root = first
    for sibling in siblings:
        if last == 0:
            raise Refused("一致性证明过长", "the consistency proof is too long")
        if here & 1 or here == last:
            old_root, new_root = node_hash(sibling, old_root), node_hash(sibling, new_root)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            new_root = node_hash(new_root, sibling)
        here, last = here >> 1, last >> 1
    if (last, old_root, new_root) != (0, old.root, new.root):
        raise FORKED


FORKED = Refused(
    "两个检查点互相矛盾：历史被改写，请保存两者为证据",
    "the two checkpoints contradict each other: history was rewritten; keep both as evidence",
)


# 6 Archives, which may be hostile ---------------------------------------------------------------

MEMBERS_MAX = 512
DIRECTORY_BYTES_MAX = 1 << 20
SMALL_BYTES_MAX = 1 << 20
LINE_BYTES_MAX = 1 << 16
RATIO_MAX = 1_000  # deflate itself cannot do better than 1,032
ENTRY_BYTES_MAX = 65_535
STATEMENT_MEMBERS = {"statement.json", "accounts.jsonl", "movements.jsonl", "statement.csv"}
OPENINGS_MEMBER = "openings.jsonl"
MEMBERS = {
    *("README.txt", "manifest.json", "checkpoint", "entries", OPENINGS_MEMBER),
    *STATEMENT_MEMBERS,
}
STAMP_MEMBER = re.compile(r"timestamps/[0-9]{3}\.(?:tsr|note)")
CHUNK_BYTES = 1 << 18


class Archive:
    """A bundle's ZIP file: only known names, each once, plain files, sane sizes."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb")  # noqa: SIM115 - open as long as the archive is
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self) -> None:
        self._guard_directory()
        self._zip = zipfile.ZipFile(self._file)
        self.names = [info.filename for info in self._zip.infolist()]
        if len(set(self.names)) != len(self.names):
            raise Refused("压缩包内有重名文件", "two files of one name in the archive")
        self.has_statement = not STATEMENT_MEMBERS.isdisjoint(self.names)
        if self.has_statement and not STATEMENT_MEMBERS.issubset(self.names):
            raise Refused("对账单的文件不全", "some files of the statement are missing")
        for info in self._zip.infolist():
            self._guard(info)
        if "README.txt" in self.names:
            self.small("README.txt")  # nothing is in it to check, but that it came whole

    def _guard_directory(self) -> None:
        """Refuse a directory that is too long before anything reads it into memory."""
        size = self._file.seek(0, io.SEEK_END)
        self._file.seek(max(0, size - 22 - 20))
        tail = self._file.read()
        end = tail[-22:]
        if len(end) != 22 or end[:4] != b"PK\x05\x06" or end[20:] != b"\x00\x00":
            raise Refused(
                "不是 ZIP 文件，或末尾有多余内容", "not a ZIP file, or something after it"
            )
        count, length = struct.unpack("<HI", end[10:16])
        if tail[:4] == b"PK\x06\x07":  # ZIP64: the same figures stand in a longer record
            (at,) = struct.unpack("<Q", tail[8:16])
            self._file.seek(min(at, size))
            count, length = struct.unpack("<QQ", self._file.read(56)[32:48])
        if count > MEMBERS_MAX or length > DIRECTORY_BYTES_MAX:
            raise Refused("压缩包内文件过多", "too many files in the archive")

    def _guard(self, info: zipfile.ZipInfo) -> None:
        name, mode = info.filename, info.external_attr >> 16
        if name not in MEMBERS and not STAMP_MEMBER.fullmatch(name):
            raise Refused(f"压缩包内有未知文件 {name}", f"an unknown file in the archive: {name}")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or info.comment:
            raise Refused(f"{name} 不是普通文件", f"{name} is not a plain file")
        if info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise Refused(f"{name} 已加密或压缩方式未知", f"{name} is encrypted or oddly packed")
        if info.file_size > RATIO_MAX * max(info.compress_size, 64):
            raise Refused(f"{name} 的压缩比异常", f"{name} would unpack to an absurd size")

    def small(self, name: str) -> bytes:
        """Return a short file as a whole."""
        with self._zip.open(name) as file:
            data = file.read(SMALL_BYTES_MAX + 1)
        if len(data) > SMALL_BYTES_MAX:
            raise Refused(f"{name} 过大", f"{name} is too large")
        return data

    def entries(self, count: int) -> Iterator[bytes]:
        """Yield exactly `count` entries: each after its length in two bytes, big-endian."""
        with self._zip.open("entries") as file:
            data, at, found = b"", 0, 0
            while found < count:
                end = at + 2 + int.from_bytes(data[at : at + 2], "big")
                if len(data) < at + 2 or len(data) < end:
                    more = file.read(CHUNK_BYTES)
                    if not more:
                        raise Refused("条目少于所称", "fewer entries than the bundle says")
                    data, at = data[at:] + more, 0
                    continue
                yield data[at + 2 : end]
                at, found = end, found + 1
            if at != len(data) or file.read(1):
                raise Refused("条目多于所称", "more entries than the bundle says")

    def lines(self, name: str) -> Iterator[str]:
        """Yield the lines of a text file without their ends; each is at most 64 KiB."""
        with self._zip.open(name) as file:
            while line := file.readline(LINE_BYTES_MAX):
                if not line.endswith(b"\n"):
                    raise Refused(
                        f"{name} 有过长或残缺的行", f"{name} has an overlong or torn line"
                    )
                yield line[:-1].decode("utf-8")


def strict_json(text: str | bytes) -> Any:
    """Read JSON in which no name stands twice and no number is a fraction."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in found}) != len(found):
            raise Refused("JSON 中有重复的名称", "a name stands twice in the JSON")
        return dict(found)

    def no_fraction(_: str) -> NoReturn:
        raise Refused("JSON 中有小数", "a fraction in the JSON")

    return json.loads(
        text, object_pairs_hook=pairs, parse_float=no_fraction, parse_constant=no_fraction
    )


def whole(value: Any, least: int = 0) -> int:
    """Return a whole number that is not a disguised truth value."""
    if type(value) is not int or value < least:
        raise Refused(f"应为整数：{value!r}", f"not a whole number: {value!r}")
    return value


# 7 Arithmetic: what events do to balances -------------------------------------------------------
# Written from the documentation of the events (docs/events.md), not from the ledger's code. An
# amount is in fen for accounts and deposits, in points for points accounts.


class Move(NamedTuple):
    """What an event says it changes: a signed amount, from or to whom, the bank's reference."""

    amount: int
    counterparty: str = ""
    bank_reference: str = ""


def _by(sign: int, field: str) -> Callable[[dict[str, Any]], Move]:
    def read(state: dict[str, Any]) -> Move:
        text = str(state.get("payee", "")), str(state.get("bank_reference", ""))
        return Move(sign * whole(state[field]), *text)

    return read


def _receipt(state: dict[str, Any]) -> Move:
    receipt = state["receipt"]
    return Move(whole(receipt["amount_fen"]), receipt["payer"], receipt["bank_reference"])


MOVES: dict[str, Callable[[dict[str, Any]], Move]] = {
    "public_account.revenue_received.v1": _receipt,
    "public_account.revenue_reversed.v1": _by(-1, "amount_fen"),
    "public_account.paid_out.v1": _by(-1, "amount_fen"),
    "public_account.payment_reversed.v1": _by(+1, "amount_fen"),
    "deposit.received.v1": _by(+1, "amount_fen"),
    "deposit.top_up_received.v1": _by(+1, "amount_fen"),
    "deposit.draw_refunded.v1": _by(+1, "amount_fen"),
    "deposit.draw_paid.v1": _by(-1, "amount_fen"),
    "deposit.returned.v1": _by(-1, "amount_fen"),
    "deposit.forfeited.v1": _by(-1, "amount_fen"),
    "points_account.points_awarded.v1": _by(+1, "points"),
    "points_account.points_returned.v1": _by(+1, "points"),
    "points_account.points_reversed.v1": _by(-1, "points"),
    "points_account.points_expired.v1": _by(-1, "points"),
    "points_account.points_redeemed.v1": _by(-1, "points"),
}
# The first event of each account, and where it says to what place the account belongs.
OPENINGS = {
    "public_account.opened.v1": "estate_id",
    "deposit.assessed.v1": "estate_id",
    "points_account.opened.v1": "community_id",
}
# Events that take steps of their record back: what those moved is moved back.
REVERSALS = {"deposit.step_reversed.v1"}
# Events of accounts that move nothing. A topic that is in none of the four is unknown here.
STILL = {
    "public_account.hold_placed.v1",
    "public_account.hold_released.v1",
    "public_account.period_closed.v1",
    "public_account.period_reopened.v1",
    "deposit.reassessed.v1",
    "deposit.company_reminded.v1",
    "deposit.draw_requested.v1",
    "deposit.draw_approved.v1",
    "deposit.draw_rejected.v1",
    "deposit.draw_cancelled.v1",
    "deposit.emergency_work_ordered.v1",
    "deposit.work_verified.v1",
    "deposit.draw_contested.v1",
    "deposit.contest_decided.v1",
    "deposit.top_up_demanded.v1",
    "deposit.top_up_missed.v1",
    "deposit.contract_ended.v1",
    "deposit.refund_missed.v1",
    "deposit.return_missed.v1",
    "deposit.closed.v1",
}
BOOKS = {"public_account": "fen", "deposit": "fen", "points_account": "points"}
NAMESPACE = uuid.UUID("6d696e7a-6861-5e67-8000-6c6564676572")


def derived_id(kind: str, key: str) -> str:
    """Return the id that follows from a natural key."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{key}"))


# 8 Statements -----------------------------------------------------------------------------------

CSV_HEADINGS = (
    "序号 position",
    "入账时间 recorded_at",
    "发生时间 occurred_at",
    "账簿 book",
    "账户 account",
    "所属 place",
    "事项 kind",
    "金额 amount",
    "单位 unit",
    "余额 balance",
    "对方 counterparty",
    "银行流水 bank_reference",
    "补记 late",
)


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, as it stands in the CSV."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "'") else text


class Account:
    """One account of a statement: what is claimed of it, and what the entries add up to."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.id, self.book, self.place = line["account"], line["book"], line["place"]
        self.opening, self.closing = line["opening"], line["closing"]
        if set(line) != {"account", "book", "place", "opening", "closing"} or not (
            type(self.opening) is type(self.closing) is int and self.book in BOOKS
        ):
            raise Refused("账户行格式不对", "a malformed line of an account")
        self.balance = self.opening
        self.before: int | None = None  # what the entries say stood at the beginning


class Statement:
    """Recomputes a statement from the entries, line by line beside what the bundle says."""

    def __init__(self, archive: Archive, manifest: Manifest) -> None:
        self._head = strict_json(archive.small("statement.json"))
        if set(self._head) != {"v", "basis", "places", "books"} or self._head["v"] != 1:
            raise Refused("对账单格式未知", "a statement of an unknown form")
        self._manifest = manifest
        self._read_basis(self._head["basis"])
        self._read_places(self._head["places"])
        self.accounts: dict[str, Account] = {}
        for line in archive.lines("accounts.jsonl"):
            account = Account(strict_json(line))
            if account.id in self.accounts:
                raise Refused("同一账户出现两次", "an account stands twice in the statement")
            self.accounts[account.id] = account
        self._movements = archive.lines("movements.jsonl")
        self._csv = csv.reader(self._csv_lines(archive), strict=True)
        self._totals = {book: [0, 0, 0, 0, 0, 0] for book in BOOKS}
        self._earlier: dict[str, int] = {}
        self._opened: dict[str, str] = {}
        self._steps: dict[tuple[str, int], tuple[dict[str, Any], Move]] = {}
        self._first_seen: dict[str, int] = {}
        self._last_recorded_at = ""
        self.wrong: Exception | None = None
        self.placed = 0
        self._expect_csv(CSV_HEADINGS)
        for account in self.accounts.values():
            self._expect_balance(account, "opening", account.opening)

    def _csv_lines(self, archive: Archive) -> Iterator[str]:
        for number, line in enumerate(archive.lines("statement.csv")):
            yield (line if number else line.lstrip("\ufeff")) + "\n"

    def _read_basis(self, basis: dict[str, Any]) -> None:
        self.from_at, self.until_at = "", ""
        if basis == {"by": "position"}:
            return
        self.from_at, self.until_at = basis["from"], basis["until"]
        moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
        if set(basis) != {"by", "from", "until"} or basis["by"] != "occurred_at":
            raise Refused("对账单口径未知", "a statement on an unknown basis")
        if not (re.fullmatch(moment, self.from_at) and re.fullmatch(moment, self.until_at)):
            raise Refused("对账单时间格式不对", "the times of the statement are malformed")

    def _read_places(self, places: list[dict[str, str]] | None) -> None:
        """Read which estates and communities it is about; `None` is all of them."""
        self.codes: dict[str, str] | None = None
        self.accounts_of_places: set[str] = set()
        if places is None:
            return
        self.codes = {}
        for place in places:
            if place["id"] != derived_id("organisation", place["code"]):
                raise Refused("组织代码与编号不符", "an id does not follow from the place's code")
            self.codes[place["id"]] = place["code"]
        self.accounts_of_places = {derived_id("public-account", place) for place in self.codes}

    # One entry after the other: those before the slice (if they were given), then the slice.

    def take(self, position: int, header: dict[str, Any], entry: bytes) -> None:
        """Follow one entry. What is wrong first is kept for the report; later entries are idle."""
        if self.wrong is not None:
            return
        try:
            self._take(position, header, entry)
        except UNSOUND as wrong:
            self.wrong = wrong

    def _take(self, position: int, header: dict[str, Any], entry: bytes) -> None:
        topic, account_id = header["topic"], header["stream"]
        book = topic.partition(".")[0]
        if f"{book}.step_reversed.v1" in REVERSALS:
            self._first_seen.setdefault(account_id, header["version"])
        if topic in OPENINGS:
            place = json.loads(entry[entry.index(b"\n") + 1 :])[OPENINGS[topic]]
            self._opened[account_id] = place
        elif topic in MOVES:
            move = MOVES[topic](json.loads(entry[entry.index(b"\n") + 1 :]))
            if account_id in self._first_seen:
                self._steps[account_id, header["version"]] = header, move
            self._move(position, header, move)
        elif topic in REVERSALS:
            self._move_back(position, header, json.loads(entry[entry.index(b"\n") + 1 :]))
        elif topic not in STILL and topic.partition(".")[0] in BOOKS:
            raise Unchecked(f"未知的事件种类 {topic}", f"this verifier does not know {topic}")

    def _move_back(self, position: int, header: dict[str, Any], state: dict[str, Any]) -> None:
        """Move back what steps moved, each on its own day, told when they were taken back."""
        account_id = header["stream"]
        for version in sorted(whole(version) for version in state["versions_reversed"]):
            if version < self._first_seen[account_id]:
                raise Unchecked(
                    f"条目 {position} 撤销了区段之前的步骤：须看此前的条目（--earlier）",
                    f"entry {position} takes back a step from before the slice (give --earlier)",
                )
            if (account_id, version) in self._steps:
                step, move = self._steps.pop((account_id, version))
                back = move._replace(amount=-move.amount)
                self._move(position, dict(step, recorded_at=header["recorded_at"]), back)

    def _move(self, position: int, header: dict[str, Any], move: Move) -> None:
        account_id, occurred_at = header["stream"], header["occurred_at"]
        is_before = position < self._manifest.start
        if self.from_at:
            is_before = occurred_at < self.from_at
        if is_before:
            self._earlier[account_id] = self._earlier.get(account_id, 0) + move.amount
            return
        if position < self._manifest.start or (self.from_at and occurred_at > self.until_at):
            self._guard_outside(position, occurred_at)
            return
        account = self.accounts.get(account_id)
        if account is None:
            self._guard_left_out(position, account_id)
            return
        account.balance += move.amount
        self._expect_movement(position, header, move, account)

    def _guard_outside(self, position: int, occurred_at: str) -> None:
        """An entry before the slice may not belong to the period: it would have been left out."""
        if position < self._manifest.start and occurred_at <= self.until_at:
            raise Refused(
                f"条目 {position} 属于本期却不在区段内",
                f"entry {position} belongs to the period, and the slice leaves it out",
            )

    def _guard_left_out(self, position: int, account_id: str) -> None:
        place = self._opened.get(account_id)
        is_ours = place in self.codes if self.codes is not None else True
        if is_ours or account_id in self.accounts_of_places:
            raise Refused(
                f"对账单漏掉了账户 {account_id}（条目 {position}）",
                f"the statement leaves out account {account_id} (entry {position})",
            )

    def _expect_movement(
        self, position: int, header: dict[str, Any], move: Move, account: Account
    ) -> None:
        book, kind = header["topic"].split(".")[:2]
        is_late = bool(self.until_at) and header["recorded_at"] > self.until_at
        expected = {
            "position": position,
            "account": account.id,
            "kind": kind,
            "amount": move.amount,
            "balance": account.balance,
            "occurred_at": header["occurred_at"],
            "recorded_at": header["recorded_at"],
            "counterparty": move.counterparty,
            "bank_reference": move.bank_reference,
            "late": is_late,
        }
        said = next(self._movements, None)
        if account.book != book or said is None or strict_json(said) != expected:
            raise Refused(
                f"对账单与条目 {position} 不符：应为 {expected}",
                f"the statement differs from entry {position}, which says {expected}",
            )
        texts = guarded(move.counterparty), guarded(move.bank_reference)
        times = header["recorded_at"], header["occurred_at"]
        row = (str(position), *times, book, account.id, self._code(account), kind)
        figures = (str(move.amount), BOOKS[book], str(account.balance))
        self._expect_csv((*row, *figures, *texts, "late" if is_late else ""))
        totals = self._totals[book]
        totals[1 if move.amount > 0 else 2] += abs(move.amount)
        totals[5] += 1

    def _code(self, account: Account) -> str:
        place: str = account.place
        return (self.codes or {}).get(place, place)

    def _expect_balance(self, account: Account, kind: str, balance: int) -> None:
        row = ("", "", "", account.book, account.id, self._code(account), kind)
        self._expect_csv((*row, str(balance), BOOKS[account.book], str(balance), "", "", ""))

    def _expect_csv(self, row: Sequence[str]) -> None:
        if next(self._csv, None) != list(row):
            raise Refused(
                f"statement.csv 与条目不符：应有 {list(row)}",
                f"statement.csv does not say what the entries say: {list(row)}",
            )

    # What is said at the end.

    def finish(self) -> str:
        """Check closing balances, sums, and that nothing is said beyond what the entries say."""
        if self.wrong is not None:
            raise self.wrong
        if next(self._movements, None) is not None:
            raise Refused("对账单有条目中没有的行", "the statement has lines that no entry makes")
        for account in self.accounts.values():
            self._guard_closing(account)
        if next(self._csv, None) is not None:
            raise Refused("statement.csv 有多余的行", "statement.csv has lines too many")
        names = ("opening", "in", "out", "closing", "accounts", "movements")
        books = {book: dict(zip(names, sums)) for book, sums in self._totals.items()}
        if books != self._head["books"]:
            raise Refused(f"合计不符：应为 {books}", f"the sums differ: they are {books}")
        count = sum(sums[5] for sums in self._totals.values())
        return (
            f"{count} 笔变动 movements, {len(self.accounts)} 个账户 accounts; {json.dumps(books)}"
        )

    def _guard_closing(self, account: Account) -> None:
        if account.balance != account.closing:
            raise Refused(
                f"账户 {account.id} 的期末余额应为 {account.balance}",
                f"account {account.id} closes with {account.balance}, not {account.closing}",
            )
        self._expect_balance(account, "closing", account.closing)
        place = self._opened.get(account.id, account.place)
        if account.book == "public_account" and account.id != derived_id("public-account", place):
            place = ""
        if place != account.place or (self.codes is not None and place not in self.codes):
            raise Refused(f"账户 {account.id} 不属于所称之处", f"{account.id} belongs elsewhere")
        totals = self._totals[account.book]
        totals[0] += account.opening
        totals[3] += account.closing
        totals[4] += 1

    def openings(self, is_whole: bool) -> str:
        """Check what stood at the beginning: possible if every entry before the slice was seen."""
        if self.wrong is not None or not is_whole:
            raise Unchecked(
                f"区段始于 {self._manifest.start}：期初余额须看此前的条目（--earlier）",
                f"the slice begins at {self._manifest.start}: opening balances, and to which place"
                " older accounts belong, follow from entries before it (give them with --earlier)",
            )
        for account_id in {*self.accounts, *self._earlier}:
            self._guard_opening(account_id)
        return f"{len(self.accounts)} 个账户 accounts"

    def _guard_opening(self, account_id: str) -> None:
        stood, account = self._earlier.get(account_id, 0), self.accounts.get(account_id)
        if account is None:
            if stood and (self.codes is None or self._opened.get(account_id) in self.codes):
                raise Refused(f"漏掉了账户 {account_id}", f"account {account_id} is left out")
        elif account.opening != stood or self._opened.get(account_id) != account.place:
            raise Refused(
                f"账户 {account_id} 的期初余额应为 {stood}",
                f"account {account_id} opens with {stood}, not {account.opening}, or is elsewhere",
            )

    def complete(self, first_recorded_at: str) -> str:
        """Check that nothing that occurred in the period can lie outside the slice."""
        start, end, size = self._manifest.start, self._manifest.end, self._manifest.size
        if not self.from_at:
            return "按序号 by position"
        is_from_before = start == 0 or first_recorded_at < self.from_at
        if not is_from_before or end != size:
            raise Unchecked(
                f"本期事件也可能记在区段 [{start}, {end}) 之外（补记）；以 --whole 制作可排除",
                f"events of the period may also stand outside [{start}, {end}), recorded late;"
                " a bundle made with --whole rules that out",
            )
        return f"[{start}, {end})"


# 9 Bundles, proofs, static logs -----------------------------------------------------------------


class Manifest(NamedTuple):
    """What a bundle says it is. Nothing of it is believed; the root binds all of it."""

    origin: str
    start: int
    end: int
    size: int
    left: list[bytes]
    right: list[bytes]
    consistency: dict[int, list[bytes]]
    stamps: list[str]


def read_manifest(data: bytes) -> Manifest:
    """Read manifest.json."""
    found = strict_json(data)
    if found["format"] != "minzhang-audit-bundle" or found["version"] != 1:
        raise Refused("审计包版本未知", "a bundle of an unknown version")
    start, end, size = (whole(found[name]) for name in ("start", "end", "size"))
    left, right = ([exact_base64(text, 32) for text in found[side]] for side in ("left", "right"))
    counts = bin(start).count("1"), len(blocks_of(end, size))
    if not start < end <= size < 1 << 63 or (len(left), len(right)) != counts:
        raise Refused("区段范围不对", "the slice and its neighbours do not fit the tree")
    consistency = {
        whole(one["size"]): [exact_base64(text, 32) for text in one["hashes"]]
        for one in found["consistency"]
    }
    stamps = [str(one["authority"]) for one in found["time_stamps"]][:100]
    return Manifest(str(found["origin"]), start, end, size, left, right, consistency, stamps)


OPENING_FIELDS = {"field", "key", "ledger", "person", "position", "record", "slot", "value"}
OPENINGS_MAX = 100_000


class PersonalData:
    """Openings: each value, under its key, must give the commitment in the entry that it names."""

    def __init__(self, archive: Archive) -> None:
        self.wrong: Exception | None = None
        self._left: dict[int, list[dict[str, Any]]] = {}
        self._seen: set[tuple[int, str]] = set()
        try:
            for line in archive.lines(OPENINGS_MEMBER):
                self._read(strict_json(line))
        except UNSOUND as wrong:
            self.wrong = wrong

    def _read(self, one: dict[str, Any]) -> None:
        position, name = whole(one["position"]), str(one["field"])
        if set(one) != OPENING_FIELDS or (position, name) in self._seen:
            raise Refused("出示的一项格式不对或重复", "an opening is malformed or stands twice")
        if len(self._seen) == OPENINGS_MAX:
            raise Refused("出示的项过多", "too many openings")
        self._seen.add((position, name))
        self._left.setdefault(position, []).append(one)

    def take(self, position: int, header: dict[str, Any], entry: bytes) -> None:
        """Check what is opened of one entry. What is wrong first is kept for the report."""
        try:
            for one in self._left.pop(position, ()):
                self._check(one, header, json.loads(entry[entry.index(b"\n") + 1 :]))
        except UNSOUND as wrong:
            self.wrong = self.wrong or wrong

    def _check(self, one: dict[str, Any], header: dict[str, Any], state: dict[str, Any]) -> None:
        names = {name: one[name] for name in ("ledger", "record", "slot")}
        place = {**names, "subject": one["person"]}
        said = {"field": one["field"], "place": place, "v": 1, "value": one["value"]}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hmac.new(bytes.fromhex(one["key"]), text.encode(), "sha256").hexdigest()
        meant = header["topic"] == "person.sealed.v1" and header["stream"] == one["person"]
        meant = meant and (state["slot_id"], state["record_id"]) == (one["slot"], one["record"])
        commitments = {each["field"]: each["hmac_sha256"] for each in state["commitments"]}
        if not meant or commitments.get(one["field"]) != digest:
            raise Refused(
                f"条目 {one['position']} 并未承诺出示的 {one['field']}",
                f"entry {one['position']} does not commit to the {one['field']} shown",
            )

    def finish(self) -> str:
        """Say whether every opening is of an entry of the slice, and right."""
        if self.wrong is not None:
            raise self.wrong
        if self._left or not self._seen:
            raise Refused("出示的项不在区段内", "what is shown is not of this slice")
        return f"{len(self._seen)} 项 fields"


class Slice:
    """Reads a bundle's entries once: hashes them, checks their headers, feeds the statement."""

    def __init__(self, archive: Archive, manifest: Manifest, sizes: Iterable[int] = ()) -> None:
        self._archive, self.manifest = archive, manifest
        self.frontier = Frontier(manifest.start, manifest.left)
        self.roots: dict[int, bytes] = {}  # roots at sizes that somebody wants to know
        self._sizes = set(sizes)
        self.first_recorded_at = self.last_recorded_at = ""
        self.header_wrong: Exception | None = None

    def read(self, statement: Statement | None, personal: PersonalData | None = None) -> None:
        """Go through all entries."""
        manifest, frontier = self.manifest, self.frontier
        position = manifest.start
        self._note_root()
        for entry in self._archive.entries(manifest.end - manifest.start):
            frontier.append(leaf_hash(entry))
            header = self._header(position, entry)
            if statement is not None and header is not None:
                statement.take(position, header, entry)
            if personal is not None and header is not None:
                personal.take(position, header, entry)
            position += 1
            self._note_root()

    def root(self) -> bytes:
        """Return the root of the whole tree, with what lies right of the slice."""
        for block, size in zip(
            self.manifest.right, blocks_of(self.manifest.end, self.manifest.size)
        ):
            self.frontier.append(block, size)
        return self.frontier.root()

    def _note_root(self) -> None:
        if self.frontier.size in self._sizes:
            self.roots[self.frontier.size] = self.frontier.root()

    def _header(self, position: int, entry: bytes) -> dict[str, Any] | None:
        """Read an entry's header; what is wrong first is kept for the report."""
        try:
            header: dict[str, Any] = json.loads(entry[: entry.index(b"\n")])
            recorded_at = header["recorded_at"]
            if not is_name_of(header["origin"], self.manifest.origin):
                raise Refused(
                    f"条目 {position} 属于另一账本 {header['origin']}",
                    f"entry {position} belongs to another ledger: {header['origin']}",
                )
            if recorded_at <= self.last_recorded_at:
                raise Refused(
                    f"条目 {position} 的入账时间倒退", f"time runs backwards at {position}"
                )
        except UNSOUND as wrong:
            self.header_wrong = self.header_wrong or wrong
            return None
        self.first_recorded_at = self.first_recorded_at or recorded_at
        self.last_recorded_at = recorded_at
        return header

    def headers(self) -> str:
        """Say whether all headers were sound."""
        if self.header_wrong is not None:
            raise self.header_wrong
        return f"{self.first_recorded_at} … {self.last_recorded_at}"


class Trust(NamedTuple):
    """What the command line gave: keys, older checkpoints, earlier bundles, an authority."""

    policy: Policy
    since: list[str]
    earlier: list[str]
    tsa_ca: str | None


def verify_checkpoint(report: Report, data: bytes, trust: Trust) -> Checkpoint | None:
    """Report on a checkpoint's signatures and the quorum; return it if the log signed it."""
    found: list[Checkpoint] = []
    signed: dict[Key, int | None] = {}

    def by_log() -> str:
        checkpoint, signers = signed_checkpoint(data, trust.policy)
        found.append(checkpoint)
        signed.update(signers)
        root = base64.b64encode(checkpoint.root).decode()
        return f"{checkpoint.origin}, size {checkpoint.size}, root {root}"

    def by_witnesses() -> str:
        if not trust.policy.is_met(trust.policy.quorum, signed):
            raise Refused("见证人不足法定数", "fewer witnesses cosigned than the policy asks for")
        return ", ".join(f"{key.name} ({at} s)" for key, at in signed.items() if at is not None)

    report.check("checkpoint", "检查点由日志签名", "the log signed the checkpoint", by_log)
    if found and trust.policy.quorum != "none":
        report.check(
            "witnesses", "见证人达到法定数", "the quorum of witnesses cosigned", by_witnesses
        )
    return found[0] if found else None


def verify_bundle(report: Report, path: str, trust: Trust) -> None:
    """Report on every claim of a bundle."""
    with ExitStack() as stack:
        opened: list[Any] = []

        def well_formed() -> str:
            opened.append(stack.enter_context(closing(Archive(path))))
            manifest = read_manifest(opened[0].small("manifest.json"))
            opened.extend([manifest, opened[0].small("checkpoint")])
            return f"[{manifest.start}, {manifest.end}) of {manifest.size}"

        if report.check("form", "审计包格式正确", "the bundle is well-formed", well_formed):
            archive, manifest, note = opened
            checkpoint = verify_checkpoint(report, note, trust)
            if checkpoint is not None:
                _verify_contents(report, archive, manifest, checkpoint, trust)


def _verify_contents(
    report: Report, archive: Archive, manifest: Manifest, checkpoint: Checkpoint, trust: Trust
) -> None:
    old = _read_older(report, trust)
    part = Slice(archive, manifest, [one.size for one in old if one is not None])
    statement: Any = None
    if archive.has_statement:
        statement = _begin_statement(archive, manifest)
    personal = PersonalData(archive) if OPENINGS_MEMBER in archive.names else None
    is_whole = manifest.start == 0
    if trust.earlier:
        zh, en = "较早的审计包接到本区段", "the earlier bundles lead to this slice"
        is_whole = report.check(
            "earlier", zh, en, lambda: _read_earlier(trust.earlier, manifest, statement)
        )

    def complete() -> str:
        part.read(statement, personal)
        is_of_it = (manifest.origin, manifest.size) == (checkpoint.origin, checkpoint.size)
        if not is_of_it or part.root() != checkpoint.root:
            raise Refused(
                "由条目推不出检查点的树根：有改动、遗漏或添加",
                "the entries do not lead to the checkpoint's root: changed, left out or added",
            )
        return f"{manifest.end - manifest.start} 条 entries, [{manifest.start}, {manifest.end})"

    zh, en = "区段完整且未改动", "the slice is complete and unchanged"
    is_complete = report.check("slice", zh, en, complete)
    zh, en = "各条目属于本账本且时间递增", "every entry is of this ledger, in order of time"
    report.check("entries", zh, en, part.headers)
    for file, one in zip(trust.since, old):
        if one is not None:
            _verify_since(report, file, one, part, checkpoint)
    if is_complete:
        _verify_what_follows(report, statement, personal, part, is_whole, trust)
    _verify_stamps(report, archive, manifest, checkpoint, trust)


def _verify_what_follows(  # noqa: PLR0913, PLR0917 - what the entries support
    report: Report, statement: Any, personal: Any, part: Slice, is_whole: bool, trust: Trust
) -> None:
    if personal is not None:
        zh, en = (
            "出示的个人信息与条目中的承诺一致",
            "the personal data shown is what entries commit to",
        )
        report.check("personal", zh, en, personal.finish)
    if statement is not None:
        _verify_statement(report, statement, part, is_whole, trust)


def _begin_statement(archive: Archive, manifest: Manifest) -> Any:
    """Open the statement; one that cannot even be read is reported where it would be checked."""
    try:
        return Statement(archive, manifest)
    except UNSOUND as wrong:
        return Unreadable(wrong)


class Unreadable:
    """Stands for a statement that could not be read."""

    from_at = ""

    def __init__(self, wrong: Exception) -> None:
        self._wrong = wrong

    def take(self, *_: Any) -> None:
        """Follow no entry."""

    def finish(self) -> str:
        """Say why it could not be read."""
        raise self._wrong


def _read_older(report: Report, trust: Trust) -> list[Checkpoint | None]:
    """Read the older checkpoints that the auditor holds; each must be the log's own."""
    found: list[Checkpoint | None] = []
    for file in trust.since:

        def signed(file: str = file) -> str:
            with open(file, "rb") as opened:
                data = opened.read(NOTE_BYTES_MAX + 1)
            found.append(signed_checkpoint(data, trust.policy)[0])
            return file

        name_zh, name_en = f"旧检查点 {file} 由日志签名", f"the log signed the older {file}"
        if not report.check("since-signature", name_zh, name_en, signed):
            found.append(None)
    return found


def _read_earlier(paths: list[str], manifest: Manifest, statement: Statement | None) -> str:
    """Go through all entries from 0 to the slice; the slice's left edge must be theirs."""
    frontier = Frontier()
    for path in paths:
        with closing(Archive(path)) as archive:
            earlier = read_manifest(archive.small("manifest.json"))
            if (earlier.start, earlier.left) != (frontier.size, frontier.hashes):
                raise Refused(f"{path} 接不上", f"{path} does not begin where the last one ends")
            part = Slice(archive, earlier._replace(origin=manifest.origin))
            part.read(statement)
            part.headers()
            frontier = part.frontier
    if frontier.size != manifest.start or frontier.hashes != manifest.left:
        raise Refused(
            "较早的条目与本区段不符", "the earlier entries are not what precedes the slice"
        )
    return f"[0, {manifest.start})"


def _verify_since(report: Report, file: str, old: Checkpoint, part: Slice, new: Checkpoint) -> None:
    def consistent() -> str:
        manifest = part.manifest
        if old.origin != new.origin:
            raise Refused("属于另一账本", "it is of another log")
        if old.size > new.size:
            raise Unchecked("旧检查点比审计包还新", "it is newer than the bundle's own checkpoint")
        if old.size in part.roots or old.size in (0, new.size):
            known = {0: Frontier().root(), new.size: new.root, **part.roots}[old.size]
            if known != old.root:
                raise FORKED
        elif old.size in manifest.consistency:
            check_consistency(old, new, manifest.consistency[old.size])
        else:
            raise Unchecked(
                f"审计包内没有从 {old.size} 起的一致性证明",
                f"the bundle holds no consistency proof from size {old.size}",
            )
        return f"{old.size} → {new.size}"

    zh, en = f"延续旧检查点 {file}", f"the log still begins as it did in {file}"
    report.check("since", zh, en, consistent)


def _verify_statement(
    report: Report, statement: Statement, part: Slice, is_whole: bool, trust: Trust
) -> None:
    zh, en = "对账单的各笔变动与合计", "the statement's movements and sums follow from the entries"
    if not report.check("statement", zh, en, statement.finish):
        return
    zh, en = "对账单的期初余额", "the statement's opening balances"
    report.check("openings", zh, en, lambda: statement.openings(is_whole), bool(trust.earlier))
    if statement.from_at:
        zh, en = "本期事件都在区段内", "every event of the period is inside the slice"
        report.check("period", zh, en, lambda: statement.complete(part.first_recorded_at), False)


def _verify_stamps(
    report: Report, archive: Archive, manifest: Manifest, checkpoint: Checkpoint, trust: Trust
) -> None:
    if trust.tsa_ca and not manifest.stamps:
        report.check("time-stamp", "时间戳", "a time stamp", _no_stamp)
    for number, authority in enumerate(manifest.stamps):

        def stamped(number: int = number) -> str:
            note = archive.small(f"timestamps/{number:03}.note")
            token = archive.small(f"timestamps/{number:03}.tsr")
            if signed_checkpoint(note, trust.policy)[0] != checkpoint:
                raise Refused("时间戳针对另一检查点", "the stamp is over another checkpoint")
            if hashlib.sha256(note).digest() not in token:
                raise Refused("时间戳不含该检查点的摘要", "the token does not name the checkpoint")
            return _ask_openssl(note, token, trust.tsa_ca)

        zh, en = f"{authority} 的时间戳", f"the time stamp by {authority}"
        report.check("time-stamp", zh, en, stamped, asked=trust.tsa_ca is not None)


def _no_stamp() -> str:
    raise Unchecked("审计包内没有时间戳", "the bundle holds no time stamp")


def _ask_openssl(note: bytes, token: bytes, ca: str | None) -> str:
    """Check an authority's signature (RFC 3161) by openssl: Python alone has no X.509."""
    openssl = shutil.which("openssl")
    if ca is None or openssl is None:
        raise Unchecked(
            "摘要相符；机构的签名须用 --tsa-ca 与 openssl 检查",
            "the digest fits; the authority's signature needs --tsa-ca and openssl",
        )
    with tempfile.TemporaryDirectory() as directory:
        data, given = Path(directory, "note"), Path(directory, "token")
        data.write_bytes(note)
        given.write_bytes(token)
        said: list[subprocess.CompletedProcess[str]] = []
        for form in ([], ["-token_in"]):  # a whole response, or the token alone
            command = [openssl, "ts", "-verify", "-data", str(data), "-in", str(given), *form]
            said.append(_run([*command, "-CAfile", ca]))
            if said[-1].returncode == 0:
                shown = _run([openssl, "ts", "-reply", "-in", str(given), *form, "-text"]).stdout
                at = re.search(r"Time stamp: (.+)", shown)
                return at[1] if at else ""
    raise Refused(
        "openssl 拒绝该时间戳", f"openssl refuses the time stamp: {said[0].stderr[-200:]}"
    )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def verify_proof(report: Report, proof_file: str, entry_file: str, trust: Trust) -> None:
    """Report on one entry with its proof file (C2SP tlog-proof)."""
    data, entry = Path(proof_file).read_bytes(), Path(entry_file).read_bytes()
    above, _, note = data.partition(b"\n\n")
    checkpoint = verify_checkpoint(report, note, trust)
    if checkpoint is None:
        return

    def included() -> str:
        index, hashes = read_proof(above.decode("ascii").split("\n"))
        if root_from_inclusion(leaf_hash(entry), index, checkpoint.size, hashes) != checkpoint.root:
            raise Refused("证明不成立", "the entry is not at that place in the log")
        if not is_name_of(json.loads(entry[: entry.index(b"\n")])["origin"], checkpoint.origin):
            raise Refused("条目属于另一账本", "the entry belongs to another ledger")
        return f"position {index} of {checkpoint.size}"

    report.check("inclusion", "条目在日志中", "the entry is in the log", included)
    for file in trust.since:
        report.check("since", f"延续 {file}", f"the log still begins as in {file}", _no_proof)


def is_name_of(found: object, origin: str) -> bool:
    """Tell whether an entry's origin is the log's, or one that it had before a loss.

    A log that lost entries goes on as BASE/since-20260302T010000Z; what is left keeps its name.
    """
    base, since, stamp = origin.rpartition("/since-")
    if found == origin or not since or re.fullmatch(r"\d{8}T\d{6}Z", stamp) is None:
        return found == origin
    earlier = rf"{re.escape(base)}(/since-\d{{8}}T\d{{6}}Z)?"
    return isinstance(found, str) and found < origin and bool(re.fullmatch(earlier, found))


def read_proof(lines: list[str]) -> tuple[int, list[bytes]]:
    """Read the lines of a proof file that stand above its checkpoint."""
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused("不是证明文件", "not a proof file")
    if lines and lines[0].startswith("extra "):
        exact_base64(lines.pop(0)[6:])
    match = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines.pop(0))
    if match is None or len(lines) > 63:
        raise Refused("证明文件格式不对", "a malformed proof file")
    return int(match[1]), [exact_base64(line, 32) for line in lines]


def _no_proof() -> str:
    raise Unchecked("单个证明不含一致性证明", "a proof file holds no consistency proof")


class Site:
    """A log exported as static files (C2SP tlog-tiles): every tile against those above it."""

    def __init__(self, root: str, size: int) -> None:
        self._root, self._size = Path(root), size
        self._rows: list[list[bytes]] = [[] for _ in range(8)]
        self._counts = [0] * 8
        self.frontier = Frontier()
        self.has_entries = (self._root / "tile" / "entries").is_dir()

    def read(self, old: Sequence[Checkpoint | None]) -> dict[int, bytes]:
        """Read all leaves, each tile once; return the roots at the sizes of old checkpoints."""
        sizes, roots = {one.size for one in old if one is not None}, {}
        for first in range(0, self._size, 256):
            for leaf in self._leaves(first // 256, min(256, self._size - first)):
                self.frontier.append(leaf)
                self._add(0, leaf)
                if self.frontier.size in sizes:
                    roots[self.frontier.size] = self.frontier.root()
        for level, row in enumerate(self._rows):
            if row:
                self._compare(level, row)
        return roots

    def _leaves(self, number: int, width: int) -> list[bytes]:
        if not self.has_entries:
            data = self._file(0, number, width, width * 32)
            return [data[at : at + 32] for at in range(0, len(data), 32)]
        data, at, leaves = self._file("entries", number, width, width * 65_537), 0, []
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if end > len(data) or at + 2 > len(data):
                raise Refused(f"条目包 {number} 残缺", f"bundle {number} is torn")
            leaves.append(leaf_hash(data[at + 2 : end]))
            at = end
        if len(leaves) != width:
            raise Refused(f"条目包 {number} 条数不对", f"bundle {number} has {len(leaves)} entries")
        return leaves

    def _add(self, level: int, hash_: bytes) -> None:
        row = self._rows[level]
        row.append(hash_)
        if len(row) == 256:
            self._compare(level, row)
            self._counts[level] += 1
            self._rows[level] = []
            while len(row) > 1:
                row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
            self._add(level + 1, row[0])

    def _compare(self, level: int, row: list[bytes]) -> None:
        """What the leaves make must be what the tile says: parents against children, always."""
        if self._file(level, self._counts[level], len(row), len(row) * 32) != b"".join(row):
            raise Refused(
                f"瓦片 {level}/{self._counts[level]} 与其下层不符",
                f"tile {level}/{self._counts[level]} is not what lies below it",
            )

    def _file(self, level: int | str, number: int, width: int, most: int) -> bytes:
        groups = [f"{number % 1000:03}"]
        while number := number // 1000:
            groups.insert(0, f"x{number % 1000:03}")
        name = f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")
        with open(self._root / name, "rb") as file:
            data = file.read(most + 1)
        if len(data) > most or (level != "entries" and len(data) != most):
            raise Refused(f"{name} 长度不对", f"{name} has the wrong length")
        return data


def verify_site(report: Report, root: str, trust: Trust) -> None:
    """Report on a log exported as static files."""
    checkpoint = verify_checkpoint(report, Path(root, "checkpoint").read_bytes(), trust)
    if checkpoint is None:
        return
    old = _read_older(report, trust)
    site = Site(root, checkpoint.size)
    roots: dict[int, bytes] = {}

    def whole_tree() -> str:
        roots.update(site.read(old))
        if site.frontier.root() != checkpoint.root:
            raise Refused("由瓦片推不出树根", "the tiles do not lead to the checkpoint's root")
        return f"{checkpoint.size} 条 entries"

    def entries() -> str:
        if not site.has_entries:
            raise Unchecked("只有哈希瓦片，没有条目", "hash tiles only, no entries")
        return "tile/entries"

    report.check("tree", "全部瓦片与检查点相符", "all tiles lead to the checkpoint", whole_tree)
    zh, en = "条目与哈希相符", "the entries are what was hashed"
    report.check("entries", zh, en, entries, asked=False)
    edge = Manifest(checkpoint.origin, 0, 0, checkpoint.size, [], [], {}, [])
    for file, one in zip(trust.since, old):
        if one is not None:
            part = Slice.__new__(Slice)
            part.manifest, part.roots = edge, roots
            _verify_since(report, file, one, part, checkpoint)


# 10 The command line ----------------------------------------------------------------------------


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="verify_ledger.py", description="核验民账的审计包 / verify what a Minzhang ledger gave"
    )
    parser.add_argument("bundle", nargs="?", metavar="BUNDLE.zip", help="or a directory of tiles")
    keys = parser.add_mutually_exclusive_group(required=True)
    keys.add_argument("--log-key", action="append", metavar="VKEY", help="the log's key; trusted")
    keys.add_argument("--policy", metavar="FILE", help="log and witness keys, quorum (tlog-policy)")
    parser.add_argument("--since", action="append", default=[], metavar="CHECKPOINT")
    parser.add_argument("--earlier", action="append", default=[], metavar="BUNDLE.zip")
    parser.add_argument("--tsa-ca", metavar="FILE", help="CA of the time-stamping authority (PEM)")
    parser.add_argument("--proof", metavar="FILE", help="a proof file (tlog-proof)")
    parser.add_argument("--entry", metavar="FILE", help="the entry it is about")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    args = parser.parse_args(argv)
    if (args.bundle is None) == (args.proof is None) or (args.proof is None) != (
        args.entry is None
    ):
        parser.error("give BUNDLE.zip, or a directory, or --proof with --entry")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Check what the command line names and return the exit status."""
    args = parse(argv)
    report = Report()
    try:
        if args.policy:
            policy = read_policy(Path(args.policy).read_bytes())
        else:
            logs = [read_key(vkey.strip(), LOG_KEY) for vkey in args.log_key]
            policy = Policy(logs, {}, {}, "none")
        trust = Trust(policy, args.since, args.earlier, args.tsa_ca)
        if args.proof:
            verify_proof(report, args.proof, args.entry, trust)
        elif Path(args.bundle).is_dir():
            verify_site(report, args.bundle, trust)
        else:
            verify_bundle(report, args.bundle, trust)
    except (OSError, *UNSOUND) as wrong:
        sys.stderr.write(printable(f"verify_ledger.py: {wrong}") + "\n")
        return 2
    return report.show(args.json)


if __name__ == "__main__":
    sys.exit(main())
