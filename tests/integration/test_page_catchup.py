"""`/catchup` on the page: what the command says, from when on, links, hostile words, and the same as JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.catchup import Since, Why, text
from bot.incidents import Incidents
from bot.model import Urgency
from bot.texts.en import ENGLISH
from bot.told_rows import Reader
from tests.integration import store_samples as s
from tests.integration.page_world import PEOPLE, Visitor, World, browser, people, world
from tests.integration.test_briefing import covered
from tests.integration.test_commands import ON_CALL

BERLIN = ZoneInfo("Europe/Berlin")
BAD = ("soon", "40d", "8h please", "2030-01-01", "-8h", "9" * 400 + "h")


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    async with browser(at, "anna") as visitor:
        yield visitor


def said(source: str) -> list[str]:
    """The line that says since when, and those of the list."""
    main = source[source.index("<main") : source.index("</main>")]
    found = re.findall(r"<p>(.*?)</p>|<li[^>]*>(.*?)</li>", main, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", head or line)) for head, line in found]


async def test_it_says_what_the_command_says(at: World, anna: Visitor) -> None:
    """Line for line; a conversation leads to its page. It is in the navigation, and says where one is."""
    key, uid = await at.mention(urgency=Urgency.HIGH, due=30, text="my kettle leaks")
    await anna.post("/decide", {"press": f"claim:{uid}"})
    await at.mention(urgency=Urgency.CRITICAL, due=30)
    await at.clock.advance(7200)
    status, source, _ = await anna.get("/catchup?since=4h")
    reader = Reader(texts=ENGLISH, zone=BERLIN, now=at.clock.now(), people=people, link=lambda *_: None)
    since = Since(at=s.at(-60), why=Why.ASKED)
    briefing = await at.store.brief("anna", since.at, now=reader.now)
    wanted = [one for one in text(briefing, since, reader) if not one.startswith("https://")]
    assert (200, wanted) == (status, said(source))
    assert ["Since 12:00 CET:", "Yours, and waiting: 1"] == wanted[:2]
    assert f'<a href="/c/{key}">HIGH · overdue since' in source
    assert '<a href="/catchup" aria-current="page">' in source
    assert '<a href="/catchup">' in (await anna.get("/"))[1]


async def test_since_when(at: World, anna: Visitor) -> None:
    """The last shift, else the last decision, as the command has it; by the clocks of whoever looks."""
    assert "You have not acted yet. Since Fri 14:00 CET:" == said((await anna.get("/catchup"))[1])[0]
    assert "Since 00:00 CET:" == said((await anna.get("/catchup?since=today"))[1])[0]
    at.page.inquiries = replace(at.page.inquiries, on_call=lambda: ON_CALL)
    await covered(at.store, "omar", s.at(0), s.at(30))
    assert "Since your last shift ended (13:00 CET):" == said((await anna.get("/catchup?since="))[1])[0]
    at.page.people = {**PEOPLE, "anna": replace(PEOPLE["anna"], timezone=ZoneInfo("America/New_York"))}
    assert "Since your last shift ended (07:00 EST):" == said((await anna.get("/catchup"))[1])[0]


@pytest.mark.parametrize("since", BAD)
async def test_what_cannot_be_read_is_said(anna: Visitor, since: str) -> None:
    """And nothing is told of another time instead; the way back is a link."""
    status, source, _ = await anna.get("/catchup", params={"since": since})
    assert (400, []) == (status, said(source))
    assert "Write 8h, today, yesterday, a weekday like mon" in source
    assert '<a href="/catchup">Since my last shift</a>' in source


async def test_an_incident_leads_to_its_card(at: World, anna: Visitor) -> None:
    """In the chat, as a page of ours there is none."""
    at.store.incidents = Incidents(at_least=2, authors=2)
    for _ in range(3):
        await at.mention(urgency=Urgency.NORMAL)
    [card] = [one for one in at.leased if one.effect.key.startswith("incident:")]
    await s.settle(at.store, card, minute=59)
    _, source, _ = await anna.get("/catchup?since=2h")
    assert "Incident, still running: 3 posts by 3 authors since 14:00 · default · 3 open" in said(source)
    assert '<a href="https://chat.example/msg-' in source
    [told] = json.loads((await anna.get("/api/catchup?since=2h"))[1])["incidents"]
    assert (3, None, "default") == (told["posts"], told["ended_at"], told["route"])


async def test_what_is_hostile_is_text(at: World, anna: Visitor) -> None:
    """Neither what somebody wrote nor how they call themselves becomes markup."""
    await at.mention(urgency=Urgency.HIGH, text="<script>alert(1)</script>\u202e", handle="<b>x</b>")
    _, source, _ = await anna.get("/catchup?since=2h")
    assert ("<script>alert" in source, "<b>x" in source, "\u202e" in source) == (False, False, False)
    assert any("“<script>alert(1)</script>”" in one for one in said(source))


async def test_in_spanish(tmp_path: Path) -> None:
    """All of it."""
    async with world(tmp_path, language="es") as at, browser(at, "anna") as anna:
        _, source, _ = await anna.get("/catchup?since=8h")
        assert ["Desde 06:00 CET:", "nada nuevo"] == said(source)
        assert "<h1>Al día</h1>" in source


async def test_the_same_as_json(at: World, anna: Visitor) -> None:
    """One's own, since the same time; `since` as `outcare catchup` takes it; what is wrong is 400 and said."""
    key, _ = await at.mention(urgency=Urgency.HIGH, due=30)
    status, body, _ = await anna.get("/api/catchup")
    told = json.loads(body)
    assert (200, "anna", "first", 1) == (status, told["person"], told["why"], told["urgent"]["count"])
    assert [key] == [row["conversation"] for row in told["urgent"]["rows"]]
    told = json.loads((await anna.get("/api/catchup?since=99d"))[1])
    assert ("asked", s.at(60 - 31 * 24 * 60).isoformat()) == (told["why"], told["since"])
    for query in ("since=soon", "since=", "since=8h&since=9h", "person=li", "since=0h"):
        status, body, _ = await anna.get(f"/api/catchup?{query}")
        assert (400, ["error"]) == (status, list(json.loads(body))), query
