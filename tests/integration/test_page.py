"""The page over a real socket: what it shows, and what presses on it do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model import Author, Gap, Span, Urgency
from bot.web import filters
from tests.integration import store_samples as s
from tests.integration.page_world import Visitor, World, browser, world

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    async with browser(at, "anna") as visitor:
        yield visitor


def shown(html: str) -> list[int]:
    """The conversations of a list, in its order."""
    return [int(key) for key in re.findall(r'<li class="row [^>]*id="c(\d+)"', html)]


async def test_the_inbox_shows_what_a_person_needs(at: World, anna: Visitor) -> None:
    """Urgency, author, text with its marks, platform, language, persona, answer-by, holder, why."""
    await at.mention(text="my acme kettle leaks", spans=(Span(start=3, end=7),), due=90)
    _, html, _ = await anna.get("/")
    for piece in (
        "HIGH",
        "Ann (@user1.example)",
        "my <mark>acme</mark> ",
        "Bluesky",
        'lang="en"',
        "customer",
        "answer by 14:31 CET",
        "31m left",
        "nobody yet",
        "says that something leaks",
        "rules.yaml:3",
        "https://bsky.example/user1/p1",
        "1 open",
    ):
        assert piece in html, piece


async def test_most_urgent_and_longest_waiting_come_first(at: World, anna: Visitor) -> None:
    """One row a conversation: by urgency, then by when the answer is due."""
    low, _ = await at.mention(urgency=Urgency.LOW)
    late, _ = await at.mention(urgency=Urgency.CRITICAL, due=50)
    soon, _ = await at.mention(urgency=Urgency.CRITICAL, due=10)
    assert [soon, late, low] == shown((await anna.get("/list"))[1])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abcd"),
        ("?urgency=critical", "b"),
        ("?urgency=high", "bad"),
        ("?q=Norway", "c"),
        ("?q=nowhere", ""),
        ("?q=100%25", "d"),
        ("?platform=hackernews", ""),
        ("?persona=customer", "abcd"),
        ("?persona=nobody", ""),
        ("?lang=en", "abcd"),
        ("?mine=1", "a"),
        ("?view=overdue", "b"),
        ("?view=answered", ""),
        ("?brand=globex", "r"),
        ("?view=all", "dcba"),
        ("?view=nonsense&urgency=x&mine=7&after=9", "abcd"),
    ],
)
async def test_filters_live_in_the_url(at: World, anna: Visitor, query: str, expected: str) -> None:
    """Each narrows the list; what is not understood is left out."""
    made = {
        "a": await at.mention(due=120),
        "b": await at.mention(urgency=Urgency.CRITICAL, due=5),
        "c": await at.mention(urgency=Urgency.NORMAL, text="does it ship to Norway?", due=120),
        "d": await at.mention(due=130, text="I paid 100% of it"),
        "r": await at.mention(brand="globex"),
    }
    await anna.post("/decide", {"press": f"claim:{made['a'][1]}"})
    names = {key: name for name, (key, _) in made.items()}
    _, html, _ = await anna.get("/list" + query)
    found = "".join(names[key] for key in shown(html))
    assert (sorted(expected), len(expected)) == (sorted(found), len(found))
    if query == "?view=all":
        assert expected == found


async def test_pages_follow_each_other_without_a_hole(
    at: World, anna: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Next page goes on where this one ends, in both orders."""
    monkeypatch.setattr(filters, "PER_PAGE", 3)
    made = [(await at.mention(urgency=Urgency(n % 4)))[0] for n in range(8)]
    for view in ("open", "all"):
        path, seen = f"/list?view={view}", list[int]()
        while path:
            _, html, _ = await anna.get(path)
            seen += shown(html)
            following = re.search(r'href="/(\?[^"]*after=[^"]*)" rel="next"', html)
            path = "/list" + following[1].replace("&amp;", "&") if following else ""
        assert sorted(made) == sorted(seen)
        assert len(made) == len(seen)


async def test_an_empty_inbox_says_what_to_do(anna: Visitor) -> None:
    """Nobody waits, or nothing matches."""
    assert "Nothing waits." in (await anna.get("/"))[1]
    assert "Nothing matches these filters." in (await anna.get("/?q=x"))[1]
    assert "Nothing is overdue." in (await anna.get("/?view=overdue"))[1]


async def test_a_claim_is_a_decision_like_one_in_chat(at: World, anna: Visitor) -> None:
    """State, holder, audit; the card in chat is updated by the outbox; the row shows who has it."""
    key, uid = await at.mention()
    await s.settle(at.store, at.leased[0])
    status, text, headers = await anna.post("/decide", {"press": f"claim:{uid}"}, headers=HTMX)
    assert (200, "changed") == (status, headers["HX-Trigger"])
    assert "Yours. The clock is running." in text
    assert ("claimed", "anna") == at.state(key)
    assert ["update"] == [one.effect.kind.value for one in at.delivered]
    assert [("anna", "claim", "claimed", "page")] == s.rows(
        at.database, "SELECT person, verb, outcome, channel FROM decisions"
    )
    assert "you have it" in (await anna.get("/list"))[1]
    async with browser(at, "ben") as ben:
        assert "Anna has it" in (await ben.get("/list"))[1]
        _, text, _ = await ben.post("/decide", {"press": f"claim:{uid}"}, headers=HTMX)
        assert "Anna has it." in text
        assert "undo" not in text
    assert ("claimed", "anna") == at.state(key)


async def test_a_bulk_is_undone_by_one_press(at: World, anna: Visitor) -> None:
    """Dismiss three, undo: each is as it was, its ask goes on; what was done before stays done."""
    made = [await at.mention() for _ in range(3)]
    await anna.post("/decide", {"press": f"claim:{made[0][1]}"})
    fields = [("bulk", "dismiss"), *(("m", uid) for _, uid in made)]
    _, text, _ = await anna.post("/decide", fields, headers=HTMX)
    assert "Dismissed 3." in text
    assert ["dismissed"] * 3 == [at.state(key)[0] for key, _ in made]
    undo = re.findall(r'name="(bulk|m)" value="([^"]+)"', text)
    _, text, _ = await anna.post("/decide", undo, headers=HTMX)
    assert "Opened 3 again." in text
    assert [("claimed", "anna"), ("open", None), ("open", None)] == [at.state(key) for key, _ in made]
    assert [(None,)] * 3 == s.rows(at.database, "SELECT outcome FROM asks")
    assert 3 == len(shown((await anna.get("/list"))[1]))


async def test_a_bulk_claim_takes_what_is_free(at: World, anna: Visitor) -> None:
    """What somebody else has stays theirs and is not undone with the rest."""
    made = [await at.mention() for _ in range(3)]
    async with browser(at, "ben") as ben:
        await ben.post("/decide", {"press": f"claim:{made[1][1]}"})
    fields = [("bulk", "claim"), *(("m", uid) for _, uid in made)]
    _, text, _ = await anna.post("/decide", fields, headers=HTMX)
    assert "Claimed 2. 1 × Ben has it." in text
    _, text, _ = await anna.post(
        "/decide", re.findall(r'name="(bulk|m)" value="([^"]+)"', text), headers=HTMX
    )
    assert "Released 2." in text
    assert [("open", None), ("claimed", "ben"), ("open", None)] == [at.state(key) for key, _ in made]


async def test_it_works_without_a_script(at: World, anna: Visitor) -> None:
    """A plain form gets a whole page with Undo and a way back."""
    key, uid = await at.mention()
    status, text, _ = await anna.post("/decide", {"press": f"claim:{uid}", "back": "/?view=all"})
    assert 200 == status
    assert 'href="/?view=all"' in text
    assert 'value="release"' in text
    assert ("claimed", "anna") == at.state(key)


async def test_a_dismissal_keeps_its_reason(at: World, anna: Visitor) -> None:
    """Shown in the history of the conversation, with who said it."""
    key, uid = await at.mention()
    await anna.post("/decide", {"press": f"dismiss:{uid}", "reason": "spam", "note": "third time <today>"})
    _, html, _ = await anna.get(f"/c/{key}")
    assert "Anna dismissed it" in html
    assert "spam third time &lt;today&gt;" in html


async def test_feedback_is_kept_against_the_verdict(at: World, anna: Visitor) -> None:
    """As from a chat."""
    key, uid = await at.mention()
    _, text, _ = await anna.post("/decide", {"press": f"too_high:{uid}"}, headers=HTMX)
    assert "Noted." in text
    assert [("anna", "too_high")] == s.rows(at.database, "SELECT person, says FROM feedback")
    shown = (await anna.get(f"/c/{key}"))[1]
    assert "Anna: Too high" in shown
    assert f'value="too_high:{uid}" aria-pressed="true"' in shown
    assert 1 == shown.count("aria-pressed")


async def test_reopened_after_the_answer_came_it_is_answered(at: World, anna: Visitor) -> None:
    """Undoing a dismissal does not bring back a wait that ended meanwhile."""
    key, uid = await at.mention(handle="zoe")
    await anna.post("/decide", {"press": f"dismiss:{uid}"})
    root = "at://zoe/p1"
    await s.record(at.store, s.answer("re", minute=30, to="zoe", root=root))
    await anna.post("/decide", {"press": f"reopen:{uid}"})
    assert ("answered", None) == at.state(key)
    assert [("answered",)] == s.rows(at.database, "SELECT outcome FROM asks")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"press": "claim"},
        {"press": "fly:01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        {"bulk": "claim"},
        {"bulk": "why", "m": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    ],
)
async def test_a_press_that_says_nothing_is_refused(anna: Visitor, fields: dict[str, str]) -> None:
    """400 with what to do."""
    status, text, _ = await anna.post("/decide", fields)
    assert 400 == status
    assert text.strip()


async def test_a_press_on_what_is_gone_is_told(anna: Visitor) -> None:
    """A mention of another database."""
    _, text, _ = await anna.post("/decide", {"press": "claim:01ARZ3NDEKTSV4RRFFQ69G5FAV"}, headers=HTMX)
    assert "no longer known" in text


async def test_the_conversation_shows_all_that_is_known(at: World, anna: Visitor) -> None:
    """The thread with our answer, the author, why, and what they wrote before."""
    zoe = Author(platform="bluesky", id="zoe", handle="zoe.example", name="Zoë", bio="I paint", followers=7)
    before, _ = await at.mention(handle="zoe", author=zoe, text="hello acme, nice shop", spans=())
    key, uid = await at.mention(handle="zoe", author=zoe, text="my kettle leaks")
    await s.record(at.store, s.answer("re", minute=30, to="zoe", root="at://zoe/p2", text="We are on it"))
    _, html, _ = await anna.get(f"/c/{key}")
    for piece in (
        "Zoë (@zoe.example)",
        "my ",
        "We are on it",
        '<span class="chip">us</span>',
        "I paint",
        "7 followers",
        "says that something leaks",
        "Answered after 28m",
        f'href="/c/{before}"',
        "hello acme",
    ):
        assert piece in html, piece
    assert f"claim:{uid}" not in html


async def test_the_conversation_shows_the_prepared_answer(at: World, anna: Visitor) -> None:
    """Filled in and escaped, until nobody waits for it any more."""
    eve = Author(platform="bluesky", id="eve", handle="eve.example", name="<b>Eve")
    key, uid = await at.mention(handle="eve", author=eve, draft="Hi {author.name}, {brand} <i>cares</i>")
    other, _ = await at.mention()
    _, html, _ = await anna.get(f"/c/{key}")
    assert '<p class="draft" dir="auto">Hi &lt;b&gt;Eve, acme &lt;i&gt;cares&lt;/i&gt;</p>' in html
    assert 'class="draft"' not in (await anna.get(f"/c/{other}"))[1]
    await anna.post("/decide", {"press": f"dismiss:{uid}"}, headers=HTMX)
    assert 'class="draft"' not in (await anna.get(f"/c/{key}"))[1]


@pytest.mark.parametrize(
    "path", ["/c/999", "/c/x", "/c/-1", "/c/99999999999999999999", "/c/1%2F2", "/nothing"]
)
async def test_what_is_not_there_is_not_found(anna: Visitor, path: str) -> None:
    """404 for anything that is no conversation and no page."""
    assert 404 == (await anna.get(path))[0]


async def test_the_sources_show_health_coverage_and_gaps(at: World, anna: Visitor) -> None:
    """What `outcare status` tells."""
    await s.record(at.store, cursor="1", observed_to=s.at(10))
    missed = Gap(source="jetstream", started_at=s.at(10), ended_at=s.at(40), reason="cursor_lost")
    await s.record(at.store, cursor="2", observed_to=s.at(50), gap=missed)
    _, html, _ = await anna.get("/sources")
    for piece in ("jetstream", "listening", "13:10 CET", "13:40 CET", "cursor_lost", "30m"):
        assert piece in html, piece


async def test_the_sources_show_what_was_spent(anna: Visitor) -> None:
    """Money and things, by source, of the day and the month."""
    _, html, _ = await anna.get("/sources")
    for piece in (
        "Budget of X: 41.20 USD of 50.00 USD spent in 2026-11",
        "Four fifths are spent",
        "x-mentions",
        "1 thing, 0.001 USD",
        "1,200 things, 41.20 USD",
    ):
        assert piece in html, piece


async def test_open_pages_hear_of_a_change(at: World, anna: Visitor) -> None:
    """An event a change, none without one."""
    async with anna.session.get(at.url + "/live") as stream:
        assert "text/event-stream; charset=utf-8" == stream.headers["Content-Type"]
        await stream.content.readuntil(b"\n\n")
        await at.mention()
        heard = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 5)
    assert heard.startswith(b"event: changed\n")


async def test_the_daemon_does_not_wait_for_open_pages(tmp_path: Path) -> None:
    """A page that listens is let go when the server stops."""
    async with (
        world(tmp_path) as at,
        browser(at, "anna") as anna,
        anna.session.get(at.url + "/live") as stream,
    ):
        await stream.content.readuntil(b"\n\n")
        await asyncio.wait_for(at.server.stop(), 5)
        assert b"" == await stream.content.read()
