"""Answering on the page over a real socket: written, looked at, published once; and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from bot.errors import Reason, Rejected
from bot.model import Deletion
from bot.replies import Acknowledgement
from bot.staff import Press
from bot.testing.wall import cut
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration.page_world import Visitor, World, browser, world

HTMX = {"HX-Request": "true"}
WORDS = "Sorry! Which kettle is it?"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def anna(at: World) -> AsyncIterator[Visitor]:
    async with browser(at, "anna") as visitor:
        yield visitor


async def look(visitor: Visitor, key: int) -> str:
    """The conversation as its part is fetched."""
    return (await visitor.get(f"/c/{key}/part"))[1]


def tokens(html: str) -> dict[str, str]:
    """What the buttons of the answer hand back, by verb."""
    section = re.search(r'<section class="answer".*?</section>', html, re.DOTALL)
    found = re.findall(r'name="press" value="(([a-z_]+)[.:][^"]+)"', section[0] if section else "")
    return {verb: token for token, verb in found}


def field(html: str) -> str | None:
    """What stands in the field to write in; None: there is none."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    return unescape(found[1]) if found else None


async def press(visitor: Visitor, key: int, verb: str, text: str = "") -> str:
    """One press of what is shown there now; what is told."""
    token = tokens(await look(visitor, key))[verb]
    _, told, _ = await visitor.post("/answer", {"press": token, "text": text}, headers=HTMX)
    return unescape(told)


async def test_an_answer_is_written_looked_at_and_published(at: World, anna: Visitor) -> None:
    """The preview says what, where and to whom; nothing goes out before Publish and the hold; once."""
    key, uid = await at.mention(text="my acme kettle leaks", spans=())
    assert "" == field(await look(anna, key))
    sent = {"press": f"edit:{uid}", "text": "  Sorry!\r\nWhich <kettle> is it? "}
    _, told, headers = await anna.post("/answer", sent, headers=HTMX)
    assert ENGLISH.say("answer.look_at_it") in told
    assert "changed, proposed" == headers["HX-Trigger"]
    html = await look(anna, key)
    for piece in (
        "To be published on Bluesky, in answer to Ann (@user1.example).",
        '<p class="draft" dir="auto">Sorry!\nWhich &lt;kettle&gt; is it?</p>',
        "28 of 300 characters",
        '<q dir="auto">my acme kettle leaks</q>',
    ):
        assert piece in html, piece
    assert ("claimed", "anna") == at.state(key)
    assert "Goes out in 5s" in await press(anna, key, "approve", "Sorry!\r\nWhich <kettle> is it?")
    html = await look(anna, key)
    assert "Approved by Anna; goes out on Bluesky at" in html
    assert 'hx-trigger="every 2s"' in html
    assert ({"cancel"}, None) == ({*tokens(html)}, field(html))
    assert 'http-equiv="refresh"' in (await anna.get(f"/c/{key}"))[1]
    await at.go_on()
    await at.go_on(3600)
    assert [("at://us/1", "Sorry!\nWhich <kettle> is it?", "at://user1/p1")] == at.wall.posts
    html = await look(anna, key)
    for piece in ("Published on Bluesky by Anna", 'href="https://wall.example/1"', "Answer once more"):
        assert piece in html, piece
    assert f'id="c{key}"' not in (await anna.get("/list"))[1]
    assert {"take_back", "save", "edit"} == {*tokens(html)}
    assert "every 2s" not in html


async def test_what_is_private_is_said(at: World, anna: Visitor) -> None:
    """In the list, above the conversation, and where the answer to it is written; elsewhere not."""
    public, _ = await at.mention(text="my acme kettle leaks", spans=())
    assert "Direct message" not in (await anna.get("/list"))[1] + await look(anna, public)
    key, _ = await at.mention(text="my acme order 4711", spans=(), is_private=True)
    assert '<span class="chip">Direct message</span>' in (await anna.get("/list"))[1]
    html = await look(anna, key)
    assert '<span class="chip">Direct message</span>' in html
    assert ENGLISH.say("card.private") in html
    assert '<input type="hidden" name="to" value="at://user2/p2">' in html


async def test_changed_words_are_never_published_unseen(at: World, anna: Visitor) -> None:
    """Publish with other words in the field shows those first; the button of the words before is outdated."""
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    old = tokens(await look(anna, key))["approve"]
    assert ENGLISH.say("answer.look_at_it") in await press(anna, key, "approve", "Other words")
    assert "Other words" == field(await look(anna, key))
    _, told, _ = await anna.post("/answer", {"press": old}, headers=HTMX)
    assert ENGLISH.say("answer.outdated") in told
    await press(anna, key, "approve", "Other words")
    await at.go_on()
    assert ["Other words"] == [text for _, text, _ in at.wall.posts]


async def test_a_draft_is_thrown_away(at: World, anna: Visitor) -> None:
    """The field is empty again, and nothing goes out."""
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    assert ENGLISH.say("answer.discarded") in await press(anna, key, "discard", WORDS)
    await at.go_on()
    html = await look(anna, key)
    assert ([], "", {"edit"}) == (at.wall.posts, field(html), {*tokens(html)})


async def test_what_the_rules_prepared_is_one_press_away(at: World, anna: Visitor) -> None:
    """Used, it is a draft like any other."""
    key, _ = await at.mention(draft="Hello {author.handle}, which one?")
    html = await look(anna, key)
    assert '<p class="draft" dir="auto">Hello user1.example, which one?</p>' in html
    await press(anna, key, "use")
    assert "Hello user1.example, which one?" == field(await look(anna, key))
    assert [] == at.wall.asked


async def test_cancel_stops_it_and_the_words_can_be_used_again(at: World, anna: Visitor) -> None:
    """Until it is tried; by a colleague too."""
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    await press(anna, key, "approve", WORDS)
    async with browser(at, "ben") as ben:
        assert ENGLISH.say("answer.canceled") in await press(ben, key, "cancel")
    await at.go_on()
    html = await look(anna, key)
    assert [] == at.wall.posts
    assert f'{ENGLISH.say("answer.is_canceled")}</p>\n<p class="draft" dir="auto">{WORDS}</p>' in html
    await press(anna, key, "again")
    await press(anna, key, "approve", WORDS)
    await at.go_on()
    assert 1 == len(at.wall.posts)


async def test_a_published_answer_is_taken_back(at: World, anna: Visitor) -> None:
    """It is gone from the platform, the ask goes on, and the history has all of it."""
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    await press(anna, key, "approve", WORDS)
    await at.go_on()
    await at.clock.advance(1)
    await press(anna, key, "take_back")
    assert ENGLISH.say("answer.is_leaving", platform="Bluesky") in await look(anna, key)
    await at.go_on()
    assert ([], ("claimed", "anna")) == (at.wall.posts, at.state(key))
    assert f'id="c{key}"' in (await anna.get("/list"))[1]
    html = await look(anna, key)
    told = [
        "Anna proposed these words",
        "Anna approved these words",
        "Published on Bluesky",
        "Anna had the answer taken back",
        "Gone from Bluesky",
    ]
    history = html[html.rindex(ENGLISH.on_page("history")) :]
    assert told == re.findall(r"<li><bdi>(.*?)</bdi>", history)
    assert 3 == history.count(f'<q class="words" dir="auto">{WORDS}</q>')
    assert 3 == history.count("<bdi>on the page</bdi>")


async def test_a_refusal_is_told_and_the_text_kept(at: World, anna: Visitor) -> None:
    """Why, in plain words; the clock runs on."""
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    await press(anna, key, "approve", WORDS)
    at.wall.before.append(Rejected("no", reason=Reason.FORBIDDEN))
    await at.go_on()
    html = await look(anna, key)
    cause = ENGLISH.cause("forbidden")
    assert unescape(html).count(cause) == 2  # in the state and in the history
    assert f'<p class="draft" dir="auto">{WORDS}</p>' in html
    assert ({"again", "edit"}, [(None,)]) == (
        {*tokens(html)},
        s.rows(at.database, "SELECT outcome FROM asks"),
    )


@pytest.mark.parametrize("is_there", [True, False])
async def test_what_nobody_can_find_out_is_asked(at: World, anna: Visitor, *, is_there: bool) -> None:
    """Two buttons; until one is pressed nothing else can be said, and the page need not ask again."""
    at.wall.can_find = False
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    await press(anna, key, "approve", WORDS)
    (at.wall.after if is_there else at.wall.before).append(cut())
    await at.go_on()
    assert "every 2s" in await look(anna, key)
    await at.go_on(61)
    html = await look(anna, key)
    assert ENGLISH.say("answer.look", platform="Bluesky") in html
    assert ({"is_there", "is_not_there"}, None, False) == ({*tokens(html)}, field(html), "every 2s" in html)
    await press(anna, key, "is_there" if is_there else "is_not_there")
    await at.go_on()
    assert 1 == len(at.wall.posts)
    assert "Published on Bluesky by Anna" in await look(anna, key)


async def test_a_stale_draft_says_why(at: World, anna: Visitor) -> None:
    """Used again it is one of now."""
    key, uid = await at.mention(handle="zoe")
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    await s.record(at.store, s.answer("re", minute=30, to="zoe", root="at://zoe/p1"))
    html = await look(anna, key)
    assert ENGLISH.say("answer.since_answered") in html
    assert {"again", "discard", "edit"} == {*tokens(html)}
    await press(anna, key, "again", WORDS)
    assert "approve" in tokens(await look(anna, key))


async def test_a_post_that_is_gone_cannot_be_answered(at: World, anna: Visitor) -> None:
    """Said, and no field is there; its text is shown nowhere."""
    key, uid = await at.mention(handle="zoe", text="my secret")
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    gone = Deletion(platform="bluesky", author_id="zoe", post_id="at://zoe/p1")
    await s.record(at.store, deleted=(gone,))
    html = await look(anna, key)
    assert ENGLISH.say("refusal.deleted") in html
    assert ({"discard"}, None, False) == ({*tokens(html)}, field(html), "my secret" in html)


async def test_where_nothing_can_be_published_it_is_said(at: World, anna: Visitor) -> None:
    """With the prepared answer to copy."""
    key, _ = await at.mention(platform="hackernews", draft="Hello {author.handle}")
    html = await look(anna, key)
    assert ENGLISH.say("refusal.no_account") in html
    assert f"<h3>{ENGLISH.on_page('draft')}</h3>" in html
    assert ({}, None) == (tokens(html), field(html))


async def test_too_long_says_by_how_much_and_cannot_be_published(at: World, anna: Visitor) -> None:
    """The words stay in the field, to be shortened."""
    at.wall.limit = 10
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": "eleven char"})
    html = await look(anna, key)
    assert "Too long: 11 of 10 characters" in html
    assert ({"discard", "edit"}, "eleven char") == ({*tokens(html)}, field(html))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" abc ", "3 of 300 characters"),
        ("", "0 of 300 characters"),
        ("x" * 301, "Too long: 301 of 300 characters"),
    ],
)
async def test_the_length_is_counted_while_somebody_writes(anna: Visitor, text: str, told: str) -> None:
    """By the platform that it is for; nothing where nothing can be published."""
    status, html, _ = await anna.post("/answer/length", {"platform": "bluesky", "text": text}, headers=HTMX)
    assert (200, True) == (status, f">{told}<" in html)
    assert "" == (await anna.post("/answer/length", {"platform": "rss", "text": text}))[1].strip()


@pytest.mark.parametrize("text", ["", " \r\n\u202e", "x" * 10_001])
async def test_nothing_and_too_much_are_no_answer(at: World, anna: Visitor, text: str) -> None:
    """Told how much; without a script the words are given back."""
    key, uid = await at.mention()
    status, told, headers = await anna.post("/answer", {"press": f"edit:{uid}", "text": text}, headers=HTMX)
    assert (200, "changed") == (status, headers["HX-Trigger"])
    assert ENGLISH.say("answer.no_text") in told
    _, told, _ = await anna.post("/answer", {"press": f"edit:{uid}", "text": text, "back": f"/c/{key}"})
    assert ("x" * 10_001 in told, True) == (bool(text.strip(" \r\n\u202e")), f'href="/c/{key}"' in told)
    assert ("open", None) == at.state(key)


async def test_ten_thousand_characters_of_four_bytes_arrive(at: World, anna: Visitor) -> None:
    """The form is large enough for what may be said; what is larger than that is 413."""
    key, uid = await at.mention()
    await anna.post("/answer", {"press": f"edit:{uid}", "text": "🫖" * 10_000})
    assert "🫖" * 10_000 == field(await look(anna, key))
    assert 413 == (await anna.post("/answer", {"press": f"edit:{uid}", "text": "x" * 300_000}))[0]


async def test_a_colleagues_conversation_is_theirs(at: World, anna: Visitor) -> None:
    """What somebody else wrote meanwhile is given back; a lead may."""
    key, uid = await at.mention()
    await anna.post("/decide", {"press": f"claim:{uid}"})
    async with browser(at, "ben") as ben:
        _, told, _ = await ben.post("/answer", {"press": f"edit:{uid}", "text": "from <Ben>"})
        assert ENGLISH.taken("Anna") in told
        assert "from &lt;Ben&gt;" in told
    async with browser(at, "li") as li:
        await li.post("/answer", {"press": f"edit:{uid}", "text": "from Li"})
    assert "from Li" == field(await look(anna, key))


async def test_words_from_a_chat_are_shown_whole(at: World, anna: Visitor) -> None:
    """From where they came; what cannot be seen of them is told, and Publish shows them without it first."""
    key, uid = await at.mention()
    by_chat = Press(id="p", channel="telegram:care", person="page:anna", token=f"edit:{uid}", at=s.at(60))
    await at.page.desk.decide("telegram", replace(by_chat, text="a\u202eb"))
    html = await look(anna, key)
    assert ENGLISH.on_page("answer_unseen", count=1) in html
    assert "<bdi>in telegram:care</bdi>" in html
    assert ENGLISH.say("answer.look_at_it") in await press(anna, key, "approve", "ab")
    assert ENGLISH.on_page("answer_unseen", count=1) not in await look(anna, key)


async def test_a_draft_belongs_to_the_post_that_it_answers(at: World, anna: Visitor) -> None:
    """Another mention of the conversation may be what the list shows: the preview quotes the right one."""
    key, uid = await at.mention(handle="zoe", text="the first", spans=())
    later = s.post("p9", author="zoe", minute=20, root="at://zoe/p1", text="the second")
    await s.record(at.store, s.judged(later, uid="01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    html = await look(anna, key)
    assert '<q dir="auto">the first</q>' in html
    assert f"edit:{uid}" == tokens(html)["edit"]


async def test_what_was_said_automatically_is_told_and_taken_back(at: World, anna: Visitor) -> None:
    """One line with its link above the field; in the history as what it is, and for scripts."""
    until = at.clock.now() + timedelta(minutes=10)
    wish = Acknowledgement(text="[automatic] Seen.", rule="core/outage", per_day=1, until=until)
    key, _ = await at.mention(acknowledge=wish)
    assert 'hx-trigger="every 2s"' in await look(anna, key)
    await at.go_on()
    html = await look(anna, key)
    for piece in (
        "(rule core/outage)",
        'href="https://wall.example/1"',
        "Automatic acknowledgement: Published",
    ):
        assert piece in html, piece
    assert ("", "every 2s" in html, ("open", None)) == (field(html), False, at.state(key))
    found = json.loads((await anna.get(f"/api/conversations/{key}/answer"))[1])
    assert (None, "published") == (found["reply"], found["acknowledged"]["state"])
    assert [True] == [one["is_automatic"] for one in found["publications"]]
    await press(anna, key, "take_back")
    await at.go_on()
    assert ENGLISH.say("acknowledged.taken_back") in await look(anna, key)
    assert [] == at.wall.posts


async def test_scripts_read_the_same(at: World, anna: Visitor) -> None:
    """Draft, reply, tries; and the words in the decisions."""
    key, uid = await at.mention(draft="Hi")
    path = f"/api/conversations/{key}/answer"
    found = json.loads((await anna.get(path))[1])
    assert [{"text": "Hi", "origin": "rule", "name": "prepared"}] == found["suggestions"]
    assert (True, None, None) == (found["can_answer"], found["draft"], found["reply"])
    await anna.post("/answer", {"press": f"edit:{uid}", "text": WORDS})
    draft = json.loads((await anna.get(path))[1])["draft"]
    assert {"text": WORDS, "mention_id": uid, "origin": "person", "made_by": "anna"}.items() <= draft.items()
    assert {"used": 26, "limit": 300, "unit": "characters"} == draft["length"]
    await press(anna, key, "approve", WORDS)
    await at.go_on()
    found = json.loads((await anna.get(path))[1])
    assert {"state": "published", "url": "https://wall.example/1"}.items() <= found["reply"].items()
    assert ["went"] == [one["outcome"] for one in found["publications"]]
    decisions = json.loads((await anna.get(f"/api/conversations/{key}"))[1])["decisions"]
    assert [("proposed", WORDS), ("approved", WORDS)] == [(one["outcome"], one["words"]) for one in decisions]
    assert 404 == (await anna.get("/api/conversations/77/answer"))[0]
