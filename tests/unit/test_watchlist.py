"""What concerns whom, by words, accounts, threads; and the live watch that remembers what it wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Account, Brand, Kind, Mention, Post, PostRef, Span
from bot.ports import Watch
from bot.watchlist import LiveWatch, Watchlist

AT = datetime(2026, 11, 20, 13, 20, tzinfo=UTC)
ACME_ID, GLOBEX_ID, OTHER_ID = "did:plc:acme", "did:plc:globex", "did:plc:someone"


@dataclass(frozen=True)
class FoundHit:
    pattern: int
    start: int
    end: int


class WordMatcher:
    """Whole words without regard to case: enough of a matcher to test who is concerned."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = [
            re.compile(
                rf"(?<!\w){re.escape(text)}(?!\w)" if text[0] != "@" else rf"{re.escape(text)}(?!\w)",
                re.IGNORECASE,
            )
            for text in patterns
        ]

    def pieces(self) -> Sequence[object]:
        return self.patterns

    def search(self, text: str) -> tuple[FoundHit, ...]:
        return tuple(
            FoundHit(index, found.start(), found.end())
            for index, pattern in enumerate(self.patterns)
            for found in pattern.finditer(text)
        )

    def found(self, text: str) -> set[int]:
        return {hit.pattern for hit in self.search(text)}


def account(brand: str, handle: str, platform: str = "bluesky", account_id: str | None = None) -> Account:
    return Account(brand=brand, platform=platform, handle=handle, id=account_id)


ACME = Brand(name="acme", words=("acme", "acme support"), accounts=(account("acme", "acme.example"),))
GLOBEX = Brand(
    name="globex", words=("globex",), accounts=(account("globex", "globex.example"),), is_rival=True
)
IDS = {("bluesky", "acme.example"): ACME_ID, ("bluesky", "globex.example"): GLOBEX_ID}


def watchlist() -> Watchlist:
    return Watchlist([ACME, GLOBEX], ids=IDS, matcher=WordMatcher)


def post(text: str = "", **changes: object) -> Post:
    values: dict[str, object] = {
        "platform": "bluesky",
        "id": "at://post",
        "author_id": OTHER_ID,
        "text": text,
        "posted_at": AT,
        "seen_at": AT,
    }
    return Post(**{**values, **changes})  # type: ignore[arg-type]


def nothing_held(post_id: str) -> tuple[str, ...]:
    return ()


def kinds(mentions: tuple[Mention, ...]) -> dict[str, Kind]:
    return {mention.brand: mention.kind for mention in mentions}


def concerns(given_post: Post) -> dict[str, Kind]:
    return kinds(watchlist().concerns(given_post, nothing_held))


def test_a_post_without_words_or_refs_concerns_nobody() -> None:
    """Most of the network is none of our business."""
    assert () == watchlist().concerns(post("nice weather"), nothing_held)


def test_a_post_concerns_each_brand_it_names() -> None:
    """One mention per brand, own brand first, in the order of the configuration."""
    found = watchlist().concerns(post("Globex or Acme?"), nothing_held)
    assert [("acme", Kind.POST), ("globex", Kind.POST)] == [
        (mention.brand, mention.kind) for mention in found
    ]


def test_spans_are_where_the_words_stand_overlaps_as_one() -> None:
    """`acme` inside `acme support` is marked once, a second `acme` on its own."""
    (mention,) = watchlist().concerns(post("Acme Support? acme!"), nothing_held)
    assert (Span(start=0, end=12), Span(start=14, end=18)) == mention.spans


def test_spans_count_in_the_searchable_text() -> None:
    """A word in an alt text has its offset behind the body."""
    (mention,) = watchlist().concerns(post("look", alts=("the acme box",)), nothing_held)
    text = mention.post.searchable
    assert ["acme"] == [text[span.start : span.end] for span in mention.spans]


def test_a_link_to_the_brand_concerns_it_but_is_no_address() -> None:
    """A handle in a link target is about the brand, not to it."""
    assert {"acme": Kind.POST} == concerns(post("read", links=("https://pages.example/@acme.example",)))


def test_a_reply_to_the_brands_account_is_a_reply() -> None:
    """Replying wins over every other relation."""
    to_us = PostRef(id="at://ours", author_id=ACME_ID)
    assert {"acme": Kind.REPLY} == concerns(post("@acme.example hi", parent=to_us, quoted=to_us))


def test_a_quote_of_the_brands_account_is_a_quote() -> None:
    """Quoting speaks to the brand even without its name."""
    assert {"acme": Kind.QUOTE} == concerns(post("ugh", quoted=PostRef(id="at://ours", author_id=ACME_ID)))


def test_a_marked_mention_is_a_mention() -> None:
    """The platform's facet counts whatever the text says."""
    assert {"acme": Kind.MENTION} == concerns(post("hello you", mentions=(ACME_ID,)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@acme.example where is my parcel", Kind.MENTION),
        ("thanks, @ACME.example!", Kind.MENTION),
        ("hi @acme.example.", Kind.MENTION),
        ("(@acme.example)", Kind.MENTION),
        ("acme.example is down", Kind.POST),
        ("write to me@acme.example", Kind.POST),
        ("see @acme.example.org", Kind.POST),
        ("@acme.example-fans", Kind.POST),
        ("@acme.example@other.example", Kind.POST),
        ("https://pages.example/@acme.example", Kind.POST),
    ],
)
def test_only_the_whole_handle_with_an_at_is_an_address(text: str, expected: Kind) -> None:
    """E-mail addresses, longer handles and links hold the letters but speak to somebody else."""
    assert {"acme": expected} == concerns(post(text + " acme"))


def test_a_handle_addresses_only_on_its_own_platform() -> None:
    """On another platform the same letters are words."""
    assert {"acme": Kind.POST} == concerns(post("@acme.example hi", platform="webhook"))


def test_a_word_in_somebody_elses_thread_is_a_comment() -> None:
    """A parent that is not ours makes it a comment."""
    assert {"acme": Kind.COMMENT} == concerns(post("acme did that too", parent=PostRef(id="at://x")))


def test_a_post_in_a_thread_that_the_brand_began_concerns_it() -> None:
    """Answering another visitor under our post is a comment, not a reply to us."""
    found = concerns(
        post("same here", parent=PostRef(id="at://x"), root=PostRef(id="at://ours", author_id=ACME_ID))
    )
    assert {"acme": Kind.COMMENT} == found


@pytest.mark.parametrize("field", ["parent", "root", "quoted"])
def test_a_post_about_a_held_post_concerns_the_brands_it_is_held_for(field: str) -> None:
    """Held counts without any word, for each brand of the held post."""
    held = {"at://held": ("acme", "globex")}
    found = watchlist().concerns(
        post("me too", **{field: PostRef(id="at://held")}), lambda post_id: held.get(post_id, ())
    )
    assert {"acme", "globex"} == set(kinds(found))


def test_an_edit_of_a_held_post_still_concerns_the_brand() -> None:
    """Taking the name out of a post does not hide it from the people who answer it."""
    found = watchlist().concerns(
        post("(edited)", is_edit=True), lambda post_id: ("acme",) if post_id == "at://post" else ()
    )
    assert {"acme": Kind.POST} == kinds(found)


def test_kinds_differ_per_brand() -> None:
    """A reply to us that names the rival is a comment about the rival."""
    found = concerns(post("globex is better", parent=PostRef(id="at://ours", author_id=ACME_ID)))
    assert {"acme": Kind.REPLY, "globex": Kind.COMMENT} == found


@pytest.mark.parametrize("author_id", [ACME_ID, GLOBEX_ID])
def test_posts_by_brands_accounts_are_no_mentions(author_id: str) -> None:
    """They are answers, also when a rival names us."""
    assert {} == concerns(post("acme and globex", author_id=author_id))


def test_held_brands_that_left_the_configuration_are_forgotten() -> None:
    """A rival removed from the file gets no mentions from its old threads."""
    found = watchlist().concerns(post("hm", parent=PostRef(id="at://held")), lambda _: ("initech",))
    assert () == found


def test_owners_are_known_by_id_on_their_platform_only() -> None:
    """The same id on another platform is somebody else."""
    ours = watchlist()
    assert ("acme", "globex", None) == (
        ours.owner("bluesky", ACME_ID),
        ours.owner("bluesky", GLOBEX_ID),
        ours.owner("telegram", ACME_ID),
    )


def test_rivals_are_told_from_the_brand() -> None:
    """One that left the configuration a moment ago, with a mention under way, does not become ours by that."""
    assert (False, True, True) == tuple(watchlist().is_rival(name) for name in ("acme", "globex", "other"))


def test_handles_wait_for_their_ids() -> None:
    """Unresolved accounts are listed; `with_ids` recognises them from then on, and keeps what was known."""
    start = Watchlist([ACME, GLOBEX], ids={("bluesky", "globex.example"): GLOBEX_ID}, matcher=WordMatcher)
    assert (account("acme", "acme.example"),) == start.unresolved()
    done = start.with_ids({("bluesky", "acme.example"): ACME_ID})
    assert () == done.unresolved()
    assert ("acme", "globex") == (done.owner("bluesky", ACME_ID), done.owner("bluesky", GLOBEX_ID))
    assert None is start.owner("bluesky", ACME_ID)
    assert [ACME_ID, GLOBEX_ID] == [brand.accounts[0].id for brand in done.brands]


def test_an_account_given_as_an_id_needs_no_resolving() -> None:
    """A `did:` is known at once, and found where somebody links to it."""
    brand = Brand(name="acme", words=(), accounts=(account("acme", ACME_ID, account_id=ACME_ID),))
    ours = Watchlist([brand], ids={}, matcher=WordMatcher)
    assert () == ours.unresolved()
    assert "acme" == ours.owner("bluesky", ACME_ID)
    found = ours.concerns(post("x", links=(f"https://pages.example/profile/{ACME_ID}",)), nothing_held)
    assert {"acme": Kind.POST} == kinds(found)


def test_one_word_may_belong_to_two_brands() -> None:
    """A shared word is one pattern that concerns both."""
    brands = [Brand(name="a", words=("meta",)), Brand(name="b", words=("meta",), is_rival=True)]
    found = Watchlist(brands, ids={}, matcher=WordMatcher).concerns(post("meta!"), nothing_held)
    assert {"a": Kind.POST, "b": Kind.POST} == kinds(found)


# --- the live watch -----------------------------------------------------------------------------


def live(held: dict[str, tuple[str, ...]] | None = None, *, limit: int = 100) -> LiveWatch:
    return LiveWatch(watchlist(), held or {}, "bluesky", limit=limit)


def test_the_live_watch_is_a_watch() -> None:
    """It is the port that sources are given."""
    watch: Watch = live()
    assert not watch.wants("nothing of ours", OTHER_ID, ("at://1",))


def test_wanted_are_words_accounts_and_our_own_posts() -> None:
    """By words, at an account, by an account; nothing else."""
    watch = live()
    assert watch.wants("acme!", OTHER_ID, ("at://1",))
    assert watch.wants("hi", OTHER_ID, ("at://2", ACME_ID))
    assert watch.wants("good morning", ACME_ID, ("at://3",))
    assert not watch.wants("good morning", OTHER_ID, ("at://4",))


def test_an_answer_to_a_wanted_post_is_wanted_in_the_same_batch() -> None:
    """The wanted id is remembered at once, for the brands that wanted it; and so on down the thread."""
    watch = live()
    assert watch.wants("globex?", OTHER_ID, ("at://1",))
    assert watch.wants("no", OTHER_ID, ("at://2", "at://1"))
    assert watch.wants("oh", OTHER_ID, ("at://3", "at://2"))
    assert ("globex",) == watch.brands_of("at://3")


def test_answers_to_our_own_posts_are_wanted_for_us() -> None:
    """A post by our account is remembered for us, whomever it names."""
    watch = live()
    assert watch.wants("globex who?", ACME_ID, ("at://1",))
    assert ("acme",) == watch.brands_of("at://1")


def test_a_post_held_for_one_brand_can_become_held_for_two() -> None:
    """An edit that names another brand adds it and takes nothing away."""
    watch = live({"at://1": ("acme",)})
    assert watch.wants("globex", OTHER_ID, ("at://1",))
    assert ("acme", "globex") == watch.brands_of("at://1")


def test_held_posts_are_wanted_when_they_are_deleted() -> None:
    """A deletion has no text: only its id tells that it is ours."""
    watch = live({"at://1": ("acme",)})
    assert watch.wants("", OTHER_ID, ("at://1",))
    assert not watch.wants("", OTHER_ID, ("at://2",))


def test_memory_is_bounded_the_oldest_go_first() -> None:
    """Above the limit the ids that were wanted longest ago are forgotten."""
    watch = live({"at://old": ("acme",), "at://older but wanted again": ("acme",)}, limit=2)
    assert watch.wants("", OTHER_ID, ("at://old",))
    assert watch.wants("acme", OTHER_ID, ("at://new",))
    assert [("acme",), ("acme",), ()] == [
        watch.brands_of(post_id) for post_id in ("at://old", "at://new", "at://older but wanted again")
    ]


def test_more_held_than_the_limit_at_start_keeps_the_newest() -> None:
    """A large store does not fill the memory."""
    watch = live({f"at://{number}": ("acme",) for number in range(10)}, limit=3)
    assert ["at://7", "at://8", "at://9"] == [
        f"at://{number}" for number in range(10) if watch.brands_of(f"at://{number}")
    ]


def test_what_the_store_held_is_copied() -> None:
    """The watch never changes the mapping it was given."""
    held: dict[str, tuple[str, ...]] = {}
    watch = live(held)
    assert watch.wants("acme", OTHER_ID, ("at://1",))
    assert {} == held


def test_a_swap_counts_from_the_next_post_and_keeps_what_is_held() -> None:
    """New words are looked for; answers to old posts are still wanted."""
    watch = live({"at://1": ("acme",)})
    initech = Brand(name="initech", words=("initech",))
    watch.swap(Watchlist([initech], ids={}, matcher=WordMatcher))
    assert not watch.wants("acme", OTHER_ID, ("at://2",))
    assert watch.wants("initech", OTHER_ID, ("at://3",))
    assert watch.wants("", OTHER_ID, ("at://4", "at://1"))
    assert ["initech"] == [brand.name for brand in watch.watchlist.brands]


REFS = st.sampled_from([ACME_ID, GLOBEX_ID, OTHER_ID, None])
POINTERS = st.none() | st.builds(
    PostRef, id=st.sampled_from(["at://held", "at://a", "at://b"]), author_id=REFS, revision=st.none()
)
POSTS = st.builds(
    Post,
    platform=st.just("bluesky"),
    id=st.sampled_from(["at://held", "at://n"]),
    author_id=st.sampled_from([ACME_ID, GLOBEX_ID, OTHER_ID]),
    text=st.lists(st.sampled_from(["acme", "globex", "@acme.example", "hello", "me@acme.example"])).map(
        " ".join
    ),
    posted_at=st.just(AT),
    seen_at=st.just(AT),
    mentions=st.lists(st.sampled_from([ACME_ID, OTHER_ID]), max_size=2).map(tuple),
    parent=POINTERS,
    root=POINTERS,
    quoted=POINTERS,
)


@given(POSTS)
def test_wanted_is_exactly_what_concerns_a_brand_or_is_by_one(wanted: Post) -> None:
    """The source and the intake never disagree: nothing is fetched for nobody, nothing is lost."""
    watch = live({"at://held": ("globex",)})
    mentions = watchlist().concerns(wanted, live({"at://held": ("globex",)}).brands_of)
    is_ours = watchlist().owner("bluesky", wanted.author_id) is not None
    assert (bool(mentions) or is_ours) == watch.wants(wanted.searchable, wanted.author_id, wanted.refs)
    if mentions:
        assert tuple(sorted(mention.brand for mention in mentions)) == watch.brands_of(wanted.id)
