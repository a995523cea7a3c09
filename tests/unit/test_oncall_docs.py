"""The page on being on call: its example loads, and says what it says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import duties
from bot.oncall import NOBODY
from bot.settings.load import Settings
from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH
from tests.unit.settings_world import MINIMAL, TOKEN, load_text

PAGE = (Path(__file__).parents[2] / "docs" / "oncall.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def example(tmp_path: Path) -> Settings:
    text, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return load_text(text, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})


def told(settings: Settings, now: datetime) -> list[str]:
    names = {one.key: one.name for one in settings.people}
    return duties.lines(
        settings.on_call, (), texts=ENGLISH, people=lambda key: names[key], now=now, zone=settings.timezone
    )


def test_the_example_says_what_the_page_says(example: Settings) -> None:
    """Copied, it does that."""
    [console] = re.findall(r"\$ outcare oncall\n(.*?)```", PAGE, re.DOTALL)
    assert console.splitlines() == told(example, NOW)


def test_the_weekend_and_the_time_before(example: Settings) -> None:
    """The lead by night and on the weekend; nobody before the first hand-over."""
    sunday = datetime(2026, 11, 29, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert told(example, sunday)[0] == "care: Li until Mon 09:00 CET, then Ben"
    before = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert told(example, before)[0] == "care: nobody until Mon 09:00 CET, then Anna"


def test_in_another_language_and_without_rotations(example: Settings) -> None:
    """The words are the catalogue's."""
    lines = duties.lines(example.on_call, (), texts=SPANISH, people=str.title, now=NOW, zone=NOW.tzinfo)  # type: ignore[arg-type]
    assert lines[0] == "care: Anna hasta 18:00 CET, después Li"
    assert duties.lines(NOBODY, (), texts=ENGLISH, people=str, now=NOW, zone=NOW.tzinfo) == []  # type: ignore[arg-type]


def test_the_zone_of_the_file_counts_where_a_rotation_names_none(example: Settings) -> None:
    """And its own, where it names one."""
    zones = {name: str(one.layers[0].zone) for name, one in example.on_call.rotations.items()}
    assert zones == {"care": "Europe/Berlin", "press": "America/New_York"}
    press, other = example.on_call.rotation("press"), example.on_call.rotation("default")
    assert (press and press.name, other and other.name) == ("press", "care")


def test_without_the_section_nobody_is_on_call(tmp_path: Path) -> None:
    """As before there was one."""
    assert load_text(MINIMAL, tmp_path).on_call == NOBODY
