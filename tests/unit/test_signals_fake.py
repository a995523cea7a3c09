"""How what is known of an author moves `fake`, and that what is not known does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import AuthorFacts, Signal
from rules.signals.measure import measure

PLAIN = "the parcel has four sides"
SPAM = "check out my channel and subscribe to me"
ROBOT = AuthorFacts(
    handle="anna84629173.bsky.social",
    name="Anna",
    bio="",
    followers=2,
    following=900,
    age=timedelta(days=1),
    verified=False,
)
PERSON = AuthorFacts(
    handle="anna1984",
    name="Anna",
    bio="Teacher, runner",
    followers=240,
    following=310,
    age=timedelta(days=1500),
    verified=False,
)


def fake(author: AuthorFacts | None, text: str = PLAIN) -> Signal:
    return measure(text, ("en",), author)[1]["fake"]


def value(author: AuthorFacts | None, text: str = PLAIN) -> float:
    found = fake(author, text).value
    assert found is not None
    return found


def test_a_new_account_that_follows_hundreds_is_probably_fake() -> None:
    """Each fact that moved it is named."""
    assert value(ROBOT) > 0.8
    assert [word for word, _ in fake(ROBOT).evidence] == [
        "follows 900, followed by 2",
        "account 1 day old",
        "84629173 in the handle",
        "no bio",
    ]


def test_an_ordinary_account_is_probably_a_person() -> None:
    """Years, a bio, some followers; a year in the handle is no machine's number."""
    assert value(PERSON) < 0.1
    assert [word for word, _ in fake(PERSON).evidence] == ["account 4 years old"]


@pytest.mark.parametrize("author", [None, AuthorFacts(), AuthorFacts(handle="anna")])
def test_nothing_known_is_unknown(author: AuthorFacts | None) -> None:
    """A handle alone tells nothing of a person; unknown is not zero."""
    assert fake(author) == Signal(value=None)


def test_the_text_alone_gives_a_hint() -> None:
    """Who writes spam is more often nobody; alone that is not enough to call it so."""
    assert 0.1 < value(None, SPAM) < 0.5
    assert value(ROBOT, SPAM) > value(ROBOT)


@pytest.mark.parametrize(
    "better",
    [
        {"verified": True},
        {"followers": 5000},
        {"bio": "Teacher"},
        {"age": timedelta(days=900)},
        {"handle": "anna"},
        {"following": 40},
    ],
)
def test_each_fact_counts(better: dict[str, object]) -> None:
    """Whatever speaks for a person lowers the value."""
    assert value(replace(ROBOT, **better)) < value(ROBOT)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["handle", "name", "bio", "followers", "following", "age", "verified"])
def test_what_is_not_known_moves_nothing(field: str) -> None:
    """None is unknown: it never speaks against anybody."""
    assert value(replace(ROBOT, **{field: None})) <= value(ROBOT)


def test_few_followers_alone_condemn_nobody() -> None:
    """A new person with no followers is a person to be answered."""
    newcomer = AuthorFacts(handle="anna", bio="", followers=0, following=12, age=timedelta(days=2))
    assert value(newcomer) < 0.5


def test_the_language_does_not_matter() -> None:
    """Facts of an author speak in every language."""
    assert value(ROBOT, "これは壊れています") == value(ROBOT)


@given(
    author=st.builds(
        AuthorFacts,
        handle=st.none() | st.text(),
        name=st.none() | st.text(),
        bio=st.none() | st.text(),
        followers=st.none() | st.integers(),
        following=st.none() | st.integers(),
        age=st.none() | st.timedeltas(),
        verified=st.none() | st.booleans(),
    )
)
def test_any_facts_give_a_probability(author: AuthorFacts) -> None:
    """Negative ages and counts of broken platforms too."""
    found = fake(author).value
    assert found is None or 0 <= found <= 1
