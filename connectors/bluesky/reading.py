"""One connection's way from frames to batches: what is new, what is missing, and where reading stands.

Knows both wires by their parsers, and no socket.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from bot.errors import Reason, Unavailable
from bot.model import Gap
from connectors.bluesky import frames, messages
from connectors.bluesky.collector import Collector
from connectors.bluesky.frames import POSTS, Envelope, Event, Malformed, at, key_of, micros
from connectors.bluesky.messages import Notice
from connectors.bluesky.position import ELSEWHERE, NAMED_AT_MOST, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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
CLOSING = ord("}")
PIECE = 250
TURN_SECONDS = 0.002
"""So many frames are looked at, or for so long, before whoever else waits for the event loop has a turn. Of
frames that need not be decoded, that is a tenth of a millisecond; of posts, while new rules are read in
another thread, each may wait for that thread."""
UNPACKED_BYTES = 4_000_000
"""So much of what was packed is looked at before what was found in it is handed over."""
_DISORDER_US = 10_000_000
"""How late an event may come, generously: a cut-over from replay to live reorders
(https://github.com/bluesky-social/jetstream-legacy/issues/42)."""


class Wire:
    """One of Jetstream's two wires. `counts`: its events have a `seq`."""

    def __init__(
        self,
        parse: Callable[[bytes], Event | Envelope | Notice],
        commit: tuple[slice, bytes],
        *,
        counts: bool,
    ) -> None:
        self.parse = parse
        self.where, self.mark = commit
        self.counts = counts


def passes_over(frame: bytes, wire: Wire) -> bool:
    """Whether a frame is, as it stands there, a commit of another collection: it need not be decoded.

    Says no where it is not sure: another layout is decoded. (`Reading` has the same in a loop.)
    """
    return frame[wire.where] == wire.mark and frame.rfind(POSTS) < 0 and frame[-1] == CLOSING


V1 = Wire(frames.parse, frames.COMMIT, counts=False)
V2 = Wire(messages.parse, messages.COMMIT, counts=True)


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
        self._now_us = 0
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

    def add(self, heap: Sequence[bytes]) -> None:
        """Take frames as they came. Raises: Unavailable where the host ends the stream, or should be left."""
        for piece in self._unpacked(heap):
            for _ in self._take(piece):
                pass

    def batches(self, heap: Sequence[bytes]) -> Iterator[Batch | None]:
        """`add`; None every now and then on the way: whoever else is waiting should have a turn.

        What is due is handed over before all of what was packed is in memory.
        """
        unpacked = 0
        for number, piece in enumerate(self._unpacked(heap)):
            if number:
                yield None
            yield from self._take(piece)
            unpacked += sum(map(len, piece)) if self._unpack else 0
            if unpacked >= UNPACKED_BYTES and self.is_due:
                unpacked = 0
                yield self.batch()
        if self.is_due:
            yield self.batch()

    def batch(self) -> Batch:
        has_moved = self._newest != self._told or self._collector.has_found
        self._told, self._flushed_at = self._newest, self._clock.monotonic()
        gap, self._gap = self._gap, None
        batch = self._collector.batch(self._position().text if has_moved else None, gap)
        return replace(batch, observed_to=at(self._newest) if self._newest else None)

    def _unpacked(self, heap: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
        """A little at a time: small frames may hold much. At least one piece, if an empty one."""
        if self._unpack is None:
            yield from (heap[start : start + PIECE] for start in range(0, len(heap) or 1, PIECE))
            return
        ready: list[bytes] = []
        size = 0
        try:
            for packed in heap:
                try:
                    frame = self._unpack(packed)
                except Malformed:
                    self._malformed()
                    continue
                ready.append(frame)
                size += len(frame)
                if size >= UNPACKED_BYTES or len(ready) >= PIECE:
                    yield ready
                    ready, size = [], 0
        except Unavailable:
            yield ready
            raise
        yield ready

    def _take(self, heap: Sequence[bytes]) -> Iterator[None]:
        """Once the replay has caught up, commits of other collections are not decoded: only the last of them,
        for where reading stands. Yields where its turn is over.
        """
        now = self._clock.now()
        self._now_us = micros(now)
        parse, where, mark = self._wire.parse, self._wire.where, self._wire.mark
        take, kept = self._replayed, heap
        if self._has_caught_up:
            take = self._flowing
            kept = [f for f in heap if f[where] != mark or f.rfind(POSTS) >= 0 or f[-1] != CLOSING]
        monotonic = self._clock.monotonic
        ends_at = monotonic() + TURN_SECONDS
        for frame in kept:
            try:
                event = parse(frame)
            except Malformed:
                self._malformed()
            else:
                take(event, now)
            if monotonic() >= ends_at:
                yield
                ends_at = monotonic() + TURN_SECONDS
        if len(kept) < len(heap):
            self.strange = 0
            self._collector.seen += len(heap) - len(kept)
            if not kept or kept[-1] is not heap[-1]:
                self._stand(heap[-1])

    def _malformed(self) -> None:
        self._collector.malformed()
        self.strange += 1

    def _stand(self, frame: bytes) -> None:
        """Where reading stands after a frame that was only counted."""
        try:
            event = self._wire.parse(frame)
        except Malformed:
            self._collector.seen -= 1
            self._malformed()
        else:
            if not isinstance(event, Notice):
                self._move(event)

    def _flowing(self, event: Event | Envelope | Notice, now: datetime) -> None:
        if isinstance(event, Notice):
            self._notice(event)
            return
        if self._collector.add(event, now):
            self._name(event)
        self._move(event)

    def _replayed(self, event: Event | Envelope | Notice, now: datetime) -> None:
        """An event while those before the position may still come again."""
        self.strange = 0
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
            self._name(event)
        self._move(event)

    def _name(self, event: Event | Envelope) -> None:
        """What was found; a time ahead of us would keep it, and all that come after it, for ever."""
        self._found[key_of(event)] = min(event.time_us, max(self._newest, self._now_us))

    def _begin(self, event: Event | Envelope, resume: Resume) -> None:
        """What the first event says about the position: it is another archive's, or something is missing."""
        start = resume.start
        if resume.by_seq and event.time_us < start.time_us - _GAP_US:
            raise OtherArchive
        if resume.by_seq and event.seq <= start.seq:
            # Nothing is missing before the position's own event, however much older the position's time is:
            # that is ours where our clock was behind.
            return
        self._gap = gap_before(event.time_us, start, is_clamped=self._is_clamped)

    def _notice(self, notice: Notice) -> None:
        if notice.is_error:
            name = notice.name if notice.name.isalnum() and len(notice.name) <= 40 else "no reason"
            raise Unavailable(f"the server ended the stream ({name})", reason=Reason.SERVER)
        if notice.name == "FutureCursor" and self._resume and self._resume.by_seq:
            raise OtherArchive
        self._is_clamped = self._is_clamped or notice.name == "OutdatedCursor"

    def _move(self, event: Event | Envelope) -> None:
        self.was_heard, self.strange = True, 0
        if event.seq and self._wire.counts:
            self._seq = event.seq
        time_us = event.time_us
        if time_us > self._newest:
            # A host whose clock is ahead must not carry the cursor into the future: that means live tail.
            self._newest = time_us if time_us < self._now_us else max(self._newest, self._now_us)

    def _position(self) -> Position:
        """Names come in almost the order of time: what came late is named a little longer than it need be."""
        found, oldest = self._found, self._newest - _NAMED_US
        for key in list(takewhile(lambda key: found[key] < oldest, found)):
            del found[key]
        named = list(islice(reversed(found), NAMED_AT_MOST))
        return Position(time_us=self._newest, seq=self._seq, host=self._host, found=tuple(reversed(named)))


def gap_before(first_us: int, start: Position, *, is_clamped: bool = False) -> Gap | None:
    """What is missing when the first event is so much younger than the position.

    `is_clamped`: the host says that it could not begin where it was asked to.
    """
    if first_us - start.time_us <= (0 if is_clamped else _GAP_US):
        return None
    return Gap(
        source=NAME, started_at=at(start.time_us), ended_at=at(first_us), reason=Reason.CURSOR_LOST.value
    )
