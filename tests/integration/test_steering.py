"""The stop of all publishing, and whose accounts belong together, as commands on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.model import Author
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration.test_commands import Office, office

PAUSED = "Publishing was paused by Li at 12:00 UTC; no answer goes out: a wrong price"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_publishing_is_paused_and_goes_on(path: Path) -> None:
    """Kept with who, when and why, told at once, over a restart too; ended by whoever may."""
    async with office(path) as it:
        assert f"{PAUSED}\nTo let it go on: /resume" == await it.say("/pause publishing a wrong price")
        paused = await it.store.publishing_paused()
        assert paused is not None
        assert ("li", "a wrong price", s.at(0)) == (paused.person, paused.reason, paused.since)
        assert paused == (await it.store.status(now=s.at(1))).paused
        assert [paused] == it.pauses
    async with office(path) as it:
        it.said = 10
        assert paused == await it.store.publishing_paused()
        assert "Publishing goes on." == await it.say("/resume")
        assert await it.store.publishing_paused() is None
        assert [None] == it.pauses
        assert "Publishing is not paused." == await it.say("/resume")
    assert [("li", "li")] == s.rows(path, "SELECT person, ended_by FROM pauses")


async def test_a_second_pause_takes_the_place_of_the_first(path: Path) -> None:
    """One is in force at a time: the last reason counts, and one /resume ends it."""
    async with office(path) as it:
        await it.say("/pause publishing")
        told = await it.say("/pause publishing because")
        assert told.startswith("Publishing was paused")
        await it.say("/resume")
        assert await it.store.publishing_paused() is None


@pytest.mark.parametrize("text", ["/pause publishing now", "/resume"])
async def test_an_agent_stops_nothing(path: Path, text: str) -> None:
    """Nor lets it go on; it is on record that they tried."""
    async with office(path) as it:
        assert ENGLISH.say("command.pause_refused") == await it.say(text, who=1)
        assert ["refused"] == [outcome for _, _, outcome, _ in it.audit()]


async def test_what_is_paused_must_be_said(path: Path) -> None:
    """Alerts are not paused by it: nobody should think so."""
    async with office(path) as it:
        assert ENGLISH.say("command.pause_usage") == await it.say("/pause")
        assert await it.store.publishing_paused() is None


async def test_a_pause_ordered_aside_is_told_to_the_others(path: Path) -> None:
    """In their channel they would not see it."""
    async with office(path) as it:
        await it.say("/pause publishing a wrong price", channel="chat:?")
        await it.say("/resume", channel="chat:?")
        assert [PAUSED, "Li let publishing go on."] == it.noticed


# --- whose accounts -------------------------------------------------------------------------------


async def _met(it: Office) -> None:
    """Ann and Bea have each written once, and are known by their handles."""
    for number, name in enumerate(("ann", "bea")):
        author = Author(platform="bluesky", id=name, handle=f"{name}.example")
        post = s.post(f"q{number}", author=name, root=None, minute=number)
        await s.record(it.store, s.judged(post, uid=name.upper(), author=author))


async def _memory(it: Office) -> int:
    """How many conversations Ann had before, as her next card tells."""
    it.said += 1
    post = s.post(f"again{it.said}", author="ann", root=None, minute=9)
    recorded = await s.record(it.store, s.judged(post, channel=f"chat:c{it.said}"))
    card = await it.store.card(recorded.leased[-1])
    assert card is not None
    return card.memory.earlier


async def test_linked_accounts_are_remembered_as_one_person(path: Path) -> None:
    """Ann's card counts what Bea wrote, from the moment that somebody says so, until they take it back."""
    async with office(path) as it:
        await _met(it)
        assert 1 == await _memory(it)
        told = await it.say("/link bluesky:@ann.example bluesky:bea", who=1)
        assert "bluesky:@ann.example and bluesky:bea are one person from now on." == told
        assert 3 == await _memory(it)
        assert "bluesky:@BEA.example is linked to no other account any more." == await it.say(
            "/unlink bluesky:@BEA.example"
        )
        assert 3 == await _memory(it)
        assert [] == s.rows(path, "SELECT * FROM links")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/link", ENGLISH.say("command.link_usage")),
        ("/unlink", ENGLISH.say("command.link_usage")),
        ("/link bluesky:ann bluesky:@ann.example", ENGLISH.say("command.link_same")),
        ("/link bluesky:ann bluesky:carl", ENGLISH.say("command.no_such_account", account="bluesky:carl")),
        ("/unlink carl", ENGLISH.say("command.no_such_account", account="carl")),
    ],
)
async def test_what_is_wrong_with_a_link_is_said(path: Path, text: str, told: str) -> None:
    """One line that says what to do; nothing is linked."""
    async with office(path) as it:
        await _met(it)
        assert told == await it.say(text)
        assert [] == s.rows(path, "SELECT * FROM links")


async def test_links_of_links_are_one_person(path: Path) -> None:
    """Two pairs become four of one; whoever is taken out leaves the others together."""
    async with office(path) as it:
        await _met(it)
        for number, name in enumerate(("carl", "dana")):
            await s.record(it.store, s.judged(s.post(f"m{number}", author=name, root=None)))
        for pair in ("ann bluesky:bea", "carl bluesky:dana", "ann bluesky:dana"):
            await it.say(f"/link bluesky:{pair}")
        assert [(1, 4)] == s.rows(path, "SELECT whose, count(*) FROM links GROUP BY whose")
        await it.say("/unlink bluesky:ann")
        assert [(1, 3)] == s.rows(path, "SELECT whose, count(*) FROM links GROUP BY whose")
