"""An author's past with us as a fact: what counts, as of when, and the same however posts come in."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.measured import History
from bot.model import Deletion, Facts, Post, PostRef
from bot.store import rows
from tests.integration import store_samples as s
from tests.integration.asking_world import Asking, answer, asking, post

RULES = """
rules:
  again:
    why: Asked before
    when: {history: {unanswered: ">= 1"}}
    score: 50
  ours:
    why: We are in this thread
    when: {thread: {we_spoke: true}}
    score: 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def minutes(*several: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=one) for one in several)


def facts(world: Asking) -> dict[str, Facts]:
    """The facts of every mention, by its post."""
    found = s.rows(
        world.path,
        "SELECT p.post_id, v.facts FROM verdicts v JOIN mentions m ON m.id = v.mention"
        " JOIN posts p ON p.id = m.post ORDER BY v.id",
    )
    return {post_id: rows.facts(text) for post_id, text in found}


async def test_what_is_remembered_of_an_author(path: Path) -> None:
    """Earlier mentions, asks that nobody answered, our last answer: each as long ago as it was."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0), post("b", 1, author_id="did:bo"))
        await it.take(answer("a+", 5, "a"))
        await it.take(post("c", 10))
        await it.take(post("d", 30, "acme is nice"))
        told = facts(it)
    assert History() == told["a"].history == told["b"].history
    assert History(messages=minutes(10), last_reply=timedelta(minutes=5)) == told["c"].history
    expected = History(messages=minutes(20, 30), unanswered=minutes(20), last_reply=timedelta(minutes=25))
    assert expected == told["d"].history


async def test_what_others_say_is_not_theirs(path: Path) -> None:
    """Another author, another brand: another past."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0), post("b", 1, "globex leaks?"), post("c", 2, author_id="did:bo"))
        told = facts(it)
    assert {"a": History(), "b": History(), "c": History()} == {
        name: one.history for name, one in told.items()
    }


async def test_an_answer_that_came_in_later_is_not_known_before(path: Path) -> None:
    """As of the mention's time: what was answered after it was still unanswered then."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        await it.take(answer("a+", 60, "a"))
        await it.take(post("late", 30, seen_at=s.at(61)))
        told = facts(it)["late"].history
    assert History(messages=minutes(30), unanswered=minutes(30)) == told


async def test_an_edit_is_not_its_own_past(path: Path) -> None:
    """The mention and the ask that it began are not counted when its new words are judged."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        await it.take(post("a", 0, "acme leaks again, what now?", is_edit=True, seen_at=s.at(5)))
        assert History() == facts(it)["a"].history
        assert 2 == len(it.verdicts())


async def test_what_was_taken_back_is_no_past(path: Path) -> None:
    """Whoever deletes a post and writes it anew has asked once."""
    async with asking(path, RULES) as it:
        await it.take(post("a", 0))
        gone = Deletion(platform="bluesky", author_id="did:ann", post_id="a")
        await it.store.record(s.entry(deleted=(gone,)), now=s.at(1), lease_for=s.LEASE)
        await it.take(post("b", 2))
        assert History() == facts(it)["b"].history


async def test_ninety_days(path: Path) -> None:
    """What is older is forgotten."""
    day = 24 * 60
    async with asking(path, RULES) as it:
        await it.take(post("a", -91 * day), post("b", -89 * day))
        await it.take(post("c", 0))
        told = facts(it)["c"].history
    assert History(messages=minutes(89 * day), unanswered=minutes(89 * day)) == told


async def test_where_we_spoke(path: Path) -> None:
    """By our own post in the thread, stored or in the same batch; by the author of the post above."""
    in_thread: dict[str, Any] = {"root": PostRef(id="a"), "parent": PostRef(id="a", author_id="did:ann")}
    async with asking(path, RULES) as it:
        await it.take(post("a", 0), post("b", 1, **in_thread))
        await it.take(answer("a+", 5, "a"), post("c", 6, author_id="did:bo", **in_thread))
        await it.take(post("d", 7, author_id="did:cy", **in_thread), post("e", 4, **in_thread))
        to_us = PostRef(id="ours", author_id="did:acme")
        await it.take(post("f", 8, parent=to_us, root=to_us), post("g", 9))
        told = {name: one.we_spoke for name, one in facts(it).items()}
    assert {"a": False, "b": False, "c": True, "d": True, "e": False, "f": True, "g": False} == told


async def test_what_no_rule_asks_for_is_not_found_out(path: Path) -> None:
    """Nothing is read, and nothing is known."""
    async with asking(path, "rules: {x: {why: x, when: {text: acme}, score: 1}}") as it:
        await it.take(post("a", 0))
        await it.take(post("b", 1))
        assert (None, None) == (facts(it)["b"].history, facts(it)["b"].we_spoke)


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_however_many_come_at_once(tmp_path: Path, seed: int) -> None:
    """One by one, all in one batch, and in batches of any size: each mention has the same past."""
    chance = random.Random(seed)
    stream = list(_stream(chance))
    sizes = (1, 1), (len(stream), len(stream)), (1, 7)
    told = []
    for number, (fewest, most) in enumerate(sizes):
        async with asking(tmp_path / f"{number}.db", RULES) as it:
            waiting = list(stream)
            while waiting:
                some = chance.randint(fewest, most)
                await it.take(*waiting[:some])
                waiting = waiting[some:]
            told.append({name: (one.history, one.we_spoke) for name, one in facts(it).items()})
    assert told[0] == told[1] == told[2]
    assert any(history and history.unanswered and history.last_reply for history, _ in told[0].values())


def _stream(chance: random.Random) -> list[Post]:
    """Three authors in a few threads, and our answers to some of them; now and then something comes late."""
    posts: list[Post] = []
    for number in range(40):
        minute = number * 3 - (chance.random() < 0.2) * 10
        theirs = [one for one in posts if one.author_id != "did:acme"]
        above = chance.choice(theirs) if theirs and chance.random() < 0.7 else None
        if above is not None and chance.random() < 0.4:
            named = above.author_id if chance.random() < 0.7 else None
            made = answer(f"{number}", minute, above.id, root=above.root_id)
            posts.append(replace(made, parent=PostRef(id=above.id, author_id=named)))
            continue
        text = "acme leaks, what now?" if chance.random() < 0.7 else "acme, thanks"
        author = chance.choice(("did:ann", "did:bo", "did:cy"))
        thread: dict[str, Any] = (
            {"parent": PostRef(id=above.id), "root": PostRef(id=above.root_id)} if above else {}
        )
        posts.append(post(f"{number}", minute, text, author_id=author, **thread))
    return posts
