"""Shifts: each change is told once, none is missed, and what was slept through is told as the last of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot import handing_over
from bot.briefing import Due
from bot.handing_over import Book, due_of
from bot.hours import Hours
from bot.mornings import Morning
from bot.oncall import Cover, Rotation
from bot.shifts import Posting, Roster, ended_at
from bot.wishes import Effect
from tests.unit.test_hours import CHANGES, DAY, MINUTE, at, shift
from tests.unit.test_oncall import (
    BERLIN,
    WINDOW,
    cover,
    plainly,
    random_covers,
    random_layer,
    rotation,
    weekly,
)


class Teller:
    """What the store does with the rows, in memory."""

    def __init__(self, roster: Roster, covers: tuple[Cover, ...] = ()) -> None:
        self.roster, self.covers, self.book = roster, covers, Book()

    def tell(self, now: datetime) -> tuple[Effect, ...]:
        due_at = handing_over.due_at(self.roster, self.book, self.covers)
        if due_at is None or due_at > now:
            return ()
        step = handing_over.step(self.roster, self.book, self.covers, now)
        self.book = Book(
            rotations={**self.book.rotations, **step.book.rotations},
            people={**self.book.people, **step.book.people},
        )
        return step.effects


def care(one: Rotation, **more: object) -> Roster:
    posting = Posting(rotation=one, routes=("default",), channels={"default": "chat:care"})
    return Roster(postings=(posting,), lobby="chat:all", **more)  # type: ignore[arg-type]


def due(effect: Effect) -> Due:
    found = due_of(effect.payload)
    assert found is not None
    return found


def hand_overs(effects: tuple[Effect, ...]) -> list[tuple[str | None, str]]:
    return [(due(one).before, due(one).person) for one in effects if one.key.startswith("hand-over:")]


def plain_hand_overs(there: list[str | None]) -> list[tuple[int, str, str]]:
    """In which minute somebody else begins than had it last, nights without anybody left out."""
    found, last = [], there[0]
    for minute, person in enumerate(there):
        if person is not None and last is not None and person != last:
            found.append((minute, last, person))
        last = person or last
    return found


def test_random_rotations_tell_each_change_once() -> None:
    """Woken when something is due, as the daemon is, with restarts in between: as looking at every minute."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for _ in range(25):
        zone, day = dice.choice(CHANGES)
        near = date.fromisoformat(day)
        one = rotation(*(random_layer(dice, ZoneInfo(zone), near) for _ in range(dice.choice((1, 2)))))
        first = datetime.combine(near, time(), UTC) - DAY
        covers = [
            replace(cover, ordered_at=first - MINUTE * (9 - n))
            for n, cover in enumerate(random_covers(dice, first))
        ]
        expected = plain_hand_overs(plainly(one, covers, first, WINDOW))
        teller = Teller(care(one), tuple(covers))
        now, told = first, []
        while now < first + MINUTE * WINDOW:
            told += [((now - first) // MINUTE, *pair) for pair in hand_overs(teller.tell(now))]
            assert () == teller.tell(now), f"seed {seed}: told twice"
            due_at = handing_over.due_at(teller.roster, teller.book, teller.covers)
            assert due_at is None or due_at > now, f"seed {seed}"
            now = min(due_at or now + DAY, now + DAY)
        assert expected == told, f"seed {seed}: {one} {covers} from {first}"


def test_what_was_slept_through_is_told_as_the_last_of_it() -> None:
    """Random sleeps: what is told ends at who is on call now, and nobody is told of a turn that is over."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for _ in range(25):
        zone, day = dice.choice(CHANGES)
        near = date.fromisoformat(day)
        one = rotation(random_layer(dice, ZoneInfo(zone), near), random_layer(dice, ZoneInfo(zone), near))
        first = datetime.combine(near, time(), UTC) - DAY
        there = plainly(one, [], first, WINDOW)
        teller = Teller(care(one, direct={"a": "chat:@1", "b": "chat:@2", "c": "chat:@3"}))
        now, before = first, there[0]
        while (minute := (now - first) // MINUTE) < WINDOW:
            effects = teller.tell(now)
            assert len(hand_overs(effects)) <= 1, f"seed {seed}"
            for effect in effects:
                assert there[minute] == due(effect).person, f"seed {seed}: over already"
                assert due(effect).until > now, f"seed {seed}"
            if there[minute] is not None and before not in {None, there[minute]}:
                assert [there[minute]] == [who for _, who in hand_overs(effects)], f"seed {seed}: missed"
            before = there[minute] or before
            now += MINUTE * dice.randrange(1, 900)


def test_who_took_over_and_begins_again_in_one_sleep_is_told_as_taking_over() -> None:
    """Ben's first morning was slept through; what staff knows is that Anna had it."""
    day = Hours(zone=BERLIN, week=((shift("09:00-17:00"),),) * 7)
    teller = Teller(care(rotation(replace(weekly("anna", "ben"), hours=day))))
    assert () == teller.tell(at("2026-11-27T12:00"))
    effects = teller.tell(at("2026-12-01T12:00"))
    assert [("anna", "ben")] == hand_overs(effects)


def test_a_hand_over_names_both_and_since_when() -> None:
    """Once to each channel of its routes, and with the rest to the person who comes, where they can be told alone."""
    one = rotation(weekly("anna", "ben"))
    posting = Posting(
        rotation=one,
        routes=("default", "press", "shop"),
        channels={"default": "chat:care", "press": "chat:press", "shop": "chat:care"},
    )
    teller = Teller(Roster(postings=(posting,), direct={"ben": "chat:@2"}))
    assert () == teller.tell(at("2026-11-23T09:00"))
    assert () == teller.tell(at("2026-11-30T08:59"))
    effects = teller.tell(at("2026-11-30T09:00"))
    assert ["chat:care", "chat:press", "chat:@2"] == [effect.channel for effect in effects]
    assert ["default", "press", None] == [effect.route for effect in effects]
    assert Due(
        person="ben",
        before="anna",
        since=at("2026-11-23T09:00"),
        until=at("2026-12-07T09:00"),
        rotation="care",
        routes=("default", "press", "shop"),
        is_summary=True,
    ) == due(effects[0])
    assert not due(effects[2]).is_summary
    assert "chat:care" == effects[2].payload["instead"]
    assert () == teller.tell(at("2026-11-30T09:01"))


def test_the_next_morning_is_no_hand_over() -> None:
    """The same person after a night without anybody: a card of theirs, and their time goes on."""
    office = rotation(replace(weekly("anna", "ben"), hours=_office()))
    teller = Teller(care(office))
    teller.tell(at("2026-11-23T10:00"))
    assert () == teller.tell(at("2026-11-23T18:00"))
    [card] = teller.tell(at("2026-11-24T09:00"))
    assert ("chat:care", None, "anna") == (card.channel, due(card).before, due(card).person)
    assert at("2026-11-23T18:00") == due(card).away_since
    [summary] = [one for one in tell_until(teller, at("2026-11-30T09:00")) if due(one).before]
    assert at("2026-11-23T10:00") == due(summary).since


def _office() -> Hours:
    day = (shift("09:00-18:00"),)
    return Hours(zone=BERLIN, week=(day,) * 5 + ((), ()))


def tell_until(teller: Teller, end: datetime) -> list[Effect]:
    found: list[Effect] = []
    while (now := handing_over.due_at(teller.roster, teller.book, teller.covers)) is not None and now <= end:
        found += teller.tell(now)
    return found


def test_somebody_covers_and_ends_it() -> None:
    """Nobody covered before it was said; and who had it before takes over again, without a plan that said so."""
    teller = Teller(care(rotation(weekly("anna"))))
    teller.tell(at("2026-11-24T09:00"))
    teller.covers = (cover("ben", "2026-11-24T00:00", "2026-11-24T22:00", ordered="2026-11-24T15:00"),)
    [there] = teller.tell(at("2026-11-24T15:01"))
    assert ("anna", "ben", at("2026-11-24T22:00")) == (due(there).before, due(there).person, due(there).until)
    assert "hand-over:care:2026-11-24T14:00:00+00:00:anna>ben:chat:care" == there.key
    teller.covers = ()
    [back] = teller.tell(at("2026-11-24T16:00"))
    assert ("ben", "anna") == (due(back).before, due(back).person)


def test_another_configuration_is_no_change_of_yesterday() -> None:
    """What is known is an hour old at most: hours that are new tell nothing of the days before."""
    teller = Teller(care(rotation(weekly("anna"))))
    teller.tell(at("2026-11-23T10:00"))
    assert [] == tell_until(teller, at("2026-11-24T12:30"))
    night = rotation(replace(weekly("anna"), hours=_office()), weekly("li"))
    teller.roster = care(night)
    assert () == teller.tell(at("2026-11-24T12:31"))


# --- mornings ------------------------------------------------------------------------------------


def morning(clock: str, *, zone: ZoneInfo = BERLIN, days: tuple[int, ...] = tuple(range(7))) -> Morning:
    wanted = time.fromisoformat(clock)
    return Morning(person="anna", zone=zone, week=tuple(wanted if day in days else None for day in range(7)))


@pytest.mark.parametrize(
    ("clock", "instants"),
    [
        ("02:30", ["2026-03-28T01:30+00:00", "2026-03-29T01:00+00:00", "2026-03-30T00:30+00:00"]),
        ("08:30", ["2026-03-28T07:30+00:00", "2026-03-29T06:30+00:00", "2026-03-30T06:30+00:00"]),
    ],
)
def test_a_morning_when_the_clocks_jump(clock: str, instants: list[str]) -> None:
    """Once each day, at a time that never comes too."""
    assert instants == mornings(morning(clock), "2026-03-28T00:00", 3)


def test_a_morning_that_comes_twice() -> None:
    """The first time alone."""
    found = mornings(morning("02:30"), "2026-10-24T12:00", 2)
    assert ["2026-10-25T00:30+00:00", "2026-10-26T01:30+00:00"] == found


def mornings(one: Morning, since: str, count: int) -> list[str]:
    """As instants, each found from the one before; and looking back finds the same."""
    found, now = [], at(since)
    for _ in range(count):
        now = one.following(now)
        assert now == one.newest(now) == one.newest(now + MINUTE)
        found.append(f"{now.astimezone(UTC):%Y-%m-%dT%H:%M}+00:00")
    return found


def test_weekdays_alone() -> None:
    """From Friday to Monday."""
    one = morning("08:30", days=(0, 1, 2, 3, 4))
    assert at("2026-11-23T08:30") == one.following(at("2026-11-20T08:30"))
    with pytest.raises(ValueError, match="seven days"):
        morning("08:30", days=())


def test_a_morning_card_once_a_day() -> None:
    """At the first sight nothing; late within the working day; not any more after it."""
    teller = Teller(Roster(mornings=(morning("08:30"),), direct={"anna": "chat:@1"}, lobby="chat:all"))
    assert () == teller.tell(at("2026-11-23T08:30"))
    assert () == teller.tell(at("2026-11-24T08:29"))
    [card] = teller.tell(at("2026-11-24T08:30"))
    assert ("morning:anna:2026-11-24:chat:@1", "chat:@1") == (card.key, card.channel)
    assert () == teller.tell(at("2026-11-24T08:31"))
    [late] = teller.tell(at("2026-11-26T16:29"))  # two mornings slept through: the last one counts
    assert at("2026-11-26T16:30") == due(late).until
    assert () == teller.tell(at("2026-11-27T16:31"))
    assert ["morning:anna:2026-11-28:chat:@1"] == [one.key for one in teller.tell(at("2026-11-28T08:30"))]


def test_a_morning_and_a_turn_make_one_card() -> None:
    """Half an hour apart they would tell the same."""
    office = rotation(replace(weekly("anna"), hours=_office()))
    teller = Teller(care(office, mornings=(morning("08:30"),), direct={"anna": "chat:@1"}))
    teller.tell(at("2026-11-23T12:00"))
    assert ["morning:anna:2026-11-24:chat:@1"] == [
        one.key for one in tell_until(teller, at("2026-11-24T12:00"))
    ]


# --- when a shift ended ------------------------------------------------------------------------------


def test_when_the_last_shift_ended() -> None:
    """That of today does not count while it runs; covers count; two rotations at once are one shift."""
    office = rotation(replace(weekly("anna"), hours=_office()))
    assert at("2026-11-23T18:00") == ended_at([office], (), "anna", at("2026-11-24T10:00"))
    assert at("2026-11-24T18:00") == ended_at([office], (), "anna", at("2026-11-24T18:00"))
    assert ended_at([office], (), "ben", at("2026-11-24T10:00")) is None
    covers = (cover("ben", "2026-11-23T10:00", "2026-11-23T12:00"),)
    assert at("2026-11-23T12:00") == ended_at([office], covers, "ben", at("2026-11-24T10:00"))
    always = rotation(weekly("anna"), name="press")
    assert ended_at([office, always], (), "anna", at("2026-11-25T10:00")) is None
