"""An automatic acknowledgement by the real program: once in the customer's group, and no answer to anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.model import ConversationState
from bot.testing.telegram_chats import Chat, Sent
from bot.testing.telegram_server import CHAT
from tests.acceptance._world import World, until
from tests.acceptance.test_main_job import running

PUBLIC = -1009876
WORDS = "{brand} has seen this, and is on it. A person answers here."
SAID = "[automatic] acme has seen this, and is on it. A person answers here."


def listening(world: World, **acknowledge: Any) -> None:
    """The bot is in a group where people talk about acme, and known to be ours."""
    world.telegram.telegram.chats[PUBLIC] = Chat(id=PUBLIC, username="acme_talk")
    world.telegram.reads_all = True
    world.write_config(
        brand={"name": "acme", "words": ["acme"], "accounts": {"telegram": ["outcare_bot"]}},
        telegram={"base_url": world.telegram.url, "listen": [PUBLIC]},
        acknowledge=acknowledge,
    )


def sent(world: World, chat: int) -> list[Sent]:
    return [one for one in world.telegram.messages if one.chat.id == chat]


def is_told(world: World, text: str) -> bool:
    return any(text in one.text for one in sent(world, CHAT))


async def test_it_is_said_once_told_and_taken_back(tmp_path: Path) -> None:
    """To the one who spoke to us, below their message; the card tells it, the ask goes on."""
    async with World(tmp_path) as world:
        listening(world, platforms=["telegram"], rules={"question": WORDS})
        async with running(world) as app:
            chat = world.telegram
            chat.say("is acme down for you too?", chat=PUBLIC, user=71, name="Bea")
            chat.say("@outcare_bot how do I get my refund?", chat=PUBLIC, user=70, name="Cem")
            await until(lambda: sent(world, PUBLIC), what="it is said")
            await until(lambda: is_told(world, "Acknowledged automatically at"), what="the card tells it")
            (said,) = sent(world, PUBLIC)
            assert (SAID, True) == (said.text, said.reply_to is not None)
            rows = await app.store.inbox(limit=9, include_closed=True)
            (row,) = (one for one in rows if "refund" in one.text)
            assert (ConversationState.OPEN, None, True) == (row.state, row.answered_at, row.is_waiting)
            card = next(one for one in sent(world, CHAT) if "Acknowledged" in one.text)
            chat.press(card.message_id, "Take back", user=1, name="Anna")
            await until(lambda: not sent(world, PUBLIC), what="it is gone")
            await until(lambda: is_told(world, "acknowledgement was taken back"), what="the card tells it")


async def test_without_platforms_nothing_is_said(tmp_path: Path) -> None:
    """Off by default: the card comes, and that is all."""
    async with World(tmp_path) as world:
        listening(world, rules={"question": WORDS})
        async with running(world):
            world.telegram.say("@outcare_bot how do I get my refund?", chat=PUBLIC, user=70, name="Cem")
            await until(lambda: is_told(world, "how do I get my refund?"), what="the card arrives")
            world.telegram.say("@outcare_bot and where is my order?", chat=PUBLIC, user=71, name="Bea")
            await until(lambda: is_told(world, "where is my order?"), what="the next card arrives")
            assert [] == sent(world, PUBLIC)
