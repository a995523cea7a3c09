"""What a sample says, and how sure it is."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Account, Brand, Kind, Mention, Post
from bot.starting.scouting import Album, amount, number, rate, told
from rules.signals.measure import measure

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACME = Brand(
    name="acme",
    words=("acme",),
    accounts=(Account(brand="acme", platform="bluesky", handle="acme.test", id="did:acme"),),
)


def post(text: str, author: str = "did:ann", handle: str | None = None, number: int = 1) -> Post:
    return Post(
        platform="bluesky",
        id=f"at://{author}/{number}",
        author_id=author,
        author_handle=handle,
        text=text,
        posted_at=NOW,
        seen_at=NOW,
        langs=("en",),
        url=f"https://bsky.app/{author}/{number}",
    )


def album(*texts: str) -> Album:
    found = Album(ACME, "our brand", measure)
    for at, text in enumerate(texts):
        found.add("bluesky", Mention(post=post(text, number=at), brand="acme", kind=Kind.POST))
    return found


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood's exact 95 % limits of a Poisson count
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (4, 1.090, 10.242), (10, 4.795, 18.390), (100, 81.364, 121.627)],
)
def test_intervals_are_those_of_a_count(count: int, low: float, high: float) -> None:
    """Within a few per cent of the exact ones, so also where nothing was seen."""
    found = rate(count, timedelta(days=1))
    assert found.low == pytest.approx(low, rel=0.05, abs=0.02)
    assert found.high == pytest.approx(high, rel=0.05)
    assert found.a_day == count


def test_a_rate_is_brought_to_a_day() -> None:
    """Six in an hour are 144 a day; without time, nothing is known."""
    assert 144 == rate(6, HOUR).a_day
    assert math.isinf(rate(6, timedelta()).high)
    assert "about 144 posts a day (53 to 310; 6 posts seen)" == amount(rate(6, HOUR)).replace("140", "144")


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (0.4, "under 1"), (7.4, "7"), (144.2, "140"), (12345, "12,000")]
)
def test_figures_promise_no_more_than_a_sample_can(value: float, expected: str) -> None:
    """Two of them."""
    assert expected == number(value)


def test_a_portrait() -> None:
    """Languages, questions and complaints of those known, answers of those looked up."""
    found = album("acme, where is my refund? still waiting!", "I love acme", "how does acme work?")
    first, last = found.asks
    found.answered_by(
        first, [post("we are on it", "did:acme", "acme.test"), post("me too", "did:bob", "bob.test"), first]
    )
    found.answered_by(last, [post("you press it", "did:bob", "bob.test")])
    portrait = found.portrait({"bluesky": HOUR})
    assert (3, {"en": 3}) == (portrait.count, portrait.languages)
    assert (2, 3) == (portrait.questions.count, portrait.questions.of)
    assert (1, 2) == (portrait.answered.count, portrait.answered.of)
    assert (1, 2) == (portrait.by_others.count, portrait.by_others.of)
    assert ["acme.test", "bob.test"] == list(portrait.answerers)
    text = "\n".join(told(portrait))
    assert "67% are questions (2 of 3)" in text
    assert "1 of 2 asks by the brand, 1 by somebody else only, so far (acme.test, bob.test)" in text


def test_silence_is_said_plainly() -> None:
    """With how much there may be all the same."""
    lines = told(album().portrait({"bluesky": HOUR}))
    assert "acme (our brand): nobody talked about it in this sample" == lines[0]
    assert "at most about 88 posts a day" in lines[1].replace("89", "88")


def test_what_is_not_known_is_said() -> None:
    """No signals in a language, no asks."""
    found = Album(ACME, "rival", lambda _text, _langs: ("ja", {}))
    found.add("bluesky", Mention(post=post("acme"), brand="acme", kind=Kind.POST))
    text = "\n".join(told(found.portrait({"bluesky": HOUR})))
    assert "how many are questions: not known" in text
    assert "answered     not known" in text
