"""Links, handles and hashtags in a reply, and the name of its record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bluesky.richtext import facets, length, marks
from connectors.bluesky.tid import encoded, record_key, stamp

AT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)


def found(text: str) -> list[tuple[str, str]]:
    """What is marked up, and as what."""
    for mark in marks(text):
        assert text[mark.start : mark.end].lower().lstrip("@#＃") == mark.value.lower()
    return [(mark.kind, mark.value) for mark in marks(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://acme.example/help.", [("uri", "https://acme.example/help")]),
        ("(https://acme.example/a_(b))", [("uri", "https://acme.example/a_(b)")]),
        ("“http://acme.example”!", [("uri", "http://acme.example")]),
        ("<https://acme.example/?q=ü&b=1>", [("uri", "https://acme.example/?q=ü&b=1")]),
        ("[x](http://x.example)", [("uri", "http://x.example")]),
        ("HTTPS://ACME.example", [("uri", "HTTPS://ACME.example")]),
        ("https:// http:// nohttp://a.example javascript:alert(1) acme.example", []),
        ("https://[half", []),
        ("Hi @Ann.example, @ben.bsky.social.", [("handle", "ann.example"), ("handle", "ben.bsky.social")]),
        ("ann@acme.example @ann @-a.example @a..b @@c.example", []),
        ("(@ann.example) @ann.example", [("handle", "ann.example"), ("handle", "ann.example")]),
        ("#help #Hilfe! ＃日本 #a1", [("tag", "help"), ("tag", "Hilfe"), ("tag", "日本"), ("tag", "a1")]),
        ("#1 # #!! a#b ##", []),
        ("#" + "x" * 65, []),
        ("https://acme.example/#top @acme.example/x", [("uri", "https://acme.example/#top"), ("handle", "acme.example")]),
        ("https://x.example/@ann.example", [("uri", "https://x.example/@ann.example")]),
    ],
)  # fmt: skip
def test_what_is_marked_up(text: str, expected: list[tuple[str, str]]) -> None:
    """What an app would mark up, without the sentence's punctuation."""
    assert expected == found(text)


def test_places_are_bytes() -> None:
    """Of UTF-8: emoji and accents before it move a link on."""
    text = "Grüße 👩‍👩‍👧 an @ann.example: https://acme.example/ü #größe"
    told = facets(text, marks(text), {"ann.example": "did:plc:ann"})
    pieces = [text.encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in told]
    assert ["@ann.example", "https://acme.example/ü", "#größe"] == pieces
    assert [
        {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:ann"},
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://acme.example/ü"},
        {"$type": "app.bsky.richtext.facet#tag", "tag": "größe"},
    ] == [one["features"][0] for one in told]


def test_a_handle_that_nobody_has_stays_plain() -> None:
    """It is text then."""
    text = "@nobody.example"
    assert [] == facets(text, marks(text), {})


@given(st.text(alphabet="@#a.b:/ht ps(é👍🏽\ud83d\n", max_size=60))
def test_marks_lie_in_the_text_and_apart(text: str) -> None:
    """Whatever the text is."""
    ends = 0
    for mark in marks(text):
        assert ends <= mark.start < mark.end <= len(text)
        ends = mark.end


@pytest.mark.parametrize(
    ("text", "used", "unit"),
    [
        ("x" * 300, 300, "graphemes"),
        ("x" * 301, 301, "graphemes"),
        ("👩‍👩‍👧" * 166, 166, "graphemes"),
        ("👩‍👩‍👧" * 167, 3006, "bytes"),
        ("👩‍👩‍👧" * 301, 301, "graphemes"),
        ("", 0, "graphemes"),
        ("\ud83d", 1, "graphemes"),
    ],
)
def test_the_narrower_limit_is_told(text: str, used: int, unit: str) -> None:
    """300 graphemes, 3,000 bytes."""
    told = length(text)
    assert (used, unit) == (told.used, told.unit)
    assert told.fits is (0 < used <= (300 if unit == "graphemes" else 3000))


def test_a_key_follows_from_the_reply() -> None:
    """The same reply has the same one, however its time was stored; another one has another."""
    name = record_key(AT, "reply:17:1")
    assert name == record_key(AT + timedelta(microseconds=999), "reply:17:1")
    assert name == record_key(AT.astimezone(), "reply:17:1")
    names = {record_key(AT, f"reply:{number}") for number in range(2000)}
    assert len(names) >= 1990
    assert "2026-11-20T13:05:00.000Z" == stamp(AT)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)), st.text())  # noqa: DTZ001
def test_a_key_is_a_tid(at: datetime, key: str) -> None:
    """Thirteen letters that sort by time, of which the first leaves the top bit free."""
    letters = "234567abcdefghijklmnopqrstuvwxyz"
    at = at.replace(tzinfo=UTC)
    name = record_key(at, key)
    assert len(name) == 13
    assert set(name) <= set(letters)
    assert name[0] in letters[:16]
    assert record_key(at + timedelta(milliseconds=1), "another") > name
    number = 0
    for letter in name:
        number = number << 5 | letters.index(letter)
    assert encoded(number) == name
    assert (
        timedelta(0)
        <= datetime.fromtimestamp((number >> 10) / 10**6, UTC)
        - at.replace(microsecond=at.microsecond // 1000 * 1000)
        < timedelta(milliseconds=1, microseconds=50)
    )
