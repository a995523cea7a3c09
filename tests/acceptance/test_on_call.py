"""The person on call is called in the staff's chat; whoever covers says so there, and it outlives a restart."""

from __future__ import annotations

import json
from pathlib import Path

from bot.testing.telegram_chats import Chat, Sent
from tests.acceptance._world import ANN, CARL, World, until
from tests.acceptance.test_main_job import running
from tests.acceptance.test_silence import PEOPLE, RULES

ON_CALL = {"care": {"people": ["anna"], "starts": "2020-01-06"}}


def rung(message: Sent) -> list[int]:
    """The people whom Telegram rings for."""
    return [one["user"]["id"] for one in message.entities if one["type"] == "text_mention"]


async def test_the_person_on_call_is_called_and_whoever_covers(tmp_path: Path) -> None:
    """Anna by the rotation; then Li, who says so in chat; after a restart too, and on the terminal."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(people=PEOPLE, on_call=ON_CALL)
        chat = world.telegram
        chat.telegram.chats[3] = Chat(id=3)
        async with running(world):
            await world.jetstream.post(ANN, "acme is on fire")
            await until(lambda: len(chat.messages) == 1, what="the card")
            assert "On call: Anna" in chat.messages[0].text
            assert [1] == rung(chat.messages[0])
            chat.say("/cover me 00:00-24:00", user=3)
            await until(
                lambda: any("care: Li covers" in one.text for one in chat.messages), what="Li is told"
            )
            await until(lambda: any("Anna → Li" in one.text for one in chat.messages), what="the hand-over")
            await until(lambda: any(one.chat.id == 3 for one in chat.messages), what="what Li takes over")
        async with running(world):
            await world.jetstream.post(CARL, "acme really is on fire")
            await until(lambda: "acme really" in chat.messages[-1].text, what="the next card")
            assert "On call: Li until" in chat.messages[-1].text
            assert [3] == rung(chat.messages[-1])
            told = await world.outcare("oncall", "--json")
            assert 0 == await told.wait()
            assert "li" == json.loads(world.output)[0]["person"]
