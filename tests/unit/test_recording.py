"""Recorded streams as a source."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
import zstandard

from bot.errors import Rejected
from bot.model import Batch, Cursor
from bot.testing.source_contract import WatchAll
from connectors.bluesky import recording
from connectors.bluesky.collector import MAX_FRAMES
from connectors.bluesky.recording import RecordingSource

SAMPLES = Path(__file__).parents[1] / "samples" / "bluesky"
LINES = [path.read_bytes().strip() for path in sorted(SAMPLES.iterdir())]
WHOLE = b"\n".join(LINES) + b"\n"


async def batches(path: Path, after: Cursor | None = None) -> list[Batch]:
    return [batch async for batch in RecordingSource(path).read(after, WatchAll())]


def file(directory: Path, content: bytes, name: str = "events.jsonl") -> Path:
    path = directory / name
    path.write_bytes(content)
    return path


async def test_plain_and_packed_give_the_same(tmp_path: Path) -> None:
    """zstd changes nothing, also when the file holds several frames."""
    packer = zstandard.ZstdCompressor()
    half = len(WHOLE) // 2
    packed = packer.compress(WHOLE[:half]) + packer.compress(WHOLE[half:])
    plain = await batches(file(tmp_path, WHOLE))
    assert plain == await batches(file(tmp_path, packed, "events.jsonl.zst"))
    assert len(LINES) == sum(batch.seen for batch in plain)
    assert sum(batch.undecodable for batch in plain) == 0


async def test_time_is_that_of_the_recording(tmp_path: Path) -> None:
    """A post counts as seen at the moment of its event."""
    (batch,) = await batches(file(tmp_path, (SAMPLES / "plain.json").read_bytes()))
    (post,) = batch.posts
    assert post.seen_at.isoformat() == "2026-01-05T09:00:00+00:00"


async def test_a_long_file_comes_in_batches(tmp_path: Path) -> None:
    """Memory stays small: a batch ends after 5,000 lines, and the next resumes there."""
    path = file(tmp_path, (SAMPLES / "like.json").read_bytes() * (2 * MAX_FRAMES + 3))
    read = await batches(path)
    assert [batch.seen for batch in read] == [MAX_FRAMES, MAX_FRAMES, 3]
    assert [batch.seen for batch in await batches(path, read[1].cursor)] == [3]


async def test_progress_counts_the_bytes_of_the_file(tmp_path: Path) -> None:
    """A progress bar gets every byte of the file, packed or not."""
    path = file(tmp_path, zstandard.ZstdCompressor().compress(WHOLE), "events.jsonl.zst")
    told: list[int] = []
    async for _ in RecordingSource(path, progress=told.append).read(None, WatchAll()):
        pass
    assert path.stat().st_size == sum(told)


async def test_blank_lines_and_a_last_line_without_its_end(tmp_path: Path) -> None:
    """Blank lines are no events, and the last line needs no newline."""
    (batch,) = await batches(file(tmp_path, b"\n" + LINES[0] + b"\r\n\n" + LINES[1]))
    assert (batch.seen, batch.undecodable) == (2, 0)


async def test_a_line_cut_off_is_counted(tmp_path: Path) -> None:
    """A recording that ends in the middle of a line loses that line only."""
    (batch,) = await batches(file(tmp_path, LINES[0] + b"\n" + LINES[1][:30]))
    assert (batch.seen, batch.undecodable) == (2, 1)


async def test_an_empty_file(tmp_path: Path) -> None:
    """Nothing recorded, nothing read."""
    assert await batches(file(tmp_path, b"")) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zstandard.ZstdCompressor().compress(WHOLE)[:-9], "cut off"),
        (zstandard.ZstdCompressor().compress(WHOLE)[:8] + random.Random(7).randbytes(64), "zstd"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 30, "zstd"),
        (b"x" * 200_000, "no recording"),
    ],
    ids=["cut", "noise-inside", "noise", "text"],
)
async def test_a_broken_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    """What cannot be read says which file it is and what is wrong with it."""
    monkeypatch.setattr(recording, "LONGEST_LINE", 100_000)
    path = file(tmp_path, content, "broken.jsonl.zst")
    with pytest.raises(Rejected, match=words) as caught:
        await batches(path)
    assert str(path) in str(caught.value)


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is a clear refusal."""
    with pytest.raises(Rejected, match=r"nowhere\.jsonl: No such file"):
        await batches(tmp_path / "nowhere.jsonl")


async def test_a_recording_made_elsewhere() -> None:
    """The captured production events (OUTCARE_DATA) are read whole, and each post once."""
    directory = os.environ.get("OUTCARE_DATA")
    if not directory:
        pytest.skip("OUTCARE_DATA names no directory of real posts")
    path = Path(directory) / "jetstream_v1.jsonl"
    read = await batches(path)
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    commits = [event.get("commit", {}) for event in events]
    posts = [
        commit
        for commit in commits
        if commit.get("collection") == "app.bsky.feed.post" and commit["operation"] != "delete"
    ]
    assert (len(events), 0) == (sum(b.seen for b in read), sum(b.undecodable for b in read))
    assert [c["record"]["text"] for c in posts] == [post.text for b in read for post in b.posts]
