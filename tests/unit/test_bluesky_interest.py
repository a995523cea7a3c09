"""What a post is asked about before it is made is what it says once it is made."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from connectors.bluesky.record import (
    Embed,
    External,
    Facet,
    Feature,
    Image,
    Origin,
    Quoted,
    Record,
    Ref,
    Reply,
    interest,
    to_post,
)

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
WORDS = st.sampled_from(["", "lift", "a b", "https://example.org/x", "ß"])
DIDS = st.sampled_from([None, "did:plc:ann", "did:plc:ben"])
URIS = st.sampled_from(
    [
        "at://did:plc:ann/app.bsky.feed.post/3k",
        "at://did:plc:ben/app.bsky.feed.post/3l",
        "at://ann.example/app.bsky.feed.post/3k",
        "at://did:plc:cat/app.bsky.graph.list/3m",
        "at://did:plc:dan",
        "",
    ]
)
REFS = st.builds(Ref, uri=URIS, cid=st.none())
EXTERNALS = st.builds(External, uri=WORDS, title=st.none() | WORDS, description=st.none() | WORDS)
MEDIA = st.builds(
    Embed,
    external=st.none() | EXTERNALS,
    images=st.none() | st.lists(st.builds(Image, alt=st.none() | WORDS), max_size=2),
    alt=st.none() | WORDS,
    record=st.none() | st.builds(Quoted, uri=st.none() | URIS, cid=st.none(), record=st.none() | REFS),
)
EMBEDS = (
    st.builds(Embed, external=st.none() | EXTERNALS, alt=st.none() | WORDS, media=st.none() | MEDIA) | MEDIA
)
FACETS = st.builds(
    Facet, features=st.none() | st.lists(st.builds(Feature, did=DIDS, uri=st.none() | WORDS), max_size=3)
)
RECORDS = st.builds(
    Record,
    text=WORDS,
    created_at=st.none(),
    reply=st.none() | st.builds(Reply, root=REFS, parent=REFS),
    embed=st.none() | EMBEDS,
    facets=st.none() | st.lists(FACETS, max_size=3),
    langs=st.none(),
)


@given(record=RECORDS)
def test_it_is_the_post_s_own_text_and_refs(record: Record) -> None:
    """Whatever is in the record, and in whatever combination."""
    origin = Origin(did="did:plc:me", rkey="3me", cid=None, known_at=NOW, seen_at=NOW)
    post = to_post(record, origin)
    assert (post.searchable, post.refs) == interest(record, "did:plc:me", "3me")
