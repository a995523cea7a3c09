"""`people.<key>.pager`: a channel that is there, or a problem with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.load import load
from bot.sides import in_order
from connectors import pagerduty
from tests.unit.settings_world import CONNECTORS, SET_TOKEN, load_text

TEXT = """\
brand: {name: acme, words: [acme]}
channels:
  telegram:care: {chat: -100123}
  webhook:anna: {url: "https://pager.example"}
people:
  anna:
    telegram: 1
    pager: webhook:anna
  ben: {telegram: 2}
"""


def test_a_person_has_the_pager_that_is_named(tmp_path: Path) -> None:
    """Who has none stays without; it is no identity."""
    anna, ben = load_text(TEXT, tmp_path, env=SET_TOKEN).people
    assert ("webhook:anna", None) == (anna.pager, ben.pager)
    assert (("telegram", "1"),) == anna.identities


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (
            "webhook:ana",
            ":8:12: people.anna.pager names no channel of `channels` — did you mean 'webhook:anna'?",
        ),
        (
            "ntfy:x",
            ":8:12: people.anna.pager names no channel of `channels`; there are: telegram:care, webhook:anna",
        ),
    ],
)
def test_a_pager_that_is_no_channel_is_told_with_its_place(tmp_path: Path, named: str, told: str) -> None:
    """With what may be meant, else with what there is."""
    with pytest.raises(ConfigError) as raised:
        load_text(TEXT.replace("pager: webhook:anna", f"pager: {named}"), tmp_path, env=SET_TOKEN)
    assert [True] == [str(one).endswith(told) for one in raised.value.problems], str(raised.value)


def test_a_variables_channels_are_not_shown(tmp_path: Path) -> None:
    """What stands in a variable may be a misplaced secret."""
    env = {"OUTCARE_CHANNELS": "{webhook:hush-hush: {url: 'https://pager.example'}}"}
    text = "brand: {name: acme, words: [acme]}\npeople:\n  anna: {pager: webhook:hush-hus}\n"
    with pytest.raises(ConfigError) as raised:
        load_text(text, tmp_path, env=env)
    assert "people.anna.pager names no channel" in str(raised.value)
    assert "hush-hush" not in str(raised.value)


def test_chats_are_told_of_troubles_before_pagers(tmp_path: Path) -> None:
    """Nobody is woken for what a chat can say; the terminal is last."""
    text = TEXT.replace("  telegram:care: {chat: -100123}\n", "").replace(
        "people:", "  telegram:care: {chat: -100123}\npeople:"
    )
    settings = load_text(text, tmp_path, env=SET_TOKEN)
    assert ["webhook:anna", "telegram:care"] == list(settings.channels)
    assert ("telegram:care", "webhook:anna", "console") == in_order(settings)


def test_reports_need_no_routing_key(tmp_path: Path) -> None:
    """Whoever only reads the database has not the daemon's secrets; the daemon misses it, by its variable."""
    file = tmp_path / "outcare.yaml"
    file.write_text(
        "brand: {name: acme, words: [acme]}\nsources: {}\n"
        "channels: {'pagerduty:anna': {}, console: {}}\npeople: {anna: {pager: 'pagerduty:anna'}}\n"
    )
    connectors = {**CONNECTORS, "pagerduty": pagerduty.CONNECTOR}
    settings = load(file, connectors, env={}, needs_secrets=False)
    assert ["console"] == list(settings.channels)
    with pytest.raises(ConfigError, match="OUTCARE_CHANNELS__PAGERDUTY_ANNA__ROUTING_KEY"):
        load(file, connectors, env={})
