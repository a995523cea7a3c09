"""The worked example of quiet hours, digests and budgets: the page tells what the store does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import withheld
from bot.model import Urgency
from bot.settings.load import Settings
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.unit.settings_world import TOKEN, load_text

SECTION = (
    (Path(__file__).parents[2] / "docs" / "operations.md")
    .read_text(encoding="utf-8")
    .split("## How loud it gets")[1]
)
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = {"Tue": 24, "Wed": 25}
CARE = Route(name="care", to="telegram:care")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    text = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)[0]
    return load_text(text, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})


def moment(told: str) -> datetime:
    day, clock = told.split()
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, DAYS[day], hour, minute, tzinfo=BERLIN).astimezone(UTC)


def minutes(at: datetime) -> float:
    return (at - s.NOON) / timedelta(minutes=1)


async def came(store: SqliteStore, number: int, at: datetime, urgency: Urgency) -> str:
    """What the page says of it."""
    post = s.post(f"{number}", author=f"author{number}", minute=minutes(at), root=None)
    judged = s.judged(post, urgency=urgency, routes=(CARE,))
    recorded = await s.record(store, judged, minute=minutes(at))
    for leased in recorded.leased:
        await s.settle(store, leased, minute=minutes(at))
    return "rings" if recorded.leased else "waits"


async def test_the_example_happens_as_the_page_tells(settings: Settings, tmp_path: Path) -> None:
    """Row by row; what waits comes when the page says, and the line of `outcare status` is what it says."""
    rows = re.findall(r"^\| (\w+ \d\d:\d\d) \| [^|]+ \| (\w+) \| (.+) \|$", SECTION, re.MULTILINE)
    assert 9 == len(rows)
    path = tmp_path / "outcare.db"
    async with s.opened(path) as store:
        store.noise = settings.noise
        for number, (told, urgency, outcome) in enumerate(rows):
            at = moment(told)
            for leased in await s.lease(store, minute=minutes(at)):
                await s.settle(store, leased, minute=minutes(at))
            does = await came(store, number, at, Urgency[urgency.upper()])
            assert outcome.split()[0] == does
            if does == "waits":
                assert moment(outcome.removeprefix("waits until ")) == await store.next_due_at()
        status = await store.status(now=moment("Wed 17:01"))
        [line] = withheld.lines(status.noise, ENGLISH)
        assert f"alerts         {line}\n" in SECTION
