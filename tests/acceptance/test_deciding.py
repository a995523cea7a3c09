"""Decisions in the staff's chat, by the menus of real cards: handed over, undone, and publishing stopped."""

from __future__ import annotations

from pathlib import Path

from bot.model import ConversationState
from tests.acceptance._world import ANN, World, until
from tests.acceptance.test_main_job import inbox, running, until_stored

PEOPLE = {
    "anna": {"name": "Anna", "role": "agent", "telegram": 1},
    "li": {"name": "Li", "role": "lead", "telegram": 3},
}


async def test_handed_over_and_undone_from_the_chat(tmp_path: Path) -> None:
    """The menu offers the colleague, the card comes once more for them; Undo puts back what was before."""
    async with World(tmp_path) as world:
        world.write_config(people=PEOPLE)
        chat = world.telegram
        async with running(world) as app:
            await until_stored(app, await world.jetstream.post(ANN, "acme is down again, what now?"))
            await until(lambda: chat.messages, what="the card")
            card = chat.messages[0]
            for label, then in (("More…", "Hand over…"), ("Hand over…", "Li"), ("Li", "")):
                await until(lambda label=label: label in card.labels, what=label)  # type: ignore[misc]
                chat.press(card.message_id, label, user=1)
                if then:
                    await until(lambda then=then: then in card.labels, what=then)  # type: ignore[misc]
            await until(lambda: len(chat.messages) == 2, what="the card once more")
            again = chat.messages[1]
            assert again.text.startswith("Claimed by Li")
            await until(lambda: "see the card below" in card.text, what="the first card steps back")
            assert "Undo: Hand over" in again.labels
            chat.press(again.message_id, "Undo: Hand over", user=1)
            await until(lambda: "Claim" in again.labels, what="it is open again")
            (row,) = await inbox(app, "ann")
            assert (ConversationState.OPEN, None) == (row.state, row.claimed_by)


async def test_publishing_stops_at_a_word(tmp_path: Path) -> None:
    """It is in what the machines are told, over a restart too, until somebody resumes."""
    async with World(tmp_path) as world:
        world.write_config(people=PEOPLE)
        chat = world.telegram
        async with running(world) as app:
            chat.say("/pause publishing a wrong price", user=3)
            await until(lambda: chat.messages, what="the lead is told")
            assert "a wrong price" in app.ruling.publishing()
        async with running(world) as app:
            (told,) = [check.detail for check in app.readiness.checks() if check.name == "publishing"]
            assert "paused by Li" in told
            chat.say("/resume", user=3)
            await until(lambda: not app.ruling.publishing(), what="it goes on")
