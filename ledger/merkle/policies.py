"""Whom a reader believes: logs, witnesses, and how many of them it takes (C2SP tlog-policy).

    log ledger.example.org/371329+2ade02e0+AZsf…  https://ledger.example.org/log
    witness street   street.example.org/w+…       https://street.example.org/witness
    witness auditor  audit.example.org/w+…
    witness owners   owners.example.org/w+…
    group outside any auditor owners
    group both all street outside
    quorum both

The file decides what a proof is worth, so it is read strictly: a key, a name and a membership
count once, and nothing is guessed. Its names are octets, which mean nothing outside of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import SignedCheckpoint, open_checkpoint
from ledger.merkle.keys import KeyKind, KeyWrong, VerifyingKey
from ledger.merkle.notes import Signature

POLICY_BYTES_MAX = 1_000_000
LINES_OF_A_KIND_MAX = 256
NONE = b"none"

_OCTETS = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_BLANKS = re.compile(rb"[\t ]+")
_COUNT = re.compile(rb"[1-9][0-9]{0,5}")


class PolicyMalformed(InvalidValue):
    """A policy has lines of the forms log, witness, group and quorum, each ended by a newline.

    信任策略由 log、witness、group、quorum 各行组成，每行以换行符结束。
    """


class PolicyKeyWrong(PolicyMalformed):
    """A line of the policy has no usable key for a log (kind 01) or a witness (kind 04).

    信任策略中的某行没有可用的日志公钥（类型01）或见证人公钥（类型04）。
    """


class PolicyKeyTwice(PolicyMalformed):
    """The policy lists one public key twice, or two keys that signatures cannot tell apart.

    信任策略重复列出同一公钥，或列出签名无法区分的两个公钥。
    """


class PolicyNameTaken(PolicyMalformed):
    """The policy gives one name to two witnesses or groups, or defines the name "none".

    信任策略中有两个见证人或小组同名，或定义了名称“none”。
    """


class PolicyNameUnknown(PolicyMalformed):
    """A group or the quorum names what no line above it defines.

    小组或法定人数引用了其上各行未定义的名称。
    """


class PolicyMemberTwice(PolicyMalformed):
    """A witness or group of the policy is a member twice; each counts in one way only.

    信任策略中的见证人或小组被重复列为成员；每个只能计入一处。
    """


class PolicyThresholdWrong(PolicyMalformed):
    """A group of n members needs "all", "any", or a number from 1 to n of them.

    有 n 名成员的小组须写明 all、any 或 1 至 n 的数目。
    """


class PolicyQuorumCount(PolicyMalformed):
    """A policy has exactly one quorum line.

    信任策略须恰有一行 quorum。
    """


class WitnessesMissing(InvalidValue):
    """Too few of the witnesses that the policy asks for cosigned this checkpoint.

    为该检查点联署的见证人未达到信任策略规定的法定人数。
    """


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log that is believed, and where it can be reached."""

    key: VerifyingKey
    address: bytes | None = None

    @property
    def url(self) -> str | None:
        """The address as text."""
        return None if self.address is None else _shown(self.address)


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness. ``octets`` is its name inside the policy, ``name`` the same for people."""

    octets: bytes
    key: VerifyingKey
    address: bytes | None = None

    @property
    def name(self) -> str:
        """Its name as text; what is not UTF-8 is replaced, so two may look alike."""
        return _shown(self.octets)

    @property
    def url(self) -> str | None:
        """Where it takes checkpoints (a tlog-witness's submission prefix)."""
        return None if self.address is None else _shown(self.address)


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """A group, which has witnessed a checkpoint once ``needed`` of its members have."""

    octets: bytes
    needed: int
    members: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """Its name as text."""
        return _shown(self.octets)


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to believe. ``groups`` come after the groups they are made of."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: bytes

    def is_met(self, signatures: Iterable[Signature]) -> bool:
        """Tell whether these signatures, checked already, make the quorum."""
        keys = {signature.key for signature in signatures}
        witnessed = {NONE} | {one.octets for one in self.witnesses if one.key in keys}
        for group in self.groups:
            if len(witnessed.intersection(group.members)) >= group.needed:
                witnessed.add(group.octets)
        return self.quorum in witnessed

    def missing(self, signatures: Iterable[Signature]) -> list[PolicyWitness]:
        """Return whose cosignatures could still make the quorum; nobody once it is met."""
        signatures = list(signatures)
        if self.is_met(signatures):
            return []
        keys = {signature.key for signature in signatures}
        return [one for one in self.counted() if one.key not in keys]

    def counted(self) -> list[PolicyWitness]:
        """Return the witnesses that count towards the quorum, directly or through groups."""
        names = {self.quorum}
        for group in reversed(self.groups):
            if group.octets in names:
                names.update(group.members)
        return [one for one in self.witnesses if one.octets in names]

    def open(self, note: bytes, *, logs: Iterable[VerifyingKey] = ()) -> SignedCheckpoint:
        """Read a checkpoint that satisfies this policy; ``logs`` are believed besides its own.

        Raises the errors of ``open_checkpoint``, and ``WitnessesMissing``.
        """
        believed = [*(log.key for log in self.logs), *logs]
        signed = open_checkpoint(note, believed, [one.key for one in self.witnesses])
        lacking = self.missing(signed.signatures)
        if lacking:
            raise WitnessesMissing(
                size=signed.checkpoint.size,
                quorum=_shown(self.quorum),
                missing=", ".join(one.name for one in lacking),
            )
        return signed

    def to_bytes(self) -> bytes:
        """Return the policy as a file that reads back as this one."""
        lines = [[b"log", str(log.key).encode(), log.address or b""] for log in self.logs]
        lines += [
            [b"witness", one.octets, str(one.key).encode(), one.address or b""]
            for one in self.witnesses
        ]
        lines += [
            [b"group", group.octets, str(group.needed).encode(), *group.members]
            for group in self.groups
        ]
        lines.append([b"quorum", self.quorum])
        return b"".join(b" ".join(line).rstrip(b" ") + b"\n" for line in lines)


def parse_policy(data: bytes) -> Policy:
    """Read a policy file (refuses with a ``PolicyMalformed`` that names the line)."""
    if len(data) > POLICY_BYTES_MAX:
        raise PolicyMalformed(bytes=len(data), bytes_max=POLICY_BYTES_MAX)
    *lines, rest = data.split(b"\n")
    reading = _Reading()
    for number, line in enumerate(lines, start=1):
        if not _OCTETS.fullmatch(line):
            raise PolicyMalformed(line=number, rule="no control characters but tab and newline")
        words = [word for word in _BLANKS.split(line) if word]
        if words and not words[0].startswith(b"#"):
            reading.take(number, words)
    if rest:  # perhaps cut off, and a name cut short may be another name
        raise PolicyMalformed(line=len(lines) + 1, rule="each line ends with a newline")
    return reading.finish()


class _Reading:
    """A policy being read: everything that the lines so far defined."""

    def __init__(self) -> None:
        self._logs: list[PolicyLog] = []
        self._witnesses: list[PolicyWitness] = []
        self._groups: list[PolicyGroup] = []
        self._names: set[bytes] = {NONE}
        self._members: set[bytes] = {NONE}  # never a member: it would be one everywhere
        self._quorum: bytes | None = None

    def take(self, number: int, words: list[bytes]) -> None:
        """Take one line, split into its words."""
        match words:
            case [b"log", vkey, *address] if len(address) < 2:
                self._add_log(number, vkey, *address)
            case [b"witness", name, vkey, *address] if len(address) < 2:
                self._add_witness(number, name, vkey, *address)
            case [b"group", name, needed, first, *others]:
                self._add_group(number, name, needed, (first, *others))
            case [b"quorum", name]:
                self._set_quorum(number, name)
            case _:
                raise PolicyMalformed(line=number, begins=_shown(words[0][:20]), words=len(words))

    def finish(self) -> Policy:
        """Return the policy once all lines are read."""
        if self._quorum is None:
            raise PolicyQuorumCount(quorums=0)
        return Policy(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum)

    def _add_log(self, number: int, vkey: bytes, address: bytes | None = None) -> None:
        key = _read_key(number, vkey, KeyKind.NOTE)
        _guard_once(number, key, [log.key for log in self._logs])
        self._logs.append(PolicyLog(key, address))

    def _add_witness(
        self, number: int, name: bytes, vkey: bytes, address: bytes | None = None
    ) -> None:
        key = _read_key(number, vkey, KeyKind.COSIGNATURE)
        _guard_once(number, key, [one.key for one in self._witnesses])
        self._define(number, name)
        self._witnesses.append(PolicyWitness(name, key, address))

    def _add_group(
        self, number: int, name: bytes, needed: bytes, members: tuple[bytes, ...]
    ) -> None:
        if len(self._groups) == LINES_OF_A_KIND_MAX:
            raise PolicyMalformed(line=number, groups_max=LINES_OF_A_KIND_MAX)
        for member in members:
            self._guard_known(number, member)
            if member in self._members:
                raise PolicyMemberTwice(line=number, name=_shown(member))
            self._members.add(member)
        self._define(number, name)
        self._groups.append(PolicyGroup(name, _threshold(number, needed, len(members)), members))

    def _set_quorum(self, number: int, name: bytes) -> None:
        if self._quorum is not None:
            raise PolicyQuorumCount(line=number)
        self._guard_known(number, name)
        self._quorum = name

    def _define(self, number: int, name: bytes) -> None:
        if name in self._names:
            raise PolicyNameTaken(line=number, name=_shown(name))
        self._names.add(name)

    def _guard_known(self, number: int, name: bytes) -> None:
        if name not in self._names:
            raise PolicyNameUnknown(line=number, name=_shown(name))


def _read_key(number: int, vkey: bytes, kind: KeyKind) -> VerifyingKey:
    try:
        key = VerifyingKey.of_text(vkey.decode("utf-8"))
    except UnicodeDecodeError as wrong:
        raise PolicyKeyWrong(line=number, byte=wrong.start) from wrong
    except KeyWrong as wrong:
        raise PolicyKeyWrong(line=number, **wrong.facts) from wrong
    if key.kind is not kind:
        raise PolicyKeyWrong(line=number, name=key.name, kind=key.kind, needed=kind)
    return key


def _guard_once(number: int, key: VerifyingKey, others: list[VerifyingKey]) -> None:
    if len(others) == LINES_OF_A_KIND_MAX:
        raise PolicyMalformed(line=number, lines_max=LINES_OF_A_KIND_MAX)
    for other in others:
        if key.public == other.public or (key.name, key.id) == (other.name, other.id):
            raise PolicyKeyTwice(line=number, name=key.name)


def _threshold(number: int, needed: bytes, members: int) -> int:
    if needed == b"all":
        return members
    if needed == b"any":
        return 1
    if not _COUNT.fullmatch(needed) or int(needed) > members:
        raise PolicyThresholdWrong(line=number, needed=_shown(needed[:20]), members=members)
    return int(needed)


def _shown(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")
