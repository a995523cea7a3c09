"""Where a channel kind can write to one person alone: Telegram, Slack and e-mail; and which is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.briefing import is_direct
from bot.covering import Covering
from bot.rostering import Rostering
from bot.shifts import Roster
from bot.testing.notifier_contract import a_card
from bot.testing.slack_server import SlackServer
from bot.testing.telegram_chats import Chat
from bot.testing.telegram_server import TelegramServer
from bot.wishes import Route
from connectors.slack.notifier import SlackNotifier
from connectors.telegram.notifier import TelegramNotifier
from tests.contract import email_rig
from tests.contract._http import counting
from tests.contract._rigs import FixedClock, telegram_api
from tests.contract._rigs import channels as telegram_channels
from tests.contract.mail_server import MailServer
from tests.contract.slack_rig import a_feed, channels, slack_http
from tests.unit.settings_world import TOKEN, load_text

NO_STORE: Any = None
"""What is not asked for."""
SETTINGS = """
brand: {name: acme, words: [acme]}
channels:
  console: {}
  telegram:care: {chat: -1}
people:
  anna: {telegram: 1, morning: "08:30"}
  ben: {name: Ben}
  li: {telegram: none}
on_call:
  care: {people: [anna, ben], starts: 2026-11-23}
  press: {people: [li], starts: 2026-11-23, routes: [press]}
"""


async def test_slack_writes_into_the_chat_with_the_app() -> None:
    """By the person's id; what it gives back is that chat, so that the message can be changed."""
    async with slack_http() as http, SlackServer() as server:
        feed = a_feed(server, http)
        notifier = SlackNotifier(api=feed.api, channels=channels(), clock=feed.clock)
        assert notifier.direct("S0GROUP") is None
        channel = notifier.direct("U0ANNA")
        assert channel is not None
        receipt = await notifier.notify(channel, a_card(), key="a")
        await notifier.update(channel, receipt, a_card(headline="another"), key="b")
        [sent] = server.messages
        assert ("D0ANNA", True) == (sent.channel, "another" in sent.shown)


async def test_a_mail_goes_to_the_person() -> None:
    """And to nobody else; what is no address is nobody's."""
    async with MailServer() as server:
        notifier = email_rig.notifier(server)
        assert notifier.direct("not an address") is None
        channel = notifier.direct("anna@acme.example")
        assert channel is not None
        await notifier.notify(channel, a_card(), key="a")
        assert [("anna@acme.example",)] == [mail.to for mail in server.mails]


async def test_telegram_writes_into_the_private_chat() -> None:
    """Which has the person's number; a name is none."""
    async with telegram() as (server, notifier):
        server.telegram.chats[1] = Chat(id=1)
        assert notifier.direct("anna") is None
        await notifier.notify(str(notifier.direct("1")), a_card(), key="a")
        assert [1] == [sent.chat.id for sent in server.messages]


@asynccontextmanager
async def telegram() -> AsyncIterator[tuple[TelegramServer, TelegramNotifier]]:
    async with counting() as http, TelegramServer() as server:
        api = telegram_api(server, http)
        yield server, TelegramNotifier(api=api, channels=telegram_channels(), clock=FixedClock())


@pytest.fixture
def rosters() -> list[Roster]:
    return []


async def test_who_is_reached_how(tmp_path: Path, rosters: list[Roster]) -> None:
    """Routes have their rotation, who has no chat is told in the default route's channel; a reload changes it."""
    settings = load_text(SETTINGS, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})
    routes = {
        "default": Route(name="default", to="telegram:care"),
        "press": Route(name="press", to="console"),
    }
    async with telegram() as (_, notifier):
        rostering = Rostering(
            settings=settings,
            notifiers={"telegram": notifier},
            link=lambda _channel, _: None,
            on_call=lambda: settings.on_call,
            routes=lambda: routes,
            use=rosters.append,
        )
        rostering.refresh()
        del routes["press"]
        rostering.refresh()
    before, after = rosters
    covering = Covering(store=NO_STORE, zone=settings.timezone, staff=settings.people)
    covering.changed = lambda: rosters.append(Roster())
    covering.use(settings.on_call)  # as a reload does
    assert 3 == len(rosters)
    assert {"anna": "telegram:@1"} == before.direct
    assert is_direct(before.direct["anna"])
    assert not is_direct("telegram:care")
    assert "telegram:care" == before.lobby
    assert [("default",), ("press",)] == [one.routes for one in before.postings]
    assert [("default",), ()] == [one.routes for one in after.postings]
    assert ["anna"] == [one.person for one in before.mornings]
