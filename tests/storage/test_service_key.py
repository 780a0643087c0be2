"""The service's own key: what it signs and seals nobody else makes."""

from __future__ import annotations

from ledger.storage.service_key import ServiceKey

KEY = ServiceKey(b"k" * 32)


def test_a_code_is_of_its_key_its_purpose_and_its_parts() -> None:
    code = KEY.mac("token", b"one", b"two")
    assert len(code) == 32 and KEY.is_mac("token", code, b"one", b"two")
    assert not ServiceKey(b"l" * 32).is_mac("token", code, b"one", b"two")
    assert not KEY.is_mac("entry", code, b"one", b"two")
    assert not KEY.is_mac("token", code[:31], b"one", b"two")


def test_what_stands_in_one_part_is_not_what_stands_in_the_next() -> None:
    code = KEY.mac("token", b"ab", b"c", b"")
    for other in ([b"a", b"bc", b""], [b"abc"], [b"ab", b"c"], [b"", b"ab", b"c"], [b"c", b"ab"]):
        assert not KEY.is_mac("token", code, *other), other
