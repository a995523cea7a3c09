"""What people write to the account in private, and what it answers them: Bluesky's chat as a source, polled.

`chat.bsky.convo.getLog` (https://docs.bsky.app/docs/api/chat-bsky-convo-get-log): what happened in all of the
account's conversations, oldest first, after a cursor; without one it begins now
(https://github.com/bluesky-social/atproto/issues/2760). How long the service keeps it is said nowhere. So
after each start, and when it refuses the cursor, the conversations themselves are read from the time on that
was reached before. Limits: 3,000 requests in five minutes for an address, one a poll where nothing is new.

Read are conversations between two, also those that the account has not accepted yet (most who write to a
brand are strangers to it). Left out are groups, and what somebody muted in the app. Nothing is marked as
read, and nothing accepted: people may be reading the same list.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from bot.cursors import readable
from bot.errors import Rejected
from bot.model import Batch, Cursor, Deletion, Gap, Post
from connectors.bluesky.chat import BAD, Chat, Convo, Message, Person, message_of, post_id, to_post
from connectors.bluesky.chat_position import Position, cursor_at
from connectors.bluesky.inbox_position import millis
from connectors.bluesky.record import PLATFORM, posted_at
from connectors.bluesky.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
    from datetime import datetime

    from bot.ports import Watch, Wiring
    from connectors.bluesky.account import AccountSettings
    from connectors.bluesky.chat import Log

NAME = "bluesky-chat"
MOST_PAGES = 50
"""Five thousand conversations, and as many messages of one; what lies below is a gap."""
_AT_ONCE = 500
_KNOWN = 5_000
_EVENT = "chat.bsky.convo.defs#log"
_CREATED, _DELETED = "CreateMessage", "DeleteMessage"
_ABOUT_MESSAGES = frozenset({_CREATED, _DELETED, "ReadMessage", "ReadConvo", "AddReaction", "RemoveReaction"})
"""What leaves a conversation as it was; all else makes us look at it again."""


class Event(msgspec.Struct, frozen=True):
    """As much of an event as any of them has."""

    type: str = msgspec.field(name="$type", default="")
    rev: str = ""
    convo: str = msgspec.field(name="convoId", default="")
    message: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def kind(self) -> str:
        return self.type.removeprefix(_EVENT)


@dataclass
class Heard:
    """What a page of the log, or a walk through the conversations, gave."""

    posts: list[Post] = field(default_factory=list)
    deleted: list[Deletion] = field(default_factory=list)
    messages: int = 0
    strange: int = 0
    newest: int = 0
    is_whole: bool = True


class ChatSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False
    cursor_at = staticmethod(cursor_at)

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._session = Session(settings, wiring)
        self._chat = Chat(self._session)
        self._clock = wiring.clock
        self.poll_every = settings.every
        self._convos: OrderedDict[str, Convo | None] = OrderedDict()
        self._refused: set[str] = set()
        self._is_compared = False
        """Whether the conversations were looked through for what the log does not know."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            yield await self._beginning()
            return
        with readable(NAME, self._clock.now()):
            start = position = Position.of(after)
        known: set[str] = set()
        log = await self._chat.log(position.rev) if position.rev else None
        while log is not None and (events := _events(log, position.rev)):
            before = position
            batch, position = await self._of_log(events, log, before, watch, known)
            yield batch
            if position.rev == before.rev:  # a cursor that does not move would be read for ever
                break
            log = await self._chat.log(position.rev)
        if log is not None and self._is_compared:
            return
        reached = position if log is not None else None
        async with aclosing(self._of_convos(start, reached, known, watch)) as batches:
            async for batch in batches:
                yield batch
        self._is_compared = True

    async def _beginning(self) -> Batch:
        """From now on."""
        return Batch(cursor=Position(since=millis(self._clock.now()), rev=await self._head()).text)

    async def _head(self) -> str:
        log = await self._chat.log(None)
        return (log.cursor if log else None) or ""

    # --- the log ---

    async def _of_log(
        self, events: list[msgspec.Raw], log: Log, position: Position, watch: Watch, known: set[str]
    ) -> tuple[Batch, Position]:
        """A page of it, and where it ends. `known`: the messages that were read, by their names as posts."""
        heard, rev = Heard(newest=position.since), position.rev
        for raw in events:
            event = _event(raw)
            message = message_of(event.message) if event and event.kind in {_CREATED, _DELETED} else None
            if event is None or (message is None and event.kind in {_CREATED, _DELETED}):
                heard.strange += 1
                continue
            rev = event.rev or rev
            if event.kind not in _ABOUT_MESSAGES:
                self._convos.pop(event.convo, None)
            if message is not None:
                known.add(post_id(event.convo, message.id))
                await self._take(heard, event, message, watch)
        position = Position(since=heard.newest, rev=log.cursor or rev)
        return _batch(heard, heard.posts, position, seen=len(events)), position

    async def _take(self, heard: Heard, event: Event, message: Message, watch: Watch) -> None:
        heard.messages += 1
        heard.newest = max(heard.newest, self._time_of(message))
        if event.kind == _CREATED:
            try:
                heard.posts += await self._wanted(message, event.convo, watch)
            except Rejected:
                if not self._is_odd(event.convo):
                    raise
                heard.strange += 1
            return
        name, sender = post_id(event.convo, message.id), message.sender
        if sender is not None and watch.wants("", sender.did, (name,)):
            heard.deleted.append(Deletion(platform=PLATFORM, author_id=sender.did, post_id=name))

    async def _wanted(self, message: Message, convo: str, watch: Watch) -> tuple[Post, ...]:
        """The post of a message; none where it does not concern us. Raises: Unavailable, Refused."""
        there = await self._convo(convo)
        return () if there is None else self._post(message, there, watch)

    def _post(self, message: Message, convo: Convo, watch: Watch) -> tuple[Post, ...]:
        us = Person(did=self._session.did or "", handle=self._session.handle)
        them = convo.partner(us.did)
        is_ours = message.sender is not None and message.sender.did == us.did
        if them is None or (convo.muted and not is_ours):
            return ()
        post = to_post(message, convo.id, us, them, self._clock.now())
        if post is None or not watch.wants(post.searchable, post.author_id, post.refs):
            return ()
        return (post,)

    async def _convo(self, name: str) -> Convo | None:
        """Asked for once, until something happens to it; None: there is none (any more)."""
        if name not in self._convos:
            self._know(name, await self._chat.convo(name))
        self._convos.move_to_end(name)
        return self._convos[name]

    def _is_odd(self, convo: str) -> bool:
        """Whether the service refused to tell of it before: a stumble may cost no message, and one odd
        conversation must not hide all others.
        """
        was_refused = convo in self._refused
        self._refused.add(convo)
        return was_refused

    def _know(self, name: str, convo: Convo | None) -> None:
        self._convos[name] = convo
        while len(self._convos) > _KNOWN:
            self._convos.popitem(last=False)

    # --- the conversations ---

    async def _of_convos(
        self, start: Position, reached: Position | None, known: set[str], watch: Watch
    ) -> AsyncGenerator[Batch, None]:
        """What was said since `start` and is not `known`. `reached`: where the log ended; None: it could not
        be read, and is read from here on. Only the last batch has a cursor: what is cut off is read again.
        """
        head = reached.rev if reached else await self._head()
        heard = Heard(newest=(reached or start).since)
        async for message, convo in self._said_since(start.since, heard):
            if post_id(convo.id, message.id) in known:
                continue
            heard.messages += 1
            heard.newest = max(heard.newest, self._time_of(message))
            heard.posts += self._post(message, convo, watch)
        heard.posts.sort(key=_place)
        position = Position(since=heard.newest, rev=head)
        gap = None if heard.is_whole else _overflow(start, self._clock.now())
        if not heard.posts and not heard.strange and gap is None and position == (reached or start):
            return
        *first, last = _pieces(heard.posts)
        for piece in first:
            yield Batch(posts=tuple(piece), seen=len(piece), posts_seen=len(piece))
        heard.messages -= sum(map(len, first))
        yield _batch(heard, last, position, seen=heard.messages + heard.strange, gap=gap)

    async def _said_since(self, since: int, heard: Heard) -> AsyncIterator[tuple[Message, Convo]]:
        done: set[str] = set()
        for status in ("accepted", "request"):
            async for convo in self._all(status, heard):
                if convo.id in done or not self._may_be_new(convo, since):
                    continue
                done.add(convo.id)
                self._know(convo.id, convo)
                async for message in self._newest(convo.id, since, heard):
                    yield message, convo

    def _may_be_new(self, convo: Convo, since: int) -> bool:
        """By its last message; one that cannot be read says nothing."""
        if bytes(convo.last) == b"null":
            return False
        last = message_of(convo.last)
        return last is None or self._time_of(last) > since

    async def _all(self, status: str, heard: Heard) -> AsyncIterator[Convo]:
        cursor = None
        for _ in range(MOST_PAGES):
            page = await self._chat.convos(status, cursor)
            for raw in page.convos:
                convo = _read_convo(raw)
                if convo is None:
                    heard.strange += 1
                else:
                    yield convo
            if not page.cursor or page.cursor == cursor:
                return
            cursor = page.cursor
        heard.is_whole = False

    async def _newest(self, convo: str, since: int, heard: Heard) -> AsyncIterator[Message]:
        cursor = None
        for _ in range(MOST_PAGES):
            try:
                page = await self._chat.messages(convo, cursor)
            except Rejected:
                if not self._is_odd(convo):
                    raise
                heard.strange += 1
                return
            for raw in page.messages:
                message = message_of(raw)
                if message is None:
                    heard.strange += 1
                elif self._time_of(message) <= since:
                    return
                else:
                    yield message
            if not page.cursor or page.cursor == cursor:
                return
            cursor = page.cursor
        heard.is_whole = False

    def _time_of(self, message: Message) -> int:
        return millis(posted_at(message.sent_at, self._clock.now()))


def _events(log: Log, rev: str) -> list[msgspec.Raw]:
    """Those after `rev`, also where a service should begin with it."""
    return [raw for raw in log.logs if (event := _event(raw)) is None or not rev or event.rev != rev]


def _event(raw: msgspec.Raw) -> Event | None:
    try:
        return msgspec.json.decode(raw, type=Event)
    except BAD:
        return None


def _read_convo(raw: msgspec.Raw) -> Convo | None:
    try:
        return msgspec.json.decode(raw, type=Convo)
    except BAD:
        return None


def _batch(
    heard: Heard, posts: Iterable[Post], position: Position, *, seen: int, gap: Gap | None = None
) -> Batch:
    return Batch(
        posts=tuple(posts),
        deleted=tuple(heard.deleted),
        cursor=position.text,
        seen=seen,
        posts_seen=heard.messages,
        undecodable=heard.strange,
        gap=gap,
    )


def _place(post: Post) -> tuple[datetime, str]:
    return post.posted_at, post.id


def _pieces(posts: list[Post]) -> Iterator[list[Post]]:
    """A little at a time; one that is empty where there are none."""
    left = iter(posts)
    yield list(islice(left, _AT_ONCE))
    while piece := list(islice(left, _AT_ONCE)):
        yield piece


def _overflow(start: Position, now: datetime) -> Gap:
    """There is more than was looked through: how much of it was missed, nobody knows."""
    return Gap(source=NAME, started_at=start.since_at, ended_at=max(now, start.since_at), reason="overflow")
