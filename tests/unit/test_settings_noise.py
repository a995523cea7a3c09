"""Quiet hours, digests and budgets as they are written down, and what is said of mistakes in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import rulebook
from bot.cli import setup
from bot.errors import ConfigError
from bot.noise import NO_LIMITS, Noise
from bot.settings.load import load
from tests.unit.settings_world import MINIMAL, load_text

BERLIN = ZoneInfo("Europe/Berlin")
BASE = MINIMAL + "timezone: Europe/Berlin\n"
NOON = datetime(2026, 11, 24, 12, tzinfo=BERLIN)


def noise(tmp_path: Path, text: str) -> Noise:
    return load_text(BASE + text, tmp_path).noise


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        noise(tmp_path, text)
    return [str(problem) for problem in raised.value.problems]


def test_without_the_sections_nothing_is_held_back(tmp_path: Path) -> None:
    """Alerts ring at any time, as many as there are; digests are hourly."""
    assert NO_LIMITS == noise(tmp_path, "")


def test_quiet_hours(tmp_path: Path) -> None:
    """Days and times as in business hours, a zone of their own, and for whom they are."""
    told = """
quiet_hours:
  night: {hours: {mon-sun: 22:00-07:00}, channels: [console], routes: [care]}
  noon: {hours: {tue: [12:00-13:00]}, timezone: UTC}
"""
    night, noon = noise(tmp_path, told).quiet
    assert (frozenset({"console"}), frozenset({"care"})) == (night.channels, night.routes)
    assert (BERLIN, ZoneInfo("UTC")) == (night.hours.zone, noon.hours.zone)
    assert noon.hours.is_open(datetime(2026, 11, 24, 12, tzinfo=UTC))


def test_digests(tmp_path: Path) -> None:
    """At set times of some days, or every so often."""
    told = """
digests:
  twice: {at: ["09:00", "17:00"], days: mon-fri, routes: [praise]}
  once: {at: "12:30", timezone: UTC, routes: [press]}
  often: {every: 30m}
"""
    twice, once, often = noise(tmp_path, told).digests
    assert NOON.replace(hour=17) == twice.marks.after(NOON)
    assert datetime(2026, 11, 24, 12, 30, tzinfo=UTC) == once.marks.after(NOON)
    assert NOON + timedelta(minutes=30) == often.marks.after(NOON)
    saturday = datetime(2026, 11, 28, 12, tzinfo=BERLIN)
    assert datetime(2026, 11, 30, 9, tzinfo=BERLIN) == twice.marks.after(saturday)


def test_budgets(tmp_path: Path) -> None:
    """By day unless it says how long; by the shifts that stand there, else by those of the business hours."""
    told = """
hours: {office: {open: {mon-fri: [09:00-12:30, 13:30-18:00]}}}
budgets:
  rest: {alerts: 20}
  chat: {alerts: 5, calls: 3, per: shift, channels: [console]}
"""
    rest, chat = noise(tmp_path, told).budgets
    assert (20, NOON.replace(day=25, hour=0)) == (rest.alerts, rest.marks.after(NOON))
    assert (NOON.replace(hour=9), NOON.replace(hour=12, minute=30)) == (
        chat.marks.before(NOON), chat.marks.after(NOON),
    )  # fmt: skip
    assert (None, 3) == (rest.calls, chat.calls)
    own = "budgets: {x: {alerts: 5, per: Shift, shifts: {tue: 06:00-14:00}}}\n"
    assert NOON.replace(hour=14) == noise(tmp_path, own).budgets[0].marks.after(NOON)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "quiet_hours: {n: {hours: {}}}",
            "outcare.yaml:3:26: quiet_hours.n.hours: it must be quiet at some time of the week",
        ),
        (
            "quiet_hours: {n: {hours: {mon-sun: 00:00-24:00}}}",
            "quiet_hours: never end for console: nobody would",
        ),
        (
            "quiet_hours: {a: {hours: {mon-sun: 22:00-10:00}}, b: {hours: {mon-sun: 10:00-22:00}}}",
            "quiet_hours: never end for console",
        ),
        ("quiet_hours: {n: {hours: {mon: 22-7}}}", "must be times like 09:00-17:30"),
        ("quiet_hours: {n: {hour: {}}}", "did you mean 'hours'?"),
        (
            "quiet_hours: {n: {hours: {mon: 22:00-07:00}, channels: [consol]}}",
            "quiet_hours.n.channels entry 1: there is no channel 'consol' — did you mean 'console'?",
        ),
        ("digests: {d: {}}", "digests.d: say either `every` or `at`"),
        ('digests: {d: {every: 1h, at: ["09:00"]}}', "digests.d: say either `every` or `at`"),
        ("digests: {d: {every: 1h, days: mon-fri}}", "digests.d.days: goes with `at`, not with `every`"),
        ("digests: {d: {every: 1m}}", "must be between 5m and 1d"),
        ('digests: {d: {at: ["9"]}}', 'must be a time of day like "09:00"'),
        ("budgets: {b: {alerts: 0}}", "must be at least 1"),
        ("budgets: {b: {alerts: 5, calls: 0}}", "budgets.b.calls must be at least 1"),
        ("budgets: {b: {alerts: 5, per: shift}}", "budgets.b.per: name the `shifts`"),
        ("budgets: {b: {alerts: 5, shifts: {mon: 09:00-17:00}}}", "budgets.b.shifts: goes with `per: shift`"),
        (
            "budgets: {b: {alerts: 5, per: shift, shifts: {}}}",
            "budgets.b.shifts: must have a shift on some day",
        ),
        (
            "budgets: {a: {alerts: 5}, b: {alerts: 6}}",
            "budgets.b: another budget is for every channel already",
        ),
        (
            "budgets: {a: {alerts: 5, channels: [console]}, b: {alerts: 6, channels: [console]}}",
            "budgets.b: the channel 'console' has another budget already",
        ),
    ],
)
def test_what_is_said_of_mistakes(tmp_path: Path, text: str, said: str) -> None:
    """In plain words, with its place and what may have been meant."""
    told = mistakes(tmp_path, text + "\n")
    assert any(said in one for one in told), told


def test_routes_that_are_not_there_are_told_with_the_rules(tmp_path: Path) -> None:
    """The settings know no routes; they keep what is to be said."""
    told = noise(
        tmp_path,
        "quiet_hours: {n: {hours: {mon: 22:00-07:00}, routes: [car]}}\ndigests: {d: {every: 1h, routes: [pr]}}\n",
    ).strangers
    assert ["quiet_hours.n.routes: names the route 'car'; there is no such one", "car"] == [
        told["car"].message, next(iter(told)),
    ]  # fmt: skip
    assert {"car", "pr"} == told.keys()


def test_a_route_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    """Where it is named, with the one that was meant."""
    file = tmp_path / "outcare.yaml"
    file.write_text(
        "brand: {name: acme, words: [acme]}\n"
        "quiet_hours: {night: {hours: {mon-fri: 22:00-07:00}, routes: [dask]}}\n"
    )
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text("routes: {desk: {to: console}}\n")
    with pytest.raises(ConfigError) as caught:
        rulebook.load_ruleset(load(file, setup.connectors(), env={}, needs_secrets=False))
    told = str(caught.value.problems[0])
    assert told.startswith(f"{file}:2:")
    assert told.endswith("names the route 'dask'; there is no such one — did you mean 'desk'?")
