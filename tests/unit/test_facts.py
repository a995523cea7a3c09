"""What intake freezes of a mention before the rules look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.intake import author_facts, make_facts, of_customer
from bot.knowing import Known
from bot.model import Author, AuthorFacts, Facts, Kind, Mention, PostRef, Signal, Span
from bot.settings.customers import Customers, load_customers
from tests.unit._values import MENTION_ID, NOW, post

NAMED = (Span(start=3, end=7),)


def frozen(kind: Kind, spans: tuple[Span, ...], *, is_ours: bool) -> Facts:
    mention = Mention(post=post(), brand="acme", kind=kind, spans=spans)
    asked = {"question": Signal(value=0.9)}
    return make_facts(MENTION_ID, mention, Known(), measured=("en", asked), is_ours=is_ours)


@pytest.mark.parametrize(
    ("kind", "spans", "is_ours", "speaks_to_us"),
    [
        (Kind.REPLY, (), True, True),
        (Kind.DM, (), True, True),
        (Kind.POST, NAMED, True, True),
        (Kind.COMMENT, (), True, False),
        (Kind.POST, (), True, False),
        (Kind.REPLY, NAMED, False, False),
    ],
)
def test_who_speaks_to_us(kind: Kind, spans: tuple[Span, ...], is_ours: bool, speaks_to_us: bool) -> None:
    """Who addresses our brand or names it; nobody who speaks to a rival."""
    assert speaks_to_us == frozen(kind, spans, is_ours=is_ours).speaks_to_us


def with_customer(found: Facts, customers: Customers | None) -> Facts:
    return replace(found, **of_customer(found, customers))


def facts(customers: Customers | None, *, handle: str | None = "Ann.test") -> Facts:
    """Of a post by did:plc:ann, as a rule sees them."""
    mention = Mention(post=post(author_handle=handle), brand="acme", kind=Kind.MENTION)
    found = make_facts(MENTION_ID, mention, Known(), measured=("en", {}), is_ours=True)
    return with_customer(found, customers)


@pytest.fixture
def customers(tmp_path: Path) -> Customers:
    file = tmp_path / "customers.csv"
    file.write_text(
        "platform,handle,tier,language\nbluesky,@ann.test,gold,es\nbluesky,did:plc:ann,staff,\n"
        "bluesky,bo.test,,\n"
    )
    return load_customers(file, ("bluesky",))


def test_what_the_list_of_customers_says(customers: Customers) -> None:
    """By handle, else by id; without a list nothing is known, and without a handle it stays open."""

    def told(found: Facts) -> tuple[object, ...]:
        return found.known, found.staff, found.tier, found.spoken

    assert (None, None, None, None) == told(facts(None))
    assert (True, False, "gold", "es") == told(facts(customers))
    assert (True, True, "staff", None) == told(facts(customers, handle="other.test"))
    stranger = replace(facts(None), author_id="did:plc:x", handle="x.test")
    assert (False, False, None, None) == told(with_customer(stranger, customers))
    assert (None, None, None, None) == told(with_customer(replace(stranger, handle=None), customers))


def test_what_the_post_itself_says() -> None:
    """Who, when, how many links, what is attached, how many stars, and whether it answers a post."""
    above = PostRef(id="at://above")
    parts = {"links": ("https://a.example",), "media": ("image",), "rating": 2.0, "parent": above}
    mention = Mention(post=post(**parts), brand="acme", kind=Kind.COMMENT)
    found = make_facts(MENTION_ID, mention, Known(), measured=("en", {}), is_ours=True)
    told = (found.author_id, found.at, found.links, found.media, found.rating, found.is_reply)
    assert ("did:plc:ann", NOW, 1, ("image",), 2.0, True) == told


def test_a_question_to_others_is_none() -> None:
    """A comment in our thread that does not name us asks somebody else."""
    comments = (frozen(Kind.COMMENT, (), is_ours=True), frozen(Kind.COMMENT, NAMED, is_ours=True))
    assert [0.0, 0.9] == [each.signals["question"].value for each in comments]


def test_an_account_is_as_old_as_it_was_when_it_posted() -> None:
    """Not as it is when somebody reads; what the lookup did not tell stays unknown."""
    written = post()
    author = Author(platform="bluesky", id="a", created_at=written.posted_at - timedelta(days=3))
    assert author_facts(written, author).age == timedelta(days=3)
    assert author_facts(written, author).bio is None
    assert author_facts(written, None) == AuthorFacts(handle=written.author_handle)
