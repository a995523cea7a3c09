"""The only file that names Hyperscan: many byte strings looked for in one pass.

Knows bytes and numbers; knows nothing of folding, words or posts. A database is immutable; each thread that
scans has a scratch space of its own (https://intel.github.io/hyperscan/dev-reference/runtime.html).
Compiling and scanning let other threads run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, TypeAlias

import hyperscan

LONGEST = 500
"""A literal may have so many bytes; Hyperscan's own limit is 16,000 for a pattern."""

_ANY_BYTE = "latin-1"
_LAST = 19
"""The priority of who works when nobody else wants to (https://man7.org/linux/man-pages/man2/setpriority.2.html)."""

Found: TypeAlias = tuple[int, int]
"""Number of a literal, and where in the bytes its end is."""

Find: TypeAlias = Callable[[bytes], list[Found]]

Database = hyperscan.Database


def engine() -> str:
    """What a database kept in a file is good for: the same version on the same kind of machine."""
    return f"hyperscan {version('hyperscan')} {platform.system()} {platform.machine()}"


class DamagedDatabase(Exception):  # noqa: N818 - named by what is the matter
    """The bytes are no database, or one of another machine or version."""


def compile_literals(everywhere: Sequence[bytes], once: Sequence[bytes] = ()) -> Database:
    """A database that finds literals (none empty, none with a zero byte) under their numbers.

    Those of `everywhere` at each of their places, those of `once` at one; the numbers run on.
    """
    every = [*everywhere, *once]
    flags = [0] * len(everywhere) + [hyperscan.HS_FLAG_SINGLEMATCH] * len(once)
    database = Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=every, ids=range(len(every)), elements=len(every), flags=flags, literal=True)
    return database


def compile_apart(everywhere: Sequence[bytes], once: Sequence[bytes] = ()) -> Database:
    """`compile_literals` in a process of its own, or here if there can be none.

    The binding never gives back 32 bytes of each literal it compiles: a daemon that reloads ten thousand each
    minute would grow by 20 MB an hour.
    """
    given = json.dumps([[one.decode(_ANY_BYTE) for one in some] for some in (everywhere, once)])
    try:
        # Neither the working directory nor this folder may stand before the libraries: -P.
        return from_bytes(_answer([sys.executable, "-P", __file__], given.encode()))
    except (OSError, subprocess.CalledProcessError, DamagedDatabase):
        return compile_literals(everywhere, once)


def _answer(command: Sequence[str], given: bytes) -> bytes:
    """What a process says to what it is given. Raises: OSError, CalledProcessError."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:  # noqa: S603 - our own file
        if hasattr(os, "setpriority"):  # where there is but one core, the event loop comes first
            os.setpriority(os.PRIO_PROCESS, process.pid, _LAST)
        said, complaint = process.communicate(given)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said, complaint)
    return said


def to_bytes(database: Database) -> bytes:
    """For `from_bytes`, on the same kind of machine."""
    return hyperscan.dumpb(database)


def from_bytes(data: bytes) -> Database:
    """Raises: DamagedDatabase."""
    try:
        database = hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
        hyperscan.Scratch(database)
    except hyperscan.error as error:
        raise DamagedDatabase(str(error)) from error
    return database


class _Own(threading.local):
    """A scratch space per thread: made anew in each that asks."""

    def __init__(self, database: Database) -> None:
        self.scratch = hyperscan.Scratch(database)


def finder(database: Database) -> Find:
    """What finds in bytes; may be called from any thread."""
    own = _Own(database)
    scan = database.scan

    def find(data: bytes) -> list[Found]:
        found: list[Found] = []
        scan(data, _note, 0, found, own.scratch)
        return found

    return find


def _note(number: int, _start: int, end: int, _flags: int, found: Any) -> None:
    found.append((number, end))


if __name__ == "__main__":
    sys.stdout.buffer.write(
        to_bytes(
            compile_literals(
                *([one.encode(_ANY_BYTE) for one in some] for some in json.load(sys.stdin.buffer))
            )
        )
    )
