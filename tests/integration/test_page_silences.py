"""Silences on the page: the list, the form, who may, what hostile names do, and the same as JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration import store_samples as s
from tests.integration.page_world import Visitor, World, browser, world

WORDS = {"scope": "words", "name": "known outage", "length": "8h", "reason": "the provider is down"}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def li(at: World) -> AsyncIterator[Visitor]:
    """A lead."""
    async with browser(at, "li") as visitor:
        yield visitor


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    """An agent."""
    async with browser(at, "anna") as visitor:
        yield visitor


def text_of(source: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", source)).split())


def forms(source: str) -> list[dict[str, str]]:
    """The hidden fields of each form, without the token."""
    found = re.findall(r"<form.*?</form>", source, re.DOTALL)
    fields = (re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', one) for one in found)
    return [{name: html.unescape(value) for name, value in one if name != "csrf"} for one in fields]


async def test_a_lead_silences_words_and_ends_it(at: World, li: Visitor) -> None:
    """By the form and by the button beside it; the list says what, until when, by whom, why and how much."""
    assert "Nothing is silenced." in text_of((await li.get("/silences"))[1])
    _, told, _ = await li.post("/silences", WORDS)
    assert "Silenced. No alerts about the words “known outage” until" in text_of(told)
    s.execute(at.database, "UPDATE silences SET held = 37")
    _, source, _ = await li.get("/silences")
    assert "(Li): the provider is down 37 mentions so far." in text_of(source)
    [off] = [one for one in forms(source) if one.get("length") == "off"]
    _, told, _ = await li.post("/silences", off)
    assert "go out again. 37 mentions were silenced." in text_of(told)
    assert [("words", "known outage", "li")] == s.rows(
        at.database, "SELECT scope, name, ended_by FROM silences"
    )


async def test_each_scope_ends_by_its_button(at: World, li: Visitor) -> None:
    """Also words that look like a time, and what is not there any more."""
    for scope, name in (("route", "press"), ("source", "bluesky"), ("words", '"2h down" OR late')):
        await li.post("/silences", {**WORDS, "scope": scope, "name": name})
    s.execute(at.database, "UPDATE silences SET name = 'gone' WHERE scope = 'route'")
    s.execute(
        at.database,
        "INSERT INTO silences (scope, name, until, person, reason, begun_at, label)"
        " SELECT 'author', 'bluesky:did:gone', until, person, reason, begun_at, 'bluesky:@gone' FROM silences"
        " LIMIT 1",
    )
    offs = [one for one in forms((await li.get("/silences"))[1]) if one.get("length") == "off"]
    assert 4 == len(offs)
    for off in offs:
        assert "go out again" in text_of((await li.post("/silences", off))[1])
    assert "Nothing is silenced." in text_of((await li.get("/silences"))[1])


async def test_an_agent_silences_authors_alone(at: World, anna: Visitor, li: Visitor) -> None:
    """The form offers nothing else; what is sent all the same is refused; what a lead set has no button."""
    await li.post("/silences", {**WORDS, "criticals": "1"})
    _, source, _ = await anna.get("/silences")
    assert "critical ones included" in text_of(source)
    assert [] == [one for one in forms(source) if one.get("length") == "off"]
    assert ["author"] == re.findall(r'<option value="(author|words|route|rule|source)"', source)
    assert "Only leads and ops may do that." in text_of((await anna.post("/silences", WORDS))[1])
    await at.mention()
    [(author,)] = s.rows(at.database, "SELECT DISTINCT platform || ':' || author_id FROM posts LIMIT 1")
    given = {"scope": "author", "name": author, "length": "1d", "reason": "provokes"}
    assert "Silenced." in text_of((await anna.post("/silences", given))[1])
    offs = [one for one in forms((await anna.get("/silences"))[1]) if one.get("length") == "off"]
    assert ["author"] == [one["scope"] for one in offs]


async def test_what_is_hostile_is_text(at: World, li: Visitor) -> None:
    """Neither a name nor a reason becomes markup; a form without its token changes nothing."""
    await li.post("/silences", {**WORDS, "name": "<b>x</b>", "reason": "<script>alert(1)</script>"})
    _, source, _ = await li.get("/silences")
    assert "<script>alert" not in source
    assert "<b>x" not in source
    assert 403 == (await li.post("/silences", {**WORDS, "csrf": "wrong"}))[0]


async def test_the_same_as_json(at: World, li: Visitor) -> None:
    """For scripts, by the session of the page."""
    await li.post("/silences", WORDS)
    status, body, _ = await li.get("/api/silences")
    assert 200 == status
    (one,) = json.loads(body)["silences"]
    assert ("words", "known outage", "li", 0, False) == (
        one["scope"],
        one["name"],
        one["person"],
        one["held"],
        one["criticals"],
    )
