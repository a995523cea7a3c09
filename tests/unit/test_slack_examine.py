"""What `outcare doctor` says of a Slack app: each trouble with what to do."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.findings import Exam, Finding, Health
from bot.testing import slack_workspace
from bot.testing.notifier_contract import a_card
from bot.testing.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackServer
from connectors.slack.api import Api
from connectors.slack.examine import SCOPES, examine
from connectors.slack.notifier import SlackNotifier
from tests.contract._rigs import FixedClock
from tests.contract.slack_rig import account, channels, slack_http


async def found(server: SlackServer, **more: Any) -> dict[str, Finding]:
    """The findings by what they are about."""
    given = account(server)
    async with slack_http() as http:
        exam = Exam(account=given, channels=more.get("channels", channels()))
        findings = [one async for one in examine(exam, Api(given, http=http, clock=FixedClock()))]
    told = repr(findings)
    assert BOT_TOKEN not in told
    assert APP_TOKEN not in told
    return {one.about: one for one in findings}


async def test_all_is_well() -> None:
    """Whose token it is, that presses can be read, that cards can be sent; and nothing was sent."""
    async with SlackServer() as server:
        findings = await found(server)
        assert {Health.FINE} == {one.health for one in findings.values()}
        assert ["slack", "slack presses", "slack:care"] == list(findings)
        assert "@outcare in Acme" in findings["slack"].says
        assert ([], []) == (server.messages, server.sockets.links)


@pytest.mark.parametrize(
    ("about", "change", "says"),
    [
        ("slack:care", {"is_member": False}, "is not in #care"),
        ("slack:care", {"is_archived": True}, "archived"),
        ("slack:care", {"is_member": False, "is_private": True}, f"no channel {CHANNEL}, or it is private"),
    ],
)
async def test_a_channel_that_takes_no_cards(about: str, change: dict[str, bool], says: str) -> None:
    """Not invited, archived, or not to be seen."""
    async with SlackServer() as server:
        for name, value in change.items():
            setattr(server.workspace.channels[CHANNEL], name, value)
        finding = (await found(server))[about]
        assert Health.MEND is finding.health
        assert says in finding.says
        assert finding.do


@pytest.mark.parametrize(
    ("failure", "about", "says"),
    [
        ({"error": "token_revoked", "method": "auth.test"}, "slack", "does not take our token"),
        ({"status": 503, "method": "auth.test"}, "slack", "Slack answers 503"),
        ({"error": "not_allowed_token_type", "method": "apps.connections.open"}, "slack presses", "token"),
        ({"error": "missing_scope", "method": "conversations.info"}, "slack:care", "lacks chat:write"),
    ],
)
async def test_a_token_that_does_not_do(failure: dict[str, Any], about: str, says: str) -> None:
    """Revoked, of the wrong kind, without a scope, or a platform in trouble."""
    async with SlackServer() as server:
        server.fail(**failure)
        finding = (await found(server))[about]
        assert (Health.MEND, True) == (finding.health, says in finding.says)


async def test_missing_scopes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what Slack says of the token; and that no channel is configured is worth a note."""
    async with SlackServer() as server:
        monkeypatch.setattr("bot.testing.slack_server.SCOPES", "chat:write,channels:read,groups:read")
        findings = await found(server, channels={})
        assert Health.NOTE is findings["slack"].health
        findings = await found(server)
        assert "lacks the scopes commands, channels:history" in findings["slack"].says
    assert "commands" in slack_workspace.SCOPES


def test_the_manifest_asks_for_what_is_needed() -> None:
    """Whoever makes the app by the documentation has nothing to mend."""
    page = (Path(__file__).parents[2] / "docs" / "connectors" / "slack.md").read_text(encoding="utf-8")
    manifest = yaml.safe_load(textwrap.dedent(page.split("```text\n")[1].split("   ```")[0]))
    assert set(SCOPES) == set(manifest["oauth_config"]["scopes"]["bot"])
    asked = manifest["settings"]
    assert ["message.channels", "message.groups", "message.im"] == asked["event_subscriptions"]["bot_events"]
    assert asked["socket_mode_enabled"] is True
    assert asked["interactivity"]["is_enabled"] is True
    assert ["/outcare"] == [one["command"] for one in manifest["features"]["slash_commands"]]


async def test_a_card_has_an_address() -> None:
    """As soon as the workspace is known."""
    async with slack_http() as http, SlackServer() as server:
        api = Api(account(server), http=http, clock=FixedClock())
        notifier = SlackNotifier(api=api, channels=channels(), clock=FixedClock())
        receipt = await notifier.notify("care", a_card(), key="a")
        assert notifier.link("care", receipt.ref) is None
        await api.me()
        ts = server.messages[0].ts.replace(".", "")
        assert f"https://acme.slack.com/archives/{CHANNEL}/p{ts}" == notifier.link("care", receipt.ref)
        assert [None, None] == [notifier.link("care", "odd"), notifier.link("other", receipt.ref)]
