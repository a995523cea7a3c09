"""What intake freezes of a mention before the rules look."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.intake import Known, author_facts, make_facts
from bot.model import Author, AuthorFacts, Facts, Kind, Mention, Signal, Span
from tests.unit._values import MENTION_ID, post

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
