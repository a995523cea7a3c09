"""What can be decided of one conversation on the page, beside claiming and dismissing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.escalation import Escalation
from bot.pausing import Paused
from tests.integration import store_samples as s
from tests.integration.page_world import Visitor, World, browser, world
from tests.integration.test_inquiries import stepped


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    async with browser(at, "anna") as visitor:
        yield visitor


async def test_each_decision_has_a_form_and_a_line_in_the_history(at: World, anna: Visitor) -> None:
    """Chosen from a list, told in words, with who did it."""
    key, uid = await at.mention()
    _, html, _ = await anna.get(f"/c/{key}")
    for press in ("hand_over", "snooze", "urgency", "persona", "note", "elsewhere"):
        assert f'value="{press}:{uid}"' in html
    for press, argument, told in (
        ("urgency", "critical", "Anna says that it is CRITICAL"),
        ("persona", "press", "Anna says who writes: press"),
        ("snooze", "1h", "Anna snoozed it: 1 hour"),
        ("hand_over", "ben", "Anna handed it over to Ben"),
    ):
        await anna.post("/decide", {"press": f"{press}:{uid}", "argument": argument})
        assert told in (await anna.get(f"/c/{key}"))[1], press
    assert ("claimed", "ben") == at.state(key)


async def test_who_was_asked_stands_in_the_history(at: World, anna: Visitor) -> None:
    """Between the decisions: when, after which share of the time, whose claim went back."""
    at.store.escalation = Escalation(leads=("li",))
    key, uid = await at.mention(due=40)
    await s.settle(at.store, at.leased[-1], minute=1)
    await stepped(at.store, 30)
    await anna.post("/decide", {"press": f"claim:{uid}"})
    await at.clock.advance(3600)
    await stepped(at.store, 120)
    html = (await anna.get(f"/c/{key}"))[1]
    told = (
        "Nobody had it after 50 % of the time; asked: Li</bdi> <small>13:30 CET",
        "Anna claimed it</bdi> <small>14:00 CET",
        "Anna had it and did not answer after 100 % of the time: back to the queue; asked: Li</bdi> <small>15:00",
    )
    assert sorted(html.index(one) for one in told) == [html.index(one) for one in told]


async def test_a_note_is_kept_and_shown(at: World, anna: Visitor) -> None:
    """In the history; escaped."""
    key, uid = await at.mention()
    await anna.post("/decide", {"press": f"note:{uid}", "note": "call <her> back"})
    assert "call &lt;her&gt; back" in (await anna.get(f"/c/{key}"))[1]


async def test_ones_own_decision_is_undone_on_the_page(at: World, anna: Visitor) -> None:
    """By a button on the answer, and one on the conversation; nobody else has it."""
    key, uid = await at.mention()
    _, told, _ = await anna.post("/decide", {"press": f"elsewhere:{uid}"})
    assert f'value="undo:{uid}"' in told
    _, html, _ = await anna.get(f"/c/{key}")
    assert "Undo: Answered elsewhere" in html
    async with browser(at, "ben") as ben:
        assert "Undo: Answered elsewhere" not in (await ben.get(f"/c/{key}"))[1]
    await anna.post("/decide", {"press": f"undo:{uid}"})
    assert ("open", None) == at.state(key)


async def test_the_page_says_that_publishing_is_paused(at: World, anna: Visitor) -> None:
    """On every page, to whoever is signed in."""
    paused = Paused(person="li", reason="a wrong price", since=s.at(0))
    at.page.publishing = lambda texts: texts.say(
        "command.paused_why", name=paused.person, since="13:00 CET", reason=paused.reason
    )
    assert "no answer goes out: a wrong price" in (await anna.get("/"))[1]
    async with browser(at) as stranger:
        assert "a wrong price" not in (await stranger.get("/login"))[1]
