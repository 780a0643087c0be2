"""Where a receiver is: read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.syslog.places import place_of


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("unix:/dev/log", "unix:/dev/log"),
        ("udp://logs.example.org", "udp://logs.example.org:514"),
        ("tcp://10.0.0.7", "tcp://10.0.0.7:601"),
        ("tls://logs.example.org", "tls://logs.example.org:6514"),
        ("tls://[2001:db8::7]:10514", "tls://[2001:db8::7]:10514"),
    ],
)
def test_a_place_has_the_port_of_its_kind(text: str, whole: str) -> None:
    assert str(place_of(text)) == whole
    assert place_of(whole) == place_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/dev/log",
        "unix:dev/log",
        "unix:/" + "a" * 107,
        "unix:/dev/l\nog",
        "syslog://logs.example.org",
        "tcp://",
        "tcp://logs.example.org:0",
        "tcp://logs.example.org:65536",
        "tcp://logs.example.org/path",
        "tls://user:secret@logs.example.org",
        "tls://logs.example.org?verify=no",
        "udp://lo gs",
    ],
)
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(ValueError):
        place_of(text)


def test_certificates_are_for_tls_only() -> None:
    assert place_of("tls://a", Path("/ca.pem")).ca == Path("/ca.pem")
    assert place_of("tcp://a", Path("/ca.pem")).ca is None
