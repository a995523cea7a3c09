"""The webhook's signature, payload and settings, without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.model import Span
from bot.staff import Card, Line
from connectors.webhook import (
    TOLERANCE,
    AccountSettings,
    ChannelSettings,
    id_of,
    payload,
    signed,
    verify,
)

# The example that the libraries of https://www.standardwebhooks.com test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
NOW = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": ID,
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_the_signature_is_that_of_the_standard() -> None:
    """The published example comes out."""
    assert HEADERS == signed(ID, BODY, SECRET, NOW)


def test_without_a_secret_nothing_is_signed() -> None:
    """Rather no signature than a worthless one."""
    expected = {"webhook-id": ID, "webhook-timestamp": "1614265330"}
    assert expected == signed(ID, BODY, None, NOW)


def test_a_true_delivery_is_known() -> None:
    """Header names in any case, and one good signature among several (a secret being changed)."""
    shouted = {name.upper(): value for name, value in HEADERS.items()}
    both = {**shouted, "WEBHOOK-SIGNATURE": f"v1,bm90IHRoaXM= {HEADERS['webhook-signature']}"}
    assert verify(HEADERS, BODY, SECRET, NOW)
    assert verify(both, BODY, SECRET, NOW)


def test_a_plain_secret_works_too() -> None:
    """Not everybody writes whsec_."""
    assert verify(signed(ID, BODY, "open sesame", NOW), BODY, "open sesame", NOW)
    assert not verify(signed(ID, BODY, "open sesame", NOW), BODY, "open barley", NOW)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, BODY),
        (HEADERS, BODY + b" "),
        (HEADERS | {"webhook-id": "other"}, BODY),
        (HEADERS | {"webhook-timestamp": "1614265331"}, BODY),
        (HEADERS | {"webhook-timestamp": "now"}, BODY),
        (HEADERS | {"webhook-timestamp": "9" * 40}, BODY),
        (HEADERS | {"webhook-timestamp": "²"}, BODY),
        (HEADERS | {"webhook-signature": "v2" + HEADERS["webhook-signature"][2:]}, BODY),
        (HEADERS | {"webhook-signature": "é"}, BODY),
    ],
)
def test_a_false_delivery_is_refused(headers: dict[str, str], body: bytes) -> None:
    """Anything missing, changed or unreadable is no delivery of ours, and no exception."""
    assert not verify(headers, body, SECRET, NOW)


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_replay_is_refused(direction: int) -> None:
    """A true delivery is only good for five minutes, and clocks may differ by as much."""
    assert verify(HEADERS, BODY, SECRET, NOW + direction * TOLERANCE)
    assert not verify(HEADERS, BODY, SECRET, NOW + direction * (TOLERANCE + timedelta(seconds=1)))


def test_the_payload_has_all_of_the_card() -> None:
    """Event, the message it belongs to, the words with their marks, and the data."""
    line = Line(text="where is it?", marks=(Span(start=0, end=5),), href="https://a.example", is_quote=True)
    card = Card(headline="HIGH", lines=(line,), data={"event": "alert", "brand": "acme"})
    expected = {
        "event": "update",
        "message": "k1",
        "headline": "HIGH",
        "lines": [{"text": "where is it?", "marks": [[0, 5]], "href": "https://a.example", "is_quote": True}],
        "alert": "message",
        "data": {"event": "alert", "brand": "acme"},
    }
    assert expected == json.loads(payload(card, event="update", message="k1"))


def test_a_lone_surrogate_does_not_stop_an_alert() -> None:
    """JSON can't hold it; a sign stands for it."""
    body = payload(Card(headline="a\ud83d", data={"text": "b\udc00"}), event="alert", message="k")
    told = json.loads(body)
    assert ("a?", "b?") == (told["headline"], told["data"]["text"])


@pytest.mark.parametrize(
    ("key", "expected"),
    [("alert:1:webhook:crm", "alert:1:webhook:crm"), ("a.b\r\nx: é", "a%2Eb%0D%0Ax:%20%C3%A9")],
)
def test_a_key_becomes_an_id_that_a_header_can_hold(key: str, expected: str) -> None:
    """The standard wants no dot in it: id, time and body are parted by dots where they are signed."""
    assert expected == id_of(key)


@pytest.mark.parametrize("url", ["", "ftp://a.example", "//a.example", "https://", "javascript:alert(1)"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """At start, not at the first alert; and what was written is not repeated: it may hold a secret."""
    with pytest.raises(ValidationError) as caught:
        ChannelSettings(url=url)
    assert "must begin with https://" in str(caught.value)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    """An empty key would sign everything for everybody."""
    with pytest.raises(ValidationError):
        AccountSettings.model_validate({"secret": secret})


def test_settings_show_no_secret() -> None:
    """Neither the URL nor the key."""
    shown = repr(ChannelSettings(url="https://u:hunter2@a.example/?t=hunter2"))
    shown += repr(AccountSettings.model_validate({"secret": "hunter2"}))
    assert "hunter2" not in shown
