"""Slack's settings: two tokens that are not swapped, ids, and a package that may be missing."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import ConfigError
from bot.model import Alert
from bot.ports import Wiring
from bot.settings.load import Settings, load
from bot.staff import Card
from bot.testing.slack_server import APP_TOKEN, BOT_TOKEN, SlackServer
from connectors.slack.connector import CONNECTOR
from connectors.slack.settings import ChannelSettings
from tests.contract._rigs import FixedClock
from tests.contract.slack_rig import account, channels, slack_http

ENV = {"OUTCARE_SLACK__BOT_TOKEN": BOT_TOKEN, "OUTCARE_SLACK__APP_TOKEN": APP_TOKEN}


def loaded(folder: Path, env: dict[str, str], **more: Any) -> Settings:
    config = {
        "brand": {"name": "acme", "words": ["acme"]},
        "slack": {},
        "channels": {"slack:care": {"channel": "C0123", "ping": ["U0ANNA", "S0CARE"]}},
        "people": {"anna": {"name": "Anna", "role": "lead", "slack": "U0ANNA"}},
        **more,
    }
    path = folder / "outcare.yaml"
    wanted = {name: section for name, section in config.items() if section is not None}
    path.write_text(yaml.safe_dump(wanted, sort_keys=False))
    return load(path, {"slack": CONNECTOR}, env=env)


def test_tokens_from_the_environment_and_ids_in_the_file(tmp_path: Path) -> None:
    """What an operator writes; no token is shown by what was read."""
    found = loaded(tmp_path, ENV)
    channel = found.channels["slack:care"]
    assert isinstance(channel, ChannelSettings)
    assert ("C0123", ("U0ANNA", "S0CARE"), timedelta(minutes=10)) == (
        channel.channel,
        channel.ping,
        channel.ping_again,
    )
    assert (("slack", "U0ANNA"),) == found.people[0].identities
    assert BOT_TOKEN not in repr(found)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"OUTCARE_SLACK__BOT_TOKEN": APP_TOKEN}, "is no bot token: one begins with xoxb-"),
        ({"OUTCARE_SLACK__APP_TOKEN": BOT_TOKEN}, "is no app-level token: one begins with xapp-"),
    ],
)
def test_swapped_tokens_are_told_apart(tmp_path: Path, env: dict[str, str], said: str) -> None:
    """In one line, which does not say the token."""
    with pytest.raises(ConfigError, match=said) as raised:
        loaded(tmp_path, {**ENV, **env})
    assert "opensNothing" not in str(raised.value)


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"channel": "#care"}, "channel"),
        ({"channel": "C0123", "ping": ["@anna"]}, "write ids: a person's like U012AB3CD"),
        ({"channel": "C0123", "ping_again": "10s"}, "1m"),
    ],
)
def test_names_are_no_ids(tmp_path: Path, channel: dict[str, Any], said: str) -> None:
    """Slack's names change and are not unique: the place of the mistake is told."""
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, ENV, channels={"slack:care": channel})


async def test_a_card_calls_people_by_their_ids(tmp_path: Path) -> None:
    """Whoever a card names is called, if Slack knows them and nobody else has that name."""
    people = {
        "anna": {"name": "Anna", "slack": "U0ANNA"},
        "ann2": {"name": "Anna", "slack": "U0ANN2"},
        "ben": {"name": "Ben", "slack": "U0BEN"},
        "li": {"name": "Li"},
    }
    found = loaded(tmp_path, ENV, people=people)
    assert CONNECTOR.notifier is not None
    async with slack_http() as http, SlackServer() as server:
        wiring = Wiring(http=http, clock=FixedClock(), staff=found.staff)
        notifier = CONNECTOR.notifier(account(server), channels(), wiring)
        called = ("Anna", "Ben", "Li")
        await notifier.notify("care", Card(headline="HIGH", alert=Alert.PING, ping=called), key="a")
        assert (["@U0BEN"], "HIGH\nAnna <@U0BEN> Li") == (server.messages[0].pinged, server.messages[0].text)


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, at the section; who does not use Slack never sees it."""
    monkeypatch.setitem(sys.modules, "slack_sdk", None)
    with pytest.raises(
        ConfigError, match=r"outcare\.yaml:\d+:\d+: slack: needs the package slack-sdk: pip install slack-sdk"
    ):
        loaded(tmp_path, ENV)
    loaded(tmp_path, {}, slack=None, channels={}, people={})
