"""What is hidden, what is left alone, and that hostile text cannot slow the hiding down."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unavailable
from bot.model import Urgency
from bot.redaction import MASK, MAX_CHARACTERS, MAX_ITEMS, Redactor, redact

HIDDEN = [
    (
        "GET https://api.telegram.org/bot123456:AAF-x_y/getMe",
        "GET https://api.telegram.org/bot123456:***/getMe",
    ),
    ("https://api.telegram.org/bot1%3AAAF/getMe", "https://api.telegram.org/bot1:***/getMe"),
    ("token 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1", "token ***"),
    ("postgres://ann:hunter2@db:5432/x", "postgres://***@db:5432/x"),
    ("https://just-a-token@host/path", "https://***@host/path"),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"),
    ("{'Authorization': 'Bearer abc.def-ghi'}", "{'Authorization': '***'}"),
    ('headers={"authorization":"Token abc def"}', 'headers={"authorization":"***"}'),
    ("sent Bearer abcdef0123", "sent Bearer ***"),
    ("Cookie: session=1; other=2", "Cookie: ***"),
    ("https://host/path?access_token=abc&page=2", "https://host/path?access_token=***&page=2"),
    ("https://host/path?key=AIzaSy&page=2", "https://host/path?key=***&page=2"),
    ("password=hunter2", "password=***"),
    ("client_secret: 0a1b2c", "client_secret: ***"),
    ('{"password": "a \\"quoted\\" one"}', '{"password": ***}'),
    ("{'api_key': 'x y z'}", "{'api_key': ***}"),
    ('"{\\"token\\": \\"abc\\"}"', '"{\\"token\\": ***}"'),
    ("token=b'raw bytes'", "token=***"),
    ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a *** b"),
    ("-----BEGIN PRIVATE KEY-----\nMIIE", "***"),
]

LEFT_ALONE = [
    "mention.stored",
    "the token: expired, get a new one",
    "https://bsky.app/profile/ann.example/post/3k2:1?page=2",
    "config/outcare.yaml:3:5: unknown key 'token'",
    "posts@example.org wrote about the secret of cooking",
    "09:12–09:40 UTC",
    "did:plc:abcdefghijklmnopqrstuvwx",
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN)
def test_what_looks_like_a_secret_is_hidden(text: str, expected: str) -> None:
    """Each shape in which credentials get into a line is masked, and the rest of the line stays."""
    assert expected == redact(text)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_plain_text_is_left_alone(text: str) -> None:
    """Prose, ids, URLs and file positions stay readable."""
    assert text == redact(text)


def test_redacting_twice_changes_nothing_more() -> None:
    """A line that passes two redactions (http, then log) reads the same."""
    for text, expected in HIDDEN:
        assert expected == redact(redact(text))


@pytest.mark.parametrize(
    "spelled",
    ["pä ss/w\"or'd", "p%C3%A4%20ss%2Fw%22or%27d", "p%C3%A4+ss%2Fw%22or%27d", "p\\u00e4 ss/w\\\"or'd"],
)
def test_known_secrets_are_hidden_in_every_spelling(spelled: str) -> None:
    """A registered value is found raw, percent-encoded, form-encoded and inside JSON."""
    redactor = Redactor(["pä ss/w\"or'd\n"])
    assert f"<{MASK}>" == redactor.text(f"<{spelled}>")


def test_the_longest_known_secret_wins() -> None:
    """A secret that begins with another one leaves no tail behind."""
    assert f"x {MASK} y" == Redactor(["abcdef", "abcdefghij"]).text("x abcdefghij y")


def test_short_values_are_not_looked_for() -> None:
    """Five characters turn up inside ordinary words, six are a secret."""
    assert f"alpha beta {MASK}" == Redactor(["alpha", "", "gammas"]).text("alpha beta gammas")


def test_the_secret_half_of_a_bot_token_is_hidden_alone() -> None:
    """A Telegram token is recognised without its public bot id."""
    redactor = Redactor(["12345:ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
    assert f"hash {MASK}!" == redactor.text("hash ABCDEFGHIJKLMNOPQRSTUVWXYZ!")


@pytest.mark.parametrize(
    "shown",
    [
        "https://u:planted-pw@hooks.example:8443/in/planted-path-0123456?a=planted-value-012345",
        "hooks.example:8443/in/planted-path-0123456",
        "/in/planted-path-0123456?a=planted-value-012345",
        "planted-pw",
        "planted-path-0123456",
        "planted-value-012345",
    ],
)
def test_a_secret_url_is_hidden_in_pieces_too(shown: str) -> None:
    """Its key may stand in the path, the query or before the host; errors show it without the scheme."""
    url = "https://u:planted-pw@hooks.example:8443/in/planted-path-0123456?a=planted-value-012345"
    assert f"<{MASK}>" == Redactor([url]).text(f"<{shown}>")


def test_a_harmless_url_leaves_its_words_readable() -> None:
    """The whole of it is hidden; its host and its plain words also stand elsewhere."""
    redactor = Redactor(["https://crm.example/outcare?source=outcare", "https://hooks.example"])
    line = "outcare reaches crm.example and hooks.example"
    assert line == redactor.text(line)
    assert f"to {MASK}: refused" == redactor.text("to crm.example/outcare: refused")


def test_what_only_looks_like_a_url_is_known_as_a_whole() -> None:
    """A secret may be any text."""
    assert f"<{MASK}>" == Redactor(["http://[planted"]).text("<http://[planted>")


def test_nested_values_are_hidden() -> None:
    """Mappings, lists, tuples and bytes are searched, and a secret's key hides the whole value."""
    redactor = Redactor(["planted-secret"])
    value = {
        "a": [("planted-secret", {"clientSecret": ["x", "y"]})],
        "b": b"planted-secret",
        "password": 1234,
        "token": None,
        "is_cookie": True,
        "x-api-key": "k",
    }
    expected = {
        "a": [[MASK, {"clientSecret": MASK}]],
        "b": "b'***'",
        "password": MASK,
        "token": None,
        "is_cookie": True,
        "x-api-key": MASK,
    }
    assert expected == redactor.value(value)


def test_every_value_becomes_plain() -> None:
    """Errors, enums, paths, times, huge numbers and lone surrogates come out as JSON can hold them."""
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    given_values = [
        Unavailable("no"),
        Urgency.HIGH,
        PurePosixPath("/x"),
        at,
        timedelta(minutes=15),
        2**64,
        "a\ud800b",
    ]
    expected = ["no", "high", "/x", "2026-01-02 03:04:00+00:00", "0:15:00", "18446744073709551616", "a?b"]
    assert expected == Redactor().value(given_values)


def test_a_value_that_cannot_be_shown_costs_no_line() -> None:
    """An object whose repr() raises is named by its type."""

    class Broken:
        def __repr__(self) -> str:
            raise ValueError("planted-secret")

    assert Redactor().value(Broken()) == "<unprintable Broken>"


def test_a_value_that_contains_itself_ends() -> None:
    """A cycle is cut instead of followed."""
    cycle: dict[str, object] = {"secret_word": "planted-secret"}
    cycle["self"] = cycle
    assert "planted-secret" not in str(Redactor(["planted-secret"]).value(cycle))


def test_long_text_keeps_both_ends_and_no_half_secret() -> None:
    """A long traceback keeps its beginning and its end; a secret at the cut is hidden as a whole."""
    half = MAX_CHARACTERS // 2
    text = "<" + "x" * (half - 6) + "planted-secret" + "y" * MAX_CHARACTERS + "the error>"
    shown = Redactor(["planted-secret"]).text(text)
    assert shown.startswith("<xxx")
    assert shown.endswith("the error>")
    assert "plan" not in shown
    assert len(shown) < MAX_CHARACTERS + 60


def test_long_lists_are_cut() -> None:
    """A line stays bounded whatever it is given."""
    assert len(Redactor().value(list(range(10 * MAX_ITEMS)))) == MAX_ITEMS


TRIGGERS = [
    "a",
    "1",
    "token=",
    "token ",
    'token="',
    "token='\\",
    'token=\\"',
    "://",
    "://a:",
    "bot1",
    "bot1:",
    "bearer ",
]
MORE_TRIGGERS = [
    "cookie",
    "?key=",
    "-----BEGIN PRIVATE KEY-----",
    "authorization: ",
    "\\\\\\'",
    " \t",
    "123456:",
]


@pytest.mark.parametrize("unit", [*TRIGGERS, *MORE_TRIGGERS])
def test_hostile_text_is_redacted_in_linear_time(unit: str) -> None:
    """Twenty thousand characters of any trigger cost milliseconds, not minutes."""
    started = time.perf_counter()
    redact(unit * (MAX_CHARACTERS // len(unit)))
    assert time.perf_counter() - started < 1


@given(st.text(), st.text())
def test_a_known_secret_never_survives(before: str, after: str) -> None:
    """Whatever stands around a registered value, it does not come through."""
    assert "hunter2-hunter2" not in Redactor(["hunter2-hunter2"]).text(f"{before}hunter2-hunter2{after}")
