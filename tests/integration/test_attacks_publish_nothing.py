"""The attack corpus on the way to publishing: whatever somebody writes, only an approval publishes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.staff import Press, Presses
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._answers import Office, office
from tests.unit.attacks import attacks


async def heard(it: Office) -> None:
    """Each as a post of a stranger's, about the brand."""
    for number, attack in enumerate(attacks()):
        post = s.post(f"x{number}", author=f"evil{number}", root=None, text=attack.text)
        await it.hear(s.judged(replace(post, title=""), uid=f"01KAJ4ZC00XX{number:014d}", channel=None))


async def test_what_strangers_post_publishes_nothing(tmp_path: Path) -> None:
    """Commands, tokens, fields, promises: nothing of it is approved, none of it is a draft."""
    async with office(tmp_path / "x.db") as it:
        await heard(it)
        await it.go_on(3600)
        assert [] == it.wall.asked
        assert [(0,)] == s.rows(it.path, "SELECT count(*) FROM drafts")


async def test_what_strangers_say_in_the_chat_decides_nothing(tmp_path: Path) -> None:
    """As words under a card, and as what a button would hand back: it is nobody of the staff."""
    async with office(tmp_path / "x.db") as it:
        for number, attack in enumerate(attacks()):
            words = attack.text[:10_000]
            for token, text in (("", words), (words or "?", "")):
                press = Press(
                    id=f"e{number}{bool(token)}", channel="chat:care", person="chat:666", token=token,
                    at=it.clock.now(), text=text, receipt="msg-1",
                )  # fmt: skip
                await it.desk.take(it.chat, Presses(presses=(press,)))
        await it.go_on(3600)
        assert [] == it.wall.asked
        assert {None} == {verb for (verb,) in s.rows(it.path, "SELECT verb FROM decisions")}
        assert ENGLISH.say("press.not_staff", identity="chat:666") in {text for _, text, _ in it.chat.told}


async def test_staff_who_quote_an_attack_only_draft_it(tmp_path: Path) -> None:
    """Whatever a colleague pastes is a draft as it stands; fields in it stay words."""
    async with office(tmp_path / "x.db") as it:
        for attack in attacks()[:30]:
            await it.write(attack.text)
        await it.go_on(3600)
        assert [] == it.wall.asked
