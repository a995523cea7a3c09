"""Rules that lift to critical are warned of where nobody would hear of it at night."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import rulebook
from bot.cli import setup
from bot.settings.load import load

RULES = """
rules:
  fire: {why: Harm, when: {text: fire}, at_least: critical, route: press}
  storm: {why: Harm, when: {text: storm}, at_least: critical}
  leak: {why: Harm, when: {text: leak}, at_least: high, route: press}
routes:
  default: {to: console}
  press: {to: console}
"""
PEOPLE = (
    "people:\n  anna: {name: Anna, role: agent, telegram: 1}\n  li: {name: Li, role: lead, telegram: 2}\n"
)
DAYS = "hours: {mon-fri: 09:00-18:00}"
NIGHT = "layers: [{people: [li], starts: 2026-11-23}]"
PRESS = (
    "on_call:\n  press: {people: [anna], starts: 2026-11-23, routes: [press], timezone: Europe/Berlin, %s}\n"
)


def warned(folder: Path, more: str) -> list[str]:
    """What `rules check` says of it."""
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    config = folder / "outcare.yaml"
    config.write_text("brand: {name: acme, words: [acme]}\n" + PEOPLE + more)
    found = rulebook.examined(load(config, setup.connectors(), env={}))
    return [one.message for one in found.problems if one.code == "W113"]


def test_a_rotation_of_the_day_alone(tmp_path: Path) -> None:
    """Who lifts to critical by that route; neither what is less, nor what goes where nobody is ever on call."""
    assert warned(tmp_path, PRESS % DAYS) == [
        (
            'rule "fire" lifts to critical, but by its route "press" '
            "nobody is on call from Mon 18:00 (Europe/Berlin)"
        )
    ]


def test_the_weekend_counts(tmp_path: Path) -> None:
    """The night is long over when somebody finds it."""
    shifts = "hours: {mon-fri: 00:00-24:00, sat: 00:00-24:00}"
    assert ["Sun 00:00" in one for one in warned(tmp_path, PRESS % shifts)] == [True]


@pytest.mark.parametrize("who", [f"{DAYS}, {NIGHT}", "every: day"])
def test_somebody_always_is(tmp_path: Path, who: str) -> None:
    """By a layer for the night, or without hours at all."""
    assert [] == warned(tmp_path, PRESS % who)


def test_a_promise_that_sleeps(tmp_path: Path) -> None:
    """Hours for which not even what is critical runs down at night; those of all other routes are as usual."""
    hours = "hours:\n  office: {open: {mon-fri: 09:00-18:00}, routes: [press], round_the_clock: []}\n"
    usual = "  care: {open: {mon-fri: 09:00-18:00}}\n"
    assert warned(tmp_path, hours + usual) == [
        (
            'rule "fire" lifts to critical, but by its route "press" '
            "its promise sleeps outside of its hours: `round_the_clock` has no critical"
        )
    ]
