"""Posts of X as we know them: samples in the documented form, and whatever else may come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.model import Post
from connectors.x.ids import cursor_at, first_id, last_of
from connectors.x.tweets import langs_of, post_of, tweet_of
from tests.unit.x_stand import NOW

SAMPLES = Path(__file__).parents[1] / "samples" / "x"
ID, OURS, PARENT = "1991000000000000001", "1000", "1990000000000000009"


def sample(name: str) -> Post:
    tweet = tweet_of((SAMPLES / f"{name}.json").read_bytes())
    assert tweet is not None
    return post_of(tweet, NOW, handle="acme", our_id=OURS)


def test_a_mention() -> None:
    """Text is not escaped any more, links are whole, names are ids."""
    post = sample("mention")
    assert post.text == "@acme is the lift <b> & c broken? https://t.co/abc"
    assert post.links == ("https://status.acme.example/lift?a=1",)
    assert (post.mentions, post.langs, post.root, post.parent) == ((OURS,), ("en",), None, None)
    assert (post.id, post.author_id) == (ID, "2244994945")
    assert post.url == f"https://x.com/i/web/status/{ID}"


def test_an_answer() -> None:
    """With the post above it, whose it is, and the first of the thread."""
    post = sample("reply")
    assert post.parent is not None
    assert (post.parent.id, post.parent.author_id) == (PARENT, OURS)
    assert post.root_id == "1990000000000000007"
    assert post.langs == ("id",)


def test_a_quote_of_ours() -> None:
    """Whose post it is stands in the link alone; that is no link of theirs."""
    post = sample("quote")
    assert post.quoted is not None
    assert (post.quoted.id, post.quoted.author_id) == (PARENT, OURS)
    assert (post.links, post.langs) == ((), ())
    tweet = tweet_of((SAMPLES / "quote.json").read_bytes())
    assert tweet is not None
    other = post_of(tweet, NOW, handle="globex", our_id="2000").quoted
    assert other is not None
    assert other.author_id is None


def test_a_long_post_is_whole() -> None:
    """Text and entities of the note."""
    post = sample("note")
    assert post.text.endswith("& its end")
    assert len(post.text) > 500
    assert post.links == ("https://acme.example/end",)


def test_an_edit_keeps_its_name() -> None:
    """It is known by the first id, and opened by the last."""
    post = sample("edited")
    assert (post.id, post.revision, post.is_edit) == (ID, "1991000000000000005", True)
    assert post.root is None
    assert post.url == "https://x.com/i/web/status/1991000000000000005"


def test_a_repost_is_told_apart() -> None:
    """By what it refers to."""
    tweet = tweet_of((SAMPLES / "retweet.json").read_bytes())
    assert tweet is not None
    assert tweet.is_retweet


@pytest.mark.parametrize(
    "harm",
    [{"id": "x"}, {"author_id": None}, {"created_at": "soon"}, {"created_at": "2026-11-20T12:00:00"}, {"text": 7},
     {"entities": []}, {"id": "٣"}, {"edit_history_tweet_ids": [""]}],
)  # fmt: skip
def test_what_is_no_post(harm: dict[str, Any]) -> None:
    """It is said to be none; so is noise."""
    whole = json.loads((SAMPLES / "mention.json").read_text(encoding="utf-8"))
    assert tweet_of(json.dumps({**whole, **harm}).encode()) is None
    assert tweet_of(b"[" * 50_000) is None
    assert tweet_of(b"\xff") is None


def test_codes_that_name_no_language() -> None:
    """X has many."""
    assert [(), (), (), (), ("he",), ("de",)] == [
        langs_of(code) for code in (None, "und", "zxx", "qme", "iw", "de")
    ]


def test_an_id_tells_its_time() -> None:
    """As X explains it; a cursor begins just before."""
    assert first_id(NOW) >> 22 == int(NOW.timestamp() * 1000) - 1_288_834_974_657
    assert last_of(cursor_at(NOW)) == first_id(NOW) - 1
