"""Business hours on the way of a mention: judged, stored, shown, decided about, reloaded."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import rulebook
from bot.cli import setup
from bot.errors import ConfigError
from bot.hours import Hours, Shift
from bot.model import Urgency
from bot.settings.load import load
from bot.staff import Verb
from bot.targets import Staffed, Targets
from tests.integration import store_samples as s
from tests.integration.deciding_world import world
from tests.integration.test_intake import office, post

NINE_TO_FIVE = Hours(zone=ZoneInfo("UTC"), week=((Shift(time(9), time(17)),),) * 5 + ((), ()))
"""The samples' noon is a Saturday's."""
TARGETS = Targets(everywhere=Staffed(hours=NINE_TO_FIVE))
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_what_comes_on_a_saturday_is_due_on_monday(path: Path) -> None:
    """Both times are kept; the list is sorted, and what is late is told, by the one that counts."""
    async with office(path) as it:
        it.store.targets = TARGETS
        await it.take(post("1"))
        asked = s.rows(path, "SELECT due_at, calendar_due_at FROM asks")
        assert [(MONDAY + timedelta(minutes=30), s.at(90))] == [
            tuple(datetime.fromtimestamp(micros / 1e6, UTC) for micros in row) for row in asked
        ]


async def test_hours_of_another_route_do_not_count(path: Path) -> None:
    """Only those of the verdict's route, or those that are for every route."""
    async with office(path) as it:
        it.store.targets = Targets(by_route={"press": Staffed(hours=NINE_TO_FIVE)})
        await it.take(post("1"))
        assert [(1,)] == s.rows(path, "SELECT due_at = calendar_due_at FROM asks")


def test_a_persons_urgency_is_promised_by_the_same_hours(path: Path) -> None:
    """What is critical is due round the clock, whoever says so."""
    with world(path, urgency=Urgency.NORMAL) as it:
        it.targets = TARGETS
        it.press(Verb.URGENCY, "high", minute=1)
        ask = it.card().ask
        assert ask is not None
        assert ask.due_at is not None
        assert ask.calendar_due_at is not None
        assert ask.due_at - MONDAY == ask.calendar_due_at - s.at(0)
        it.press(Verb.URGENCY, "critical", minute=2)
        ask = it.card().ask
        assert ask is not None
        assert (s.at(60), s.at(60)) == (ask.due_at, ask.calendar_due_at)


def test_hours_of_a_route_that_is_not_there_are_told(tmp_path: Path) -> None:
    """Where it is named, with the one that was meant: a typing mistake would leave a route without hours."""
    file = tmp_path / "outcare.yaml"
    file.write_text(
        "brand: {name: acme, words: [acme]}\n"
        "hours: {office: {open: {mon-fri: 09:00-17:00}, routes: [desk, dask]}}\n"
    )
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text("routes: {desk: {to: console}}\n")
    settings = load(file, setup.connectors(), env={}, needs_secrets=False)
    with pytest.raises(ConfigError) as caught:
        rulebook.load_ruleset(settings)
    told = str(caught.value.problems[0])
    assert told.startswith(f"{file}:2:")
    assert told.endswith("names the route 'dask'; there is no such one — did you mean 'desk'?")
