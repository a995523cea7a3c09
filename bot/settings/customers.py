"""customers.csv: whom we know, of which tier, and in which language they like to be answered.

Knows the file's columns and how a handle is looked up; knows neither rules nor posts. A hundred thousand
customers take 1.2 MB: of each only a 64-bit hash of platform and handle is kept, and the number of the
(tier, language) that it has in common with many others.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ConfigError, Location, Problem
from bot.settings.fields import normal_handle
from bot.texts.language import CODE
from bot.yamlfile import closest

if TYPE_CHECKING:
    from _csv import Reader

DEFAULT_CUSTOMERS = "customers.csv"
"""Taken when it stands beside the configuration."""
STAFF = "staff"
"""The tier of our own people."""
NEEDED = ("platform", "handle")
COLUMNS = (*NEEDED, "tier", "language")
_MOST_TOLD = 20
_BITS, _MASK = 32, 2**32 - 1
_NO_HANDLE = re.compile(r"[\s/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What the list says of somebody; None: nothing."""

    tier: str | None = None
    language: str | None = None

    @property
    def is_staff(self) -> bool:
        return self.tier is not None and self.tier.casefold() == STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """A list that was read from `path`. `hashes` in order, `kinds` beside them: the numbers of `several`."""

    path: Path
    hashes: array[int] = field(default_factory=lambda: array("Q"), repr=False)
    kinds: array[int] = field(default_factory=lambda: array("I"), repr=False)
    several: tuple[Customer, ...] = ()

    def __len__(self) -> int:
        return len(self.hashes)

    def __bool__(self) -> bool:
        return True  # a list of nobody is a list

    def find(self, platform: str, name: str) -> Customer | None:
        """By handle, however it is written, or by the platform's id."""
        hashed = _hash(platform, normal_handle(name))
        place = bisect_left(self.hashes, hashed)
        if place == len(self.hashes) or self.hashes[place] != hashed:
            return None
        return self.several[self.kinds[place]]


def load_customers(path: Path, platforms: Collection[str]) -> Customers:
    """Read the list. `platforms`: those on which somebody can be known.

    Raises: ConfigError with the first mistakes of the file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([_wrong(f"cannot be read: {error.strerror}", path)]) from error
    except UnicodeDecodeError as error:
        message = f"this is not UTF-8 text (byte {error.start}); save it as CSV UTF-8"
        raise ConfigError([_wrong(message, path)]) from error
    reading = _Reading(path, text, platforms)
    customers = reading.read()
    if reading.problems:
        raise ConfigError(reading.problems)
    return customers


class _Reading:
    """One pass over the file; after `_MOST_TOLD` mistakes it gives up."""

    def __init__(self, path: Path, text: str, platforms: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._text = text
        self._platforms = platforms
        self._several: dict[Customer, int] = {}
        self._known: dict[tuple[str, str, str], int] = {}

    def read(self) -> Customers:
        rows = csv.reader(io.StringIO(self._text, newline=""), strict=True)
        found: list[int] = []
        try:
            header = [name.strip().lower() for name in next(rows, [])]
            if self._is_header(header):
                at = [header.index(name) if name in header else -1 for name in COLUMNS]
                found = [self._entry(at, row, rows.line_num) for row in self._rows(len(header), rows)]
        except csv.Error as error:
            self._report(f"this is no CSV: {error}", rows.line_num)
        found.sort()
        self._twice(found)
        return Customers(
            path=self._path,
            hashes=array("Q", (one >> 2 * _BITS for one in found)),
            kinds=array("I", (one & _MASK for one in found)),
            several=tuple(self._several),
        )

    def _is_header(self, header: Sequence[str]) -> bool:
        for name in header:
            if name not in COLUMNS:
                near = closest(name, COLUMNS)
                self._report(f"unknown column {name!r}; there are: {', '.join(COLUMNS)}", 1, name, near)
        for name in (name for name in NEEDED if name not in header):
            self._report(f"the first line names the columns, and {name} is not among them", 1)
        for name in sorted({name for name in header if header.count(name) > 1}):
            self._report(f"the column {name!r} stands here twice", 1, name)
        return not self.problems

    def _rows(self, width: int, rows: Reader) -> Iterator[list[str]]:
        """Those that are whole, with an empty field behind them for a column that is not there."""
        for row in rows:
            if len(self.problems) >= _MOST_TOLD:
                return
            if not any(map(str.strip, row)):
                continue
            if len(row) == width:
                row.append("")
                yield row
            else:
                self._report(f"{len(row)} fields, but {width} columns", rows.line_num)

    def _entry(self, at: Sequence[int], row: Sequence[str], line: int) -> int:
        """Hash, line and kind in one number: 100,000 tuples of three would take three times as much."""
        platform, handle, tier, language = (row[place].strip() for place in at)
        what = platform.lower(), tier, language
        kind = self._known.get(what)
        if kind is None:
            kind = self._kind(*what, line)
        bare = normal_handle(handle)
        if not bare or _NO_HANDLE.search(bare):
            self._report("no handle: write one like acme.example, not a link", line, handle)
        return (_hash(what[0], bare) << _BITS | line) << _BITS | kind

    def _kind(self, platform: str, tier: str, language: str, line: int) -> int:
        """Looked at once for all that have the same, unless something is wrong with it."""
        told = len(self.problems)
        if platform not in self._platforms:
            message = f"unknown platform {platform!r}" if platform else "no platform"
            self._report(message, line, platform, closest(platform, self._platforms))
        if language and not re.fullmatch(CODE, language):
            self._report("language must be a code like en or pt-BR", line, language)
        customer = Customer(tier=tier or None, language=language or None)
        kind = self._several.setdefault(customer, len(self._several))
        if len(self.problems) == told:
            self._known[platform, tier, language] = kind
        return kind

    def _twice(self, found: Sequence[int]) -> None:
        before = -1
        for one in found:
            if before >= 0 and before >> 2 * _BITS == one >> 2 * _BITS and len(self.problems) < _MOST_TOLD:
                first, line = (number >> _BITS & _MASK for number in (before, one))
                self._report(f"the same platform and handle as in line {first}", line)
            else:
                before = one

    def _report(self, message: str, line: int, value: str = "", suggestion: str | None = None) -> None:
        lines = self._text.splitlines()
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        where = Location(self._path, max(line, 1), max(text.lower().find(value.lower()), 0) + 1)
        self.problems.append(
            Problem(message=message, location=where, suggestion=suggestion, source_line=text or None)
        )


def _wrong(message: str, path: Path) -> Problem:
    return Problem(message=message, location=Location(path, 1, 1))


def _hash(platform: str, handle: str) -> int:
    """The same in every process. Of 100,000, two have the same one in 1 of 4 billion lists."""
    text = f"{platform}\n{handle}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
