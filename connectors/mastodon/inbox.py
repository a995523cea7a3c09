"""What a server tells the account itself: who spoke to it or quoted it, and what was published in its name.

`GET /api/v1/notifications` and `GET /api/v1/accounts/:id/statuses`
(https://docs.joinmastodon.org/methods/notifications/), polled: the second list shows what a colleague
answers in an app. Where the server has streams, `user` tells of both at once. Limits: 300 requests in five
minutes, two of them a poll. Nothing is marked as read: people may be reading the same list. Terms: the
account's own notifications, by its own token.
"""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from bot.model import Batch, Cursor
from connectors.mastodon.entities import BAD, Notification, status_of
from connectors.mastodon.events import Channel
from connectors.mastodon.following import Followed, Following
from connectors.mastodon.lists import Lists
from connectors.mastodon.paging import Listing, Row, name_of, row_of, status_row
from connectors.mastodon.people import people
from connectors.mastodon.position import Position, beginning, cursor_at, resumed
from connectors.mastodon.server import own_server, segment, shared_servers
from connectors.mastodon.statuses import PLATFORM, PRIVATE, View
from connectors.mastodon.streaming import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.ports import Watch, Wiring
    from connectors.mastodon.account import OneAccount
    from connectors.mastodon.entities import Status
    from connectors.mastodon.server import Me, Terms
    from connectors.mastodon.statuses import Place

NAME = "mastodon-notifications"
TOLD, OWN = "told", "own"
MENTION, QUOTE = "mention", "quote"
USER = Channel("user")
MERGED = frozenset({"notifications_merged"})
"""After this event there are notifications that were held back before."""


class InboxSource:
    """`bot.ports.Source`, polled. `account`: what an account beside the first one is called."""

    platform = PLATFORM
    is_stream = False
    cursor_at = staticmethod(cursor_at)

    def __init__(self, settings: OneAccount, wiring: Wiring, account: str = "") -> None:
        self.name = f"{NAME}-{account}" if account else NAME
        self._wiring = wiring
        self._server = own_server(settings, wiring)
        self._clock = wiring.clock
        self._lists = Lists(
            server=self._server,
            source=self.name,
            clock=wiring.clock,
            people=people(wiring),
            counts=self._counts,
        )
        self.poll_every = settings.every
        self._stream = Stream(self._server, [USER], wiring.clock)

    @property
    def place(self) -> str:
        return f"{self._server.name}, streamed" if self._stream.is_up else self._server.name

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        me, terms = await self._server.me(), await self._server.terms()
        view = View(server=self._server.name, domain=terms.domain)
        lists = {TOLD: notifications(terms), OWN: own_statuses(me)}
        began = self._clock.now()
        if after is None:
            position = await self._beginning(lists, view)
            yield Batch(cursor=position.text)
        else:
            position = resumed(after, self.name, lists, began, server=self._server.name)
            for name, listing in lists.items():
                async with aclosing(self._lists.read(name, listing, position, (view, watch))) as batches:
                    async for batch, behind in batches:
                        yield batch
                        position = behind
        if self._server.streams:
            yield Batch(observed_to=began)
            followed = [self._followed(name, listing, me, (view, watch)) for name, listing in lists.items()]
            following = Following(followed, self._clock, self.poll_every)
            async with aclosing(following.batches(position)) as batches:
                async for batch, _ in batches:
                    yield batch

    def _followed(self, name: str, listing: Listing, me: Me, to: tuple[View, Watch]) -> Followed:
        """Posts of its own come with those of whom it follows, notifications with those of other kinds."""
        is_told = name == TOLD
        return Followed(
            name=name,
            stream=self._stream,
            channel=USER,
            kind="notification" if is_told else "update",
            row=listing.row if is_told else partial(own_row, me),
            read=lambda position: self._lists.read(name, listing, position, to),
            tell=lambda rows, position: self._lists.told(name, rows, position, to),
            also=MERGED if is_told else frozenset(),
        )

    async def _beginning(self, lists: dict[str, Listing], view: View) -> Position:
        """From now on: what stands at the top of each list was before."""
        position = Position(server=self._server.name)
        for name, listing in lists.items():
            window = await self._lists.top(listing, view)
            position = position.having(name, window or beginning(self._clock.now()))
        return position

    def _counts(self, status: Status, place: Place) -> bool:
        """What our account writes to somebody in private about something that is not answers nothing in
        public. What names two of our accounts, or is by one of them, is told by the first one's server.
        """
        me = self._server.known_me
        if self._is_told_elsewhere(status):
            return False
        is_ours = me is not None and status.account.id == me.id
        return not is_ours or status.visibility != PRIVATE or place.is_private

    def _is_told_elsewhere(self, status: Status) -> bool:
        view = View(server=self._server.name, domain=self._server.known_terms.domain)
        author = view.acct(status.account.acct)
        named = {view.acct(one.acct) for one in status.mentions or []}
        is_before = True
        for other in shared_servers(self._wiring):
            is_before = is_before and other is not self._server
            is_named = is_before and other.acct in named
            if other.name != self._server.name and (is_named or other.acct == author):
                return True
        return False


def notifications(terms: Terms) -> Listing:
    kinds = [MENTION, *([QUOTE] if terms.has_quotes else [])]
    query = [("types[]", kind) for kind in kinds]
    return Listing(path="/api/v1/notifications", page=80, row=told_row, query=query)


def own_statuses(me: Me) -> Listing:
    query = (("exclude_reblogs", "true"),)
    return Listing(path=f"/api/v1/accounts/{segment(me.id)}/statuses", page=40, row=status_row, query=query)


def own_row(me: Me, raw: bytes) -> Row | str | None:
    row = status_row(raw)
    return None if isinstance(row, Row) and row.status.account.id != me.id else row


def told_row(raw: bytes) -> Row | str | None:
    """None for a notification of another kind: some servers send all of them; and for one of a status that is
    gone, which some keep.
    """
    try:
        told = msgspec.json.decode(raw, type=Notification)
    except BAD:
        return name_of(raw)
    if told.type not in {MENTION, QUOTE} or bytes(told.status) in {b"", b"null"}:
        return None
    status = status_of(told.status)
    row = row_of(status, told.id, told.created_at) if status else None
    return row or name_of(raw)
