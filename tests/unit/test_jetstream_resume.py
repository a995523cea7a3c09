"""Whatever order events come in and wherever the connection is cut: each wanted post once, none lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.model import Batch, Cursor
from bot.testing.clock import ManualClock
from bot.testing.jetstream_wire import Stored
from bot.testing.source_contract import WatchAll
from connectors.bluesky.frames import at, key_of, parse
from connectors.bluesky.hosts import V2_METHOD, Host
from connectors.bluesky.position import ELSEWHERE, REWIND, UNKNOWN, Position, Resume, cursor_at
from connectors.bluesky.reading import V1, V2, OtherArchive, Reading

BASE = 1_767_600_000_000_000
V1_HOST = Host("ws://one.example/subscribe")
V2_HOSTS = [Host(f"ws://{name}.example/xrpc/{V2_METHOD}") for name in ("two", "three")]


class WatchWord:
    """Wants the posts that hold a word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del author_id, refs
        return self.word in text


def event(number: int, time_us: int, text: str = "hello") -> dict[str, object]:
    commit = {"rev": f"3r{number}", "operation": "create", "collection": "app.bsky.feed.post"}
    record = {"text": text}
    return {
        "did": "did:plc:p",
        "time_us": time_us,
        "kind": "commit",
        "commit": {**commit, "rkey": f"3k{number}", "record": record, "cid": "bafy"},
    }


def frame(number: int, time_us: int, text: str = "hello", *, seq: int = 0) -> bytes:
    """Over v2 where it has a `seq`."""
    return Stored(event(number, time_us, text), seq).text(is_v2=bool(seq)).encode()


def replay(events: list[tuple[int, int]], resume: Resume | None, upto: int) -> list[bytes]:
    """What a v1 host sends: from its archive in the order of time, inclusively, what had come in by then."""
    since = resume.cursor if resume else 0
    known = sorted((time_us, number) for number, time_us in events[:upto])
    return [frame(number, time_us) for time_us, number in known if time_us >= since]


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.integers(0, 1_500_000), min_size=1, max_size=40),
    late=st.lists(st.integers(0, 900_000), min_size=40, max_size=40),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 7)), max_size=5),
)
def test_resuming_loses_nothing_and_repeats_nothing(
    steps: list[int], late: list[int], cuts: list[tuple[int, int]]
) -> None:
    """Events up to a second late, equal times, cuts anywhere: the batches hold each post exactly once."""
    events, time_us = [], BASE
    for number, step in enumerate(steps):
        time_us += step
        events.append((number, time_us - late[number]))
    got: list[str] = []
    cursor: Cursor | None = Position(time_us=BASE - 5_000_000).text
    came = 0
    for cut, size in [*sorted(cuts), (len(events), 7)]:
        resume = Resume.at(V1_HOST, Position.of(cursor)) if cursor else None
        reading = Reading(resume, WatchAll(), ManualClock(), host=V1_HOST.name)
        upto = max(came, min(cut, len(events)))
        live = [frame(number, at) for number, at in events[came:upto]]
        heaps = replay(events, resume, came) + live
        for first in range(0, len(heaps), size):
            reading.add(heaps[first : first + size])
            batch: Batch = reading.batch()
            got += [post.id for post in batch.posts]
            cursor = batch.cursor or cursor
        came = upto
    assert sorted(got) == sorted(f"at://did:plc:p/app.bsky.feed.post/3k{number}" for number, _ in events)


class Network:
    """The same events on three hosts: each sees them up to 20 s later than the first could, and counts alone."""

    def __init__(self, steps: Sequence[int], lags: Sequence[int]) -> None:
        self.times = [BASE + sum(steps[: number + 1]) for number in range(len(steps))]
        self.lags = lags

    def sends(self, host: Host, resume: Resume | None, upto: int) -> list[bytes]:
        which = [V1_HOST, *V2_HOSTS].index(host)
        seqs = [0 if which == 0 else 1_000 * which + number for number in range(upto)]
        seen = [time_us + self.lags[which] for time_us in self.times[:upto]]
        wanted = zip(range(upto), seen, seqs, strict=True)
        if resume and resume.by_seq:
            return [frame(number, at, seq=seq) for number, at, seq in wanted if seq >= resume.cursor]
        since = resume.cursor if resume else 0
        return [frame(number, at, seq=seq) for number, at, seq in wanted if at >= since]


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.integers(1, 9_000_000), min_size=1, max_size=40),
    lags=st.lists(st.integers(0, 20_000_000), min_size=3, max_size=3),
    visits=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(1, 7)), max_size=6),
)
def test_changing_hosts_loses_nothing_and_repeats_nothing(
    steps: list[int], lags: list[int], visits: list[tuple[int, int, int]]
) -> None:
    """From host to host and wire to wire, each with a clock and a count of its own: each post exactly once."""
    network, hosts = Network(steps, lags), [V1_HOST, *V2_HOSTS]
    got: list[str] = []
    cursor, came = cursor_at(at(BASE - 5_000_000)), 0
    for which, upto, size in [*visits, (0, len(steps), 3)]:
        host = hosts[which]
        came = max(came, min(upto, len(steps)))
        resume = Resume.at(host, Position.of(cursor))
        wire = V2 if host.is_v2 else V1
        reading = Reading(resume, WatchAll(), ManualClock(), host=host.name, wire=wire)
        sent = network.sends(host, resume, came)
        for first in range(0, len(sent), size):
            reading.add(sent[first : first + size])
            batch = reading.batch()
            got += [post.id for post in batch.posts]
            cursor = batch.cursor or cursor
            assert batch.gap is None
    assert sorted(got) == sorted(f"at://did:plc:p/app.bsky.feed.post/3k{n}" for n in range(len(steps)))


@pytest.mark.parametrize(
    "position",
    [
        Position(time_us=BASE),
        Position(time_us=BASE, host="127.0.0.1:80", found=("a1-_b2cd", "xx")),
        Position(time_us=BASE, host="jetstream.us-east.bsky.network", seq=24_664_288_000),
        Position(time_us=BASE, host=UNKNOWN, seq=1, found=("a1-_b2cd",)),
    ],
)
def test_the_cursor_survives_as_text(position: Position) -> None:
    """A position is the same after it was stored, with and without number, host and what was found."""
    assert position == Position.of(position.text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "v1", "v1:", "v1:12", "v2:1767603600000000", "v1:-767603600000000", "x"),
        *(
            "v2",
            "v2|h|time|1767603600000000|",
            "v2|h|time|1767603600000000|7|",
            "v2|h|seq|1767603600000000||",
        ),
        *("v2|h|seq|12|7|", "v2|h h|seq|1767603600000000|7|", "v2|h|seq|1767603600000000|1000000000000000|"),
        *("v2|h|page|1767603600000000|7|", "v2|h|seq|1767603600000000|-7|", "v3|h|seq|1767603600000000|7|"),
    ],
)
def test_text_that_is_no_cursor(text: str) -> None:
    """Nothing else is taken for a position."""
    with pytest.raises(ValueError, match="not a Jetstream cursor"):
        Position.of(Cursor(text))


def test_cursors_of_older_versions_are_still_read() -> None:
    """They name no host, so whoever is asked now may be another one."""
    position = Position.of(Cursor(f"v1:{BASE}:a1-_b2cd,xx"))
    assert position == Position(time_us=BASE, host=UNKNOWN, found=("a1-_b2cd", "xx"))
    assert BASE - ELSEWHERE // ELSEWHERE.resolution == Resume.at(V1_HOST, position).cursor


@pytest.mark.parametrize(
    ("host", "position", "by_seq", "cursor"),
    [
        (V1_HOST, Position(time_us=BASE), True, BASE - 2_000_000),
        (V1_HOST, Position(time_us=BASE, host="one.example"), True, BASE - 2_000_000),
        (V1_HOST, Position(time_us=BASE, host="one.example", seq=7), True, BASE - 60_000_000),
        (V1_HOST, Position(time_us=BASE, host="two.example", seq=7), True, BASE - 60_000_000),
        (V2_HOSTS[0], Position(time_us=BASE, host="two.example", seq=7), True, 7),
        (V2_HOSTS[0], Position(time_us=BASE, host="two.example", seq=7), False, BASE - 60_000_000),
        (V2_HOSTS[0], Position(time_us=BASE, host="two.example"), True, BASE - 60_000_000),
        (V2_HOSTS[0], Position(time_us=BASE, host="three.example", seq=7), True, BASE - 60_000_000),
        (V2_HOSTS[0], Position(time_us=BASE), True, BASE - 2_000_000),
    ],
)
def test_what_a_host_is_asked_for(host: Host, position: Position, by_seq: bool, cursor: int) -> None:
    """Its own number if it has one; else a time, a little earlier, and a minute earlier on another host."""
    assert cursor == Resume.at(host, position, by_seq=by_seq).cursor


def test_the_addresses() -> None:
    """Posts and accounts only, on either wire; the dictionary stands beside the stream."""
    v2 = Host(f"wss://h:444/xrpc/{V2_METHOD}")
    assert Host("wss://h/subscribe").page(None) == "wss://h/subscribe?wantedCollections=app.bsky.feed.post"
    assert Host("wss://h/subscribe").page(5).endswith("&cursor=5")
    assert v2.page(5, 6) == (
        f"wss://h:444/xrpc/{V2_METHOD}?collections=app.bsky.feed.post&kinds=commit&kinds=account"
        "&cursor=5&zstdDictionary=6"
    )
    assert v2.dictionary_url == "https://h:444/xrpc/network.bsky.jetstream.getZstdDictionary"
    assert ("h:444", "h") == (v2.name, Host("wss://me:secret@h/subscribe").name)


def test_what_was_found_is_named_for_a_minute_only() -> None:
    """The cursor stays short: it names what the next replay may show again, on any host, and no more."""
    reading = Reading(None, WatchAll(), SystemClock())
    for seconds in range(0, 200, 10):
        reading.add([frame(seconds, BASE + seconds * 1_000_000)])
    cursor = reading.batch().cursor
    assert cursor is not None
    assert len(Position.of(cursor).found) == 7
    assert REWIND < ELSEWHERE


def test_a_busy_window_keeps_the_cursor_short() -> None:
    """However much is found in the window, the cursor names the newest five hundred."""
    reading = Reading(None, WatchAll(), SystemClock())
    reading.add([frame(number, BASE + number) for number in range(900)])
    cursor = reading.batch().cursor
    assert cursor is not None
    assert key_of(parse(frame(899, BASE + 899))) in cursor
    assert len(Position.of(cursor).found) == 500


async def test_a_time_far_ahead_is_forgotten_like_any_other() -> None:
    """A host's clock gone wrong for one event does not make the names grow for as long as it is read."""
    clock = ManualClock(at(BASE))
    reading = Reading(None, WatchAll(), clock)
    reading.add([frame(0, 9 * 10**15)])
    for seconds in (100, 200):
        await clock.advance(100)
        reading.add([frame(seconds, BASE + seconds * 1_000_000 - 1)])
        cursor = reading.batch().cursor
        assert cursor is not None
        assert len(Position.of(cursor).found) == 1


async def test_a_position_is_due_after_five_seconds() -> None:
    """Unwanted events make a batch only after a while; a wanted one at once."""
    clock = ManualClock()
    reading = Reading(None, WatchWord("lift"), clock)
    due = []
    for number, seconds in enumerate((0, 4.9, 0.1)):
        await clock.advance(seconds)
        reading.add([frame(number, BASE)])
        due.append(reading.is_due)
    reading.batch()
    reading.add([frame(9, BASE + 1, "lift")])
    assert [*due, reading.is_due] == [False, False, True, True]


@pytest.mark.parametrize("word", ["hello", "lift"])
@pytest.mark.parametrize("host", [V1_HOST, V2_HOSTS[0]])
def test_what_is_replayed_is_counted_once(word: str, host: Host) -> None:
    """Events that come again, wanted or not, are not counted again."""
    wire, seqs = (V2, (7, 8, 9)) if host.is_v2 else (V1, (0, 0, 0))
    three = [frame(number, BASE + number, seq=seq) for number, seq in enumerate(seqs)]
    first = Reading(None, WatchWord(word), SystemClock(), host=host.name, wire=wire)
    first.add(three[:2])
    resume = Resume.at(host, Position.of(first.batch().cursor or Cursor("")))
    again = Reading(resume, WatchWord(word), SystemClock(), host=host.name, wire=wire)
    again.add(three[1:] if host.is_v2 else three)
    batch = again.batch()
    assert (batch.seen, batch.posts_seen) == (1, 1)


LIKE = {"rev": "3r", "operation": "create", "collection": "app.bsky.feed.like", "rkey": "3k", "record": {}}


@pytest.mark.parametrize("seq", [0, 700])
def test_what_is_not_decoded_still_moves_the_cursor(seq: int) -> None:
    """Commits of other collections are only counted, and the last of a heap says where reading stands."""
    likes = [
        Stored(dict(event(0, BASE + number), commit=LIKE), seq + number if seq else 0) for number in range(50)
    ]
    reading = Reading(None, WatchAll(), SystemClock(), wire=V2 if seq else V1)
    reading.add([like.text(is_v2=bool(seq)).encode() for like in likes])
    batch = reading.batch()
    assert (batch.seen, batch.posts_seen, batch.undecodable) == (50, 0, 0)
    assert Position.of(batch.cursor or Cursor("")) == Position(time_us=BASE + 49, seq=seq and seq + 49)


@pytest.mark.parametrize("is_v2", [False, True])
def test_a_like_cut_short_is_counted_as_such(is_v2: bool) -> None:
    """Half a frame of another collection, also the last one, is no event, and moves nothing."""
    like = Stored(dict(event(0, BASE), commit=LIKE), 7).text(is_v2=is_v2).encode()
    reading = Reading(None, WatchAll(), SystemClock(), wire=V2 if is_v2 else V1)
    reading.add(
        [like[:-30], like[:-4], like.replace(b'"seq":7', b'"seq":"x"').replace(str(BASE).encode(), b"5")]
    )
    batch = reading.batch()
    assert (batch.seen, batch.undecodable, batch.cursor) == (3, 3, None)


@pytest.mark.parametrize("seq", [500, 501])
def test_a_number_of_another_archive(seq: int) -> None:
    """A first event that is much older than the position comes from another archive, whatever its number."""
    host = V2_HOSTS[0]
    resume = Resume.at(host, Position(time_us=BASE, seq=500, host=host.name))
    reading = Reading(resume, WatchAll(), SystemClock(), host=host.name, wire=V2)
    with pytest.raises(OtherArchive):
        reading.add([frame(1, BASE - 3_600_000_000, seq=seq)])


def test_a_jump_in_an_exact_resume_is_a_gap() -> None:
    """Where the event of the position has gone and the next one is much younger, nobody knows what was between."""
    host = V2_HOSTS[0]
    resume = Resume.at(host, Position(time_us=BASE, seq=500, host=host.name))
    reading = Reading(resume, WatchAll(), SystemClock(), host=host.name, wire=V2)
    reading.add([frame(1, BASE + 3_600_000_000, seq=800)])
    gap = reading.batch().gap
    assert gap is not None
    assert (gap.started_at, gap.ended_at) == (at(BASE), at(BASE + 3_600_000_000))


@pytest.mark.parametrize("seq", [500, 497])
def test_the_event_of_the_position_is_no_gap_whatever_its_time(seq: int) -> None:
    """Our clock was behind, so the position's time is older than its event: nothing is missing all the same, nor
    when the host begins a little earlier than it was asked to.
    """
    host = V2_HOSTS[0]
    resume = Resume.at(host, Position(time_us=BASE, seq=500, host=host.name))
    reading = Reading(resume, WatchAll(), SystemClock(), host=host.name, wire=V2)
    late = BASE + 600_000_000
    reading.add([frame(1, late, seq=seq), frame(2, late + 1, seq=501)])
    batch = reading.batch()
    assert (None, ["3k2"]) == (batch.gap, [post.id.rpartition("/")[2] for post in batch.posts])


def test_samples_of_both_wires_say_the_same() -> None:
    """An event is the same post, with the same name in the cursor, whichever wire it came over."""
    both = [frame(1, BASE), frame(1, BASE, seq=9)]
    cursors = []
    for wire, sent in zip((V1, V2), both, strict=True):
        reading = Reading(None, WatchAll(), SystemClock(), wire=wire)
        reading.add([sent])
        batch = reading.batch()
        cursors.append(Position.of(batch.cursor or Cursor("")).found)
        assert json.loads(sent)
        assert [post.text for post in batch.posts] == ["hello"]
    assert cursors[0] == cursors[1]


def test_a_batch_tells_how_far_it_has_observed() -> None:
    """By the time of the newest event, wanted or not, never ahead of our clock; before the first: its start."""
    clock = ManualClock(at(BASE + 10_000_000))
    reading = Reading(Resume.at(V1_HOST, Position(time_us=BASE)), WatchWord("nobody says this"), clock)
    assert reading.batch().observed_to == at(BASE)
    reading.add([frame(1, BASE + 7), frame(2, BASE + 3)])
    assert (reading.batch().observed_to, reading.batch().cursor) == (at(BASE + 7), None)
    reading.add([frame(3, BASE + 99_000_000)])
    assert reading.batch().observed_to == clock.now()
    assert Reading(None, WatchAll(), clock).batch().observed_to is None
