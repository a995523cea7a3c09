"""Counters in event time, against a list of everything that was ever counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.counting import Counts, Event
from bot.measured import Counted, Tally, Window

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
TEN = Window(name="ten", length=timedelta(minutes=10))
SPIKE = Window(name="spike", length=timedelta(minutes=15), against=timedelta(days=14))

said = st.tuples(
    st.integers(0, 3600), st.sampled_from(["x", "y"]), st.sampled_from([None, "a", "b", "c"]), st.booleans()
)


def tally(*windows: Window, group: str = "", value: str | None = None, counts: bool = True) -> Tally:
    return Tally(counter="c", group=group, windows=windows, counts=counts, value=value)


def at(**after: float) -> datetime:
    return BEGIN + timedelta(**after)


@given(st.lists(said, max_size=60))
def test_a_rate_is_what_a_list_of_all_gives(posts: list[tuple[int, str, str | None, bool]]) -> None:
    """Whatever the order of times: those of the last ten minutes, each value once, each without one."""
    counts = Counts()
    every: list[tuple[datetime, str, str | None]] = []
    for number, (second, group, value, is_counted) in enumerate(posts):
        now = at(seconds=second)
        one = tally(TEN, group=group, value=value, counts=is_counted)
        read, new = counts.take("acme", f"p{number}", now, [one])
        every += [(now, group, value)] if is_counted else []
        there = [v for t, g, v in every if g == group and now - TEN.length < t <= now]
        assert Counted(now=there.count(None) + len(set(there) - {None})) == read["ten"]
        assert len(new) == is_counted


def test_what_is_read_again_counts_once() -> None:
    """A batch that was not committed is read again, by the same program."""
    counts = Counts()
    for _ in range(3):
        read, new = counts.take("acme", "p1", BEGIN, [tally(TEN)])
    assert Counted(now=1) == read["ten"]
    assert ["p1"] == [event.key for event in new]


def test_brands_groups_and_counters_are_apart() -> None:
    """The same post may concern two brands; each counts for itself."""
    counts = Counts()
    for brand, group, post in (("acme", "x", "p1"), ("acme", "y", "p2"), ("globex", "x", "p1")):
        read, _ = counts.take(brand, post, BEGIN, [tally(TEN, group=group)])
        assert Counted(now=1) == read["ten"]


def filled(events: Iterable[tuple[datetime, int]], since: datetime) -> Counts:
    counts = Counts()
    counts.fill(
        (
            Event(counter="c", brand="acme", group="", value=None, at=moment, key=f"{moment}{n}")
            for moment, count in events
            for n in range(count)
        ),
        {"c": since},
    )
    return counts


def test_a_spike_is_compared_with_the_same_hour_of_the_same_weekday() -> None:
    """Eight in that hour a week ago and none two weeks ago: one in a quarter of an hour is usual."""
    now = at(days=20, hours=9)
    before = [(now - timedelta(days=7, minutes=20), 8), (now - timedelta(days=6), 100), (now, 11)]
    counts = filled(before, since=BEGIN)
    read, _ = counts.take("acme", "p", now, [tally(SPIKE)])
    assert Counted(now=12, usual=1.0) == read["spike"]


def test_a_spike_within_days_and_within_hours() -> None:
    """With less than a week, the same hour of the days before; with less than a day, all the time before."""
    now = at(days=20, hours=9)
    days = Window(name="days", length=timedelta(hours=1), against=timedelta(days=2))
    hours = Window(name="hours", length=timedelta(minutes=30), against=timedelta(hours=4))
    counts = filled([(now - timedelta(days=1), 6), (now - timedelta(hours=2), 16)], since=BEGIN)
    read, _ = counts.take("acme", "p", now, [tally(days, hours)])
    assert (3.0, 2.0) == (read["days"].usual, read["hours"].usual)


def test_until_there_is_a_whole_stretch_to_compare_with_nothing_is_usual() -> None:
    """What was not counted is not quiet."""
    now = at(days=14, minutes=30)
    counts = filled([], since=BEGIN)
    assert counts.take("acme", "p", now, [tally(SPIKE)])[0]["spike"].usual is None
    later = now + timedelta(minutes=30)
    assert 0.0 == counts.take("acme", "q", later, [tally(SPIKE)])[0]["spike"].usual


def test_what_is_older_than_every_window_is_let_go_of() -> None:
    """A counter that has run for a month holds no month."""
    counts = Counts()
    for hour in range(24 * 30):
        for n in range(10):
            counts.take("acme", f"{hour} {n}", at(hours=hour), [tally(TEN)])
    [line] = counts._lines.values()
    assert len(line.times) < 24 * 10 * 6


def test_counters_of_other_rules_go() -> None:
    """After a reload only those of the new set are kept, with their numbers."""
    counts = Counts({"c": BEGIN, "old": BEGIN})
    counts.take("acme", "p1", at(days=1), [tally(TEN)])
    counts.add(Event(counter="old", brand="acme", group="", value=None, at=at(days=1), key="p1"))
    counts.keep(["c"])
    assert {"c": BEGIN} == counts.since
    assert {("c", "acme", "")} == set(counts._lines)
    assert Counted(now=2) == counts.take("acme", "p2", at(days=1), [tally(TEN)])[0]["ten"]
