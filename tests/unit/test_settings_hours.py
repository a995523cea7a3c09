"""Business hours as they are written down, and the targets that come of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import ConfigError
from bot.hours import Shift
from bot.model import Urgency
from bot.targets import Targets
from tests.unit.settings_world import MINIMAL, load_text

BERLIN = ZoneInfo("Europe/Berlin")


def targets(tmp_path: Path, hours: str) -> Targets:
    return load_text(f"{MINIMAL}timezone: Europe/Berlin\nhours: {hours}\n", tmp_path).targets


def test_days_and_shifts(tmp_path: Path) -> None:
    """Ranges of days, single days, one shift or several, the whole day."""
    told = "{x: {open: {mon-fri: [13:30-18:00, 9:00-12:30], Saturday: 10:00 - 14:00, sun: 00:00-24:00}}}"
    staffed = targets(tmp_path, told).everywhere
    assert staffed is not None
    week = staffed.hours.week
    split = (Shift(time(9), time(12, 30)), Shift(time(13, 30), time(18)))
    assert (split,) * 5 == week[:5]
    assert ((Shift(time(10), time(14)),), (Shift(time(0), time(0)),)) == week[5:]
    assert BERLIN == staffed.hours.zone


def test_routes_zones_and_days_off(tmp_path: Path) -> None:
    """Some hours are for named routes, the others for the rest."""
    told = """
  care: {open: {mon: 09:00-17:00}, routes: [care, desk], timezone: Asia/Tokyo, round_the_clock: []}
  rest: {open: {mon: 09:00-17:00}, closed: [2026-12-24]}
"""
    found = targets(tmp_path, told)
    assert {"care", "desk"} == found.by_route.keys()
    assert ZoneInfo("Asia/Tokyo") == found.by_route["care"].hours.zone
    assert frozenset() == found.by_route["care"].round_the_clock
    assert found.everywhere is not None
    assert frozenset({date(2026, 12, 24)}) == found.everywhere.hours.holidays


def test_without_hours_everything_is_due_round_the_clock(tmp_path: Path) -> None:
    """As before there were any."""
    found = load_text(MINIMAL, tmp_path).targets
    start = datetime(2026, 11, 21, 12, tzinfo=BERLIN)
    due = found.due(start, timedelta(hours=4), route="default", urgency=Urgency.NORMAL)
    assert (start + timedelta(hours=4),) * 2 == (due.at, due.by_calendar)


@pytest.mark.parametrize(("region", "is_free"), [("DE-BY", True), ("DE-BE", False)])
def test_public_holidays_of_a_part_of_a_country(tmp_path: Path, region: str, *, is_free: bool) -> None:
    """Epiphany is one in Bavaria and none in Berlin; this year's and those of the next ones are known."""
    pytest.importorskip("holidays")
    staffed = targets(tmp_path, f"{{x: {{open: {{mon-fri: 09:00-17:00}}, holidays: {region}}}}}").everywhere
    assert staffed is not None
    this = date.today().year  # noqa: DTZ011 - any zone's year will do
    assert [is_free] * 3 == [date(this + n, 1, 6) in staffed.hours.holidays for n in range(3)]


def test_without_the_package_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(__import__("sys").modules, "holidays", None)
    with pytest.raises(ConfigError, match="needs the package `holidays`"):
        targets(tmp_path, "{x: {open: {mon: 09:00-17:00}, holidays: DE}}")
