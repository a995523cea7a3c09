"""A burst on the page: what its card says, what an answer for all would come to, and the answer itself."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.desk import Desk
from bot.expenses import Money, Price
from bot.incidents import Incidents
from bot.model import Author
from bot.replies import Origin, Suggestion
from bot.sharing import Sharing
from bot.testing.wall import Wall
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._answers import RulesDraft
from tests.integration.page_world import Visitor, World, browser, world

HTMX = {"HX-Request": "true"}
TEXT = "Hi {author.name}, the shop is back. Sorry!"
PLATFORMS = ("bluesky",) * 5 + ("x",) * 2 + ("hackernews",)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    """Eight people complain on three platforms; on X an answer costs money, on Hacker News nobody can."""
    async with world(tmp_path) as made:
        made.store.incidents = Incidents(at_least=4, authors=3)
        x = Wall(platform="x", limit=49, cost=Price(money=Money(200_000, "USD")), now=made.clock.now)
        made.page.answers.repliers["x"] = x  # type: ignore[attr-defined]
        items = []
        for number, platform in enumerate(PLATFORMS):
            name = f"b{number}"
            post = s.post(f"c{number}", author=name, minute=59, root=None, text=f"complaint {number}")
            one = s.judged(replace(post, platform=platform), channel="chat:care")
            items.append(replace(one, author=Author(platform=platform, id=name, name=f"Bob{number}")))
        await made.store.record(s.entry(*items), now=made.clock.now(), lease_for=s.LEASE)
        yield made


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    async with browser(at, "anna") as visitor:
        yield visitor


def where(at: World) -> str:
    ((uid,),) = s.rows(at.database, "SELECT uid FROM incidents")
    return f"/incident/{uid}"


async def look(at: World, visitor: Visitor) -> str:
    """The page as it is read."""
    _, source, _ = await visitor.get(where(at))
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", source)).split())


async def press(at: World, visitor: Visitor, verb: str, text: str = "") -> str:
    """One press of what is shown there now; what is told."""
    _, source, _ = await visitor.get(where(at))
    (token,) = dict.fromkeys(re.findall(rf'name="press" value="({verb}:[^"]+)"', source))
    _, told, _ = await visitor.post("/incident", {"press": token, "text": text}, headers=HTMX)
    return html.unescape(told)


async def prepare(at: World, visitor: Visitor) -> None:
    """One press; the daemon's own task does the rest, and the page says so meanwhile."""
    assert "7 answers are being prepared" in await press(at, visitor, "all_prepare")
    assert "0 answers are prepared so far, more follow." in await look(at, visitor)
    desk = at.page.desk
    assert isinstance(desk, Desk)
    assert isinstance(desk.incidents, Sharing)
    await desk.incidents.preparing.once(desk.one_of_many)


async def test_the_inbox_leads_to_what_its_card_says(at: World, anna: Visitor) -> None:
    """Posts, authors, platforms, the first of them; nothing to reply to in a chat that is not here."""
    assert f'<a href="{where(at)}">' in (await anna.get("/"))[1]
    shown = await look(at, anna)
    for told in ("8 posts since", "8 authors · Bluesky 5, X 2, Hacker News 1", "complaint 0", "complaint 2"):
        assert told in shown
    assert ENGLISH.say("incident.to_answer") not in shown
    assert (404, 404) == ((await anna.get("/incident/9"))[0], (await anna.get("/incident/" + 26 * "0"))[0])


async def test_what_would_come_of_it_is_shown_before_anything_is_prepared(at: World, anna: Visitor) -> None:
    """On each platform: how many, what is too long, what it costs, who is left out and why."""
    s.execute(at.database, "INSERT INTO opt_outs (platform, author_id, at) VALUES ('bluesky', 'b0', 1)")
    s.execute(at.database, "UPDATE conversations SET state = 'answered' WHERE author_id IN ('b1', 'b2')")
    s.execute(at.database, "UPDATE authors SET name = 'Bartholomew the Elder' WHERE author_id = 'b5'")
    assert ENGLISH.say("share.kept") in await press(at, anna, "all_edit", TEXT)
    shown = await look(at, anna)
    assert "Bluesky: 2 people · left out: 2 answered already, 1 asked to be left alone" in shown
    assert "X: 2 people · 1 too long, by 1: not published unless it is shortened · 0.40 USD in all" in shown
    assert "Hacker News: nobody · left out: 1 where we have no account" in shown
    assert "It could go to 4 people" in shown
    assert "Prepare 4 answers" in shown
    assert [(0,)] == s.rows(at.database, "SELECT count(*) FROM drafts")


async def test_one_answer_for_all_is_prepared_published_and_audited(at: World, anna: Visitor) -> None:
    """Once each, by the person who pressed; the drafts are counted by platform before they are approved."""
    await press(at, anna, "all_edit", TEXT)
    await prepare(at, anna)
    shown = await look(at, anna)
    assert "Bluesky: 5 answers" in shown
    assert "X: 2 answers · 0.40 USD in all" in shown
    assert [] == at.wall.posts
    assert "7 answers are approved" in await press(at, anna, "all_publish")
    for _ in range(12):
        await at.go_on()
    assert [f"Hi Bob{number}, the shop is back. Sorry!" for number in range(5)] == sorted(
        text for _, text, _ in at.wall.posts
    )
    assert "7 of 7 published" in await look(at, anna)
    audit = s.rows(
        at.database,
        "SELECT verb, outcome, count(*) FROM decisions WHERE person = 'anna' AND feed = 'page' GROUP BY 1, 2",
    )
    assert {("all_edit", "proposed", 1), ("all_publish", "approved", 1), ("approve", "approved", 7)} <= {
        *audit
    }


async def test_it_can_be_stopped_there(at: World, anna: Visitor) -> None:
    """What was prepared goes, and its people are free again."""
    await press(at, anna, "all_edit", TEXT)
    await prepare(at, anna)
    assert ENGLISH.say("share.stopped", count=7) in await press(at, anna, "all_stop")
    assert "Prepare 7 answers" in await look(at, anna)


async def test_prepared_answers_are_offered(at: World, anna: Visitor) -> None:
    """By the library, with their fields: taken with one press, and not offered once they are the text."""
    said = Suggestion(
        text="Hi {author.name}, see <b>status</b>.", origin=Origin.LIBRARY, name="down", score=0.8
    )
    drafts = at.page.answers.drafts  # type: ignore[attr-defined]
    assert isinstance(drafts, RulesDraft)
    drafts.library = (said,)
    source = (await anna.get(where(at)))[1]
    assert "Hi {author.name}, see &lt;b&gt;status&lt;/b&gt;." in source
    await press(at, anna, "all_edit", said.text)
    assert [(said.text,)] == s.rows(at.database, "SELECT text FROM shared_answers")
    assert ENGLISH.on_page("incident_use") not in await look(at, anna)


async def test_without_scripts_what_was_refused_is_given_back(at: World, anna: Visitor) -> None:
    """A page of its own, which leads back; a form without its token and another card's verb change nothing."""
    uid = where(at).rpartition("/")[2]
    given = {"press": f"all_edit:{uid}", "text": "It is {price}"}
    status, source, _ = await anna.post("/incident", given)
    assert (200, True, True) == (status, "It is {price}" in source, f'href="{where(at)}"' in source)
    assert 403 == (await anna.post("/incident", {**given, "text": TEXT}, token="wrong"))[0]
    assert 400 == (await anna.post("/incident", {"press": f"claim:{uid}"}))[0]
    assert [] == s.rows(at.database, "SELECT text FROM shared_answers")


async def test_only_staff_sees_it(at: World) -> None:
    """Anybody else is asked to sign in."""
    async with browser(at) as visitor:
        status, _, headers = await visitor.get(where(at))
        assert (303, True) == (status, headers["Location"].startswith("/login"))
