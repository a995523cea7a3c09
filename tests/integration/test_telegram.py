"""Telegram in particular: what the contract suites do not ask of every channel."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from bot.errors import Reason, Rejected, Unavailable
from bot.model import Alert, Cursor
from bot.staff import Button, Card, Presses, Receipt
from bot.testing.notifier_contract import a_card, until
from bot.testing.telegram_chats import Chat
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from connectors.telegram import api
from connectors.telegram.api import Api
from connectors.telegram.feed import TelegramFeed
from connectors.telegram.notifier import TelegramNotifier
from connectors.telegram.settings import AccountSettings, ChannelSettings
from tests.contract._http import CountingHttp, counting
from tests.contract._rigs import NOW, FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GONE = Receipt(ref=f"{CHAT}:999", at=NOW)


@dataclass(kw_only=True)
class Rig:
    server: TelegramServer
    http: CountingHttp
    channels: dict[str, ChannelSettings]

    @property
    def api(self) -> Api:
        return Api(token=TOKEN, base_url=self.server.url, http=self.http)

    @property
    def notifier(self) -> TelegramNotifier:
        return TelegramNotifier(api=self.api, channels=self.channels, clock=FixedClock())

    def feed(self, **more: timedelta) -> TelegramFeed:
        given = {"poll": timedelta(seconds=1)} | more
        return TelegramFeed(api=self.api, channels=self.channels, clock=FixedClock(), **given)  # type: ignore[arg-type]

    async def read(self, count: int, *, after: Cursor | None = None) -> list[Presses]:
        found: list[Presses] = []
        async with asyncio.timeout(5):
            async for presses in self.feed().read(after):
                found.append(presses)
                if len(found) == count:
                    break
        return found


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with counting() as http, TelegramServer() as server:
        yield Rig(server=server, http=http, channels={"care": ChannelSettings(chat=CHAT, ping=("@anna",))})


# --- sending ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alert", "is_silent", "names"),
    [
        (Alert.PING, False, True),
        (Alert.MESSAGE, True, False),
        (Alert.DIGEST, True, False),
        (Alert.NONE, True, False),
    ],
)
async def test_how_loud_an_alert_is(rig: Rig, alert: Alert, is_silent: bool, names: bool) -> None:
    """A ping sounds and names people, all else makes no sound; previews are always off."""
    await rig.notifier.notify("care", Card(headline="HIGH", alert=alert), key="a")
    sent = rig.server.messages[0]
    assert (is_silent, names, False) == (sent.is_silent, "@anna" in sent.text, sent.has_preview)


async def test_a_topic_of_a_forum(rig: Rig) -> None:
    """A channel may be one topic of a group; presses there come from that channel."""
    rig.channels["press"] = ChannelSettings(chat=CHAT, thread=7)
    for channel in ("care", "press"):
        await rig.notifier.notify(channel, a_card(), key=channel)
    assert [None, 7] == [sent.thread for sent in rig.server.messages]
    for sent in rig.server.messages:
        rig.server.press(sent.message_id, "Claim")
    found = [presses.presses[0].channel for presses in await rig.read(2)]
    assert ["telegram:care", "telegram:press"] == found


async def test_a_topic_per_urgency(rig: Rig) -> None:
    """The others go where they always go; presses and replies there come from the same channel."""
    rig.channels["care"] = ChannelSettings(chat=CHAT, thread=7, topics={"critical": 12, "low": 14})
    rig.channels["else"] = ChannelSettings(chat=CHAT)
    for urgency in ("critical", "high", None):
        await rig.notifier.notify("care", Card(headline="x", data={"urgency": urgency}), key="a")
    assert [12, 7, 7] == [sent.thread for sent in rig.server.messages]
    rig.server.say("on it", reply_to=1)
    rig.server.say("/silences")
    found = [press.channel for item in await rig.read(2) for press in item.presses]
    assert ["telegram:care", "telegram:else"] == found


@pytest.mark.parametrize(
    ("given", "minutes"), [({}, 10), ({"ping_again": "3m"}, 3), ({"ping_again": "never"}, None)]
)
def test_how_often_a_ping_rings(rig: Rig, given: dict[str, str], minutes: int | None) -> None:
    """Until somebody takes it; a channel that is gone is no reason to fail."""
    rig.channels["care"] = ChannelSettings.model_validate({"chat": 1, **given})
    assert (timedelta(minutes=minutes) if minutes else None) == rig.notifier.rings_again("care")
    assert rig.notifier.rings_again("gone") is None


async def test_a_chat_by_its_name(rig: Rig) -> None:
    """`@our_group` works for sending, and its presses are recognized."""
    rig.server.telegram.chats[-5] = Chat(id=-5, username="our_group")
    rig.channels["public"] = ChannelSettings(chat="@our_group")
    receipt = await rig.notifier.notify("public", a_card(), key="a")
    assert "-5:1" == receipt.ref
    rig.server.press(1, "Claim")
    assert "telegram:public" == (await rig.read(1))[0].presses[0].channel


async def test_a_press_in_a_chat_that_is_none_of_ours(rig: Rig) -> None:
    """An old card in a group that has left the configuration: the press is seen, its place is unknown."""
    await rig.notifier.notify("care", a_card(), key="a")
    rig.channels = {}
    rig.server.press(1, "Claim")
    assert "telegram:?" == (await rig.read(1))[0].presses[0].channel


async def test_buttons_survive_an_update(rig: Rig) -> None:
    """What the card now offers is what the message now has."""
    receipt = await rig.notifier.notify("care", a_card(), key="a")
    rows = ((Button(label="Back", token="less:01JD4ZQ8M0ABCDEFGHJKMNPQRS"),),)
    await rig.notifier.update("care", receipt, Card(headline="HIGH", buttons=rows), key="b")
    assert ["Back"] == rig.server.messages[0].labels


@pytest.mark.parametrize("receipt", [GONE, Receipt(ref="", at=NOW), Receipt(ref="7", at=NOW)])
async def test_a_message_that_is_gone_cannot_be_updated(rig: Rig, receipt: Receipt) -> None:
    """Deleted by somebody, or a receipt of another kind: rejected, not tried for ever."""
    with pytest.raises(Rejected) as caught:
        await rig.notifier.update("care", receipt, a_card(), key="a")
    assert Reason.NOT_FOUND is caught.value.reason


async def test_a_group_that_moved_names_its_new_id(rig: Rig) -> None:
    """A group became a supergroup: what to write into the configuration is in the message."""
    rig.server.telegram.chats[CHAT].migrated_to = -1009
    with pytest.raises(Rejected, match=r"chat: -1009"):
        await rig.notifier.notify("care", a_card(), key="a")


async def test_a_bot_that_was_removed_is_rejected(rig: Rig) -> None:
    """And says so in Telegram's words, which name the cause."""
    rig.server.telegram.chats[CHAT].is_kicked = True
    with pytest.raises(Rejected, match="kicked") as caught:
        await rig.notifier.notify("care", a_card(), key="a")
    assert Reason.FORBIDDEN is caught.value.reason


async def test_silence_is_a_timeout(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was sent nobody knows; alerts may repeat."""
    monkeypatch.setattr(api, "ANSWER_WITHIN", 0.1)
    rig.server.fail(0)
    with pytest.raises(Unavailable) as caught:
        await rig.notifier.notify("care", a_card(), key="a")
    assert Reason.TIMEOUT is caught.value.reason
    assert "".join(traceback.format_exception(caught.value))


async def test_an_unreachable_server_is_unavailable(rig: Rig) -> None:
    """Nobody listens there."""
    away = Api(token=TOKEN, base_url="http://127.0.0.1:1", http=rig.http)
    rig.channels["care"] = ChannelSettings(chat=CHAT)
    notifier = TelegramNotifier(api=away, channels=rig.channels, clock=FixedClock())
    with pytest.raises(Unavailable) as caught:
        await notifier.notify("care", a_card(), key="a")
    assert Reason.CONNECTION is caught.value.reason


# --- reading ------------------------------------------------------------------------------------


async def test_numbers_that_begin_again_lose_no_press(rig: Rig) -> None:
    """After a week without updates Telegram counts from a random number, perhaps a lower one."""
    await rig.notifier.notify("care", a_card(), key="a")
    rig.server.press(1, "Claim")
    cursor = (await rig.read(1))[0].cursor
    rig.server.telegram.updates.clear()
    rig.server.telegram.next_update_id = 117_314_199
    press_id = rig.server.press(1, "Claim")
    found = await rig.read(1, after=cursor)
    assert [press_id] == [press.id for press in found[0].presses]
    assert "v1:117314200" == found[0].cursor


@pytest.mark.parametrize("cursor", ["", "v1:", "v2:5", "v1:x", "v1:²"])
async def test_an_unreadable_cursor_reads_all_there_is(rig: Rig, cursor: str) -> None:
    """Better a press twice than one never."""
    await rig.notifier.notify("care", a_card(), key="a")
    press_id = rig.server.press(1, "Claim")
    assert press_id == (await rig.read(1, after=Cursor(cursor)))[0].presses[0].id


async def test_chatter_moves_the_cursor_once(rig: Rig) -> None:
    """A hundred messages in the group are one commit, not a hundred."""
    for number in range(30):
        rig.server.say(f"message {number}")
    await rig.notifier.notify("care", a_card(), key="a")
    rig.server.press(1, "Claim")
    found = await rig.read(2)
    assert [0, 1] == [len(presses.presses) for presses in found]


async def test_id_tells_what_to_write_into_the_configuration(rig: Rig) -> None:
    """Whoever sets up a chat asks the bot in it."""
    rig.server.say("/id@outcare_bot", user=42)
    rig.server.say("nice weather", user=43)
    reading = asyncio.create_task(rig.read(2))
    await until(lambda: bool(rig.server.messages))
    reading.cancel()
    assert [f"chat: {CHAT}\nyour id: 42"] == [sent.text for sent in rig.server.messages]


async def test_a_command_is_a_press_that_is_answered_where_it_was_said(rig: Rig) -> None:
    """Its words as they are, its chat and its topic; what else people say is none of ours."""
    rig.server.say("/silence@outcare_bot rule safety 8h  a film", user=42)
    rig.server.say("/weather", user=42)
    rig.server.say("/silences", user=43, chat=5)
    (care,), (aside,) = (presses.presses for presses in await rig.read(3) if presses.presses)
    assert ("telegram:care", "telegram:42") == (care.channel, care.person)
    assert "/silence rule safety 8h  a film" == care.token
    assert ("telegram:?", "/silences") == (aside.channel, aside.token)
    feed = rig.feed()
    await feed.answer(care, "done, @anna", is_loud=True)
    await feed.answer(aside, "", is_loud=False)
    assert [(CHAT, [])] == [(sent.chat.id, sent.named) for sent in rig.server.messages]
    assert [] == rig.server.answers


async def test_a_long_answer_to_a_command_is_cut(rig: Rig) -> None:
    """Telegram takes 4,096 units."""
    rig.server.say("/silences")
    ((press,),) = (presses.presses for presses in await rig.read(1))
    await rig.feed().answer(press, "@x " * 4000, is_loud=True)
    assert len(rig.server.messages[0].text) <= 4096


async def test_help_that_fails_is_not_in_the_way_of_presses(rig: Rig) -> None:
    """The bot may read a chat that it may not write to."""
    await rig.notifier.notify("care", a_card(), key="a")
    rig.server.fail(403, method="sendMessage", description="Forbidden: bot was kicked")
    rig.server.say("/start")
    reading = asyncio.create_task(rig.read(2))
    await until(lambda: rig.server.is_polled)
    press_id = rig.server.press(1, "Claim")
    assert press_id == (await reading)[1].presses[0].id


async def test_an_update_that_cannot_be_read_stops_no_press(rig: Rig) -> None:
    """Else it would come again with every poll: it only moves the cursor."""
    await rig.notifier.notify("care", a_card(), key="a")
    updates = rig.server.telegram
    updates._update(message={"message_id": 1})
    updates._update(message="what is this?")
    said = rig.server.say("a gift")
    updates.updates[-1]["message"]["gift"] = "of a kind that nobody knows"
    updates.updates[-1]["message"]["reply_markup"] = 7
    press_id = rig.server.press(1, "Claim", user=42)
    updates.updates[-1]["callback_query"]["message"]["paid_media"] = ["what"]
    found = await rig.read(2)
    assert [Cursor(f"v1:{said + 1}"), Cursor(f"v1:{said + 2}")] == [presses.cursor for presses in found]
    (press,) = found[1].presses
    assert (press_id, "telegram:42", "telegram:care") == (press.id, press.person, press.channel)


async def test_a_stranger_who_asks_for_help_a_hundred_times(rig: Rig) -> None:
    """Gets a few answers: presses wait for nobody."""
    for number in range(60):
        rig.server.say("/id", chat=5, user=number)
    reading = asyncio.create_task(rig.read(3))
    await until(lambda: rig.server.is_polled)
    reading.cancel()
    assert 1 <= len([sent for sent in rig.server.messages if sent.chat.id == 5]) < 10


async def test_a_server_that_answers_polls_at_once_is_not_hammered(rig: Rig) -> None:
    """A long poll that always comes back empty at once ends with an error, not in a busy loop."""
    rig.server.fail(200, method="getUpdates", times=1000, body=b'{"ok": true, "result": []}')
    with pytest.raises(Unavailable) as caught:
        await anext(rig.feed(poll=timedelta(seconds=50)).read(None))
    assert Reason.PROTOCOL is caught.value.reason
    assert rig.server.requests < 50


# --- settings and start-up ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"chat": "care"},
        {"chat": 1, "ping": ["anna"]},
        {"chat": 1, "color": "red"},
        {},
        {"chat": None},
        {"chat": 1, "topics": {"urgent": 3}},
        {"chat": 1, "ping_again": "1s"},
        {"chat": 1, "ping_again": 5},
    ],
)
def test_wrong_channel_settings_are_refused(wrong: dict[str, object]) -> None:
    """A chat is a number or @name, people are @names, and there is nothing else."""
    with pytest.raises(ValidationError):
        ChannelSettings.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{}, {"token": ""}, {"token": "1:a", "base_url": "api.telegram.org"}])
def test_wrong_account_settings_are_refused(wrong: dict[str, object]) -> None:
    """No token, or an address that is none."""
    with pytest.raises(ValidationError):
        AccountSettings.model_validate(wrong)


def test_the_connector_is_quick_to_import() -> None:
    """The library takes most of a second: it is loaded when a chat is used, not for `outcare --help`."""
    code = "import connectors.telegram.connector, sys; sys.exit('telegram' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
