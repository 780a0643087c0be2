"""Trust policies: read strictly, met or not, and saying which witnesses are lacking."""

from __future__ import annotations

import pytest

from ledger.merkle.keys import KeyKind, SigningKey, VerifyingKey
from ledger.merkle.notes import Signature, SignatureLine, SignatureWrong
from ledger.merkle.policies import (
    LINES_OF_A_KIND_MAX,
    POLICY_BYTES_MAX,
    Policy,
    PolicyKeyTwice,
    PolicyKeyWrong,
    PolicyMalformed,
    PolicyMemberTwice,
    PolicyNameTaken,
    PolicyNameUnknown,
    PolicyQuorumCount,
    PolicyThresholdWrong,
    WitnessesMissing,
    parse_policy,
)
from tests.merkle.logs import LOG_KEY, WITNESS_KEYS, checkpoint, key, signed


def witness_key(number: int) -> SigningKey:
    return key(f"witness.example.org/{number}", KeyKind.COSIGNATURE, f"witness {number}")


def by(*signers: SigningKey) -> list[Signature]:
    """Signatures as they are once they were checked; the policy looks at their keys only."""
    return [
        Signature(one.verifying, SignatureLine(one.name, one.verifying.id, b"")) for one in signers
    ]


X1, X2, X3, Y1, Y2, Y3 = (witness_key(number) for number in range(6))
LOG = f"log {LOG_KEY.verifying}\n"
# The example of the specification.
EXAMPLE = f"""\
{LOG}
witness X1 {X1.verifying}
witness X2 {X2.verifying}
witness X3 {X3.verifying}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y1.verifying}
witness Y2 {Y2.verifying}
witness Y3 {Y3.verifying}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def read(text: str) -> Policy:
    return parse_policy(text.encode())


def test_the_example_of_the_specification() -> None:
    policy = read(EXAMPLE)
    assert [log.key for log in policy.logs] == [LOG_KEY.verifying]
    assert [one.name for one in policy.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert policy.is_met(by(X1, X3, Y2))
    assert policy.is_met(by(X1, X2, X3, Y1, Y2, Y3))
    for too_few in ([], [X1], [X1, X2], [X1, Y1], [Y1, Y2, Y3], [X1, X1, Y1]):
        assert not policy.is_met(by(*too_few)), too_few


def test_it_says_who_is_lacking() -> None:
    policy = read(EXAMPLE)
    assert [one.name for one in policy.missing(by(X1, Y2))] == ["X2", "X3", "Y1", "Y3"]
    assert policy.missing(by(X1, X2, Y2)) == []


def test_only_witnesses_that_count_are_lacking() -> None:
    policy = read(EXAMPLE.replace("quorum X-and-Y", "quorum Y-witnesses"))
    assert [one.name for one in policy.counted()] == ["Y1", "Y2", "Y3"]
    assert [one.name for one in policy.missing(by(X1, X2, X3))] == ["Y1", "Y2", "Y3"]


def test_a_single_witness_or_none_makes_a_quorum() -> None:
    one = read(f"witness w {X1.verifying}\nquorum w\n")
    assert one.is_met(by(X1))
    assert not one.is_met(by(X2))
    none = read("quorum none\n")
    assert none == Policy((), (), (), b"none")
    assert none.is_met([])
    assert none.missing([]) == none.counted() == []


def test_a_key_under_another_name_is_another_key() -> None:
    policy = read(f"witness w {X1.verifying}\nquorum w\n")
    renamed = key("elsewhere.example", KeyKind.COSIGNATURE, "witness 0")
    assert renamed.verifying.public == X1.verifying.public
    assert not policy.is_met(by(renamed))


def test_blanks_comments_and_octets_are_as_the_specification_says() -> None:
    text = (
        b"  # a comment \xff\xfe \n\t\n#\n"
        b" \tlog\t " + str(LOG_KEY.verifying).encode() + b"  https://ledger.example.org/log \n"
        b"witness \xff " + str(X1.verifying).encode() + b" https://\xe8\xa1\x97.example\n"
        b"witness \xe2\x84\xaa " + str(X2.verifying).encode() + b"\n"  # a Kelvin sign is no K
        b"witness K " + str(X3.verifying).encode() + b"\n"
        b"group all 3 K \xe2\x84\xaa \xff\n"
        b"quorum all\n"
    )
    policy = parse_policy(text)
    assert policy.logs[0].url == "https://ledger.example.org/log"
    assert [one.octets for one in policy.witnesses] == [b"\xff", "\u212a".encode(), b"K"]
    assert policy.witnesses[0].name == "\ufffd"
    assert [one.url for one in policy.witnesses] == ["https://街.example", None, None]
    assert policy.groups[0].name == "all"
    assert policy.is_met(by(X1, X2, X3))
    assert parse_policy(policy.to_bytes()) == policy


@pytest.mark.parametrize("text", [EXAMPLE, "quorum none\n"])
def test_a_policy_is_written_as_it_reads(text: str) -> None:
    policy = read(text)
    assert parse_policy(policy.to_bytes()) == policy


def test_the_order_of_logs_witnesses_and_the_quorum_is_free() -> None:
    shuffled = f"witness w {X1.verifying}\nquorum w\n{LOG}witness v {X2.verifying}\n"
    assert read(shuffled).is_met(by(X1))


def test_at_least_32_of_everything() -> None:
    lines = [
        f"log {key(f'log.example/{number}', KeyKind.NOTE, f'log {number}').verifying}\n"
        for number in range(32)
    ]
    lines += [f"witness w{number} {witness_key(number).verifying}\n" for number in range(32)]
    lines += ["group g0 all w0\n"]
    lines += [f"group g{number} all g{number - 1} w{number}\n" for number in range(1, 32)]
    policy = read("".join(lines) + "quorum g31\n")
    everybody = [witness_key(number) for number in range(32)]
    assert policy.is_met(by(*everybody))
    assert [one.name for one in policy.missing(by(*everybody[1:]))] == ["w0"]
    assert parse_policy(policy.to_bytes()) == policy


W = f"witness w {X1.verifying}\n"
V = f"witness v {X2.verifying}\n"
RENAMED = VerifyingKey("elsewhere.example", KeyKind.COSIGNATURE, X1.verifying.public)


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("", PolicyQuorumCount, None),
        (W, PolicyQuorumCount, None),
        ("quorum none\nquorum none\n", PolicyQuorumCount, 2),
        ("quorum none", PolicyMalformed, 1),
        (f"{W}quorum w", PolicyMalformed, 2),
        ("quorum none\r\n", PolicyMalformed, 1),
        ("quorum none\n#\x7f\n", PolicyMalformed, 2),
        ("quorum\x0bnone\n", PolicyMalformed, 1),
        ("quorum\u00a0none\n", PolicyMalformed, 1),  # only space and tab divide
        ("quorum none none\n", PolicyMalformed, 1),
        ("quorum\n", PolicyMalformed, 1),
        ("Quorum none\n", PolicyMalformed, 1),
        ("logs x\n", PolicyMalformed, 1),
        ("log\n", PolicyMalformed, 1),
        (f"log {LOG_KEY.verifying} https://a https://b\n", PolicyMalformed, 1),
        (f"witness {X1.verifying}\n", PolicyMalformed, 1),
        ("group g all\n", PolicyMalformed, 1),
        ("log x\n", PolicyKeyWrong, 1),
        (f"log {str(LOG_KEY.verifying)[:-1]}\n", PolicyKeyWrong, 1),
        (f"log {X1.verifying}\n", PolicyKeyWrong, 1),  # a witness's key is no log's
        (f"witness w {LOG_KEY.verifying}\n", PolicyKeyWrong, 1),
        (f"{LOG}{LOG}", PolicyKeyTwice, 2),
        (f"{W}witness v {X1.verifying}\n", PolicyKeyTwice, 2),
        (f"{W}witness v {RENAMED}\n", PolicyKeyTwice, 2),  # one key under two names votes once
        (f"{W}witness w {X2.verifying}\n", PolicyNameTaken, 2),
        (f"{W}group w all w\n", PolicyNameTaken, 2),
        (f"{W}group g all g\n", PolicyNameUnknown, 2),
        (f"witness none {X1.verifying}\n", PolicyNameTaken, 1),
        (f"{W}group none all w\n", PolicyNameTaken, 2),
        (f"{W}group g all none\n", PolicyMemberTwice, 2),
        (f"{W}group g all w w\n", PolicyMemberTwice, 2),
        (f"{W}{V}group g all w\ngroup h any w v\n", PolicyMemberTwice, 4),
        (f"{W}group g all v\n{V}", PolicyNameUnknown, 2),
        (f"group g all w\n{W}", PolicyNameUnknown, 1),
        (f"quorum w\n{W}", PolicyNameUnknown, 1),
        (f"{W}quorum W\n", PolicyNameUnknown, 2),
        (f"{W}group g 0 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g 2 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g 01 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g +1 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g -1 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g 1e0 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g ALL w\n", PolicyThresholdWrong, 2),
        (f"{W}group g \u0661 w\n", PolicyThresholdWrong, 2),
        (f"{W}group g {'9' * 5_000} w\n", PolicyThresholdWrong, 2),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused_at_its_line(
    text: str, error: type[PolicyMalformed], line: int | None
) -> None:
    with pytest.raises(PolicyMalformed) as refused:
        read(text)
    assert type(refused.value) is error
    assert refused.value.facts.get("line") == line


def test_a_policy_that_is_not_text_where_it_must_be_is_refused() -> None:
    with pytest.raises(PolicyKeyWrong):
        parse_policy(b"log \xff+00000000+AA==\nquorum none\n")


def test_a_policy_without_measure_is_refused() -> None:
    with pytest.raises(PolicyMalformed):
        parse_policy(b"#" * POLICY_BYTES_MAX + b"\nquorum none\n")
    many = "".join(
        f"witness w{number} {witness_key(number).verifying}\n"
        for number in range(LINES_OF_A_KIND_MAX + 1)
    )
    with pytest.raises(PolicyMalformed) as refused:
        read(f"{many}quorum none\n")
    assert refused.value.facts["line"] == LINES_OF_A_KIND_MAX + 1


def test_a_checkpoint_is_read_under_a_policy() -> None:
    text = str(checkpoint(5))
    policy = read(
        f"{LOG}witness street {WITNESS_KEYS[0].verifying}\n"
        f"witness auditor {WITNESS_KEYS[1].verifying}\ngroup both all street auditor\nquorum both\n"
    )
    complete = str(signed(text, witnesses=WITNESS_KEYS)).encode()
    opened = policy.open(complete)
    assert opened.checkpoint == checkpoint(5)
    assert len(opened.signatures) == 3  # the third witness is nobody we know

    with pytest.raises(WitnessesMissing) as refused:
        policy.open(str(signed(text, witnesses=WITNESS_KEYS[1:])).encode())
    assert refused.value.facts["missing"] == "street"

    of_another_size = complete.replace(b"\n5\n", b"\n6\n")
    with pytest.raises(SignatureWrong):
        policy.open(of_another_size)


def test_a_policy_without_logs_takes_the_logs_that_are_known_from_elsewhere() -> None:
    note = str(signed(str(checkpoint(5)))).encode()
    opened = read("quorum none\n").open(note, logs=[LOG_KEY.verifying])
    assert opened.checkpoint.size == 5
