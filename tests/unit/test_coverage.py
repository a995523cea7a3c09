"""Intervals and holes as pure values; what is told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import coverage
from bot.errors import Reason
from bot.listener import Listening
from bot.metrics import Metrics
from bot.status import SourceStatus
from bot.store.coverage import Coverage, Interval, union, without

NOW = datetime(2026, 1, 5, 11, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

_point = st.integers(0, 40)
_interval = st.tuples(_point, _point).map(lambda ends: (min(ends), max(ends)))
_news = st.lists(st.tuples(_interval, st.sampled_from("abc")), min_size=1, max_size=8)


def points(intervals: tuple[Interval, ...] | dict[Interval, str]) -> set[int]:
    """Every second that is inside, each as the segment after it; points of no length are none."""
    return {point for start, end in intervals for point in range(start, end)}


@given(_news)
def test_intervals_and_gaps_are_what_was_observed_and_the_rest(news: list[tuple[Interval, str]]) -> None:
    """In any order: the union and nothing else, apart from each other; each hole has one gap, and no more."""
    there = Coverage(gaps={})
    for interval, reason in news:
        there = there.observed(interval, reason)
    observed = {point for (start, end), _ in news for point in range(start, end)}
    first, last = min(i[0] for i, _ in news), max(i[1] for i, _ in news)
    assert points(there.intervals) == observed
    assert points(there.gaps) == set(range(first, last)) - observed
    assert sum(end - start for start, end in there.gaps) == len(points(there.gaps))
    ends = [end for _, end in there.intervals[:-1]]
    assert sorted(there.gaps) == list(zip(ends, [start for start, _ in there.intervals[1:]], strict=True))


@given(st.lists(_interval, max_size=8), st.randoms())
def test_the_order_of_intervals_does_not_matter(intervals: list[Interval], chance: object) -> None:
    """The same intervals in another order are the same coverage."""
    shuffled = list(intervals)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert union(intervals) == union(shuffled) == union(union(intervals))


def test_a_hole_keeps_its_first_reason() -> None:
    """Filled in the middle it becomes two of the same reason; a later hole has its own."""
    there = (
        Coverage(gaps={}).observed((0, 10), "").observed((20, 30), "down").observed((40, 50), "cursor_lost")
    )
    assert there.gaps == {(10, 20): "down", (30, 40): "cursor_lost"}
    assert there.observed((14, 16), "x").gaps == {(10, 14): "down", (16, 20): "down", (30, 40): "cursor_lost"}
    assert there.observed((5, 35), "x").gaps == {(35, 40): "cursor_lost"}


@pytest.mark.parametrize(
    ("filled", "left"),
    [
        ([], ((10, 20),)),
        ([(0, 10), (20, 30)], ((10, 20),)),
        ([(0, 12), (15, 15), (18, 40)], ((12, 15), (15, 18))),
        ([(5, 25)], ()),
        ([(30, 40)], ((10, 20),)),
    ],
)
def test_what_is_left_of_a_hole(filled: list[Interval], left: tuple[Interval, ...]) -> None:
    """A touch takes nothing away."""
    assert without((10, 20), filled) == left


# --- what is told -----------------------------------------------------------------------------------


def stored(*, hours: float = 48, to: float = 0, missed: float = 0) -> SourceStatus:
    return SourceStatus(
        name="bluesky",
        cursor=None,
        updated_at=None,
        observed_from=NOW - timedelta(hours=hours),
        observed_to=NOW - timedelta(minutes=to),
        missed=timedelta(minutes=missed),
    )


def told(state: Listening, of: SourceStatus | None) -> str:
    return coverage.told(state, of, now=NOW, zone=BERLIN)


def test_an_outage_is_told_while_it_lasts() -> None:
    """Since when, in the team's time zone, and why; this life's own position wins over the stored one."""
    down = Listening(name="bluesky", reason=Reason.CONNECTION, message="cannot connect to x")
    assert told(down, stored(to=28)) == ("cannot connect to x; not listening since 11:32 CET (connection)")
    later = Listening(
        name="bluesky", reason=Reason.TIMEOUT, message="no event", observed_to=NOW - timedelta(minutes=1)
    )
    assert told(later, stored(to=28)) == "no event; not listening since 11:59 CET (timeout)"
    assert told(down, None) == "cannot connect to x"
    assert told(Listening(name="bluesky"), stored()) == "not heard of yet"


def test_catching_up_is_told() -> None:
    """Events come and are old; a quiet platform has nothing to catch up with."""
    busy = Listening(name="bluesky", is_connected=True, last_event_at=NOW)
    quiet = Listening(name="bluesky", is_connected=True, last_event_at=NOW - timedelta(hours=2))
    assert told(busy, stored(to=125)) == "catching up, 2h 5m behind"
    assert (told(busy, stored(to=0.5)), told(quiet, stored(to=125))) == ("", "")


@pytest.mark.parametrize(
    ("of", "connected", "ratio", "behind"),
    [
        (stored(), True, 1.0, 0),
        (stored(missed=144), True, 0.9, 0),
        (stored(to=144, missed=144), False, 0.8, 8640),
        (stored(to=144), True, 1.0, 8640),
        (stored(hours=1, to=15), False, 0.75, 900),
        (stored(to=3000), False, 0.0, 180_000),
        (stored(hours=0), True, 1.0, 0),
    ],
)
def test_the_gauges(of: SourceStatus, ratio: float, behind: float, *, connected: bool) -> None:
    """Gaps and the outage that lasts, out of a day or of the time since the first start."""
    metrics = Metrics()
    coverage.gauge(metrics, Listening(name="bluesky", is_connected=connected), of, now=NOW)
    shown = metrics.render().decode()
    assert f'outcare_coverage_ratio{{source="bluesky"}} {ratio}' in shown
    (line,) = [one for one in shown.splitlines() if one.startswith("outcare_source_behind_seconds{")]
    assert float(line.split()[-1]) == behind


def test_what_never_observed_anything_has_no_gauge() -> None:
    """A number would be a lie."""
    metrics = Metrics()
    coverage.gauge(metrics, Listening(name="bluesky"), None, now=NOW)
    assert "outcare_coverage_ratio{" not in metrics.render().decode()
