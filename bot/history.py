"""An author's past with a brand: what the store knows of it, and what a batch adds that is not stored yet.

Event time throughout: a history is as of the mention's own time, so that the same posts in the same order
give the same histories, however many of them came at once. Pure; knows no table and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from bot.measured import REMEMBERED, History

if TYPE_CHECKING:
    from bot.model import Mention, Post
    from bot.records import Answer, Judged

MOST = 100
"""So many of a kind are told, the newest: nobody's rule counts further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whose past with whom."""

    brand: str
    platform: str
    author_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Which thread, and with which brand in it."""

    brand: str
    platform: str
    root_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mention of theirs; `asks`: it asked for an answer."""

    post_id: str
    root_id: str
    at: datetime
    asks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """An ask of theirs, begun by `post_id`; `ended_at` None: still open."""

    post_id: str
    root_id: str
    started_at: datetime
    ended_at: datetime | None = None

    def is_open_at(self, at: datetime) -> bool:
        return self.started_at <= at and (self.ended_at is None or self.ended_at > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of the brand's to them."""

    root_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of one author with one brand. `roots`: the threads of their conversations."""

    messages: tuple[Message, ...] = ()
    waits: tuple[Wait, ...] = ()
    replies: tuple[Reply, ...] = ()
    roots: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What a batch needs to know: of an author's past between two times, with the threads of their mentions
    in it; and of threads, when the brand first spoke there.
    """

    pasts: Mapping[Whom, Stretch] = field(default_factory=dict)
    threads: tuple[Thread, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pasts or self.threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From the first to the last mention of an author in a batch; what is older than `since` is forgotten."""

    first: datetime
    last: datetime
    roots: frozenset[str]

    @property
    def since(self) -> datetime:
        return self.first - REMEMBERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The store's answer; a thread in which the brand never spoke is not among `spoke_at`."""

    pasts: Mapping[Whom, Past] = field(default_factory=dict)
    spoke_at: Mapping[Thread, datetime] = field(default_factory=dict)


class Pasts(Protocol):
    """Where the past is kept: a part of `bot.storing.Store`."""

    async def recall(self, wanted: Recall) -> Recalled:
        """The past of authors with brands, and when brands first spoke in threads, as far as it is stored.

        What its author took back is no part of it.
        """
        ...


def to_recall(mentions: Iterable[Mention], *, pasts: bool, threads: bool) -> Recall:
    """What must be known of these mentions before they are judged."""
    stretches: dict[Whom, Stretch] = {}
    roots: dict[Thread, None] = {}
    for mention in mentions:
        whom, at, root = whose(mention), mention.post.posted_at, mention.post.root_id
        if pasts:
            known = stretches.get(whom, Stretch(first=at, last=at, roots=frozenset()))
            stretches[whom] = Stretch(
                first=min(known.first, at), last=max(known.last, at), roots=known.roots | {root}
            )
        if threads:
            roots[_thread(mention.brand, mention.post)] = None
    return Recall(pasts=stretches, threads=tuple(roots))


class Memory:
    """What is known while a batch is judged: the store's answer, and what of the batch came before.

    `owner` tells whose account (platform, id) is.
    """

    def __init__(self, recall: Recall, recalled: Recalled, owner: Callable[[str, str], str | None]) -> None:
        self._knows_threads = bool(recall.threads)
        self._pasts = {whom: recalled.pasts.get(whom, Past()) for whom in recall.pasts}
        self._spoke_at = dict(recalled.spoke_at)
        self._owner = owner

    def history(self, mention: Mention) -> History | None:
        """None: it was not asked for."""
        past = self._pasts.get(whose(mention))
        return None if past is None else as_of(past, mention.post)

    def we_spoke(self, mention: Mention) -> bool | None:
        """Whether an account of the brand posted in the thread before. None: it was not asked for."""
        if not self._knows_threads:
            return None
        post = mention.post
        above = (ref.author_id for ref in (post.parent, post.root) if ref and ref.author_id)
        if any(self._owner(post.platform, author) == mention.brand for author in above):
            return True
        spoke_at = self._spoke_at.get(_thread(mention.brand, post))
        return spoke_at is not None and spoke_at <= post.posted_at

    def heard(self, judged: Judged) -> None:
        """A mention of the batch: from now on it is the past."""
        whom, post = whose(judged.mention), judged.mention.post
        past = self._pasts.get(whom)
        if past is None or any(one.post_id == post.id for one in past.messages):
            return  # nobody looks at it; or it was read before, and all of it is known
        message = Message(post_id=post.id, root_id=post.root_id, at=post.posted_at, asks=judged.asks)
        waits = _with_ask(past, post) if judged.asks else past.waits
        self._pasts[whom] = replace(
            past, messages=(*past.messages, message), waits=waits, roots=past.roots | {post.root_id}
        )

    def answered(self, answer: Answer) -> None:
        """One of the brand's own posts in the batch."""
        thread = _thread(answer.brand, answer.post)
        at = answer.post.posted_at
        self._spoke_at[thread] = min(self._spoke_at.get(thread, at), at)
        for whom, past in self._pasts.items():
            is_ours = (whom.brand, whom.platform) == (answer.brand, answer.post.platform)
            if is_ours and _is_to(answer.post, whom, past):
                self._pasts[whom] = _with_reply(past, answer.post)


def as_of(past: Past, post: Post) -> History:
    """The past as it stood when `post` was published; the post itself is no part of it."""
    at, roots = post.posted_at, past.roots | {post.root_id}
    replies = (reply.at for reply in past.replies if reply.root_id in roots)
    ages = _ages(replies, at)
    return History(
        messages=_ages((one.at for one in past.messages if one.post_id != post.id), at)[:MOST],
        unanswered=_ages(
            (one.started_at for one in past.waits if one.post_id != post.id and one.is_open_at(at)), at
        )[:MOST],
        last_reply=ages[0] if ages else None,
    )


def whose(mention: Mention) -> Whom:
    return Whom(brand=mention.brand, platform=mention.post.platform, author_id=mention.post.author_id)


def _thread(brand: str, post: Post) -> Thread:
    return Thread(brand=brand, platform=post.platform, root_id=post.root_id)


def _ages(times: Iterable[datetime], at: datetime) -> tuple[timedelta, ...]:
    """How long before, newest first."""
    return tuple(sorted(at - each for each in times if timedelta() <= at - each <= REMEMBERED))


def _with_ask(past: Past, post: Post) -> tuple[Wait, ...]:
    """It joins the open ask of its thread, which begins with the oldest of its messages, or begins one."""
    for wait in past.waits:
        if wait.root_id == post.root_id and wait.ended_at is None:
            older = replace(wait, post_id=post.id, started_at=post.posted_at)
            return tuple(
                older if one is wait and post.posted_at < wait.started_at else one for one in past.waits
            )
    return (*past.waits, _begun(past, post))


def _begun(past: Past, post: Post) -> Wait:
    """A new ask; over at once when our answer to it came in first."""
    later = (one.at for one in past.replies if one.root_id == post.root_id and one.at > post.posted_at)
    return Wait(
        post_id=post.id, root_id=post.root_id, started_at=post.posted_at, ended_at=min(later, default=None)
    )


def _is_to(answer: Post, whom: Whom, past: Past) -> bool:
    """Whether it answers this author; a platform that does not say whom it answers names the post."""
    parent = answer.parent
    if parent is None or parent.author_id is not None:
        return parent is not None and parent.author_id == whom.author_id
    return any(one.post_id == parent.id for one in past.messages)


def _with_reply(past: Past, answer: Post) -> Past:
    root, at = answer.root_id, answer.posted_at
    waits: list[Wait] = []
    for wait in past.waits:
        is_ended = wait.root_id == root and wait.is_open_at(at)
        waits += _parted(wait, past, at) if is_ended else [wait]
    return replace(past, waits=tuple(waits), replies=(*past.replies, Reply(root_id=root, at=at)))


def _parted(wait: Wait, past: Past, at: datetime) -> list[Wait]:
    """What was asked before the answer is answered; what was asked after it goes on waiting."""
    before = replace(wait, ended_at=at)
    later = [
        one
        for one in past.messages
        if one.asks and one.root_id == wait.root_id and one.at > at and wait.is_open_at(one.at)
    ]
    if not later:
        return [before]
    first = min(later, key=lambda one: one.at)
    return [before, replace(wait, post_id=first.post_id, started_at=first.at)]
