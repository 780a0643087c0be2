"""A handler that hands each line to a thread, which brings it to the syslog receiver."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass
from threading import Condition, Thread

from scripts.syslog.form import SEQUENCE_MAX, rfc5424
from scripts.syslog.places import Connection, Place

OURS = logging.getLogger("scripts.syslog")
QUEUE_MAX = 10_000
PAUSE_MIN_SECONDS = 0.1
PAUSE_MAX_SECONDS = 30.0
IDLE_SECONDS = 1.0
"""How often an idle connection is looked at, and how long one must hold to count as one."""
RECENT_MAX = 2_000
RECENT_SECONDS = 10.0
CLOSE_SECONDS = 5.0


@dataclass
class Figures:
    """What became of the lines of this process."""

    sent: int = 0
    dropped: int = 0
    waiting: int = 0
    is_reached: bool = False


class SyslogHandler(logging.Handler):
    """Sends lines to a syslog receiver; never waits for it and never fails because of it.

    Its own troubles go to stderr only, one line when the receiver goes, one when lines are
    dropped, one when it is back.
    """

    def __init__(self, place: Place, *, queue_max: int = QUEUE_MAX) -> None:
        super().__init__()
        self.place = place
        self.figures = Figures()
        self.addFilter(lambda record: record.name != OURS.name)
        self._queue_max = queue_max
        self._sequence = 0
        self._waiting: deque[bytes] = deque()
        self._recent: deque[tuple[float, bytes]] = deque()
        self._changed = Condition()
        self._is_closing = False
        self._is_away = False
        self._told_dropped = 0
        self._dropped_before = 0
        self._thread = Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Let a line wait for the thread, or count it as dropped when too many wait."""
        self._sequence = self._sequence % SEQUENCE_MAX + 1
        message = rfc5424(record, self._sequence)
        with self._changed:
            if self._is_closing or len(self._waiting) >= self._queue_max:
                self.figures.dropped += 1
                return
            self._waiting.append(message)
            self.figures.waiting = len(self._waiting)
            self._changed.notify()

    def close(self) -> None:
        """Send what waits, if the receiver takes it within a few seconds; say what was left."""
        with self._changed:
            was_closing, self._is_closing = self._is_closing, True
            self._changed.notify()
        if not was_closing:
            self._thread.join(CLOSE_SECONDS)
            with self._changed:
                left = len(self._waiting)
                self.figures.dropped += left
            if left:
                OURS.error("syslog %s: %d lines were not sent before the end", self.place, left)
        super().close()

    def _run(self) -> None:
        pause = PAUSE_MIN_SECONDS
        while not self._is_done():
            began = time.monotonic()
            try:
                with Connection(self.place) as connection:
                    self._bring(connection, began)
                return
            except (OSError, UnicodeError) as error:  # of a host's name that cannot be one
                held = time.monotonic() - began
                pause = PAUSE_MIN_SECONDS if held > PAUSE_MAX_SECONDS else pause
                self._lost(error)
            with self._changed:
                if self._is_closing:
                    return
                self._changed.wait_for(lambda: self._is_closing, pause)
            self._tell_dropped()
            pause = min(2 * pause, PAUSE_MAX_SECONDS)

    def _is_done(self) -> bool:
        with self._changed:
            return self._is_closing and not self._waiting

    def _bring(self, connection: Connection, began: float) -> None:
        """Send line after line, until the end; an `OSError` when the receiver has gone."""
        while True:
            message = self._next()
            connection.check()
            if time.monotonic() - began > IDLE_SECONDS:
                self._reached()
            if message is not None:
                connection.send(message)
                self.figures.sent += 1
            elif self._is_done():
                return
            self._forget_old()

    def _next(self) -> bytes | None:
        """Return the next line, which counts as sent from now on; ``None`` after a while idle."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing, IDLE_SECONDS)
            if not self._waiting:
                return None
            message = self._waiting.popleft()
            self.figures.waiting = len(self._waiting)
            self._recent.append((time.monotonic(), message))
            return message

    def _forget_old(self) -> None:
        """Forget what was sent so long ago that the receiver has read it, if it reads at all."""
        oldest = time.monotonic() - RECENT_SECONDS
        while self._recent and (len(self._recent) > RECENT_MAX or self._recent[0][0] < oldest):
            self._recent.popleft()

    def _lost(self, error: Exception) -> None:
        """Put back what the receiver may not have read."""
        with self._changed:
            self._waiting.extendleft(message for _, message in reversed(self._recent))
            self._recent.clear()
            self.figures.waiting = len(self._waiting)
            self.figures.is_reached = False
        if not self._is_away:
            self._is_away = True
            OURS.error("syslog %s cannot be reached, lines wait here: %s", self.place, error)
        self._tell_dropped()

    def _reached(self) -> None:
        self.figures.is_reached = True
        self._tell_dropped()
        if self._is_away:
            self._is_away = False
            count = self.figures.dropped - self._dropped_before
            OURS.warning("syslog %s is reached again, %d lines were dropped", self.place, count)
        if not self._waiting:
            self._dropped_before = self._told_dropped = self.figures.dropped

    def _tell_dropped(self) -> None:
        """Say once an outage that lines are dropped."""
        if self.figures.dropped > self._told_dropped == self._dropped_before:
            self._told_dropped = self.figures.dropped
            OURS.error("syslog %s: too many lines wait, further ones are dropped", self.place)
