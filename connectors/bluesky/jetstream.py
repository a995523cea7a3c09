"""Bluesky, the whole network, through Jetstream: no account needed.

Reads post creates, updates and deletes, and account deletions. The URL's path says which wire is spoken:
- v2, `/xrpc/network.bsky.jetstream.subscribeEvents`, compressed where the host offers a dictionary:
  https://github.com/bluesky-social/jetstream/blob/main/docs/README.md (5.2). A cursor is the host's own
  `seq`, exact and inclusive, or a time. A `seq` that is too old is refused before the upgrade
  (`CursorTooOld`); a time that is too old is clamped, and a first message says so (`OutdatedCursor`); a `seq`
  that lies in the future means another archive (`FutureCursor`).
- v1, any other path: https://github.com/bluesky-social/jetstream-legacy (README). A cursor is unix
  microseconds and replays inclusively; a future one is live tail; one that is too old (24 to 36 hours) is
  clamped silently, so the first event tells whether something is missing. A newer host may replay up to an
  hour too much on this wire (jetstream issue 343): older than the margin is skipped.
By time, reading goes back a little, and the position names what was found in that margin: nothing is lost
and nothing comes twice. Terms: public data, no limits named for readers; deletions must be followed, and are.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from bot.cursors import readable
from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.model import Batch, Cursor
from connectors.bluesky.dictionary import ASK_SECONDS, Dictionaries, StaleDictionary
from connectors.bluesky.hosts import PUBLIC, Host, Rotation, web
from connectors.bluesky.inflow import Inflow
from connectors.bluesky.position import Position, Resume
from connectors.bluesky.position import cursor_at as cursor_at  # noqa: PLC0414 - belongs to the source
from connectors.bluesky.reading import FLUSH_SECONDS, NAME, V1, V2, OtherArchive, Reading
from connectors.bluesky.record import PLATFORM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse

    from bot.ports import Clock, Watch, Wiring
    from connectors.bluesky.dictionary import Unpacker

    Socket = ClientWebSocketResponse[Literal[False]]

MAX_MESSAGE_BYTES = 16_000_000
"""More than any event has: a commit holds at most 2,000,000 bytes
(https://github.com/bluesky-social/atproto/blob/main/lexicons/com/atproto/sync/subscribeRepos.json), of which
JSON makes six times as much where everything is escaped. A lower limit would be a way to silence us: the
connection dies at the frame, and again after each resume. (The older hosts forget `maxMessageSizeBytes`.)
"""
STRANGE_IN_A_ROW = 100
"""So many frames in a row that are no events: this is no Jetstream."""
_ENTRIES = 3
"""Tries to enter one host: a cursor and a dictionary may each be refused once."""


def _websocket(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or parts.query:
        raise ValueError("write it like wss://host/subscribe")
    return value


_Url = Annotated[str, AfterValidator(_websocket)]


class Settings(BaseModel):
    """`sources.bluesky`.

    `jetstream`: one URL or several, the one to prefer first; when a host fails, the next one is read.
    `silence`: seconds without any event after which a connection counts as dead (the public hosts send about
    fifty posts a second; raise it for a small network of your own).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    jetstream: _Url | Annotated[tuple[_Url, ...], Field(min_length=1)] = PUBLIC
    silence: float = Field(default=60.0, gt=0)
    appview: str = "https://public.api.bsky.app"

    @property
    def hosts(self) -> tuple[Host, ...]:
        urls = (self.jetstream,) if isinstance(self.jetstream, str) else self.jetstream
        return tuple(Host(url) for url in dict.fromkeys(urls))

    @field_validator("appview")
    @classmethod
    def _is_web(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("write it like https://public.api.bsky.app")
        return value.rstrip("/")


class JetstreamSource:
    """`bot.ports.Source` over Jetstream hosts, one at a time."""

    name = NAME
    platform = PLATFORM
    is_stream = True

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._silence = settings.silence
        self._http = wiring.http
        self._clock = wiring.clock
        self._rotation = Rotation(settings.hosts, wiring.clock)
        self._dictionaries = Dictionaries(wiring.http, max_bytes=MAX_MESSAGE_BYTES)
        self._lost_seq: dict[str, int] = {}
        """Per host, the position's number that it does not know (any more)."""

    @property
    def place(self) -> str:
        """The host that is read, or comes next."""
        return self._rotation.current.name

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        start = self._position(after)
        visit = Visit(host=self._rotation.begin(), start=start)
        pause = min(FLUSH_SECONDS, self._silence)
        trouble: BotError | None = None
        try:
            async with AsyncExitStack() as stack:
                socket = await self._enter(stack, visit)
                reading = visit.reading = visit.begin(watch, self._clock)
                inflow = await stack.enter_async_context(Inflow(socket, self._clock))
                yield Batch()
                try:
                    while (heap := await inflow.take(pause)) is not None:
                        for batch in reading.batches(heap):
                            if batch is None:
                                await asyncio.sleep(0)  # whoever else waits for the event loop has a turn
                            else:
                                yield batch
                        check(reading.strange, inflow.silent_for, self._silence)
                except Unavailable as error:
                    trouble = error
                if reading.has_news:
                    yield reading.batch()
        except BotError as error:
            trouble = error
        if trouble is not None:
            raise self._failed(visit, trouble)
        self._rotation.end(was_heard=visit.was_heard)

    async def _enter(self, stack: AsyncExitStack, visit: Visit) -> Socket:
        """Connect where the position ended, and if the host does not take it so, in the next best way."""
        host = visit.host
        for tries_left in reversed(range(_ENTRIES)):
            visit.unpack = await self._dictionaries.of(host)
            visit.resume = self._resume(host, visit.start)
            page = host.page(
                visit.resume.cursor if visit.resume else None, visit.unpack.id if visit.unpack else None
            )
            try:
                return await stack.enter_async_context(
                    self._http.websocket(page, max_message_bytes=MAX_MESSAGE_BYTES)
                )
            except Rejected:
                if not (tries_left and host.is_v2 and self._learned(await self._refusal(page), visit)):
                    raise
        raise AssertionError  # the last try returns or raises

    async def _refusal(self, page: str) -> str:
        """Why a handshake was refused. Its body is not shown to us, but the host answers a plain request the
        same: it judges all parameters before the upgrade. "": it does not say.
        """
        try:
            async with self._http.request("GET", web(page), timeout=ASK_SECONDS) as response:
                if response.status != 400:
                    return ""
                return msgspec.json.decode(await self._http.read(response, limit=10_000), type=Fault).error
        except (BotError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""

    def _learned(self, fault: str, visit: Visit) -> bool:
        """Remember what a host refused; False: nothing that can be done without."""
        resume, unpack = visit.resume, visit.unpack
        if fault == "CursorTooOld" and resume and resume.by_seq:
            self._lost_seq[visit.host.name] = resume.start.seq
        elif fault == "UnknownZstdDictionary" and unpack:
            self._dictionaries.refused(visit.host, unpack)
        else:
            return False
        return True

    def _resume(self, host: Host, start: Position | None) -> Resume | None:
        if start is None:
            return None
        return Resume.at(host, start, by_seq=self._lost_seq.get(host.name) != start.seq)

    def _failed(self, visit: Visit, trouble: BotError) -> BotError:
        """The error to raise, with the host's name in it; what it teaches is remembered."""
        is_useless = visit.reading is not None and visit.reading.strange >= STRANGE_IN_A_ROW
        if visit.unpack and (isinstance(trouble, StaleDictionary) or is_useless):
            self._dictionaries.refused(visit.host, visit.unpack)
        if isinstance(trouble, OtherArchive) and visit.start:
            self._lost_seq[visit.host.name] = visit.start.seq
        named = trouble
        if visit.reading is not None:
            named = Unavailable(
                f"{visit.host.name}: {trouble}",
                reason=trouble.reason,
                retry_after=getattr(trouble, "retry_after", None),
            )
        told = self._rotation.failed(named, was_heard=visit.was_heard)
        if told is not trouble:
            told.__cause__ = trouble
        return told

    def _position(self, after: Cursor | None) -> Position | None:
        with readable(NAME, self._clock.now()):
            return Position.of(after) if after is not None else None


class Fault(msgspec.Struct):
    """An XRPC error: https://atproto.com/specs/xrpc#error-responses."""

    error: str = ""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One reading of one host, and how it was entered."""

    host: Host
    start: Position | None
    resume: Resume | None = None
    unpack: Unpacker | None = None
    reading: Reading | None = None

    def begin(self, watch: Watch, clock: Clock) -> Reading:
        return Reading(
            self.resume,
            watch,
            clock,
            host=self.host.name,
            wire=V2 if self.host.is_v2 else V1,
            unpack=self.unpack,
        )

    @property
    def was_heard(self) -> bool:
        return self.reading is not None and self.reading.was_heard


def check(strange: int, silent_for: float, silence: float) -> None:
    """Raise Unavailable for a stream that runs but is no use."""
    if strange >= STRANGE_IN_A_ROW:
        raise Unavailable(f"the last {strange} frames are no Jetstream events", reason=Reason.PROTOCOL)
    if silent_for >= silence:
        raise Unavailable(f"no event for {silent_for:.0f} s", reason=Reason.TIMEOUT)
