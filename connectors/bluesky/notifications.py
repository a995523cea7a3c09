"""What Bluesky tells the account itself: a second source beside Jetstream, for mentions, replies and quotes.

`app.bsky.notification.listNotifications` through the account's own server
(https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications), polled. It needs no words,
survives an outage for as long as the platform keeps notifications, and so fills what Jetstream has missed;
posts come in the same form with the same ids, so that what both have is one. Newest first, a hundred a
page: so all pages are read down to what was read before, and given out oldest first. Limits: 3,000 requests
in five minutes for an address. Nothing is marked as read: people may be reading the same list.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from bot.cursors import readable
from bot.model import Batch, Cursor, Gap
from connectors.bluesky.inbox_position import Position, millis
from connectors.bluesky.lookup import Profile
from connectors.bluesky.record import COLLECTION, PLATFORM, Origin, Pieces, mended, posted_at, to_post
from connectors.bluesky.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.bluesky.account import AccountSettings

NAME = "bluesky-notifications"
METHOD = "app.bsky.notification.listNotifications"
REASONS = frozenset({"mention", "reply", "quote"})
PAGE = 100
MOST_PAGES = 200
"""Twenty thousand notifications in one go, as many as ten times that with likes between them; what lies below
is a gap.
"""
_AT_ONCE = 500
_INVALID_HANDLE = "handle.invalid"


class Kind(msgspec.Struct, frozen=True):
    """As much of a notification as any of them has."""

    uri: str
    reason: str
    indexed_at: str = msgspec.field(name="indexedAt")


class Row(Kind, frozen=True):
    """A notification of a post."""

    author: Profile
    record: Pieces
    cid: str | None = None

    @property
    def at(self) -> int:
        return millis(datetime.fromisoformat(self.indexed_at))


class Page(msgspec.Struct, frozen=True):
    notifications: list[msgspec.Raw]
    cursor: str | None = None


@dataclass
class Reading:
    """What one walk down the list found: `rows` newest first, `strange` names of those that cannot be read.

    `is_whole`: it came down to what was read before, or to the end.
    """

    rows: list[Row] = field(default_factory=list)
    strange: set[str] = field(default_factory=set)
    is_whole: bool = True

    def lowest(self, cursor: str) -> float:
        """How far down it came. The cursor tells of other kinds too, where it is a time (IsoSortAtKey)."""
        return min([_time_of(cursor), *(row.at for row in self.rows[-1:])])


class NotificationsSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._session = Session(settings, wiring)
        self._clock = wiring.clock
        self.poll_every = settings.every
        self._counted: set[str] = set()
        """What could not be read and was counted: it stands in the list for longer than one reading."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            yield await self._beginning()
            return
        position = self._position(after)
        reading = await self._down_to(position.since)
        new = [row for row in reversed(reading.rows) if not position.has(row.uri, row.at)]
        strange, self._counted = len(reading.strange - self._counted), reading.strange
        gap = None if reading.is_whole else _overflow(position, reading)
        for rows in _pieces(new, is_due=bool(strange or gap)):
            position = position.moved((row.uri, row.at) for row in rows)
            yield Batch(
                posts=self._wanted(rows, watch),
                cursor=position.text,
                seen=len(rows) + strange,
                posts_seen=len(rows),
                undecodable=strange,
                gap=gap,
            )
            strange, gap = 0, None

    async def _beginning(self) -> Batch:
        """From now on. Where there is no notification at all, that is a position too: by our own clock, and
        so with a margin; the next one is to be found.
        """
        reading = Reading()
        await self._page(reading, None)
        start = Position(since=millis(self._clock.now()) if not reading.rows else reading.rows[-1].at)
        position = start.moved((row.uri, row.at) for row in reading.rows)
        return Batch(cursor=position.text if reading.rows else _earlier(start).text)

    async def _down_to(self, since: int) -> Reading:
        reading, cursor = Reading(), None
        for _ in range(MOST_PAGES):
            cursor = await self._page(reading, cursor)
            if cursor is None or reading.lowest(cursor) < since:
                return reading
        reading.is_whole = False
        return reading

    async def _page(self, reading: Reading, cursor: str | None) -> str | None:
        """One page more; where the next one begins. Raises: Unavailable, Refused.

        It may be empty and not the last: reasons are sorted out after the list was cut into pages
        (packages/bsky, `fillPage`), and a thousand likes hide what is below them.
        """
        query = [("limit", str(PAGE)), *(("reasons", reason) for reason in sorted(REASONS))]
        page = await self._session.read(METHOD, [*query, *([("cursor", cursor)] if cursor else [])], Page)
        for raw in page.notifications:
            row = row_of(bytes(raw))
            if isinstance(row, Row):
                reading.rows.append(row)
            elif row is not None:
                reading.strange.add(row)
        return page.cursor if page.cursor != cursor else None

    def _wanted(self, rows: list[Row], watch: Watch) -> tuple[Post, ...]:
        now = self._clock.now()
        posts = (post_of(row, now) for row in rows)
        return tuple(post for post in posts if watch.wants(post.searchable, post.author_id, post.refs))

    def _position(self, after: Cursor) -> Position:
        with readable(NAME, self._clock.now()):
            return Position.of(after)


def _time_of(cursor: str) -> float:
    """Endless for one that is something else: where it stands is not known."""
    try:
        at = datetime.fromisoformat(cursor)
        return millis(at) if at.tzinfo else math.inf
    except (ValueError, OverflowError):
        return math.inf


def row_of(raw: bytes) -> Row | str | None:
    """A row; None for one of another kind (likes, follows, and what is yet to come); else a name for what
    cannot be read.
    """
    try:
        kind = msgspec.json.decode(raw, type=Kind)
        if kind.reason not in REASONS or f"/{COLLECTION}/" not in kind.uri:
            return None
        row = msgspec.json.decode(raw, type=Row)
        readable = row.at > 0
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError):
        readable = False
    return row if readable else hashlib.blake2b(raw, digest_size=8).hexdigest()


def post_of(row: Row, now: datetime) -> Post:
    """In the form that Jetstream's posts have, with the same id."""
    did, _, rkey = row.uri.removeprefix("at://").partition(f"/{COLLECTION}/")
    handle = row.author.handle
    origin = Origin(
        did=did,
        rkey=rkey,
        cid=row.cid,
        known_at=posted_at(row.indexed_at, now),
        seen_at=now,
        handle=None if handle == _INVALID_HANDLE else handle,
    )
    return to_post(mended(row.record), origin)


def _pieces(rows: list[Row], *, is_due: bool) -> Iterator[list[Row]]:
    """A little at a time; one that is empty where there is something else to tell."""
    left = iter(rows)
    while piece := list(islice(left, _AT_ONCE)):
        yield piece
        is_due = False
    if is_due:
        yield []


def _overflow(position: Position, reading: Reading) -> Gap:
    oldest = datetime.fromtimestamp(reading.rows[-1].at / 1000, UTC) if reading.rows else position.since_at
    return Gap(
        source=NAME, started_at=position.since_at, ended_at=max(oldest, position.since_at), reason="overflow"
    )


def _earlier(start: Position) -> Position:
    return Position(since=max(0, start.since - 600_000))
