"""Who is on call: equal to looking at every minute, on random rotations around changes of the clocks."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.hours import NEVER, Hours, Shift, reached
from bot.oncall import Cover, Layer, OnCall, Rotation
from tests.unit.test_hours import CHANGES, DAY, MINUTE, at, plainly_open, random_time, shift

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = 2 * 1440


def weekly(*people: str, **more: object) -> Layer:
    return Layer(people=people, zone=BERLIN, starts=date(2026, 11, 23), **more)  # type: ignore[arg-type]


def rotation(*layers: Layer, name: str = "care") -> Rotation:
    return Rotation(name=name, layers=layers)


def cover(person: str, since: str, until: str, ordered: str = "2026-11-23T08:00") -> Cover:
    return Cover(
        rotation="care", person=person, since=at(since), until=at(until), by="li", ordered_at=at(ordered)
    )


def random_layer(dice: random.Random, zone: ZoneInfo, near: date) -> Layer:
    week = tuple(
        tuple(shift_of(dice) for _ in range(dice.choice((0, 1, 2)))) for _ in range(7)
    )  # some days have none
    return Layer(
        people=tuple(dice.choice("abc") for _ in range(dice.randrange(1, 4))),
        zone=zone,
        starts=near + DAY * dice.randrange(-9, 2),
        at=random_time(dice),
        days=dice.choice((1, 1, 7)),
        hours=dice.choice((None, Hours(zone=zone, week=week))),
    )


def shift_of(dice: random.Random) -> Shift:
    since, until = random_time(dice), random_time(dice)
    return shift(f"{since:%H:%M}-{until:%H:%M}")


def plainly(one: Rotation, covers: list[Cover], first: datetime, minutes: int) -> list[str | None]:
    """Who is on call in each minute: by the latest time that the clocks on the wall ever showed."""
    latest: dict[int, datetime] = {}
    found: list[str | None] = []
    for minute in (first + MINUTE * (n - 2 * 1440) for n in range(minutes + 2 * 1440)):
        there: str | None = None
        for number, layer in enumerate(one.layers):
            wall = minute.astimezone(layer.zone).replace(tzinfo=None)
            latest[number] = max(wall, latest.get(number, wall))
            since = latest[number] - datetime.combine(layer.starts, layer.at)
            turn = since // timedelta(days=layer.days)
            is_there = turn >= 0 and (layer.hours is None or plainly_open(layer.hours, minute))
            if there is None and is_there:
                there = layer.people[turn % len(layer.people)]
        for each in sorted(covers, key=lambda each: each.ordered_at):
            there = each.person if each.since <= minute < each.until else there
        if minute >= first:
            found.append(there)
    return found


def random_covers(dice: random.Random, first: datetime) -> list[Cover]:
    covers = []
    for number in range(dice.choice((0, 0, 1, 2))):
        since = first + MINUTE * dice.randrange(-600, WINDOW)
        covers.append(
            Cover(
                rotation="care",
                person=dice.choice("bcd"),
                since=since,
                until=since + MINUTE * dice.randrange(1, 900),
                by="d",
                ordered_at=first + MINUTE * number,
            )
        )
    return covers


def test_random_rotations_equal_looking_at_every_minute() -> None:
    """Zones, layers, hours, hand-overs at a time that never comes or comes twice, people who cover."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for _ in range(60):
        zone, day = dice.choice(CHANGES)
        near = date.fromisoformat(day)
        layers = [random_layer(dice, ZoneInfo(zone), near) for _ in range(dice.choice((1, 2)))]
        one = rotation(*layers)
        first = datetime.combine(near, time(), UTC) - DAY
        covers = random_covers(dice, first)
        minutes = plainly(one, covers, first, WINDOW)
        for start in (0, *sorted(dice.sample(range(WINDOW), 20))):
            told = f"seed {seed}: {one} {covers} at {first + MINUTE * start}"
            check(one, covers, minutes, first, start, told)


def check(
    one: Rotation, covers: list[Cover], minutes: list[str | None], first: datetime, start: int, told: str
) -> None:
    """One instant against the minutes: who, until when, who then."""
    duty = one.duty(first + MINUTE * start, covers)
    assert duty.person == minutes[start], told
    later = range(start, len(minutes))
    end = next((n for n in later if minutes[n] != minutes[start]), None)
    if end is None:
        assert duty.until >= first + MINUTE * len(minutes), told
        return
    assert duty.until == first + MINUTE * end, told
    then = next((n for n in range(end, len(minutes)) if minutes[n] is not None), None)
    if then is None:
        assert duty.then_at is None or duty.then_at >= first + MINUTE * len(minutes), told
    else:
        assert (duty.then, duty.then_at) == (minutes[then], first + MINUTE * then), told


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-03-29T02:30", "2026-03-29T01:00+00:00"),  # never comes: when the clocks jump
        ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),  # comes twice: the first time
        ("2026-11-23T09:00", "2026-11-23T08:00+00:00"),
    ],
)
def test_when_a_time_is_reached(wall: str, instant: str) -> None:
    """A hand-over happens once, also when the clocks change."""
    assert datetime.fromisoformat(instant) == reached(BERLIN, datetime.fromisoformat(wall))


def test_a_week_is_handed_over_on_its_first_morning() -> None:
    """Nobody before the first; then each in turn, and the first again."""
    care = rotation(weekly("anna", "ben"))
    before = care.duty(at("2026-11-20T12:00"))
    assert (None, at("2026-11-23T09:00"), "anna") == (before.person, before.until, before.then)
    first = care.duty(at("2026-11-23T09:00"))
    assert ("anna", at("2026-11-30T09:00"), "ben") == (first.person, first.until, first.then)
    assert care.person(at("2026-12-07T09:00")) == "anna"


def test_a_layer_below_counts_when_nobody_above_is_there() -> None:
    """By day one of the team, by night the lead."""
    day = Hours(zone=BERLIN, week=((shift("09:00-18:00"),),) * 7)
    care = rotation(weekly("anna", "ben", hours=day), weekly("li"))
    noon, night = care.duty(at("2026-11-24T12:00")), care.duty(at("2026-11-24T20:00"))
    assert ("anna", at("2026-11-24T18:00"), "li") == (noon.person, noon.until, noon.then)
    assert ("li", at("2026-11-25T09:00"), "anna") == (night.person, night.until, night.then)


def test_who_is_alone_is_on_call_for_good() -> None:
    """No end is looked for that does not come."""
    duty = rotation(weekly("anna")).duty(at("2026-11-24T12:00"))
    assert ("anna", NEVER, None) == (duty.person, duty.until, duty.then)


def test_of_two_who_cover_the_one_named_last_counts() -> None:
    """And then the one before again, and then the rotation."""
    care = rotation(weekly("anna"))
    covers = (
        cover("ben", "2026-11-24T12:00", "2026-11-24T20:00"),
        cover("li", "2026-11-24T14:00", "2026-11-24T16:00", "2026-11-24T13:00"),
    )
    hours = ("11:59", "12:00", "14:00", "16:00", "20:00")
    assert ["anna", "ben", "li", "ben", "anna"] == [
        care.person(at(f"2026-11-24T{hour}"), covers) for hour in hours
    ]
    assert rotation(weekly("anna"), name="press").person(at("2026-11-24T12:00"), covers) == "anna"


def test_which_rotation_is_for_a_route() -> None:
    """The one that names it, else the one that names none."""
    press = Rotation(name="press", layers=(weekly("li"),), routes=("press",))
    care = rotation(weekly("anna"))
    both = OnCall(rotations={"press": press, "care": care})
    assert [press, care] == [both.rotation("press"), both.rotation("sales")]
    assert OnCall(rotations={"press": press}).rotation("sales") is None
