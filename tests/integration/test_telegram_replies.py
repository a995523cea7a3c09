"""What staff writes as a reply to a card on Telegram: whose card it is, what was written, and what is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.model import Cursor
from bot.overview import Linked
from bot.staff import COMMANDS, MOST_TEXT, Card, Press, Presses, Receipt
from bot.testing.notifier_contract import a_card, until
from bot.testing.telegram_server import BOT, CHAT, TelegramServer
from bot.texts.en import ENGLISH
from bot.texts.languages import LANGUAGES
from connectors.telegram.settings import ChannelSettings
from tests.contract._http import counting
from tests.integration import store_samples as s
from tests.integration.test_desk import office
from tests.integration.test_telegram import Rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with counting() as http, TelegramServer() as server:
        yield Rig(server=server, http=http, channels={"care": ChannelSettings(chat=CHAT)})


class Chatless:
    """A notifier whose messages have no address."""

    kind = "other"
    limits = ()

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        raise NotImplementedError

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        raise NotImplementedError


async def presses(rig: Rig) -> list[Press]:
    """What one poll brings."""
    return [press for item in await rig.read(1) for press in item.presses]


async def test_a_reply_to_a_card_says_which_card_and_what(rig: Rig) -> None:
    """The reference is the one that the notifier gave for the card; no token; answered where it was written."""
    receipt = await rig.notifier.notify("care", a_card(), key="a")
    rig.server.say("We are on it,\n<b>Ann</b>!", user=42, reply_to=1)
    (press,) = await presses(rig)
    assert ("", "We are on it,\n<b>Ann</b>!", receipt.ref) == (press.token, press.text, press.receipt)
    assert ("telegram:care", "telegram:42", True) == (press.channel, press.person, press.is_reply)
    await rig.feed().answer(press, "Nothing was published.", is_loud=True)
    assert "Nothing was published." == rig.server.messages[-1].text


async def test_styles_are_left_out(rig: Rig) -> None:
    """What becomes public later is exactly the text that is seen."""
    await rig.notifier.notify("care", a_card(), key="a")
    rig.server.say("see here", reply_to=1)
    update = rig.server.telegram.updates[-1]["message"]
    update["entities"] = [{"type": "text_link", "offset": 0, "length": 3, "url": "https://example.org"}]
    assert ["see here"] == [press.text for press in await presses(rig)]


async def test_a_very_long_reply_is_cut(rig: Rig) -> None:
    """Telegram has no longer ones, but a server of one's own may."""
    await rig.notifier.notify("care", a_card(), key="a")
    rig.server.say("x" * (MOST_TEXT + 7), reply_to=1)
    assert [MOST_TEXT] == [len(press.text) for press in await presses(rig)]


async def test_a_command_said_as_a_reply_names_the_card(rig: Rig) -> None:
    """It stays a command."""
    receipt = await rig.notifier.notify("care", a_card(), key="a")
    rig.server.say("/silences", reply_to=1)
    (press,) = await presses(rig)
    assert ("/silences", "", receipt.ref, False) == (press.token, press.text, press.receipt, press.is_reply)


async def test_a_reply_in_a_topic(rig: Rig) -> None:
    """It comes from the channel of that topic, and is answered there."""
    rig.channels["press"] = ChannelSettings(chat=CHAT, thread=7)
    await rig.notifier.notify("press", a_card(), key="a")
    rig.server.say("on it", reply_to=1)
    (press,) = await presses(rig)
    assert "telegram:press" == press.channel
    await rig.feed().answer(press, "ok", is_loud=True)
    assert 7 == rig.server.messages[-1].thread


async def test_chatter_is_no_reply_to_a_card(rig: Rig) -> None:
    """A reply to a person, a message in a topic that the bot began, a sticker as a reply, another's command."""
    await rig.notifier.notify("care", a_card(), key="a")
    telegram, chat = rig.server.telegram, rig.server.telegram.chats[CHAT]
    card = {**telegram.shown(rig.server.messages[0]), "from": BOT}
    person = {**card, "from": {"id": 9, "is_bot": False, "first_name": "Ben"}}
    telegram.say(chat, "I think so too", user=1, name="Anna", reply_to_message=person)
    topic = {"message_thread_id": card["message_id"], "is_topic_message": True}
    telegram.say(chat, "hello, topic", user=1, name="Anna", reply_to_message=card, **topic)
    rig.server.say("", reply_to=1)
    rig.server.say("/weather", reply_to=1)
    assert [] == await presses(rig)


# --- commands ------------------------------------------------------------------------------------


async def test_the_menu_of_commands_is_filled_once(rig: Rig) -> None:
    """With what there is, in the staff's language, and in the others for whoever's Telegram speaks those."""
    reading = asyncio.create_task(rig.read(3))
    rig.server.say("hello")
    await until(lambda: set(LANGUAGES) - {"en"} | {""} == rig.server.telegram.commands.keys())
    rig.server.telegram.commands.clear()
    rig.server.say("hello")
    await until(lambda: len(rig.server.telegram.confirmed) == 2)
    assert {} == rig.server.telegram.commands
    reading.cancel()


async def test_a_menu_that_fails_is_tried_again(rig: Rig) -> None:
    """And is not in the way of presses."""
    rig.server.fail(500, method="setMyCommands")
    reading = asyncio.create_task(rig.read(3))
    for number in (1, 2):
        rig.server.say("hello")
        await until(lambda: len(rig.server.telegram.confirmed) == number)  # noqa: B023 - awaited at once
    assert list(COMMANDS) == list(rig.server.telegram.commands[""])
    reading.cancel()


async def test_a_command_for_another_bot_is_not_ours(rig: Rig) -> None:
    """Once we know our own name."""
    feed = rig.feed()
    found: list[str] = []
    rig.server.say("/help@OUTCARE_bot")

    async def read() -> None:
        async for item in feed.read(None):
            found.extend(press.token for press in item.presses)

    reading = asyncio.create_task(read())
    await until(lambda: bool(rig.server.telegram.commands))
    rig.server.say("/help@weather_bot")
    rig.server.say("/help@Outcare_Bot me")
    await until(lambda: len(rig.server.telegram.confirmed) == 3)
    reading.cancel()
    assert ["/help", "/help me"] == found


async def test_an_answer_with_links(rig: Rig) -> None:
    """A line that is an address makes the one before it a link; no @name rings, nor is an address broken."""
    rig.server.say("/inbox")
    (press,) = await presses(rig)
    said = "2 open:\nHIGH @anna: “x”\nhttps://m.example/@ann/1\nhttps://a.example/\nhttps://@anna"
    await rig.feed().answer(press, said, is_loud=True)
    (sent,) = rig.server.messages
    assert ["HIGH @\u2060anna: “x”"] == sent.entity_texts("text_link")
    assert ["https://m.example/@ann/1"] == [entity["url"] for entity in sent.entities]
    assert [] == sent.named


def test_where_a_card_is_opened(rig: Rig) -> None:
    """A supergroup by its number or name; a private chat, a basic group and a strange receipt have no address."""
    rig.channels |= {"named": ChannelSettings(chat="@our_group"), "me": ChannelSettings(chat=5)}
    link = rig.notifier.link
    assert isinstance(rig.notifier, Linked)
    assert "https://t.me/c/1234567890/7" == link("care", f"{CHAT}:7")
    assert "https://t.me/our_group/7" == link("named", "-100987:7")
    assert [None] * 4 == [
        link("me", "5:7"),
        link("care", "-55:7"),
        link("care", "x"),
        link("gone", "-1001:7"),
    ]


# --- what becomes of it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "channel", "told", "kept"),
    [
        (1, "chat:care", ENGLISH.say("press.reply"), ["unreadable"]),
        (9, "chat:care", ENGLISH.say("press.not_staff", identity="chat:9"), ["not_staff"]),
        (9, "chat:?", "", []),
    ],
)
async def test_a_reply_that_nothing_can_be_done_with(
    tmp_path: Path, who: int, channel: str, told: str, kept: list[str]
) -> None:
    """Said so, and on record; a stranger in private is not answered. Nothing changes but the position."""
    press = Press(
        id="m:1", channel=channel, person=f"chat:{who}", token="", at=s.at(0), text="hi", receipt="1:2"
    )
    async with office(tmp_path / "x.db") as it:
        await it.desk.take(it.chat, Presses(presses=(press,), cursor=Cursor("1")))
        assert [("m:1", told, bool(told))] == it.chat.told
        assert kept == [outcome for outcome, _ in it.outcomes()]
        assert (Cursor("1"), ["open", "open"]) == (await it.store.cursor("chat"), s.state(it.path))
