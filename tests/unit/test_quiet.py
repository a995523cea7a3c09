"""Quiet hours, digests at set times and the periods of budgets, by the clocks of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import marks
from bot.hours import Hours, Shift
from bot.marks import Marks
from bot.noise import AlertBudget, Digest, Noise
from bot.quiet import LONGEST, Quiet, until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (Shift(time(22), time(7)),)


def night(**more: frozenset[str]) -> Quiet:
    return Quiet(hours=Hours(BERLIN, (NIGHT,) * 7), **more)


def berlin(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (berlin(24, 21, 59), None),
        (berlin(24, 22), berlin(25, 7)),
        (berlin(25, 3), berlin(25, 7)),
        (berlin(25, 7), None),
    ],
)
def test_a_night_spans_midnight(at: datetime, ends: datetime | None) -> None:
    """From its first instant to before its last."""
    assert ends == until([night()], at)


def test_the_night_on_which_clocks_change() -> None:
    """It ends at seven by the clocks: an hour later in autumn, an hour sooner in spring."""
    autumn, spring = berlin(24, 22, month=10), berlin(28, 22, month=3)
    ends = [until([night()], at) for at in (autumn, spring)]
    assert [berlin(25, 7, month=10), berlin(29, 7, month=3)] == ends
    took = [
        (end or at).astimezone(UTC) - at.astimezone(UTC)
        for at, end in zip((autumn, spring), ends, strict=True)
    ]
    assert [timedelta(hours=10), timedelta(hours=8)] == took


def test_quiet_hours_that_overlap_end_with_the_last() -> None:
    """A weekend joins the night before and after it."""
    weekend = Quiet(hours=Hours(BERLIN, ((),) * 5 + ((Shift(time(), time()),),) * 2))
    friday_night = berlin(27, 23)
    assert berlin(30, 7) == until([night(), weekend], friday_night)


def test_what_never_ends_ends_after_a_week() -> None:
    """Somebody must hear of it one day."""
    always = Quiet(hours=Hours(BERLIN, ((Shift(time(), time()),),) * 7))
    assert berlin(25, 3) + LONGEST == until([always], berlin(25, 3))


def test_for_whom_it_is_quiet() -> None:
    """Channels and routes both count where both are named; none named: all."""
    noise = Noise(quiet=(night(channels=frozenset({"telegram:care"}), routes=frozenset({"care"})),))
    at = berlin(25, 3)
    places = [("telegram:care", "care"), ("telegram:care", "desk"), ("email:care", "care")]
    assert [True, False, False] == [noise.quiet_until(*one, at) is not None for one in places]
    assert Noise(quiet=(night(),)).quiet_until("console", None, at) == berlin(25, 7)
    assert Noise().quiet_until("console", None, at) is None


def test_set_times_of_a_day() -> None:
    """The next one, on the days that are named, never the instant itself."""
    at_work = Marks(BERLIN, ((time(9), time(17)),) * 5 + ((),) * 2)
    assert berlin(24, 17) == at_work.after(berlin(24, 9))
    assert berlin(30, 9) == at_work.after(berlin(27, 17))
    assert berlin(27, 17) == at_work.before(berlin(29, 12))
    assert berlin(27, 17) == at_work.before(berlin(27, 17))


def test_a_time_that_never_comes_and_one_that_comes_twice() -> None:
    """At half past two: once on each of these nights."""
    half_past_two = Marks(BERLIN, ((time(2, 30),),) * 7)
    spring = half_past_two.after(berlin(28, 12, month=3))
    assert berlin(29, 3, month=3) == spring
    assert berlin(30, 2, 30, month=3) == half_past_two.after(spring)
    autumn = half_past_two.after(berlin(24, 12, month=10))
    assert berlin(25, 2, 30, month=10) == autumn
    assert berlin(26, 2, 30, month=10) == half_past_two.after(autumn)


def test_every_so_often_from_midnight() -> None:
    """A length that does not divide the day begins anew with the day."""
    by_seven = marks.each(timedelta(hours=7), BERLIN)
    seen, at = [], berlin(24, 0)
    for _ in range(5):
        seen.append(at.astimezone(BERLIN).hour)
        at = by_seven.after(at)
    assert [0, 7, 14, 21, 0] == seen
    assert berlin(25, 0) == marks.each(timedelta(days=1), BERLIN).after(berlin(24, 5))


def test_shifts_that_touch_are_two() -> None:
    """A budget begins anew with each; what lies between two shifts is a stretch of its own."""
    touching = marks.ends({(0, 1): (Shift(time(6), time(14)), Shift(time(14), time(22)))}, BERLIN)
    assert (berlin(24, 6), berlin(24, 14)) == (touching.before(berlin(24, 7)), touching.after(berlin(24, 7)))
    assert (berlin(24, 14), berlin(24, 22)) == (
        touching.before(berlin(24, 14)),
        touching.after(berlin(24, 14)),
    )
    assert (berlin(24, 22), berlin(30, 6)) == (touching.before(berlin(28, 3)), touching.after(berlin(28, 3)))
    overnight = marks.ends({(6,): (Shift(time(22), time(6)),)}, BERLIN)
    assert (berlin(29, 22), berlin(30, 6)) == (
        overnight.before(berlin(30, 1)),
        overnight.after(berlin(30, 1)),
    )


@given(
    st.integers(0, 366 * 24 * 60),
    st.lists(
        st.lists(st.times().map(lambda one: one.replace(second=0, microsecond=0)), max_size=3),
        min_size=7,
        max_size=7,
    ),
)
def test_marks_follow_each_other(minute: int, week: list[list[time]]) -> None:
    """Between the last and the next there is none, and time always lies between them."""
    if not any(week):
        week[0] = [time(9)]
    some = Marks(BERLIN, tuple(tuple(one) for one in week))
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    began, ends = some.before(at), some.after(at)
    assert began <= at < ends
    assert (ends, began) == (some.after(began), some.before(ends - timedelta(microseconds=1)))


def test_marks_need_a_time() -> None:
    """Else nothing would ever go out."""
    with pytest.raises(ValueError, match="seven days"):
        Marks(BERLIN, ((),) * 7)


def test_the_first_digest_that_fits_and_the_budget_that_names_a_channel() -> None:
    """A budget for every channel gives way to one for this."""
    daily = marks.each(timedelta(days=1), BERLIN)
    press = Digest(marks=daily, routes=frozenset({"press"}))
    rest, own = (
        AlertBudget(alerts=20, marks=daily),
        AlertBudget(alerts=5, marks=daily, channels=frozenset({"console"})),
    )
    noise = Noise(digests=(press,), budgets=(rest, own))
    assert (press, None) == (noise.digest("console", "press"), noise.digest("console", "care"))
    assert (own, rest) == (noise.budget("console"), noise.budget("telegram:care"))
    assert Noise().budget("console") is None
