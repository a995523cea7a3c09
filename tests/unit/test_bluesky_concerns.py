"""From the wire to the brand: how a frame of the network comes to concern us, through source, watch and kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.matcher.plain import PlainMatcher
from bot.model import Account, Brand, Kind
from bot.watchlist import LiveWatch, Watchlist
from connectors.bluesky.collector import Collector
from connectors.bluesky.frames import parse

SAMPLES = Path(__file__).parents[1] / "samples" / "bluesky"
SEEN = datetime(2026, 1, 5, 9, 0, 1, tzinfo=UTC)
HANDLE = Account(brand="wolke", platform="bluesky", handle="wolke.social", id="did:plc:wolke")
WORDS = ("Wolkenbett",)


def kinds(name: str, words: tuple[str, ...] = (), *, to: str = "") -> list[tuple[Kind, list[str]]]:
    """How a sample concerns the brand, and the marked words; `to` replaces the author that it answers."""
    frame = json.loads((SAMPLES / f"{name}.json").read_bytes())
    if to:
        frame["commit"]["record"]["reply"]["parent"]["uri"] = f"at://{to}/app.bsky.feed.post/3kparent"
    watchlist = Watchlist(
        [Brand(name="wolke", words=words, accounts=(HANDLE,))], ids={}, matcher=PlainMatcher
    )
    collector = Collector(LiveWatch(watchlist, {}, "bluesky"))
    collector.add(parse(json.dumps(frame).encode()), SEEN)
    return [
        (mention.kind, [post.searchable[span.start : span.end] for span in mention.spans])
        for post in collector.batch(None).posts
        for mention in watchlist.concerns(post, lambda _: ())
    ]


@pytest.mark.parametrize(
    ("name", "kind"), [("quote", Kind.QUOTE), ("quote_with_pictures", Kind.QUOTE), ("facets", Kind.MENTION)]
)
def test_who_speaks_to_the_account_is_heard_without_a_word(name: str, kind: Kind) -> None:
    """A quote of the brand's post, also beside pictures, and a mention by facet."""
    assert [kind] == [found for found, _ in kinds(name)]


def test_a_reply_to_the_brand() -> None:
    """It is heard by whom it answers; one to somebody else is not."""
    assert [(Kind.REPLY, [])] == kinds("reply", to="did:plc:wolke")
    assert [] == kinds("reply")


@pytest.mark.parametrize("name", ["plain", "video", "link_card", "quote_with_pictures"])
def test_words_are_found_wherever_people_see_them(name: str) -> None:
    """In the text, in what a video or picture is said to show, on a link's card; and they are marked."""
    ((_, marked),) = kinds(name, WORDS)
    assert {"wolkenbett"} == {word.lower() for word in marked}


def test_a_link_target_counts() -> None:
    """The text shows it cut; the target says where it leads."""
    ((_, marked),) = kinds("facets", ("returns",))
    assert "returns" in marked


def test_what_concerns_nobody_is_left_alone() -> None:
    """No word, no account: nothing comes through."""
    assert [] == kinds("plain", ("lift",))
