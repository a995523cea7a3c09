"""How times are said to people: across midnight, years, zones and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.targets import due_at
from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_promise_beyond_the_calendar_can_be_said() -> None:
    """An absurd `respond_in` gives a far date on the card, not a crash."""
    now = utc("2026-11-20T13:20")
    due = due_at(now, timedelta.max)
    assert due is not None
    assert "answer by Fri 1 Jan 9999 01:00 CET" == ENGLISH.answer_by(due, now=now, zone=BERLIN)


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        ("2026-11-20T13:35", "2026-11-20T13:20", "answer by 14:35 CET"),
        ("2026-11-20T13:35:59", "2026-11-20T13:20", "answer by 14:35 CET"),
        ("2026-11-20T13:35", "2026-11-20T13:35", "answer by 14:35 CET"),
        ("2026-11-20T13:35", "2026-11-20T13:35:01", "overdue since 14:35 CET"),
        ("2026-07-20T12:35", "2026-07-20T12:20", "answer by 14:35 CEST"),
        ("2026-11-20T23:05", "2026-11-20T22:50", "answer by Sat 00:05 CET"),
        ("2026-11-20T23:05", "2026-11-20T23:01", "answer by 00:05 CET"),
        ("2026-11-19T22:05", "2026-11-20T12:00", "overdue since Thu 23:05 CET"),
        ("2026-11-26T08:00", "2026-11-20T12:00", "answer by Thu 09:00 CET"),
        ("2026-11-27T08:00", "2026-11-20T12:00", "answer by Fri 27 Nov 09:00 CET"),
        ("2026-11-10T08:00", "2026-11-20T12:00", "overdue since Tue 10 Nov 09:00 CET"),
        ("2027-01-05T08:00", "2026-12-20T12:00", "answer by Tue 5 Jan 2027 09:00 CET"),
        ("2027-01-01T08:00", "2026-12-31T12:00", "answer by Fri 09:00 CET"),
    ],
)
def test_a_due_time_is_said_in_the_teams_zone(due: str, now: str, expected: str) -> None:
    """Only the time today, the weekday within a week, the date beyond, the year when it is another."""
    assert expected == ENGLISH.answer_by(utc(due), now=utc(now), zone=BERLIN)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-03-29T00:59", "answer by 01:59 CET"),
        ("2026-03-29T01:00", "answer by 03:00 CEST"),
        ("2026-10-25T00:30", "answer by 02:30 CEST"),
        ("2026-10-25T01:30", "answer by 02:30 CET"),
    ],
)
def test_the_hour_that_is_missing_or_comes_twice_is_unambiguous(due: str, expected: str) -> None:
    """The zone's letters tell 02:30 summer time from 02:30 winter time; 02:xx in spring does not exist."""
    at = utc(due)
    assert expected == ENGLISH.answer_by(at, now=at, zone=BERLIN)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "13:35 UTC"),
        ("Asia/Kolkata", "19:05 IST"),
        ("America/Sao_Paulo", "10:35 UTC-03"),
        ("Asia/Kathmandu", "19:20 UTC+0545"),
    ],
)
def test_zones_without_letters_say_their_offset(zone: str, expected: str) -> None:
    """`-03` alone reads like a range of hours."""
    at = utc("2026-11-20T13:35")
    assert expected == ENGLISH.time_in_zone(at, now=at, zone=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (timedelta(minutes=12), "Answered after 12m"),
        (timedelta(hours=2, minutes=5, seconds=9), "Answered after 2h 5m"),
        (timedelta(0), "Answered after 0s"),
        (timedelta(seconds=-3), "Answered after 0s"),
    ],
)
def test_a_response_time_is_said_in_two_units(waited: timedelta, expected: str) -> None:
    """Never negative, even when platforms' clocks disagree."""
    start = utc("2026-11-20T13:20")
    assert expected == ENGLISH.answered_after(start, start + waited)


def test_a_response_time_over_the_clock_change_is_elapsed_time() -> None:
    """Local times of one zone object must not be subtracted by their wall clocks."""
    start = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    end = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)
    assert "Answered after 3h" == ENGLISH.answered_after(start, end)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (112, "112th"),
        (21, "21st"),
        (113, "113th"),
    ],
)
def test_ordinals(number: int, expected: str) -> None:
    """As they are said; Spanish writes them all alike."""
    assert f"{expected} message" == ENGLISH.say("card.nth_message", nth=number)
    assert f"mensaje n.º {number}" == SPANISH.say("card.nth_message", nth=number)


# --- Spanish ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        ("2026-11-20T13:35", "2026-11-20T13:20", "plazo: 14:35 CET"),
        ("2026-11-20T13:35", "2026-11-20T13:36", "plazo vencido: 14:35 CET"),
        ("2026-11-23T13:35", "2026-11-20T13:20", "plazo: lun 14:35 CET"),
        ("2026-11-28T08:00", "2026-11-20T12:00", "plazo: sáb 28 nov 09:00 CET"),
        ("2026-09-09T08:00", "2026-11-20T12:00", "plazo vencido: mié 9 sept 10:00 CEST"),
        ("2027-01-05T08:00", "2026-12-20T12:00", "plazo: mar 5 ene 2027 09:00 CET"),
    ],
)
def test_times_in_spanish(due: str, now: str, expected: str) -> None:
    """Weekdays and months of the language, whatever the machine's locale is."""
    assert expected == SPANISH.answer_by(utc(due), now=utc(now), zone=BERLIN)


@pytest.mark.parametrize(
    ("number", "english", "spanish"),
    [
        (0, "0 followers", "0 seguidores"),
        (1, "1 follower", "1 seguidor"),
        (1234, "1,234 followers", "1234 seguidores"),
        (12345, "12,345 followers", "12.345 seguidores"),
        (1_000_000, "1,000,000 followers", "1.000.000 de seguidores"),
        (1_000_001, "1,000,001 followers", "1.000.001 seguidores"),
    ],
)
def test_plurals_and_numbers(number: int, english: str, spanish: str) -> None:
    """CLDR's forms; Spanish groups from five digits on and says "un millón de"."""
    assert english == ENGLISH.say("card.followers", count=number)
    assert spanish == SPANISH.say("card.followers", count=number)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(hours=2, minutes=5, seconds=9), "Respondida en 2 h 5 min"),
        (timedelta(days=3, hours=4), "Respondida en 3 d 4 h"),
        (timedelta(), "Respondida en 0 s"),
    ],
)
def test_durations_in_spanish(length: timedelta, expected: str) -> None:
    """Units with a blank before them."""
    start = utc("2026-11-20T13:20")
    assert expected == SPANISH.answered_after(start, start + length)


def test_a_form_for_just_one_number_goes_first() -> None:
    """None is not said as 0."""
    assert "none still wait for an answer" == ENGLISH.say("caught_up.still_waiting", count=0)
    assert "ninguna espera ya respuesta" == SPANISH.say("caught_up.still_waiting", count=0)


def test_what_is_put_into_a_message_is_never_a_template() -> None:
    """Names and words of strangers stay what they are."""
    assert "{0.__class__} {nth} has it." == ENGLISH.taken("{0.__class__} {nth}")


def test_a_message_with_a_place_wants_its_value() -> None:
    """A missing value is an error at once, not a sentence with braces in it; so is a key that is not there."""
    assert "2 open" == ENGLISH.on_page("waiting_count", count=2)
    for key, values in (("waiting_count", {"number": 2}), ("messages", {"count": "2"}), ("no such text", {})):
        with pytest.raises(KeyError):
            ENGLISH.on_page(key, **values)
