"""Bundles as a forger would change them: the same archive with some files replaced."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ledger.merkle.tiles import pack_entries


def members(path: Path) -> dict[str, bytes]:
    """Return all files of an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Return a copy in which one file was changed."""
    files = members(path)
    files[name] = change(files[name])
    return packed(path.with_suffix(".forged.zip"), files.items())


def packed(path: Path, files: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    """Write an archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def entries_of(data: bytes) -> list[bytes]:
    """Return the entries of a bundle's file."""
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : end])
        at = end
    return found


def with_entries(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    """Return a change of the file of entries."""
    return lambda data: pack_entries(change(entries_of(data)))


def with_json(**fields: Any) -> Callable[[bytes], bytes]:
    """Return a change of some fields of a JSON file."""
    return lambda data: json.dumps(json.loads(data) | fields).encode()


def with_text(old: str, new: str) -> Callable[[bytes], bytes]:
    """Return a change of the first place where a text stands."""

    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return change
