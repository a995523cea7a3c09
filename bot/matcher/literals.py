"""The only file that names Hyperscan: many byte strings, or characters, looked for in one pass.

Knows bytes and numbers; knows nothing of folding, words or posts. A database is immutable; each thread that
scans has a scratch space of its own (https://intel.github.io/hyperscan/dev-reference/runtime.html).
Compiling and scanning let other threads run.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.metadata import version
from typing import Any, TypeAlias

import hyperscan

LONGEST = 500
"""A literal may have so many bytes; Hyperscan's own limit is 16,000 for a pattern."""

Found: TypeAlias = tuple[int, int]
"""Number of a literal or class, and where in the bytes its end is."""

Find: TypeAlias = Callable[[bytes], list[Found]]

Database = hyperscan.Database

_RANGES_AT_ONCE = 400


def engine() -> str:
    """What a database kept in a file is good for: the same version on the same kind of machine."""
    return f"hyperscan {version('hyperscan')} {platform.system()} {platform.machine()}"


class DamagedDatabase(Exception):  # noqa: N818 - named by what is the matter
    """The bytes are no database, or one of another machine or version."""


def compile_literals(literals: Sequence[bytes]) -> Database:
    """A database that finds each of these (not empty, no zero byte) under its number, wherever it is."""
    database = Database(mode=hyperscan.HS_MODE_BLOCK)
    numbers = range(len(literals))
    database.compile(expressions=literals, ids=numbers, elements=len(literals), flags=0, literal=True)
    return database


def compile_classes(classes: Sequence[Collection[str]]) -> Database:
    """A database that says, for valid UTF-8 only, which of these classes have a character in it."""
    expressions: list[bytes] = []
    numbers: list[int] = []
    for number, characters in enumerate(classes):
        for expression in _expressions(characters):
            expressions.append(expression)
            numbers.append(number)
    database = Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SINGLEMATCH
    database.compile(expressions=expressions, ids=numbers, elements=len(numbers), flags=flags)
    return database


def _expressions(characters: Collection[str]) -> Iterator[bytes]:
    """Character classes, several because the length of an expression is limited."""
    ranges = [f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in _ranges(characters)]
    for at in range(0, len(ranges), _RANGES_AT_ONCE):
        yield f"[{''.join(ranges[at : at + _RANGES_AT_ONCE])}]".encode()


def _ranges(characters: Collection[str]) -> Iterator[tuple[int, int]]:
    first = last = -2
    for code in sorted(map(ord, characters)):
        if code > last + 1:
            if last >= 0:
                yield first, last
            first = code
        last = code
    if last >= 0:
        yield first, last


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
