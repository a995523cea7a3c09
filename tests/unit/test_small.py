"""Durations and ids."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import duration
from bot.ids import ulid
from bot.model import Post, PostRef, Urgency, searchable

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("15m", 900), ("1h30m", 5400), ("3d", 259200), ("500ms", 0.5), ("1.5s", 1.5), ("2w", 1209600)],
)
def test_durations_are_read(text: str, expected: float) -> None:
    """As people write them."""
    assert timedelta(seconds=expected) == duration.parse(text)


@pytest.mark.parametrize("text", ["", "15", "m", "15 m", "-5m", "1h-3m", "five"])
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    """The error shows examples."""
    with pytest.raises(ValueError, match="write it like"):
        duration.parse(text)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0s"), (45, "45s"), (7500, "2h 5m"), (86400, "1d"), (90061, "1d 1h")]
)
def test_durations_are_shown_by_their_two_largest_units(seconds: int, expected: str) -> None:
    """Nobody wants seconds beside days."""
    assert expected == duration.show(timedelta(seconds=seconds))


def test_ulids_sort_by_time_and_differ() -> None:
    """26 characters, later ones after earlier ones, no two alike."""
    first, second = ulid(NOW), ulid(NOW + timedelta(milliseconds=1))
    assert first < second
    assert {26} == {len(first), len(second)}
    assert len({ulid(NOW) for _ in range(1000)}) == 1000


def test_a_naive_time_is_refused() -> None:
    """A post without a zone in its time is a bug of the connector."""
    with pytest.raises(ValueError, match="posted_at must be an aware datetime"):
        Post(platform="p", id="1", author_id="a", text="", posted_at=NOW.replace(tzinfo=None), seen_at=NOW)


def test_refs_begin_with_the_post_itself() -> None:
    """Ids of posts, then of the accounts it speaks to, each once."""
    parent = PostRef(id="2", author_id="bob")
    post = Post(
        platform="p",
        id="1",
        author_id="ann",
        text="",
        posted_at=NOW,
        seen_at=NOW,
        parent=parent,
        root=parent,
        mentions=("acme",),
    )
    assert post.refs == ("1", "2", "bob", "acme")


def test_parts_of_a_text_stay_apart() -> None:
    """Empty parts vanish; the others are divided by a separator that no phrase crosses."""
    assert searchable("body", alts=("alt", "")) == "body\u2029alt"
    assert [level.label for level in Urgency] == ["low", "normal", "high", "critical"]


def test_one_heap_is_asked_for_where_there_is_a_choice() -> None:
    """In a process of its own, for it can't be taken back: threads that allocate share the first one's heap."""
    code = (
        "import threading, re, ctypes\n"
        "from bot.memory import share_one_heap\n"
        "is_told = share_one_heap()\n"
        "held = []\n"
        "t = [threading.Thread(target=lambda: held.append(bytes(100_000))) for _ in range(8)]\n"
        "[one.start() for one in t]; [one.join() for one in t]\n"
        "if is_told:\n"
        "    ctypes.CDLL(None).malloc_stats()\n"
        "print(is_told)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    heaps = done.stderr.count("Arena ")
    assert heaps == 1 if done.stdout.strip() == "True" else heaps == 0


def test_what_lies_free_within_the_heap_is_given_back() -> None:
    """Things that stay keep a C library from giving back what lies between them, until it is asked to."""
    code = (
        "from bot.memory import give_back, share_one_heap\n"
        "from pathlib import Path\n"
        "def resident():\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return next(int(one.split()[1]) for one in lines if one.startswith('VmRSS'))\n"
        "share_one_heap()\n"
        "several = [bytes(60_000) for _ in range(1_000)]\n"
        "held, several = several[::50], None\n"
        "before = resident()\n"
        "print(give_back(), before - resident())\n"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process how much memory it has there")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    is_given, kilobytes = done.stdout.split()
    assert int(kilobytes) > 20_000 or is_given == "False"
