"""One connection's way from frames to batches: what is new, what is missing, and where reading stands.

Knows both wires by their parsers, and no socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason, Unavailable
from bot.model import Gap
from connectors.bluesky import frames, messages
from connectors.bluesky.collector import Collector
from connectors.bluesky.frames import POSTS, Envelope, Event, Malformed, at, key_of, micros
from connectors.bluesky.messages import Notice
from connectors.bluesky.position import ELSEWHERE, NAMED_AT_MOST, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from bot.model import Batch
    from bot.ports import Clock, Watch
    from connectors.bluesky.position import Resume

NAME = "bluesky"
GAP_OVER = timedelta(seconds=60)
FLUSH_SECONDS = 5.0
_MICROSECOND = timedelta(microseconds=1)
_GAP_US = GAP_OVER // _MICROSECOND
_NAMED_US = ELSEWHERE // _MICROSECOND
_DISORDER_US = 10_000_000
"""How late an event may come, generously: a cut-over from replay to live reorders
(https://github.com/bluesky-social/jetstream-legacy/issues/42)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One of Jetstream's two wires.

    `commit`: bytes that a commit's frame has in it, and no other kind's. `counts`: its events have a `seq`.
    """

    parse: Callable[[bytes], Event | Envelope | Notice]
    commit: bytes
    counts: bool


V1 = Wire(parse=frames.parse, commit=frames.COMMIT, counts=False)
V2 = Wire(parse=messages.parse, commit=messages.COMMIT, counts=True)


class OtherArchive(Unavailable):
    """The host's numbers are not those of our position: it is to be asked by time."""

    def __init__(self) -> None:
        super().__init__("the host has begun to count anew", reason=Reason.CURSOR_LOST)


class Reading:
    """Frames in, batches out. `host` is named in positions; `unpack` undoes the wire's compression."""

    def __init__(
        self,
        resume: Resume | None,
        watch: Watch,
        clock: Clock,
        *,
        host: str = "",
        wire: Wire = V1,
        unpack: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.strange = 0
        self._resume = resume
        self._clock = clock
        self._host, self._wire, self._unpack = host, wire, unpack
        self._collector = Collector(watch)
        start = resume.start if resume else None
        self._newest = self._told = start.time_us if start else 0
        self._seq = start.seq if start and resume and resume.by_seq else 0
        self._found = dict.fromkeys(start.found, start.time_us) if start else {}
        self._gap: Gap | None = None
        self._is_first = True
        self._is_clamped = False
        self._has_caught_up = resume is None
        self._flushed_at = clock.monotonic()
        self.was_heard = False

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
        """Take frames as they came. Raises: Unavailable where the host ends the stream, or should be left.

        Once the replay has caught up with the position, a commit of another collection is not decoded: only
        the last of them, for where reading stands.
        """
        now = self._clock.now()
        unpack, wire, is_quick = self._unpack, self._wire, self._has_caught_up
        commit, parse, strange = wire.commit, wire.parse, self.strange
        take = self._flowing if is_quick else self._replayed
        skipped, last = 0, b""
        try:
            for packed in heap:
                try:
                    frame = packed if unpack is None else unpack(packed)
                    if is_quick and POSTS not in frame and commit in frame and frame.endswith(b"}"):
                        skipped, strange, last = skipped + 1, 0, frame
                        continue
                    event = parse(frame)
                except Malformed:
                    self._collector.malformed()
                    strange += 1
                    continue
                strange, last = 0, b""
                take(event, now)
        finally:
            self.strange = strange
            self._skip(skipped, last, micros(now))

    def batch(self) -> Batch:
        has_moved = self._newest != self._told or self._collector.has_found
        self._told, self._flushed_at = self._newest, self._clock.monotonic()
        gap, self._gap = self._gap, None
        return self._collector.batch(self._position().text if has_moved else None, gap)

    def _skip(self, skipped: int, last: bytes, now_us: int) -> None:
        """Count what was not decoded."""
        self._collector.seen += skipped
        if not last:
            return
        try:
            event = self._wire.parse(last)
        except Malformed:
            self._collector.seen -= 1
            self._collector.malformed()
        else:
            if not isinstance(event, Notice):
                self._move(event, now_us)

    def _flowing(self, event: Event | Envelope | Notice, now: datetime) -> None:
        if isinstance(event, Notice):
            self._notice(event)
            return
        if self._collector.add(event, now):
            self._found[key_of(event)] = event.time_us
        self._move(event, micros(now))

    def _replayed(self, event: Event | Envelope | Notice, now: datetime) -> None:
        """An event while those before the position may still come again."""
        resume = self._resume
        if resume is None or isinstance(event, Notice) or not event.time_us:
            self._flowing(event, now)
            return
        if self._is_first:
            self._is_first = False
            self._begin(event, resume)
        if not resume.by_seq:
            self._in_overlap(event, resume, now)
        elif event.seq > resume.start.seq:
            self._has_caught_up = True
            self._flowing(event, now)

    def _in_overlap(self, event: Event | Envelope, resume: Resume, now: datetime) -> None:
        if event.time_us < resume.window_us:
            return
        behind = event.time_us - resume.start.time_us
        self._has_caught_up = behind > resume.margin_us + _DISORDER_US
        if behind <= resume.margin_us and key_of(event) in self._found:
            return
        if self._collector.add(event, now, is_replay=behind <= 0):
            self._found[key_of(event)] = event.time_us
        self._move(event, micros(now))

    def _begin(self, event: Event | Envelope, resume: Resume) -> None:
        """What the first event says about the position: it is another archive's, or something is missing."""
        start = resume.start
        is_ours = event.seq == start.seq or event.time_us >= start.time_us - _GAP_US
        if resume.by_seq and not is_ours:
            raise OtherArchive
        self._gap = gap_before(event.time_us, start, is_clamped=self._is_clamped)

    def _notice(self, notice: Notice) -> None:
        if notice.is_error:
            name = notice.name if notice.name.isalnum() and len(notice.name) <= 40 else "no reason"
            raise Unavailable(f"the server ended the stream ({name})", reason=Reason.SERVER)
        if notice.name == "FutureCursor" and self._resume and self._resume.by_seq:
            raise OtherArchive
        self._is_clamped = self._is_clamped or notice.name == "OutdatedCursor"

    def _move(self, event: Event | Envelope, now_us: int) -> None:
        self.was_heard = True
        if self._wire.counts and event.seq:
            self._seq = event.seq
        # A host whose clock is ahead must not carry the cursor into the future: that would mean live tail.
        self._newest = max(self._newest, min(event.time_us, now_us))

    def _position(self) -> Position:
        oldest = self._newest - _NAMED_US
        recent = [(time_us, key) for key, time_us in self._found.items() if time_us >= oldest]
        self._found = {key: time_us for time_us, key in recent}
        named = sorted(recent)[-NAMED_AT_MOST:]
        return Position(
            time_us=self._newest, seq=self._seq, host=self._host, found=tuple(key for _, key in named)
        )


def gap_before(first_us: int, start: Position, *, is_clamped: bool = False) -> Gap | None:
    """What is missing when the first event is so much younger than the position.

    `is_clamped`: the host says that it could not begin where it was asked to.
    """
    if first_us - start.time_us <= (0 if is_clamped else _GAP_US):
        return None
    return Gap(
        source=NAME, started_at=at(start.time_us), ended_at=at(first_us), reason=Reason.CURSOR_LOST.value
    )
