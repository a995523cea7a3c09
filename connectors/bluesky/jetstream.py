"""Bluesky, the whole network, through Jetstream v1 (`/subscribe`): no account needed.

Reads post creates, updates and deletes, and account deletions. Protocol:
https://github.com/bluesky-social/jetstream-legacy (README); the newer server keeps this wire frozen:
https://github.com/bluesky-social/jetstream/blob/main/docs/README.md (5.1). What it says, and what we do:
- `cursor` is unix microseconds and replays inclusively; a future one is live tail; one that is too old (24 to
  36 hours) is clamped silently. So the first event tells whether something is missing, and that is a gap.
- The README advises to go back a few seconds on reconnect, and `time_us` can step back a little (a cut-over
  from replay to live reorders, jetstream-legacy issue 42). So we go back `REWIND`, and the cursor names what
  was found in that window: nothing is lost and nothing comes twice.
- A newer server may replay up to an hour too much (jetstream issue 343): older than the window is skipped.
- `wantedCollections` does not hold back account and identity events.
Terms: public data, no limits named for readers; deletions must be followed, and are.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.errors import CursorLost, Reason, Unavailable
from bot.model import Batch, Cursor, Gap
from connectors.bluesky.frames import Collector, Envelope, Event, Malformed, at, micros, parse
from connectors.bluesky.inflow import Inflow
from connectors.bluesky.record import COLLECTION, PLATFORM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime

    from bot.ports import Clock, Watch, Wiring

NAME = "bluesky"
REWIND = timedelta(seconds=2)
GAP_OVER = timedelta(seconds=60)
FLUSH_SECONDS = 5.0
MAX_MESSAGE_BYTES = 16_000_000
"""More than any event has: a commit holds at most 2,000,000 bytes
(https://github.com/bluesky-social/atproto/blob/main/lexicons/com/atproto/sync/subscribeRepos.json), of which
JSON makes six times as much where everything is escaped. A lower limit would be a way to silence us: the
connection dies at the frame, and again after each resume. (The older hosts forget `maxMessageSizeBytes`.)
"""
STRANGE_IN_A_ROW = 100
"""So many frames in a row that are no events: this is no Jetstream."""
_NAMED_AT_MOST = 500
_MICROSECOND = timedelta(microseconds=1)
_REWIND_US = REWIND // _MICROSECOND
_MICROS = re.compile(r"[0-9]{16}")


class Settings(BaseModel):
    """`sources.bluesky`.

    `silence`: seconds without any event after which a connection counts as dead (the public hosts send about
    fifty posts a second; raise it for a small network of your own).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    jetstream: str = "wss://jetstream2.us-east.bsky.network/subscribe"
    silence: float = Field(default=60.0, gt=0)
    appview: str = "https://public.api.bsky.app"

    @field_validator("jetstream")
    @classmethod
    def _is_websocket(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"ws", "wss"} or not parts.hostname or parts.query:
            raise ValueError("write it like wss://host/subscribe")
        return value

    @field_validator("appview")
    @classmethod
    def _is_web(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("write it like https://public.api.bsky.app")
        return value.rstrip("/")


class JetstreamSource:
    """`bot.ports.Source` over one Jetstream host."""

    name = NAME
    platform = PLATFORM
    is_stream = True

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._settings = settings
        self._http = wiring.http
        self._clock = wiring.clock

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        reading = Reading(self._position(after), watch, self._clock)
        url = page_url(self._settings.jetstream, reading.start)
        pause = min(FLUSH_SECONDS, self._settings.silence)
        trouble: Unavailable | None = None
        async with (
            self._http.websocket(url, max_message_bytes=MAX_MESSAGE_BYTES) as socket,
            Inflow(socket, self._clock) as inflow,
        ):
            yield Batch()
            try:
                while (heap := await inflow.take(pause)) is not None:
                    reading.add(heap)
                    if reading.is_due:
                        yield reading.batch()
                    check(reading.strange, inflow.silent_for, self._settings.silence)
            except Unavailable as error:
                trouble = error
            if reading.has_news:
                yield reading.batch()
        if trouble is not None:
            raise trouble

    def _position(self, after: Cursor | None) -> Position | None:
        try:
            return Position.of(after) if after is not None else None
        except ValueError as error:
            now = self._clock.now()
            gap = Gap(source=NAME, started_at=now, ended_at=now, reason="cursor_unreadable")
            raise CursorLost("the stored position of bluesky cannot be read", gap) from error


def page_url(host: str, start: Position | None) -> str:
    """Where to connect: posts only, from a little before `start`."""
    query = {"wantedCollections": COLLECTION}
    if start is not None:
        query["cursor"] = str(start.window_us)
    return f"{host}?{urlencode(query)}"


def check(strange: int, silent_for: float, silence: float) -> None:
    """Raise Unavailable for a stream that runs but is no use."""
    if strange >= STRANGE_IN_A_ROW:
        raise Unavailable(f"the last {strange} frames are no Jetstream events", reason=Reason.PROTOCOL)
    if silent_for >= silence:
        raise Unavailable(f"no event for {silent_for:.0f} s", reason=Reason.TIMEOUT)


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time (as far back as the host keeps events)."""
    return Position(time_us=micros(when)).text


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a cursor says: the newest event's time, and what was found in the window before it."""

    time_us: int
    found: tuple[str, ...] = ()

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        version, _, rest = cursor.partition(":")
        number, _, found = rest.partition(":")
        if version != "v1" or not _MICROS.fullmatch(number):
            raise ValueError("not a Jetstream cursor")
        return cls(time_us=int(number), found=tuple(found.split(",")) if found else ())

    @property
    def text(self) -> Cursor:
        found = f":{','.join(self.found)}" if self.found else ""
        return Cursor(f"v1:{self.time_us}{found}")

    @property
    def window_us(self) -> int:
        return self.time_us - _REWIND_US


class Reading:
    """One connection's way from frames to batches."""

    def __init__(self, start: Position | None, watch: Watch, clock: Clock) -> None:
        self.start = start
        self.strange = 0
        self._clock = clock
        self._collector = Collector(watch)
        self._newest = self._told = start.time_us if start else 0
        self._found = dict.fromkeys(start.found, start.time_us) if start else {}
        self._gap: Gap | None = None
        self._is_first = True
        self._flushed_at = clock.monotonic()

    @property
    def has_news(self) -> bool:
        return self._collector.seen > 0

    @property
    def is_due(self) -> bool:
        """Something was found (the socket is drained whenever this is asked), or many frames, or 5 s."""
        if self._collector.has_found or self._collector.is_full or self._gap:
            return True
        return self.has_news and self._clock.monotonic() - self._flushed_at >= FLUSH_SECONDS

    def add(self, heap: Iterable[bytes]) -> None:
        now = self._clock.now()
        for frame in heap:
            try:
                event = parse(frame)
            except Malformed:
                self._collector.malformed()
                self.strange += 1
            else:
                self.strange = 0
                self._add(event, now)

    def batch(self) -> Batch:
        has_moved = self._newest != self._told or self._collector.has_found
        self._told, self._flushed_at = self._newest, self._clock.monotonic()
        gap, self._gap = self._gap, None
        batch = self._collector.batch(self._position().text if has_moved else None, gap)
        return replace(batch, observed_to=at(self._newest) if self._newest else None)

    def _add(self, event: Event | Envelope, now: datetime) -> None:
        start = self.start
        if start and self._is_first:
            self._gap = gap_before(event.time_us, start)
        self._is_first = False
        if start and event.time_us < start.window_us:
            return
        behind = event.time_us - start.time_us if start else _REWIND_US + 1
        if behind <= _REWIND_US and key_of(event) in self._found:
            return
        if self._collector.add(event, now, is_replay=behind <= 0):
            self._found[key_of(event)] = event.time_us
        # A host whose clock is ahead must not carry the cursor into the future: that would mean live tail.
        self._newest = max(self._newest, min(event.time_us, micros(now)))

    def _position(self) -> Position:
        oldest = self._newest - _REWIND_US
        recent = [(time_us, key) for key, time_us in self._found.items() if time_us >= oldest]
        self._found = {key: time_us for time_us, key in recent}
        named = sorted(recent)[-_NAMED_AT_MOST:]
        return Position(time_us=self._newest, found=tuple(key for _, key in named))


def gap_before(first_us: int, start: Position) -> Gap | None:
    """What is missing when the first event of a replay is so much younger than the cursor."""
    if first_us - start.time_us <= GAP_OVER // _MICROSECOND:
        return None
    return Gap(
        source=NAME, started_at=at(start.time_us), ended_at=at(first_us), reason=Reason.CURSOR_LOST.value
    )


def key_of(event: Event | Envelope) -> str:
    """Eight characters that tell an event of a window from all others; "" for what is never kept."""
    if not isinstance(event, Event):
        return ""
    commit, account = event.commit, event.account
    what = (commit.operation, commit.rkey, commit.rev) if commit else (account and account.status,)
    return urlsafe_b64encode(blake2b(repr((event.did, what)).encode(), digest_size=6).digest()).decode()
