"""Lines reach the receiver; they wait while it is away; and nobody ever waits for it."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Callable

import pytest

from scripts.syslog import handler as module
from scripts.syslog.handler import SyslogHandler
from scripts.syslog.places import place_of
from tests.syslog.certificates import Authority
from tests.syslog.conftest import KINDS, Receivers
from tests.syslog.receivers import Receiver, Stream, number_of

Attach = Callable[[SyslogHandler], logging.Logger]


@pytest.mark.parametrize("kind", KINDS)
def test_lines_arrive_whole_numbered_and_in_order(
    kind: str, receivers: Receivers, logger_to: Attach
) -> None:
    receiver, place = receivers.start(kind)
    logger = logger_to(SyslogHandler(place))
    for number in range(1, 201):
        logger.info("第 %d 行\n%s", number, "x" * 300)
        message = receiver.next()  # a queue of datagrams of this machine is short
        assert number_of(message) == number
        told = json.loads(message.partition(b"\xef\xbb\xbf")[2])
        assert told["message"] == f"第 {number} 行\\n" + "x" * 300


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_when_the_receiver_is_killed_and_comes_back(
    kind: str, receivers: Receivers, logger_to: Attach, caplog: pytest.LogCaptureFixture
) -> None:
    first, place = receivers.start(kind)
    handler = SyslogHandler(place)
    logger = logger_to(handler)
    for number in range(40):
        logger.info("before %d", number)
    assert first.until(40) == list(range(1, 41))
    first.kill()
    for number in range(40):
        logger.info("meanwhile %d", number)
    second, _ = receivers.start(kind, at=place)
    logger.info("after")

    seen = set(second.until(81)) | set(range(1, 41))
    handler.close()  # what is sent again may come after what is new
    while not second.messages.empty():
        seen.add(number_of(second.next()))
    assert seen == set(range(1, 82))
    assert handler.figures.dropped == 0
    assert sum("cannot be reached" in line for line in caplog.messages) <= 1


def test_what_a_killed_receiver_had_not_read_is_sent_again(
    receivers: Receivers, logger_to: Attach
) -> None:
    first = Stream(reads=False)
    receivers.started.append(first)
    place = place_of(f"tcp://127.0.0.1:{first.port}")
    handler = SyslogHandler(place)
    logger = logger_to(handler)
    logger.info("into its buffer")
    assert first.accepted.acquire(timeout=30)
    first.kill()
    second, _ = receivers.start("tcp", at=place)
    logger.info("and one more")

    assert second.until(2) == [1, 2]


def test_nobody_waits_for_a_receiver_that_does_not_read(
    receivers: Receivers, logger_to: Attach, caplog: pytest.LogCaptureFixture
) -> None:
    deaf = Stream(reads=False)
    receivers.started.append(deaf)
    place = place_of(f"tcp://127.0.0.1:{deaf.port}")
    handler = SyslogHandler(place, queue_max=100)
    logger = logger_to(handler)
    line = logging.LogRecord("a", logging.INFO, "p", 1, "x" * 4_000, (), None)
    for _ in range(8_000):  # 32 MB: more than all buffers on the way take
        handler.handle(line)
    figures = handler.figures
    dropped = figures.dropped
    assert dropped > 0
    assert figures.waiting <= 100 + module.RECENT_MAX

    deaf.kill()
    listening, _ = receivers.start("tcp", at=place)
    logger.info("heard again")
    seen = {number_of(listening.next())}
    while handler.figures.waiting:
        seen.add(number_of(listening.next()))
    handler.close()
    while not listening.messages.empty():
        seen.add(number_of(listening.next()))
    assert len(seen) >= 100, "those that waited"
    told = [line for line in caplog.messages if "further ones are dropped" in line]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("name", "is_trusted"), [("127.0.0.1", False), ("other.example.org", True)]
)
def test_a_receiver_that_cannot_prove_who_it_is_gets_nothing(
    name: str,
    is_trusted: bool,
    authority: Authority,
    receivers: Receivers,
    caplog: pytest.LogCaptureFixture,
) -> None:
    issuer = authority if is_trusted else Authority(authority.ca.parent, "stranger")
    receiver = Stream(tls=issuer.server_side(name))
    receivers.started.append(receiver)
    handler = SyslogHandler(place_of(f"tls://127.0.0.1:{receiver.port}", authority.ca))
    handler.handle(logging.LogRecord("a", 20, "p", 1, "for nobody else", (), None))
    receiver.refused.get(timeout=30)
    handler.close()

    assert receiver.messages.empty()
    assert handler.figures.dropped == 1
    assert "certificate verify failed" in caplog.text.lower()


def test_nothing_older_than_tls_1_2_is_spoken(
    authority: Authority, receivers: Receivers, logger_to: Attach
) -> None:
    context = authority.server_side("127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    receiver = Stream(tls=context)
    receivers.started.append(receiver)
    handler = SyslogHandler(place_of(f"tls://127.0.0.1:{receiver.port}", authority.ca))
    logger_to(handler).info("for nobody")
    assert "unsupported protocol" in receiver.refused.get(timeout=30).lower()
    handler.close()
    assert receiver.messages.empty()


def test_what_waits_at_the_end_is_sent(receivers: Receivers, logger_to: Attach) -> None:
    receiver, place = receivers.start("tls")
    handler = SyslogHandler(place)
    logger = logger_to(handler)
    for number in range(500):
        logger.info("line %d", number)
    handler.close()
    assert receiver.until(500) == list(range(1, 501))


def test_at_the_end_it_is_said_how_many_lines_were_left(
    receivers: Receivers,
    logger_to: Attach,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver, place = receivers.start("tcp")
    receiver.kill()
    handler = SyslogHandler(place)
    logger = logger_to(handler)
    for _ in range(3):
        logger.info("for nobody")
    handler.close()
    logger.info("after the end")

    assert "3 lines were not sent before the end" in caplog.text
    assert handler.figures.dropped == 4


def test_numbers_begin_again_where_syslog_ends(
    receivers: Receivers, logger_to: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEQUENCE_MAX", 2)
    receiver, place = receivers.start("tcp")
    logger = logger_to(SyslogHandler(place))
    for _ in range(3):
        logger.info("a line")
    assert [number_of(receiver.next()) for _ in range(3)] == [1, 2, 1]


def test_its_own_troubles_are_not_sent_to_it(receivers: Receivers) -> None:
    receiver, place = receivers.start("tcp")
    handler = SyslogHandler(place)
    own, other = (
        logging.LogRecord(name, 40, "p", 1, "a", (), None)
        for name in ("scripts.syslog", "scripts.serve")
    )
    assert not handler.handle(own)
    assert handler.handle(other)
    handler.close()
    assert isinstance(receiver, Receiver)
    assert receiver.until(1) == [1]
