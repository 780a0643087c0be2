"""A name that answers with another address the second time (DNS rebinding) leads nowhere else.

The names are answered, and connections caught, below our code: nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohappyeyeballs
import pytest

from api.single_sign_on import Provider, SingleSignOn, SingleSignOnFailed
from ledger.core.clock import utc_now
from tests.api.issuer import SECRET

ISSUER = "https://login.example.org"
PUBLIC, OTHER_PUBLIC = "1.1.1.1", "9.9.9.9"


class Names:
    """Answers each question for a name with the next of its answers, and keeps who is connected."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked, self.connected = list(answers), 0, list[str]()

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        assert host == "login.example.org"
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (one, port, 0, 0))
            if ":" in one
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in answer
        ]

    async def start_connection(self, addr_infos: list[Any], **_: Any) -> socket.socket:
        self.connected += [info[4][0] for info in addr_infos]
        raise OSError("nothing leaves this machine")


async def ask(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", names.getaddrinfo)
    monkeypatch.setattr(aiohappyeyeballs, "start_connection", names.start_connection)
    sign_on = SingleSignOn(Provider(issuer=ISSUER, client_id="us", client_secret=SECRET), utc_now)
    with pytest.raises(SingleSignOnFailed):
        await sign_on._fetch(f"{ISSUER}/token", {"code": "x"})


@pytest.mark.parametrize("inside", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fd00::1"])
async def test_the_address_that_was_checked_is_the_one_connected_to(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names([PUBLIC], [inside])
    await ask(names, monkeypatch)
    assert names.asked == 1, "a name is resolved once"
    assert names.connected == [PUBLIC]


async def test_of_several_addresses_only_public_ones_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(["127.0.0.1", PUBLIC, "::ffff:10.0.0.1", "192.168.0.1", OTHER_PUBLIC])
    await ask(names, monkeypatch)
    assert sorted(set(names.connected)) == [PUBLIC, OTHER_PUBLIC]


async def test_a_name_for_inside_only_is_never_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(["10.0.0.1", "::1", "169.254.169.254"])
    await ask(names, monkeypatch)
    assert (names.asked, names.connected) == (1, [])
