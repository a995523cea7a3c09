"""`/oncall` and `/cover` from chat to the database and back: who may, when it counts, over a restart."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bot.commands import Commands
from bot.covering import Covering
from bot.oncall import NOBODY
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration.test_commands import office

USAGE = ENGLISH.say("oncall.usage")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_somebody_covers_and_it_outlives_a_restart(path: Path) -> None:
    """Said, shown, counted from then until then, told to nobody twice; kept with who ordered it."""
    async with office(path) as it:
        assert "care: Anna" == await it.say("/oncall", who=1)
        line = "care: Omar covers from 18:00 to 22:00 UTC"
        assert line == await it.say("/cover omar 18:00-22:00")
        assert f"care: Anna until 18:00 UTC, then Omar\n{line}" == await it.say("/oncall", who=1)
    async with office(path) as it:
        await it.clock.advance(7 * 3600)
        assert f"care: Omar until 22:00 UTC, then Anna\n{line}" == await it.say("/oncall", who=1, id_="r1")
        await it.clock.advance(3 * 3600)
        assert "care: Anna" == await it.say("/oncall", who=1, id_="r2")
        assert ("li", "cover", "covered", "omar 18:00-22:00") in it.audit()
        assert [("omar", "li")] == s.rows(path, "SELECT person, ordered_by FROM covers")


async def test_people_cover_for_themselves_and_leads_name_anybody(path: Path) -> None:
    """An agent may not send somebody else; both are on record."""
    async with office(path) as it:
        assert ENGLISH.say("oncall.refused") == await it.say("/cover omar 18:00-22:00", who=1)
        assert ENGLISH.say("oncall.refused") == await it.say("/cover omar off", who=1)
        await it.say("/cover me 18:00-22:00", who=1)
        assert "Anna covers for nobody any more." == await it.say("/cover off", who=1)
        assert "Anna covers for nobody." == await it.say("/cover off", who=1)
        assert "care: Anna" == await it.say("/oncall", who=1)
        await it.say("/cover omar 18:00-22:00")
        assert "Omar covers for nobody any more." == await it.say("/cover omar off")
        assert ["refused", "refused", "covered", "uncovered", "not_covered"] == [
            outcome for _, _, outcome, _ in it.audit()
        ][:5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/cover", USAGE),
        ("/cover me", USAGE),
        ("/cover me tomorrow", USAGE),
        ("/cover me 9-17", USAGE),
        ("/cover me 25:00-26:00", USAGE),
        ("/cover anan 18:00-22:00", "There is nobody called “anan”. Did you mean “anna”?"),
        ("/cover zzzzz 18:00-22:00", "There is nobody called “zzzzz”."),
        ("/cover me 18:00-22:00 press", "Say which rotation, as the last word: care."),
        ("/cover me 2020-01-06 18:00-22:00", ENGLISH.say("oncall.no_such_time")),
        ("/cover me today 09:00-10:00", ENGLISH.say("oncall.no_such_time")),
    ],
)
async def test_what_is_wrong_is_said(path: Path, text: str, told: str) -> None:
    """And nobody covers."""
    async with office(path) as it:
        assert told == await it.say(text)
        assert [] == s.rows(path, "SELECT person FROM covers")


@pytest.mark.parametrize(
    ("said", "later", "hours"),
    [
        ("22:00-06:00", 0, 18),  # tonight
        ("22:00-06:00", 14, 18),  # this night, which runs
        ("09:00-10:00", 0, 22),  # over for today: tomorrow
        ("tomorrow 09:00-17:00 care", 0, 29),
        ("18:00-24:00", 0, 12),
    ],
)
async def test_until_when(path: Path, said: str, later: int, hours: int) -> None:
    """Without a day the time that comes next, or runs already; it is noon, or some hours later."""
    async with office(path) as it:
        await it.clock.advance(later * 3600)
        await it.say(f"/cover me {said}")
        [(until,)] = s.rows(path, "SELECT until FROM covers")
        assert hours == (until / 1_000_000 - s.at(0).timestamp()) / 3600


async def test_cards_are_told_who_is_on_call_as_it_changes(path: Path) -> None:
    """When somebody begins and ends to cover, and when the configuration says another."""
    async with office(path) as it:
        assert isinstance(it.desk.commands, Commands)
        covering = it.desk.commands.covering
        hours = [s.at(60 * n) for n in (0, 5, 6, 9, 10)]
        assert ["anna"] * 5 == [on_call(covering, at) for at in hours]
        await it.say("/cover omar 18:00-22:00")
        assert ["anna", "anna", "omar", "omar", "anna"] == [on_call(covering, at) for at in hours]
        assert "anna" == on_call(covering, hours[0])
        covering.use(NOBODY)
        assert covering.duty("default", hours[0]) is None


def on_call(covering: Covering, at: datetime) -> str | None:
    duty = covering.duty("default", at)
    return duty.person if duty else None
