"""Valid bytes with something wrong in them: what a forger, a bad disk or a bad proxy makes."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

# What parsers have been caught out by: other newlines, blanks, minus signs, digits, paddings.
TRICKS = [
    b"",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\r",
    b"\t",
    b" ",
    b"\0",
    b"\x1f",
    b"\x7f",
    b"\xff",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80",
    b"0",
    b"00",
    b"-1",
    b"+",
    b"=",
    b"==",
    b"/",
    b"..",
    b"#",
    b"none",
    b"9223372036854775808",
    b"9" * 5_000,
    "— ".encode(),
    "－".encode(),
    "٣".encode(),
    b"\xff\xff",
]


@st.composite
def mutated(draw: st.DrawFn, valid: bytes) -> bytes:
    """Some valid bytes, changed one to four times."""
    data = valid
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        at = draw(st.integers(0, len(data)))
        data = change(draw, data, at)
    return data


def hostile(valid: bytes) -> st.SearchStrategy[bytes]:
    """Mutations of valid bytes mostly, and bytes that were never anything."""
    return st.one_of(mutated(valid), mutated(valid), mutated(valid), st.binary(max_size=400))


def _flip(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    if at == len(data):
        return data + b"\0"
    return data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]


def _insert(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    return data[:at] + draw(st.sampled_from(TRICKS) | st.binary(max_size=40)) + data[at:]


def _remove(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    return data[:at] + data[at + draw(st.integers(1, 80)) :]


def _repeat(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    end = at + draw(st.integers(1, 80))
    return data[:end] + data[at:]


def _cut(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    return data[:at]


def _exchange_lines(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    lines = data.split(b"\n")
    one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _drop_line(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    lines = data.split(b"\n")
    del lines[draw(st.integers(0, len(lines) - 1))]
    return b"\n".join(lines)


def _replace_everywhere(draw: st.DrawFn, data: bytes, at: int) -> bytes:
    old = draw(st.sampled_from([b"\n", b" ", b"0", b"1", b"=", b"+", b"A", "—".encode()]))
    return data.replace(old, draw(st.sampled_from(TRICKS)), draw(st.sampled_from([1, -1])))


CHANGES: list[Callable[[st.DrawFn, bytes, int], bytes]] = [
    _flip,
    _insert,
    _remove,
    _repeat,
    _cut,
    _exchange_lines,
    _drop_line,
    _replace_everywhere,
]
