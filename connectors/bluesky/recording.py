"""A recorded Jetstream stream as a source: `.jsonl` or `.jsonl.zst`, one event a line, read as it goes.

The same frames, the same parsing as the live source; time is the recording's own. Knows no network, and its
cursor (a line number) means nothing to the live source.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import zstandard

from bot.errors import Reason, Rejected
from bot.model import Batch, Cursor
from connectors.bluesky import frames, messages
from connectors.bluesky.collector import MAX_FRAMES, Collector
from connectors.bluesky.frames import Malformed, at
from connectors.bluesky.messages import Notice
from connectors.bluesky.reading import V1, V2, passes_over
from connectors.bluesky.record import PLATFORM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from pathlib import Path

    from bot.ports import Watch

CHUNK = 64 * 1024
LONGEST_LINE = 16_000_000
"""As `connectors.bluesky.jetstream.MAX_MESSAGE_BYTES`: what came through the stream can be replayed."""
_V1 = b'"time_us"'
"""What only the older wire's events have."""
_MAGIC = b"\x28\xb5\x2f\xfd"
"""How every zstd frame begins: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1"""


class RecordingSource:
    """`bot.ports.Source` over a file; ends with it. `progress` hears how many bytes of it were read."""

    name = "recording"
    platform = PLATFORM
    is_stream = False

    def __init__(self, path: Path, *, progress: Callable[[int], object] | None = None) -> None:
        self._path = path
        self._progress = progress or (lambda _: None)

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        """Raises also: Rejected (a file that is missing, broken or no recording), naming the file."""
        collector = Collector(watch)
        number, skip = 0, line_of(after)
        for block in self._blocks():
            new = block[max(0, skip - number) :]
            number += len(block) - len(new)
            while new:
                now, new = new[: MAX_FRAMES - collector.seen], new[MAX_FRAMES - collector.seen :]
                number += len(now)
                add(collector, now)
                if collector.is_full:
                    yield collector.batch(Cursor(f"line:{number}"))
        if collector.seen:
            yield collector.batch(Cursor(f"line:{number}"))

    def _blocks(self) -> Iterator[list[bytes]]:
        try:
            yield from blocks(unpacked(self._chunks()))
        except OSError as error:
            raise Rejected(f"cannot read {self._path}: {error.strerror}", reason=Reason.NOT_FOUND) from error
        except zstandard.ZstdError as error:
            raise Rejected(f"{self._path} is not a whole zstd file") from error
        except EOFError as error:
            raise Rejected(f"{self._path} ends in the middle: it was cut off or is still written") from error
        except Malformed as error:
            raise Rejected(f"{self._path} is no recording: {error}") from error

    def _chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK):
                self._progress(len(chunk))
                yield chunk


def line_of(cursor: Cursor | None) -> int:
    """How many lines a cursor has behind it."""
    text = (cursor or "line:0").removeprefix("line:")
    return int(text) if text.isdecimal() else 0


def add(collector: Collector, block: list[bytes]) -> None:
    """Count lines of either wire, each as if its event had come the moment it was made."""
    kept = [line for line in block if not (passes_over(line, V1) or passes_over(line, V2))]
    collector.seen += len(block) - len(kept)
    for line in kept:
        try:
            event = frames.parse(line) if line.find(_V1) >= 0 else messages.parse(line)
        except Malformed:
            collector.malformed()
        else:
            if not isinstance(event, Notice):
                collector.add(event, at(event.time_us))


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes without zstd, if they begin like it. Raises: ZstdError, EOFError (cut off)."""
    first = next(chunks, b"")
    whole = chain([first], chunks)
    return _unzipped(whole) if first.startswith(_MAGIC) else whole


def _unzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    frame = None
    for chunk in chunks:
        rest = chunk
        while rest:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(rest)
            rest, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        raise EOFError


def blocks(chunks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Lines that are not blank, some at a time. Raises: Malformed for one that never ends."""
    tail = b""
    for chunk in chunks:
        *whole, tail = (tail + chunk).split(b"\n")
        yield [line for line in whole if line and not line.isspace()]
        if len(tail) > LONGEST_LINE:
            raise Malformed(f"a line of more than {LONGEST_LINE} bytes")
    if tail.strip():
        yield [tail]
