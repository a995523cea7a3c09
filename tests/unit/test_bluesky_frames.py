"""What Jetstream frames mean: pure, from samples of our own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Deletion, Post, PostRef
from bot.testing.source_contract import WatchAll
from connectors.bluesky.collector import Collector
from connectors.bluesky.frames import (
    Envelope,
    Event,
    Malformed,
    at,
    deletion,
    is_post,
    micros,
    parse,
    post,
)
from connectors.bluesky.record import posted_at

SAMPLES = Path(__file__).parents[1] / "samples" / "bluesky"
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
SEEN = NINE + timedelta(seconds=1)


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes().strip()


def event(name: str) -> Event:
    parsed = parse(sample(name))
    assert isinstance(parsed, Event)
    return parsed


def post_of(name: str) -> Post:
    return post(event(name), SEEN)


def changed(name: str, **record: Any) -> bytes:
    """A sample with other fields in its record."""
    frame = json.loads(sample(name))
    frame["commit"]["record"] |= record
    return json.dumps(frame).encode()


def test_a_plain_post() -> None:
    """Id, author, text, times, languages and link of a post are where they should be."""
    assert post_of("plain") == Post(
        platform="bluesky",
        id="at://did:plc:ann/app.bsky.feed.post/3kone",
        author_id="did:plc:ann",
        text="Does the Wolkenbett come in green?",
        posted_at=NINE - timedelta(milliseconds=500),
        seen_at=SEEN,
        langs=("en", "de"),
        revision="bafyreione",
        url="https://bsky.app/profile/did:plc:ann/post/3kone",
        revised_at=NINE,
        media=(),
    )


def test_a_reply_knows_its_thread() -> None:
    """Parent and root carry id, author and revision; both authors are among the refs."""
    reply = post_of("reply")
    parent = PostRef(
        id="at://did:plc:cat/app.bsky.feed.post/3kparent", author_id="did:plc:cat", revision="bafyparent"
    )
    root = PostRef(
        id="at://did:plc:bob/app.bsky.feed.post/3kroot", author_id="did:plc:bob", revision="bafyroot"
    )
    assert (parent, root) == (reply.parent, reply.root)
    assert {"did:plc:cat", "did:plc:bob"} <= set(reply.refs)


def test_mentions_and_link_targets() -> None:
    """Facets give the accounts mentioned and the whole link targets."""
    post = post_of("facets")
    assert post.mentions == ("did:plc:wolke",)
    assert post.links == ("https://wolke.example/help/returns?x=1&y=2",)


@pytest.mark.parametrize("name", ["quote", "quote_with_pictures"])
def test_quotes(name: str) -> None:
    """A quote is found, also beside pictures."""
    quoted = PostRef(
        id="at://did:plc:wolke/app.bsky.feed.post/3kquoted", author_id="did:plc:wolke", revision="bafyquoted"
    )
    assert quoted == post_of(name).quoted


@pytest.mark.parametrize(
    ("embed", "kinds"),
    [
        (None, ()),
        ({"images": [{"alt": ""}, {"alt": "x"}]}, ("image",)),
        ({"video": {"$type": "blob"}, "alt": "a lift"}, ("video",)),
        ({"external": {"uri": "https://a.example"}}, ("link",)),
        ({"record": {"uri": "at://did:plc:bo/app.bsky.feed.post/1", "cid": "x"}}, ()),
        (
            {
                "record": {"record": {"uri": "at://did:plc:bo/app.bsky.feed.post/1"}},
                "media": {"images": [{}]},
            },
            ("image",),
        ),
    ],
)
def test_what_is_attached(embed: dict[str, Any] | None, kinds: tuple[str, ...]) -> None:
    """Pictures, a video or a link card, also beside a quoted post, which is none of them."""
    parsed = parse(changed("plain", embed=embed))
    assert isinstance(parsed, Event)
    assert kinds == post(parsed, SEEN).media


def test_an_embedded_list_is_no_quote() -> None:
    """Only posts are quoted; lists, feeds and starter packs are not."""
    assert post_of("quoted_list").quoted is None


def test_alt_texts() -> None:
    """What pictures and videos say is searchable."""
    assert post_of("quote_with_pictures").alts == ("A torn Wolkenbett",)
    assert post_of("video").alts == ("The Wolkenbett squeaks",)


def test_link_cards() -> None:
    """A card's target is a link, its title and description are searchable."""
    card = post_of("link_card")
    assert card.links == ("https://news.example/wolkenbett",)
    assert card.alts == ("Wolkenbett recalled", "The maker calls beds back.")


@pytest.mark.parametrize(
    "name", ["plain", "reply", "facets", "quote", "quote_with_pictures", "link_card", "quoted_list"]
)
def test_the_watch_is_asked_about_the_whole_post(name: str) -> None:
    """What the watch hears before a post is made is what the post then says of itself."""

    class Listening:
        heard: tuple[str, str, tuple[str, ...]]

        def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
            self.heard = (text, author_id, tuple(refs))
            return True

    watch, parsed = Listening(), parse(sample(name))
    collector = Collector(watch)
    collector.add(parsed, SEEN)
    (made,) = collector.batch(None).posts
    assert watch.heard == (made.searchable, made.author_id, made.refs)


def test_an_edit_is_marked() -> None:
    """An update is the same post with other words."""
    edit = post_of("edit")
    assert edit.is_edit
    assert post_of("plain").id == edit.id


def test_deletions() -> None:
    """A deleted post is named; a deleted or taken-down account stands for all of its posts."""
    whole = Deletion(platform="bluesky", author_id="did:plc:ann")
    one = Deletion(
        platform="bluesky", author_id="did:plc:ann", post_id="at://did:plc:ann/app.bsky.feed.post/3kone"
    )
    assert one == deletion(event("delete"))
    assert whole == deletion(event("account_deleted"))
    assert whole == deletion(event("account_takendown"))


@pytest.mark.parametrize("name", ["account_deactivated", "account_active"])
def test_accounts_that_may_come_back_delete_nothing(name: str) -> None:
    """Deactivated accounts return; their posts stay."""
    assert deletion(event(name)) is None


@pytest.mark.parametrize("name", ["like", "identity"])
def test_other_kinds_are_only_dated(name: str) -> None:
    """Of what is neither post nor account only the envelope is read."""
    assert isinstance(parse(sample(name)), Envelope)


def test_another_collection_that_speaks_of_posts() -> None:
    """A record of any shape in another collection is no malformed post, even where it names ours."""
    frame = json.loads(sample("like"))
    frame["commit"]["record"] = {"text": 7, "for": "app.bsky.feed.post"}
    assert isinstance(parse(json.dumps(frame).encode()), Envelope)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"null",
        b"[]",
        b"<html>hello</html>",
        sample("plain")[:-40],
        sample("plain").replace(b"1767603600000000", b"-1"),
        sample("plain").replace(b"1767603600000000", b"9" * 40),
        sample("plain").replace(b"1767603600000000", b'"soon"'),
        sample("plain").replace(b"did:plc:ann", b"ann"),
        sample("plain").replace(b'"rkey":"3kone"', b'"rkey":""'),
        sample("plain").replace(b'"text":', b'"text":7,"x":'),
        sample("plain").replace(b'"record":', b'"nothing":'),
        sample("plain").replace(b"Wolkenbett", b"\xff\xfe"),
        sample("plain").replace(b"Wolkenbett", b"\\ud800"),
        sample("identity").replace(b'"time_us"', b'"time"'),
        b'{"did":"did:plc:ann","time_us":1767603600000000,"kind":"commit","x":"app.bsky.feed.post"}',
        b'{"a":' * 100_000,
    ],
    ids=range(17),
)
def test_malformed_frames(frame: bytes) -> None:
    """Whatever is no Jetstream event says so, and nothing else happens."""
    with pytest.raises(Malformed):
        parse(frame)


def test_an_unknown_operation_is_skipped() -> None:
    """What a later version may add is neither a post nor a deletion."""
    unknown = parse(sample("plain").replace(b'"create"', b'"archive"'))
    assert isinstance(unknown, Event)
    assert not is_post(unknown)
    assert deletion(unknown) is None


def test_optional_fields_may_be_null() -> None:
    """Other clients write null where they mean nothing."""
    frame = changed("plain", facets=None, embed=None, langs=None, reply=None, createdAt=None)
    parsed = parse(frame)
    assert isinstance(parsed, Event)
    assert post(parsed, SEEN).langs == ()


@pytest.mark.parametrize(
    "odd",
    [
        {"embed": {"$type": "com.example.poll", "images": ["yes", "no"]}},
        {"embed": {"$type": "com.example.card", "external": "https://a.example"}},
        {"embed": 7},
        {"facets": [{"features": [{"$type": "com.example.who", "did": {"id": 1}}]}]},
        {"facets": {"0": {}}},
        {"reply": {"parent": "at://did:plc:cat/app.bsky.feed.post/3kparent"}},
        {"langs": "en"},
        {"createdAt": 1767603600},
    ],
    ids="-".join,
)
def test_what_others_invent_does_not_hide_the_text(odd: dict[str, Any]) -> None:
    """Embeds and facets are open unions, and nobody checks records: the odd piece alone is left out."""
    parsed = parse(changed("plain", **odd))
    assert isinstance(parsed, Event)
    made, plain = post(parsed, SEEN), post_of("plain")
    assert (plain.text, plain.id, plain.author_id) == (made.text, made.id, made.author_id)
    assert ((), None, ()) == (made.mentions, made.quoted, made.alts)


def test_a_post_keeps_its_good_pieces_beside_an_odd_one() -> None:
    """An odd embed takes neither thread nor languages away."""
    parsed = parse(changed("reply", embed={"images": 7}, langs=["en"]))
    assert isinstance(parsed, Event)
    made, reply = post(parsed, SEEN), post_of("reply")
    assert (reply.parent, reply.root, ("en",)) == (made.parent, made.root, made.langs)


def test_hostile_text_stays_text() -> None:
    """Control characters, bidi marks and markup come through as they are."""
    text = "<b>\u202ehi\x00</b> {field} 🛏️"
    parsed = parse(changed("plain", text=text))
    assert isinstance(parsed, Event)
    assert text == post(parsed, SEEN).text


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("2026-01-05T08:00:00Z", NINE - timedelta(hours=1)),
        ("2026-01-05T09:30:00+01:00", NINE - timedelta(minutes=30)),
        ("2031-01-01T00:00:00Z", NINE),
        ("2026-01-05T08:00:00", NINE),
        ("yesterday", NINE),
        ("", NINE),
        (None, NINE),
        ("0001-01-01T00:00:00+14:00", NINE),
    ],
)
def test_the_claimed_time(claim: str | None, expected: datetime) -> None:
    """A client's time counts when it can be read and lies in the past; it comes as UTC."""
    assert expected == posted_at(claim, NINE)
    assert timedelta(0) == posted_at(claim, NINE).utcoffset()


def test_a_server_clock_ahead_of_ours() -> None:
    """No post is younger than when we saw it, and which of two is older does not hang on our clock."""
    early = NINE - timedelta(minutes=5)
    found, posted = post(event("plain"), early), NINE - timedelta(milliseconds=500)
    assert (posted, posted) == (found.posted_at, found.seen_at)


def test_microseconds_and_back() -> None:
    """Times survive the way through unix microseconds exactly."""
    odd = datetime(2026, 7, 4, 14, 38, 8, 85_434, tzinfo=UTC)
    assert odd == at(micros(odd))


def test_the_collector_counts_exactly() -> None:
    """Every frame counts once, posts and malformed ones apart; a batch starts anew."""
    collector = Collector(WatchAll())
    for name in ("plain", "edit", "delete", "like", "identity", "account_deleted"):
        collector.add(parse(sample(name)), SEEN)
    collector.malformed()
    batch = collector.batch(None)
    assert (batch.seen, batch.posts_seen, batch.undecodable) == (7, 2, 1)
    assert (len(batch.posts), len(batch.deleted)) == (2, 2)
    assert (collector.batch(None).seen, len(collector.batch(None).posts)) == (0, 0)
