"""A mapping that remembers at most so many things: the one not asked for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """At most ``size_max`` values by key."""

    def __init__(self, size_max: int) -> None:
        self.size_max = size_max
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return a value, which is the newest again."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Remember a value as the newest."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self.size_max:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Remember it no more."""
        self._values.pop(key, None)
