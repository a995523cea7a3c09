"""The seams of the program as Protocols. Each docstring is the specification; implementers add none.

Errors: every method raises only `bot.errors`, with the original as `__cause__` and without a secret or a
raw body in it. Construction does no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from bot.expenses import Bill, Expenses
from bot.staff import Staff
from bot.texts.en import ENGLISH
from bot.vault import MemoryVault, Vault
from bot.waits import Curious

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime, timedelta

    from aiohttp import ClientResponse, ClientWebSocketResponse
    from pydantic import BaseModel

    from bot.findings import Exam, Finding
    from bot.measured import AuthorFacts, Tally
    from bot.model import Author, Batch, Cursor, Facts, Measured, Post, PostRef, Signal, Verdict
    from bot.replies import Replier
    from bot.staff import Card, Press, Presses, Receipt
    from bot.texts.catalogue import Texts
    from bot.wishes import Route


class Clock(Protocol):
    """Time, by argument, so that tests own it."""

    def now(self) -> datetime:
        """Wall time as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; cancellable."""
        ...


class Http(Protocol):
    """The one way out to the network: time-outs, size cap and redaction are in it.

    Connection failures and time-outs come as `Unavailable` (`unsent` where nothing of the request can have
    arrived); statuses are the caller's to judge.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> AbstractAsyncContextManager[ClientResponse]:
        """One request; no retry, no redirect followed."""
        ...

    async def read(self, response: ClientResponse, *, limit: int = 5_000_000) -> bytes:
        """The body, at most `limit` bytes; more is `Unavailable` (reason protocol)."""
        ...

    def pieces(self, response: ClientResponse) -> AsyncGenerator[bytes, None]:
        """A body that goes on, as it comes; a connection that breaks is `Unavailable`."""
        ...

    def guarded(self, allow: Collection[str] = ()) -> Http:
        """Another way out, for URLs that come from outside: only http(s), and only to the public internet.

        Whatever else they lead to, by a literal address, a name or a redirect that is followed with another
        request, is `Rejected` (forbidden), except the places in `allow` (`host:port`). Does no I/O, and is
        closed together with this one.
        """
        ...

    def websocket(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        heartbeat: float | None = None,
        max_message_bytes: int = 5_000_000,
    ) -> AbstractAsyncContextManager[ClientWebSocketResponse[Literal[False]]]:
        """One connection; text frames come as bytes (`decode_text=False`).

        A refused upgrade is the error of its status (`bot.http.refusal`; 429 and 503 with `retry_after`), an
        answer that is no upgrade at all `Unavailable` (protocol).
        """
        ...


class Watch(Protocol):
    """What a source asks about each post it decoded: inline, at microseconds.

    It may tell in an attribute `words` (optional, texts) what is looked for, where a platform must be asked.
    """

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        """Whether the post is wanted: words of any brand, by or at a brand's account, or about a held post.

        `text` is `Post.searchable`; `refs` is `Post.refs`, the post's own id first. A wanted post's id is
        remembered at once, so that an answer to it in the same batch is wanted too.
        """
        ...


@runtime_checkable
class Dated(Protocol):
    """A source of `Connector.besides` that can begin at a time (for `--since`)."""

    @staticmethod
    def cursor_at(at: datetime) -> Cursor: ...


class Source(Protocol):
    """The reading side of a connector."""

    name: str
    platform: str
    is_stream: bool

    def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        """Yield what was published after `after` (None: from now on), oldest first, nothing twice.

        A polling source ends when it has caught up; a streaming source reads one connection and ends, or
        raises, when that dies. No sleeping loop, no store, no scheduling, no logging of successes.

        A batch's cursor says: resume after this batch. The caller stores posts and cursor in one
        transaction before it takes the next batch. A batch is yielded when the socket is drained and
        something was wanted, after 5,000 frames, or after 5 s; whichever is first. A malformed row is
        skipped and counted in `undecodable`; a malformed page or stream is `Unavailable` (protocol).
        Unknown kinds are skipped and never move the cursor backwards.

        `observed_to` grows with what was read; a source whose cursor holds a position tells it in each batch
        that moves the cursor. Without it, a batch counts as observed when it comes, a poll when it began.

        Deletions are yielded when `watch` wants the post's id; account deletions always. A stream yields an
        empty batch as soon as it is connected. A batch that saw nothing has no cursor.

        A source with several hosts reads one of them here, the next one after it failed, and says in an
        attribute `place` (optional, text) which one that is; the loop's back-off holds for all of them.
        A polling source may say in an attribute `poll_every` (optional, timedelta) how long to rest when it
        has caught up. While its platform tells it of news it may go on instead; then it says `observed_to`.

        Raises: Unavailable, Refused (Unauthorized where a credential is wrong), CursorLost.
        """
        ...


class Lookup(Protocol):
    """What a platform tells about authors and threads; asked only for mentions, never for the firehose."""

    platform: str

    async def author(self, author_id: str) -> Author:
        """Who this is. Raises: Unavailable, Rejected (no such author)."""
        ...

    async def resolve(self, handle: str) -> str:
        """The platform id of a handle. Raises: Unavailable, Rejected (no such handle)."""
        ...

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        """The post and those above it, root first, the post itself last; missing ones are left out.

        (Asked for a mention's parent: the mention itself is often not indexed yet.)
        Raises: Unavailable, Rejected (no such post).
        """
        ...


@runtime_checkable
class Answered(Protocol):
    """A lookup that also knows the direct answers to a post, in the platform's order. Raises as `thread`."""

    async def answers(self, post_id: str) -> tuple[Post, ...]: ...


@runtime_checkable
class Dear(Lookup, Protocol):
    """A lookup that is paid for: nobody is asked for but the authors of what rings, once that is known, and
    no thread.
    """

    def known(self, author_id: str) -> Author | None:
        """Whom it has asked for lately; asks nobody."""
        ...


class Notifier(Protocol):
    """A channel kind that cards can be sent to. `channel` is the part after the colon of "telegram:care"."""

    kind: str
    limits: tuple[tuple[int, timedelta], ...]
    """At most so many messages in so long a time to one channel; empty: no limit."""

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        """Send a card. `key` goes to the platform where that supports idempotency.

        Raises: Unavailable (with `retry_after` where given), Unauthorized, Rejected (this channel refuses).
        """
        ...

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        """Change a sent card in place; the same content again is success. Raises as `notify`."""
        ...


class DecisionFeed(Protocol):
    """Where button presses come from. One token has one reader."""

    name: str

    def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        """Yield presses after `after`, in order. The caller commits them with their cursor before it takes
        the next ones: only then is the platform told that they arrived, so that a crash loses no press.

        One connection or long-poll sequence: ends or raises when that dies.
        Raises: Unavailable (reason conflict: somebody else reads this token), Unauthorized.
        """
        ...

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        """Tell the person what their press did. A press too old to be answered is not an error."""
        ...


class Meter(Protocol):
    """A signal of somebody else's, under the entry point `outcare.signals`. Our names may be taken."""

    def __call__(self, text: str, lang: str | None, author: AuthorFacts | None, /) -> Signal:
        """A probability (`sentiment`: -1 to 1) and the words that moved it; None where it cannot be told.

        Called in a thread. Whatever is raised, takes long or is out of range makes the value unknown.
        """
        ...


class Judge(Curious, Protocol):
    """The rule engine as intake sees it; pure and deterministic."""

    @property
    def version(self) -> str:
        """Which rules these are; the same text gives the same version."""
        ...

    def measure(self, text: str, langs: tuple[str, ...], author: AuthorFacts | None = None) -> Measured:
        """The language and the signals of a text; declared `langs` are a hint, `author` is what is known."""
        ...

    @property
    def counters(self) -> Mapping[str, timedelta]:
        """How far back each counter of the rules looks (bot.counting)."""
        ...

    def tallies(self, facts: Facts) -> tuple[Tally, ...]:
        """What the counters make of a mention, before it is judged."""
        ...

    def judge(self, facts: Facts) -> Verdict:
        """What the rules say. Total: never raises on any facts."""
        ...

    def route(self, name: str) -> Route:
        """Where the alerts of a route go, and when; a name that is not known is the default."""
        ...


async def nobody_waits(platform: str) -> datetime | None:
    """What is known where there is no database."""
    del platform
    return None


Kept: TypeAlias = "Callable[[str, str], Awaitable[tuple[PostRef, ...]]]"


async def nothing_kept(platform: str, after: str) -> tuple[PostRef, ...]:
    """What is stored where there is no database."""
    del platform, after
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a connector's factories get from outside; `texts` are in the staff's language. In `shared` the
    sides of one connector find what they have in common, under names that begin with its own. `expenses`
    hears of what costs money. `page`: where people reach the page, for links to it; empty: nowhere.
    `waits_since` tells since when somebody on a platform has waited for an answer
    (None: nobody does): what is worth its money only then. `kept` gives the posts of a platform that are
    stored, behind a post id and in the order of their ids, some at a time (empty: no more): for platforms
    that must be asked whether they are still there. Both raise: StoreError. `staff`: who is who on which
    channel.
    """

    http: Http
    clock: Clock
    texts: Texts = ENGLISH
    vault: Vault = field(default_factory=MemoryVault)
    shared: dict[str, Any] = field(default_factory=dict)
    expenses: Expenses = field(default_factory=Expenses)
    page: str = ""
    waits_since: Callable[[str], Awaitable[datetime | None]] = nobody_waits
    kept: Kept = nothing_kept
    staff: Staff = field(default_factory=lambda: Staff(by_identity={}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """What a connector module offers under the entry point `outcare.connectors`.

    `source_settings` validates `sources.<name>`, `channel_settings` each `channels.<name>.<channel>`,
    `account_settings` the connector's own section `<name>:` (credentials, hosts). Each is a frozen pydantic
    model with `extra="forbid"`; secrets are `SecretStr`, and text that only may hold one (a URL) is
    `Field(repr=False)`: it may stand in the file, and no log shows it. A factory that is None: no such side.
    `cursor_at` makes the cursor that begins at a time (for `--since`); None: this source cannot.
    `replier` answers as the account of the connector's own section, `inbox` is a source of its own: what the
    platform tells that account (`inbox_at` is its `cursor_at`), `account_lookup` asks as that account where
    no source of the connector is configured. All three are None where the section names no account.
    `besides` are more sources of that account, each of which may fail by itself: private messages where they
    are told apart, what was deleted. They begin where they can, or at a time if they are `Dated`.
    `reads_direct`: whether that account's direct messages are read; None: there is no such account.
    `examine` tries for `outcare doctor` what is configured; it raises nothing of `bot.errors`, and changes
    nothing. `bill` tells what the account cost by now, of what is kept, asks nobody (raises: Unavailable).
    """

    name: str
    account_settings: type[BaseModel] | None = None
    source_settings: type[BaseModel] | None = None
    channel_settings: type[BaseModel] | None = None
    source: Callable[[Any, Wiring], Source] | None = None
    lookup: Callable[[Any, Wiring], Lookup] | None = None
    account_lookup: Callable[[Any, Wiring], Lookup | None] | None = None
    cursor_at: Callable[[datetime], Cursor] | None = None
    notifier: Callable[[Any, Mapping[str, Any], Wiring], Notifier] | None = None
    feed: Callable[[Any, Mapping[str, Any], Wiring], DecisionFeed] | None = None
    replier: Callable[[Any, Wiring], Replier | None] | None = None
    inbox: Callable[[Any, Wiring], Source | None] | None = None
    inbox_at: Callable[[datetime], Cursor] | None = None
    besides: Callable[[Any, Wiring], tuple[Source, ...]] | None = None
    reads_direct: Callable[[Any], bool | None] | None = None
    examine: Callable[[Exam, Wiring], AsyncIterator[Finding]] | None = None
    bill: Callable[[Any, Wiring], Awaitable[Bill | None]] | None = None
