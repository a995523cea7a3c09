"""When garbage is collected: the youngest wherever it is, what is older between two callbacks of the loop.

Python looks for cycles whenever so many objects were made, in the middle of whatever is made then: the card
that is delivered waits for objects that have nothing to do with it. The youngest seven hundred take less
than a millisecond. What is older takes several, so it is looked through in a callback of its own, by the
same rules (https://docs.python.org/3.11/library/gc.html#gc.set_threshold). Should the loop not come to it,
Python does it as ever, a little later: memory stays bounded. Knows nothing of what is collected.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

LATER = 4
"""So many times what is usual must have gathered before Python collects older objects by itself."""
SOON = 2
"""While much is read, older objects are looked through more often, fewer at a time: as many in all."""
_NEVER = 1_000_000


class Garbage:
    """The thresholds of the collector, which are the whole process's: whoever changes them does it here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usual = gc.get_threshold()
        self._minding = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_asked = False

    @contextmanager
    def no_full_collection(self) -> Iterator[None]:
        """Among ten thousand half-read words, a full collection of garbage stops everything for 20 ms."""
        with self._lock:
            if not self._minding and self._loop is None:
                self._usual = gc.get_threshold()
            self._minding += 1
            self._set()
        try:
            yield
        finally:
            with self._lock:
                self._minding -= 1
                self._set()

    @contextmanager
    def collected_between_callbacks(self) -> Iterator[None]:
        """Of the running event loop, for as long as the `with` lasts."""
        with self._lock:
            if not self._minding:
                self._usual = gc.get_threshold()
            self._loop = asyncio.get_running_loop()
            self._is_asked = False
            self._set()
        gc.callbacks.append(self._noticed)
        try:
            yield
        finally:
            gc.callbacks.remove(self._noticed)
            with self._lock:
                self._loop = None
                self._set()

    def _set(self) -> None:
        young, middle, old = self._usual
        if self._minding:  # a thread that reads makes much: it looks through it as it goes
            gc.set_threshold(young, min(middle, SOON), _NEVER)
        elif self._loop is not None:
            gc.set_threshold(young, middle * LATER, old * LATER)
        else:
            gc.set_threshold(young, middle, old)

    def _noticed(self, phase: Literal["start", "stop"], _told: dict[str, int]) -> None:
        """Called by the collector, in any thread, at any moment: takes no lock."""
        loop = self._loop
        if phase == "start" or loop is None or self._is_asked or gc.get_count()[1] <= self._usual[1]:
            return
        self._is_asked = True
        try:
            loop.call_soon_threadsafe(self._collect)
        except RuntimeError:  # the loop is closed, and the program about to end
            self._loop = None

    def _collect(self) -> None:
        """Whatever is due by what is usual; Python itself knows what that is, once it is told to look."""
        self._is_asked = False
        with self._lock:
            if self._minding or self._loop is None:
                return
            gc.set_threshold(1, *self._usual[1:])
            made = [set[int](), set[int](), set[int]()]
            made.clear()
            self._set()


_garbage = Garbage()
no_full_collection = _garbage.no_full_collection
collected_between_callbacks = _garbage.collected_between_callbacks
