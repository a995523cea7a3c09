"""Lists of statuses as batches: what is new in them, what was edited, what is gone.

Servers tell nobody of edits and deletions in a list; so the newest rows are looked at each time, and what is
missing among them is asked for once. Knows which rows make posts; does not know which lists are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from bot.model import Batch, Deletion, Gap, PostRef
from connectors.mastodon.paging import Walk, down_to
from connectors.mastodon.position import SETTLED, Mark, Position, Window, millis, moment_of
from connectors.mastodon.server import SPARE, segment
from connectors.mastodon.statuses import ALONE, PLATFORM, Place, to_post
from connectors.mastodon.threads import Threads, answered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    from bot.model import Post
    from bot.ports import Clock, Watch
    from connectors.mastodon.entities import Status
    from connectors.mastodon.paging import Found, Listing, Row
    from connectors.mastodon.people import People
    from connectors.mastodon.server import Server
    from connectors.mastodon.statuses import View

LOOKED_FOR = 5
"""So many of those that are missing are asked for in one reading; the others in the next ones."""
_AT_ONCE = 50
"""So few that what a thread is asked for in between is not asked for again after a pause."""
_GONE = frozenset({404, 410})


@dataclass(kw_only=True)
class _Change:
    """What one reading of a list found, oldest first."""

    fresh: list[Row] = field(default_factory=list)
    edited: list[Row] = field(default_factory=list)
    deleted: list[Mark] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    strange: int = 0
    gap: Gap | None = None

    @property
    def is_due(self) -> bool:
        """Whether there is something to tell besides new rows."""
        return bool(self.edited or self.deleted or self.settled or self.strange or self.gap)


def _always(_: Status, __: Place) -> bool:
    return True


@dataclass(kw_only=True)
class Lists:
    """The lists of one server. `source` names gaps; `counts`: whether a status is one of ours to tell;
    `overlap`: so much later than its time a row may come.
    """

    server: Server
    source: str
    clock: Clock
    people: People
    counts: Callable[[Status, Place], bool] = _always
    overlap: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self._threads = Threads(self.server)
        self._counted: dict[str, set[str]] = {}
        """What could not be read and was counted: it stands in a list for longer than one reading."""
        self._walks: dict[str, tuple[Window, Walk]] = {}
        """Readings that were broken off, by a limit say; from where each began."""

    async def top(self, listing: Listing, view: View) -> Window | None:
        """What stands at the top of a list now; None: nothing does."""
        found = await down_to(self.server, listing, pages=1)
        rows = [mark(row, view) for row in in_order(found.rows[::-1], {}, self.clock.now())]
        return Window(at=rows[0].at).moved(rows, within=self.overlap) if rows else None

    async def read(
        self, name: str, listing: Listing, position: Position, to: tuple[View, Watch]
    ) -> AsyncGenerator[tuple[Batch, Position], None]:
        """What changed in the list of that name, each time with the position behind it."""
        change = await self._change(name, listing, position.windows[name], to[0])
        for rows in _pieces(change):
            batch, position = await self._batch(name, change, rows, position, to)
            yield batch, position
            change = _Change()

    async def told(
        self, name: str, rows: list[Row], position: Position, to: tuple[View, Watch]
    ) -> tuple[Batch, Position] | None:
        """What somebody else than the list told of it, oldest first; None: all of it is known."""
        window, now = position.windows[name], self.clock.now()
        known = {mark.row for mark in window.marks}
        newest = moment_of(window.newest)
        unknown = {row.id: replace(row, at=max(row.at, newest)) for row in rows if row.id not in known}
        fresh = in_order(list(unknown.values()), {}, now)
        for row in fresh:
            self._threads.note(row.status, to[0])
        return await self._batch(name, _Change(), fresh, position, to) if fresh else None

    async def _change(self, name: str, listing: Listing, window: Window, view: View) -> _Change:
        known = {mark.row: mark for mark in window.marks}
        now = self.clock.now()
        found = await self._walked(name, listing, window, now)
        rows = in_order(found.rows[::-1], known, now)
        for row in rows:
            self._threads.note(row.status, view)
        counted, self._counted[name] = self._counted.get(name, set()), found.strange
        deleted, settled = await self._missing(window, found)
        del self._walks[name]
        return _Change(
            fresh=[row for row in rows if row.id not in known],
            edited=_edited(rows, known),
            deleted=deleted,
            settled=settled,
            strange=len(found.strange - counted),
            gap=None if found.is_whole else self._overflow(window, rows),
        )

    async def _walked(self, name: str, listing: Listing, window: Window, now: datetime) -> Found:
        began, walk = self._walks.get(name, (window, Walk()))
        if began != window:
            walk = Walk()
        self._walks[name] = window, walk
        floor = min(window.floor, now)
        return await down_to(self.server, listing, since=window.anchor, floor=floor, walk=walk)

    async def _missing(self, window: Window, found: Found) -> tuple[list[Mark], list[str]]:
        """What was deleted of what was read; and the rows that need not be looked for again."""
        if not found.is_whole:
            return [], []
        there = {row.id for row in found.rows} | {window.anchor}
        missing = (
            mark
            for mark in window.marks
            if mark.row not in there and mark.at >= window.at and mark.version != SETTLED
        )
        deleted, settled = [], []
        for mark in islice(missing, LOOKED_FOR):
            answer = await self.server.get(f"/api/v1/statuses/{segment(mark.status)}", spare=SPARE)
            if answer.status in _GONE:
                deleted.append(mark)
            if answer.status in _GONE | {200}:
                settled.append(mark.row)
        return deleted, settled

    async def _batch(
        self, name: str, change: _Change, rows: list[Row], position: Position, to: tuple[View, Watch]
    ) -> tuple[Batch, Position]:
        view, watch = to
        before = position.windows[name]
        known = position.statuses(name)
        fresh = {row.status.id: row.status for row in rows if row.status.id not in known}
        read = [mark(row, view) for row in (*change.edited, *rows)]
        edits = [await self._post(row.status, to, is_edit=True) for row in change.edited]
        posts = [*edits, *[await self._post(status, to) for status in fresh.values()]]
        position = position.having(name, before.moved(read, within=self.overlap).settled(change.settled))
        batch = Batch(
            posts=tuple(post for post in posts if post is not None),
            deleted=tuple(_deletions(change.deleted, view, watch)),
            cursor=position.text,
            seen=len(rows) + len(change.edited) + len(change.settled) + change.strange,
            posts_seen=len(rows) + len(change.edited),
            undecodable=change.strange,
            gap=change.gap,
        )
        return batch, position

    async def _post(self, status: Status, to: tuple[View, Watch], *, is_edit: bool = False) -> Post | None:
        """None: it is not wanted. Where its thread began is asked for only then."""
        view, watch = to
        above = status.in_reply_to_id
        parent = PostRef(id=view.post_id(above), author_id=answered(status, view)) if above else None
        place = replace(ALONE, parent=parent)
        post = to_post(status, view, self.clock.now(), place, is_edit=is_edit)
        if not watch.wants(post.searchable, post.author_id, post.refs):
            return None
        self.people.meet(status.account, view)
        place = await self._threads.place(status, view)
        if not self.counts(status, place):
            return None
        return replace(post, parent=place.parent, root=place.root)

    def _overflow(self, window: Window, rows: list[Row]) -> Gap:
        newest = moment_of(window.newest)
        oldest = rows[0].at if rows else newest
        return Gap(source=self.source, started_at=newest, ended_at=max(oldest, newest), reason="overflow")


def in_order(rows: list[Row], known: Mapping[str, Mark], now: datetime) -> list[Row]:
    """Oldest first, each with a time by which it stands where it stands: never later than now, nor than the
    next one's. Authors write the times of their posts themselves, and some lists are in the order of arrival.
    """
    ordered, before = [], None
    for row in rows:
        at = moment_of(known[row.id].at) if row.id in known else min(row.at, now)
        before = at if before is None else max(before, at)
        ordered.append(replace(row, at=before))
    return ordered


def mark(row: Row, view: View) -> Mark:
    status = row.status
    author = view.acct(status.account.acct)
    return Mark(row.id, status.id, author, millis(row.at), status.edited_at or "")


def _deletions(marks: list[Mark], view: View, watch: Watch) -> Iterator[Deletion]:
    for one in marks:
        post_id = view.post_id(one.status)
        if watch.wants("", one.author, (post_id,)):
            yield Deletion(platform=PLATFORM, author_id=one.author, post_id=post_id)


def _edited(rows: list[Row], known: dict[str, Mark]) -> list[Row]:
    """Each status once."""
    changed = (
        row
        for row in rows
        if row.id in known and row.status.edited_at and known[row.id].version != row.status.edited_at
    )
    return list({row.status.id: row for row in changed}.values())


def _pieces(change: _Change) -> Iterator[list[Row]]:
    """A little at a time; one that is empty where there is something else to tell."""
    left = iter(change.fresh)
    is_due = change.is_due
    while piece := list(islice(left, _AT_ONCE)):
        yield piece
        is_due = False
    if is_due:
        yield []
