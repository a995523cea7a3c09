"""Somebody takes over: the chat is told once, and whoever comes gets what happened, alone with the bot."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.testing.telegram_chats import Chat
from bot.testing.telegram_server import CHAT
from tests.acceptance._world import ANN, World, until
from tests.acceptance.test_main_job import running
from tests.acceptance.test_silence import PEOPLE, RULES

LI = 3
ON_CALL = {"care": {"people": ["anna"], "starts": "2020-01-06"}}


def in_chat(world: World, chat: int) -> list[str]:
    return [sent.text for sent in world.telegram.messages if sent.chat.id == chat]


def staff(world: World) -> list[str]:
    return [text for text in in_chat(world, CHAT) if text.startswith("care: ")]


async def test_who_takes_over_is_told_once(tmp_path: Path) -> None:
    """Li covers from now on: the staff reads the summary, Li all of it in private; a restart tells nothing."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(people=PEOPLE, on_call=ON_CALL)
        world.telegram.telegram.chats[LI] = Chat(id=LI)
        async with running(world):
            await world.jetstream.post(ANN, "acme is on fire")
            await until(lambda: world.telegram.messages, what="the card")
            world.telegram.say("/cover me 00:00-24:00", user=LI)
            await until(lambda: in_chat(world, LI), what="Li gets the card of the shift")
            await until(lambda: any("→" in text for text in staff(world)), what="the staff is told")
        [summary] = [text for text in staff(world) if "→" in text]
        assert summary.startswith("care: Anna → Li\n1 open: 1 critical\nSince ")
        [card] = in_chat(world, LI)
        assert card.startswith("Li is on call: care, until ")
        assert "From Anna:\n1 open: 1 critical" in card
        assert "Critical or high, and open: 1" in card
        async with running(world):
            world.telegram.say("/catchup 1h", user=LI)
            await until(lambda: "About: " in world.telegram.messages[-1].text, what="what happened")
        assert 1 == len([text for text in staff(world) if "→" in text])
        assert 1 == len([text for text in in_chat(world, LI) if "on call" in text])
        told = await world.outcare("catchup", "--person", "li", "--since", "1h", "--json")
        assert 0 == await told.wait()
        assert 1 == json.loads(world.output)["urgent"]["count"]


async def test_who_never_wrote_to_the_bot_is_told_in_the_chat(tmp_path: Path) -> None:
    """Telegram lets no bot begin: the morning's card comes where alerts go. It was slept through, a minute."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        clock = datetime.now(UTC) - timedelta(minutes=1)
        people = {**PEOPLE, "li": {**PEOPLE["li"], "morning": f"{clock:%H:%M}", "timezone": "UTC"}}
        world.write_config(people=people, on_call=ON_CALL)
        async with running(world):
            await until(lambda: noted(world.database), what="the first look, which tells nothing")
        assert [] == world.telegram.messages
        with closing(sqlite3.connect(world.database)) as db, db:
            db.execute("UPDATE mornings_told SET told_to = told_to - 86400000000")
        async with running(world):
            await until(lambda: len(in_chat(world, CHAT)) == 2, what="the card, and why it is here")
        why, card = sorted(in_chat(world, CHAT), key=lambda text: text.startswith("Good morning, Li. Since "))
        assert "cannot be written to: Telegram: Chat not found" in why
        assert card.startswith("Good morning, Li. Since ")


def noted(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as db:
        return bool(db.execute("SELECT count(*) FROM mornings_told").fetchone()[0])
