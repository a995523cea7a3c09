"""The section `incidents`: what is usual, what is wrong, and that a reload takes it over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.incidents import USUAL
from bot.reload import differing
from tests.unit.settings_world import MINIMAL, load_text


def test_without_the_section_they_are_on(tmp_path: Path) -> None:
    """Fifteen by five people within five minutes."""
    assert load_text(MINIMAL, tmp_path).incidents == USUAL
    assert (15, 5, timedelta(minutes=5)) == (USUAL.at_least, USUAL.authors, USUAL.within)


def test_what_is_written_counts(tmp_path: Path) -> None:
    """Each key; none ends before it could begin."""
    text = MINIMAL + "incidents: {at_least: 40, within: 10m, authors: 8, ends_after: 5m, routes: [care]}\n"
    found = load_text(text, tmp_path).incidents
    assert (40, 8, ("care",), False) == (found.at_least, found.authors, found.routes, found.is_off)
    assert timedelta(minutes=11) == found.ends_after
    assert load_text(MINIMAL + "incidents: {off: true}\n", tmp_path).incidents.is_off


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("{at_last: 3}", "at_least"),
        ("{at_least: 1}", "must be at least 2"),
        ("{within: 2h}", "must be between 10s and 1h"),
        ("{off: maybe}", "off"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, wrong: str, says: str) -> None:
    """File, line and column, and what may have been meant."""
    with pytest.raises(ConfigError) as caught:
        load_text(MINIMAL + f"incidents: {wrong}\n", tmp_path)
    told = str(caught.value)
    assert says in told
    assert ".yaml:" in told


def test_a_route_that_is_none_is_told(tmp_path: Path) -> None:
    """As of hours, where rules are read."""
    settings = load_text(MINIMAL + "incidents: {routes: [car]}\n", tmp_path)
    assert "'car'" in str(settings.hours_of["car"])


def test_a_reload_takes_it_over(tmp_path: Path) -> None:
    """It waits for no restart."""
    other = load_text(MINIMAL + "incidents: {at_least: 40}\n", tmp_path)
    assert [] == list(differing(load_text(MINIMAL, tmp_path), other))
