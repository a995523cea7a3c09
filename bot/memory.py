"""One heap for all threads, and what is free of it given back.

The C library gives each thread that allocates a heap of its own, and gives little of it back; a program whose
threads take turns anyway (one interpreter) gains nothing by that, and keeps some 8 MB for it. Of the one heap
it gives back by itself only the end: what lies free between things that stay, a program has to ask for.
What holds much is best emptied bit by bit: freed at once, it keeps all other threads waiting meanwhile.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

_ARENA_MAX = -8
"""M_ARENA_MAX: https://man7.org/linux/man-pages/man3/mallopt.3.html"""


def share_one_heap() -> bool:
    """Whether this C library can be told so (glibc can); before any thread is started."""
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(tell(_ARENA_MAX, 1))


def empty(*several: list[Any] | dict[Any, Any] | set[Any]) -> None:
    """Let go of what is in them one after the other, so that other threads have their turns in between."""
    for one in several:
        take = one.popitem if isinstance(one, dict) else one.pop
        while one:
            take()


def give_back() -> bool:
    """Give pages that lie free within the heap back to the system (a few milliseconds); whether any were.

    Python's own free pages are not among them. glibc: https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    trim = _trim()
    return trim is not None and bool(trim(0))


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
