"""The rules on the page: numbers, silences, and the lab; who may, and what it does with anything hostile."""

from __future__ import annotations

import asyncio
import html
import re
import subprocess
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.lab import Bench, Looked
from rules.lab import RuleLab
from tests.integration import store_samples as s
from tests.integration.page_world import RULES, Visitor, World, browser, world
from tests.integration.test_page_attacks import HOSTILE, STEERING
from tests.integration.test_page_attacks import Page as Parsed

LAB = "/rules/lab"


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
    """What is read, a blank for each tag."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", source)).split())


def edit(source: str, **more: str) -> list[tuple[str, str]]:
    return [("text", "my refund?"), ("name", "care.yaml"), ("source", source), *more.items()]


def files(at: World) -> dict[str, bytes]:
    folder = at.database.parent / "rules"
    return {path.name: path.read_bytes() for path in folder.rglob("*")}


# --- numbers and silences -------------------------------------------------------------------------


async def test_the_numbers_of_each_rule(at: World, anna: Visitor) -> None:
    """Mentions, alerts, claims, what people say; in the time that is chosen."""
    _, uid = await at.mention()
    await anna.post("/decide", {"press": f"claim:{uid}"})
    await anna.post("/decide", {"press": f"right:{uid}"})
    status, source, _ = await anna.get("/rules?since=7d")
    assert 200 == status
    told = text_of(source)
    assert "2 rules, version" in told
    assert "leaks 1 0 1 0 100% of 1" in told
    assert "No rule is silenced." in told
    assert 200 == (await anna.get("/rules?since=<x>"))[0]
    await at.clock.advance(25 * 3600)
    assert "No mention came in this time." in text_of((await anna.get("/rules?since=1d"))[1])


async def test_a_lead_silences_and_ends(at: World, li: Visitor) -> None:
    """The command of the chat, by a form; it is in the table and in the list, until it is ended."""
    _, source, _ = await li.post("/rules/silence", {"rule": "refund", "length": "8h", "reason": "a film"})
    assert "Silenced. refund counts for nothing until" in text_of(source)
    told = text_of((await li.get("/rules"))[1])
    assert "(Li): a film" in told
    assert "refund 0 0 0 0" in told
    assert [("li", "a film")] == s.rows(at.database, "SELECT person, reason FROM silences")
    await li.post("/rules/silence", {"rule": "refund", "length": "off"})
    assert "No rule is silenced." in text_of((await li.get("/rules"))[1])
    wrong = await li.post("/rules/silence", {"rule": "refnd", "length": "8h", "reason": "x"})
    assert "Did you mean “refund”?" in text_of(wrong[1])
    assert 200 == (await li.post("/rules/silence", {}))[0]


async def test_an_agent_looks_and_does_nothing(at: World, anna: Visitor) -> None:
    """No form is shown; what is sent all the same is refused and kept."""
    _, source, _ = await anna.get("/rules")
    assert "/rules/silence" not in source
    assert LAB not in source
    _, told, _ = await anna.post("/rules/silence", {"rule": "refund", "length": "8h", "reason": "x"})
    assert "Only leads and ops may do that." in text_of(told)
    assert [] == s.rows(at.database, "SELECT * FROM silences")
    assert [("refused",)] == s.rows(at.database, "SELECT outcome FROM decisions")
    key, _ = await at.mention()
    assert LAB not in (await anna.get(f"/c/{key}"))[1]
    for answer in (
        await anna.get(LAB),
        await anna.post(LAB, edit(RULES)),
        await anna.post(f"{LAB}/patch", edit(RULES)),
    ):
        assert 403 == answer[0]
        assert "for leads and ops" in answer[1]


# --- the lab --------------------------------------------------------------------------------------


async def test_a_text_is_tried(li: Visitor) -> None:
    """Verdict, the words marked, what nearly fired and why it did not."""
    fields = {"text": "Where is my REFUND, acme?", "followers": "10", "kind": "reply", "age": "30d"}
    _, source, _ = await li.post(LAB, fields)
    told = text_of(source)
    assert "<mark>REFUND</mark>" in source
    assert "+40 Money is owed refund · care.yaml:3" in told
    assert "+30 big care.yaml:10 nearly author.followers (care.yaml:12) asks for >= 5000; here: 10" in told
    assert 'name="followers" value="10"' in source
    assert "By the edited rules" not in told


async def test_a_stored_mention_is_tried(at: World, li: Visitor) -> None:
    """As it was judged then, and by the rules in use; its conversation leads here."""
    key, uid = await at.mention(text="my refund please")
    assert f'href="{LAB}?mention={uid}"' in (await li.get(f"/c/{key}"))[1]
    told = text_of((await li.get(f"{LAB}?mention={uid}"))[1])
    assert "As it was judged then" in told
    assert "leaks" in told.partition("By the rules in use")[0]
    status, source, _ = await li.get(f"{LAB}?mention=nothing")
    assert (400, True) == (status, "No such mention is stored." in source)


async def test_a_file_is_edited_in_a_copy(at: World, li: Visitor, tmp_path: Path) -> None:
    """Opened from the disk, checked, tried, judged; taken away as a difference that applies. Nothing is written."""
    before = files(at)
    _, source, _ = await li.post(LAB, {"text": "my refund?", "open": "care.yaml"})
    area = source.partition('class="code">\n')[2].partition("</textarea>")[0]
    assert RULES == html.unescape(area)
    assert "The difference" not in text_of(source)
    edited = RULES.replace("score: 40", "score: 90").replace("policy?", "refund?").replace("\n", "\r\n")
    _, source, _ = await li.post(LAB, edit(edited))
    told = text_of(source)
    assert "1 tests in the rules pass, 1 fails:" in told
    assert "should stay quiet on" in told
    assert "CRITICAL" in told.partition("By the edited rules")[2]
    _, patch, headers = await li.post(f"{LAB}/patch", edit(edited))
    assert 'attachment; filename="rules.patch"' == headers["Content-Disposition"]
    assert headers["Content-Type"].startswith("text/x-patch")
    assert before == files(at)
    ended = await asyncio.to_thread(
        partial(subprocess.run, ["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=False)
    )
    assert 0 == ended.returncode
    assert edited.replace("\r\n", "\n").encode() == files(at)["care.yaml"]


async def test_mistakes_are_told_with_their_place(li: Visitor) -> None:
    """The line and a caret; the verdict of the rules in use stays."""
    _, source, _ = await li.post(LAB, edit(RULES.replace("score: 40", "scor: 40")))
    assert "    scor: 40\n        ^" in html.unescape(source)
    assert "By the edited rules" not in text_of(source)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"followers": "many"}, "Followers are a whole number"),
        ({"age": "old"}, "An age is a length of time"),
        ({"lang": "<b>"}, "A language is a code"),
        ({"kind": "song"}, "There is no such kind"),
        ({"platform": "../x"}, "There is no such platform"),
        ({"mention": "x" * 9000}, "No such mention"),
    ],
)
async def test_what_cannot_be_read_is_said(li: Visitor, fields: dict[str, str], told: str) -> None:
    """And what was typed is still there."""
    status, source, _ = await li.post(LAB, {"text": "keep me", **fields})
    assert (400, True, True) == (status, told in source, "keep me" in source)


# --- attacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_hostile_becomes_markup(li: Visitor, name: str) -> None:
    """In the text, in an author's fields, in a rule's words, its name and its reasons, in what is wrong with it."""
    bad = HOSTILE[name].encode("utf-16", "replace").decode("utf-16", "replace")[:9000]
    quoted = bad.replace("\\", "\\\\").replace('"', '\\"')
    rules = f'rules:\n  "{quoted}":\n    why: "{quoted}"\n    when: {{text: refund}}\n    score: 5\n'
    sent = {"text": bad + " refund", "handle": bad, "bio": bad, "name": "care.yaml", "source": rules}
    for fields in (
        sent,
        {**sent, "source": bad},
        {"mention": bad},
        {"open": bad},
        {"name": bad, "source": bad},
    ):
        status, source, _ = await li.post(LAB, fields)
        assert status < 500
        page = Parsed(source)
        assert 2 == page.tags.count("script")
        assert [] == [one for one, _ in page.attributes if one.startswith("on") or one == "style"]
        assert "img" not in set(page.tags) - {"img"} or 1 == page.tags.count("img")
        shown = source.partition("</form>\n<section")[2]
        assert not STEERING.search(shown)
    _, source, _ = await li.post("/rules/silence", {"rule": "refund", "length": "1h", "reason": bad or "x"})
    _, source, _ = await li.get("/rules")
    assert 2 == Parsed(source).tags.count("script")


async def test_a_form_of_another_page_is_refused(at: World, li: Visitor) -> None:
    """Without the session's token, or from elsewhere; also to download, also to silence."""
    for path in (LAB, f"{LAB}/patch", "/rules/silence"):
        assert 403 == (await li.post(path, edit(RULES), token="0" * 64))[0]
        assert 403 == (await li.post(path, edit(RULES), headers={"Origin": "https://evil.example"}))[0]
    assert [] == s.rows(at.database, "SELECT * FROM silences")
    async with browser(at) as nobody:
        assert 303 == (await nobody.get(LAB))[0]
        assert 303 == (await nobody.post(LAB, edit(RULES)))[0]


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_what_is_too_large_is_refused(li: Visitor) -> None:
    """A file beyond what a page can edit; a form beyond what is read at all; elsewhere forms stay small."""
    status, source, _ = await li.post(LAB, edit("# " + "x" * 200_000))
    assert (400, True) == (status, "cannot be edited here" in source)
    assert 413 == (await li.post(LAB, edit("x" * 1_600_000)))[0]
    assert 413 == (await li.post("/rules/silence", edit("x" * 100_000)))[0]
    status, source, _ = await li.post(LAB, edit(RULES + "# x\n" * 20_000))
    assert 200 == status


async def test_one_at_a_time(at: World, li: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that presses again is told to wait; the page answers everybody else meanwhile."""
    go_on, begun = threading.Event(), threading.Event()
    real = RuleLab.look

    def slow(self: RuleLab, bench: Bench) -> Looked:
        begun.set()
        go_on.wait(20)
        return real(self, bench)

    monkeypatch.setattr(RuleLab, "look", slow)
    first = asyncio.create_task(li.post(LAB, edit(RULES)))
    await asyncio.to_thread(begun.wait, 20)
    assert 429 == (await li.post(LAB, edit(RULES)))[0]
    async with browser(at, "anna") as anna:
        assert 200 == (await anna.get("/"))[0]
    go_on.set()
    assert 200 == (await first)[0]
    assert 200 == (await li.post(LAB, edit(RULES)))[0]


async def test_anchors_of_anchors_end(li: Visitor) -> None:
    """A few lines that would be gigabytes, written out."""
    bomb = "words:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for one, before in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"  {one}: &{one} [{', '.join([f'*{before}'] * 10)}]\n"
    _, source, _ = await li.post(LAB, edit(bomb))
    assert "too large" in source
