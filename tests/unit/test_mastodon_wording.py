"""How an answer is worded: whom it names, who may see it, and how long it is as the server counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.errors import Rejected
from bot.model import Post
from bot.replies import Length, Outgoing
from bot.testing.mastodon_world import MASTODON, World
from connectors.mastodon.entities import Person, Status
from connectors.mastodon.server import Me, Terms
from connectors.mastodon.wording import (
    ROOM,
    addressed,
    counted,
    length,
    narrower,
    reworded,
    squeezed,
    worded,
)

AT = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
TERMS = Terms(domain="social.test")
ME = Me(id="1", acct="acme@social.test", privacy="public")
ASKED = Status(id="7", account=Person(id="2", acct="ann@else.example"), created_at="2026-11-20T12:00:00Z")


def a_reply(text: str, author: str = "ann@else.example", lang: str | None = "en") -> Outgoing:
    to = Post(platform="mastodon", id="h/7", author_id=author, text="?", posted_at=AT, seen_at=AT)
    return Outgoing(key="k", brand="acme", text=text, to=to, approved_at=AT, lang=lang)


def of(status: Status = ASKED, **changes: object) -> Status:
    from msgspec.structs import replace as changed  # noqa: PLC0415 - beside dataclasses' own

    return changed(status, **changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("hello", 5),
        ("👩‍👩‍👧é", 2),
        ("https://acme.example/" + "x" * 200, 23),
        ("see http://a.example.", 4 + 23 + 1),
        ("(https://a.example/a(b))", 1 + 23 + 4),
        ("@ann@else.example hello", 10),
        ("mail ann@else.example", 21),
        ("https://localhost/abc", 21),
        ("https://a.example/äöü", 23 + 3),
        ("https://a.example/@ann@else.example", 23),
        ("https://a.example https://b.example", 47),
    ],
)
def test_length_as_the_server_counts(text: str, expected: int) -> None:
    """Links as 23, names without their domain, the rest as people count."""
    assert expected == counted(text, 23)


PIECES = [
    "https://a.example", "http://b.example/x_y", "@ann@else.example", "@ann", "é", "👩\u200d👩", " ", ".", "#", "/",
    "?q=1", "-", ":", "@", "x", "\n", ")", "(", "=", "~", "https://", "_", "'", "&", "\u0301",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_counting_is_that_of_the_server(text: str) -> None:
    """Never less: what fits here is not refused there."""
    server = World(SystemClock(), MASTODON, "social.test")
    assert counted(text, 23) >= server.length(text, "")


def test_room_is_kept_for_the_name() -> None:
    """It stands in front, so that it counts; blanks alone are nothing."""
    assert Length(used=5, limit=500 - ROOM, unit="characters") == length("hello", TERMS)
    assert not length(" \n ", TERMS).fits


@pytest.mark.parametrize(
    ("text", "author", "expected"),
    [
        ("hi", "ann@else.example", "@ann@else.example hi"),
        ("hi", "ben@social.test", "@ben hi"),
        ("hi @Ann@Else.example!", "ann@else.example", "hi @Ann@Else.example!"),
        ("hi @ben", "ben@social.test", "hi @ben"),
        ("hi @ann", "ann@else.example", "@ann@else.example hi @ann"),
        ("more to that", "acme@social.test", "more to that"),
    ],
)
def test_whoever_is_answered_is_named(text: str, author: str, expected: str) -> None:
    """Once; a name of our own server needs no domain, and we need not name ourselves."""
    assert expected == addressed(a_reply(text, author), "social.test", ME.acct)


@pytest.mark.parametrize(
    ("asked", "own", "expected"),
    [
        ("public", "public", "public"),
        ("public", None, "public"),
        ("public", "unlisted", "unlisted"),
        ("unlisted", "public", "unlisted"),
        ("private", "public", "private"),
        ("direct", "public", "direct"),
        ("private", "direct", "direct"),
        ("local", "public", "direct"),
        ("public", "mutuals_only", "direct"),
    ],
)
def test_never_wider_than_what_is_answered(asked: str, own: str | None, expected: str) -> None:
    """Nor than the account by itself; what nobody knows is private."""
    assert expected == narrower(asked, own)
    me = replace(ME, privacy=own)
    assert expected == worded(a_reply("hi"), of(visibility=asked), me, TERMS).visibility


def test_a_correction_stays_where_it_is() -> None:
    """Who saw the post sees it, under the warning that it has."""
    ours = of(visibility="unlisted", spoiler_text="food")
    wording = reworded(a_reply("hi"), ours, replace(ME, privacy="private"), TERMS)
    assert ("unlisted", "food") == (wording.visibility, wording.warning)


def test_a_warning_is_kept() -> None:
    """Shortened where both are too long; it is never dropped."""
    warned = of(spoiler_text="food, complaint")
    wording = worded(a_reply("hi"), warned, ME, TERMS)
    assert ("food, complaint", True) == (wording.warning, wording.fields["sensitive"])
    full = worded(a_reply("w" * (500 - ROOM)), of(spoiler_text="👩‍👩‍👧 warning " * 20), ME, TERMS)
    assert full.warning.endswith("…")
    server = World(SystemClock(), MASTODON, "social.test")
    assert 490 < server.length(full.text, full.warning) <= 500


def test_a_private_answer_goes_to_nobody_else() -> None:
    """A name in it would make its owner a reader."""
    private = of(visibility="direct")
    with pytest.raises(Rejected, match=r"@ben@else\.example, @cleo@social\.test too"):
        worded(a_reply("ask @ben@else.example or @cleo"), private, ME, TERMS)
    worded(a_reply("we are @acme, you are @ann@else.example"), private, ME, TERMS)
    worded(a_reply("ask @ben@else.example"), ASKED, ME, TERMS)


def test_a_long_name_takes_its_room() -> None:
    """Names of other servers may be longer than the room that is kept: then it is said before it is sent."""
    with pytest.raises(Rejected, match="at most 468"):
        worded(a_reply("w" * 468, f"{'a' * 60}@else.example"), ASKED, ME, TERMS)


@pytest.mark.parametrize(
    ("lang", "told"), [("de", True), ("pt-BR", True), ("nonsense!", False), (None, False)]
)
def test_languages(lang: str | None, *, told: bool) -> None:
    """Only what can be one is told."""
    assert told == ("language" in worded(a_reply("hi", lang=lang), ASKED, ME, TERMS).fields)


def test_what_html_leaves_of_a_text() -> None:
    """Blanks and domains are lost on the way."""
    assert squeezed("@ann hello\n\nyou") == squeezed("@ann@else.example  Hello you")
