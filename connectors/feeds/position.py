"""What was read of each feed, as text that is stored. Pure.

Feeds have no positions: a document holds the newest entries, and says by a validator (ETag, Last-Modified)
whether it changed. So the position names what was seen, by short digests, and the validators with it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bot.model import Cursor

if TYPE_CHECKING:
    from datetime import datetime

KEPT = 300
"""So many entries that left the document are remembered beside those that are in it: some come back."""
_WIDTH = 8
_LONGEST_VALIDATOR = 300


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One feed. `names`: digests of what was seen, `_WIDTH` characters each, the latest first."""

    names: str = ""
    etag: str = ""
    modified: str = ""

    def has(self, name: str) -> bool:
        return name in self.every

    @property
    def every(self) -> frozenset[str]:
        return frozenset(self._list())

    def after(self, names: Iterable[str], etag: str, modified: str) -> Seen:
        """With a document's entries in front of those seen before."""
        shown = list(dict.fromkeys(names))
        left = [name for name in self._list() if name not in set(shown)]
        tags = (text if len(text) <= _LONGEST_VALIDATOR else "" for text in (etag, modified))
        return Seen("".join((*shown, *left[:KEPT])), *tags)

    def _list(self) -> list[str]:
        return [self.names[at : at + _WIDTH] for at in range(0, len(self.names), _WIDTH)]


class _Stored(msgspec.Struct, frozen=True):
    at: int
    feeds: dict[str, Seen] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """`at`: seconds since 1970; of a feed that is not in `feeds` yet, what is older is not news."""

    at: int
    feeds: Mapping[str, Seen] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        version, _, body = cursor.partition(":")
        try:
            stored = msgspec.json.decode(body, type=_Stored)
        except msgspec.DecodeError:
            version = ""
        if version != "v1":
            raise ValueError("not a cursor of feeds")
        return cls(at=stored.at, feeds=stored.feeds)

    @property
    def text(self) -> Cursor:
        return Cursor("v1:" + msgspec.json.encode(_Stored(self.at, dict(self.feeds))).decode())

    def moved(self, key: str, seen: Seen, *, at: int, keys: Collection[str]) -> Position:
        """With what was seen of a feed at that time; `keys`: all the feeds that are read now.

        `at` stays where it is as long as one of them was never read: what it shows from then on is news.
        """
        known = {**self.feeds, key: seen}
        feeds = {name: known[name] for name in keys if name in known}
        return Position(at=max(self.at, at) if len(feeds) == len(set(keys)) else self.at, feeds=feeds)


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time, as far back as each feed still shows."""
    return Position(at=int(when.timestamp())).text


def short(name: str) -> str:
    """A digest of `_WIDTH` characters."""
    return base64.urlsafe_b64encode(
        hashlib.sha256(name.encode(errors="replace")).digest()[: _WIDTH * 3 // 4]
    ).decode()
