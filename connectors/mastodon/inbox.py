"""What a server tells the account itself: who spoke to it or quoted it, and what was published in its name.

`GET /api/v1/notifications` and `GET /api/v1/accounts/:id/statuses`
(https://docs.joinmastodon.org/methods/notifications/), polled: the second list shows what a colleague
answers in an app. Limits: 300 requests in five minutes, two of them a poll. Edits and deletions are not told;
so the newest rows are looked at each time, and what is missing among them is asked for once. Nothing is
marked as read: people may be reading the same list. Terms: the account's own notifications, by its own token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from bot.errors import CursorLost
from bot.model import Batch, Cursor, Deletion, Gap
from connectors.mastodon.entities import BAD, Notification, status_of
from connectors.mastodon.paging import Found, Listing, Row, down_to, name_of, row_of, status_row
from connectors.mastodon.people import people
from connectors.mastodon.position import SETTLED, Mark, Position, Window, millis, moment_of
from connectors.mastodon.server import SPARE, own_server, segment
from connectors.mastodon.statuses import PLATFORM, PRIVATE, View, to_post
from connectors.mastodon.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.mastodon.account import AccountSettings
    from connectors.mastodon.entities import Status
    from connectors.mastodon.server import Me, Terms

NAME = "mastodon-notifications"
TOLD, OWN = "told", "own"
MENTION, QUOTE = "mention", "quote"
LOOKED_FOR = 5
"""So many of those that are missing are asked for in one reading; the others in the next ones."""
_AT_ONCE = 200
_MARGIN = timedelta(minutes=10)
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


class InboxSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._server = own_server(settings, wiring)
        self._people = people(wiring)
        self._clock = wiring.clock
        self._threads = Threads(self._server)
        self.poll_every = settings.every
        self._counted: dict[str, set[str]] = {}
        """What could not be read and was counted: it stands in a list for longer than one reading."""

    @property
    def place(self) -> str:
        return self._server.name

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        me, terms = await self._server.me(), await self._server.terms()
        view = View(server=self._server.name, domain=terms.domain)
        lists = {TOLD: notifications(terms), OWN: own_statuses(me)}
        if after is None:
            yield await self._beginning(lists, view)
            return
        position = self._position(after)
        for name, listing in lists.items():
            change = await self._change(name, listing, position.window(name))
            for rows in _pieces(change):
                batch, position = await self._batch(name, change, rows, position, (view, watch))
                yield batch
                change = _Change()

    async def _beginning(self, lists: dict[str, Listing], view: View) -> Batch:
        """From now on: what stands at the top of each list was before. Where nothing stands, our own clock is
        taken, with a margin.
        """
        position = Position(server=self._server.name)
        for name, listing in lists.items():
            found = await down_to(self._server, listing, pages=1)
            rows = [mark(row, view) for row in reversed(found.rows)]
            at = rows[0].at if rows else millis(self._clock.now() - _MARGIN)
            position = position.having(name, Window(at=at).moved(rows))
        return Batch(cursor=position.text)

    async def _change(self, name: str, listing: Listing, window: Window) -> _Change:
        known = {mark.row: mark for mark in window.marks}
        found = await down_to(self._server, listing, since=window.anchor, floor=window.floor)
        rows = found.rows[::-1]
        counted, self._counted[name] = self._counted.get(name, set()), found.strange
        deleted, settled = await self._missing(window, found)
        return _Change(
            fresh=[row for row in rows if row.id not in known],
            edited=_edited(rows, known),
            deleted=deleted,
            settled=settled,
            strange=len(found.strange - counted),
            gap=None if found.is_whole else _overflow(window, rows),
        )

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
            answer = await self._server.get(f"/api/v1/statuses/{segment(mark.status)}", spare=SPARE)
            if answer.status in _GONE:
                deleted.append(mark)
            if answer.status in _GONE | {200}:
                settled.append(mark.row)
        return deleted, settled

    async def _batch(
        self, name: str, change: _Change, rows: list[Row], position: Position, to: tuple[View, Watch]
    ) -> tuple[Batch, Position]:
        view, watch = to
        before = position.window(name)
        posts = await self._posts(rows, before, view)
        edits = [await self._post(row.status, view, is_edit=True) for row in change.edited]
        deleted = (
            Deletion(platform=PLATFORM, author_id=mark.author, post_id=view.post_id(mark.status))
            for mark in change.deleted
        )
        read = [mark(row, view) for row in (*change.edited, *rows)]
        position = position.having(name, before.moved(read).settled(change.settled))
        every = [post for post in (*edits, *posts) if post is not None]
        batch = Batch(
            posts=tuple(post for post in every if watch.wants(post.searchable, post.author_id, post.refs)),
            deleted=tuple(one for one in deleted if watch.wants("", one.author_id, (one.post_id or "",))),
            cursor=position.text,
            seen=len(rows) + len(change.edited) + len(change.settled) + change.strange,
            posts_seen=len(rows) + len(change.edited),
            undecodable=change.strange,
            gap=change.gap,
        )
        return batch, position

    async def _posts(self, rows: list[Row], before: Window, view: View) -> list[Post | None]:
        """A status that is told of twice (it mentions and quotes us) is one post."""
        known = {mark.status for mark in before.marks}
        new = {row.status.id: row.status for row in rows if row.status.id not in known}
        return [await self._post(status, view) for status in new.values()]

    async def _post(self, status: Status, view: View, *, is_edit: bool = False) -> Post | None:
        """None: our account wrote to somebody in private about something that is not, which answers nothing
        in public.
        """
        self._people.meet(status.account, view)
        place = await self._threads.place(status, view)
        me = self._server.known_me
        is_ours = me is not None and view.acct(status.account.acct) == me.acct
        if is_ours and status.visibility == PRIVATE and not place.is_private:
            return None
        return to_post(status, view, self._clock.now(), place, is_edit=is_edit)

    def _position(self, after: Cursor) -> Position:
        try:
            return Position.of(after, self._server.name)
        except ValueError as error:
            now = self._clock.now()
            gap = Gap(source=NAME, started_at=now, ended_at=now, reason="cursor_unreadable")
            raise CursorLost(f"the stored position of {NAME} cannot be read", gap) from error


def notifications(terms: Terms) -> Listing:
    kinds = [MENTION, *([QUOTE] if terms.has_quotes else [])]
    query = [("types[]", kind) for kind in kinds]
    return Listing(path="/api/v1/notifications", page=80, row=told_row, query=query)


def own_statuses(me: Me) -> Listing:
    query = (("exclude_reblogs", "true"),)
    return Listing(path=f"/api/v1/accounts/{segment(me.id)}/statuses", page=40, row=status_row, query=query)


def told_row(raw: bytes) -> Row | str | None:
    """None for a notification of another kind: some servers send all of them."""
    try:
        told = msgspec.json.decode(raw, type=Notification)
    except BAD:
        return name_of(raw)
    if told.type not in {MENTION, QUOTE}:
        return None
    status = status_of(told.status)
    row = row_of(status, told.id, told.created_at) if status else None
    return row or name_of(raw)


def mark(row: Row, view: View) -> Mark:
    status = row.status
    author = view.acct(status.account.acct)
    return Mark(row.id, status.id, author, millis(row.at), status.edited_at or "")


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


def _overflow(window: Window, rows: list[Row]) -> Gap:
    newest = moment_of(window.newest)
    oldest = rows[0].at if rows else newest
    return Gap(source=NAME, started_at=newest, ended_at=max(oldest, newest), reason="overflow")
