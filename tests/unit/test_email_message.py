"""A card as a mail: what every reader of mail finds in it, whatever the card holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Alert, Span
from bot.staff import Button, Card, Line
from bot.texts.languages import texts_in
from connectors.email.message import LONGEST_SUBJECT, Letter, clean, compose, message_id, subject

AT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
ID = message_id("alert:1", "01JD", "acme.example")
PAGE = "https://outcare.acme.example"
BUTTONS = ((Button(label="Claim", token="claim:01JD"),),)
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type",
}  # fmt: skip


def letter(**more: Any) -> Letter:
    given = {"sender": "alerts@acme.example", "name": "Outcare", "to": ("lead@acme.example",), "id": ID}
    return Letter(**{**given, "at": AT, "page": PAGE, "texts": texts_in("en"), **more})


def arrived(card: Card, **more: Any) -> EmailMessage:
    """What another program reads out of the bytes."""
    parsed = message_from_bytes(compose(card, letter(**more)).as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


class Tags(HTMLParser):
    """Which tags and attributes a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@given(st.text(max_size=400))
def test_no_headline_brings_a_header(headline: str) -> None:
    """Whatever stands in it: the same headers, 7 bits, and a subject on one line."""
    raw = compose(Card(headline=headline), letter()).as_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert HEADERS == set(mail.keys())
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert mail["To"] == "lead@acme.example"


@given(st.text(max_size=300))
def test_a_subject_arrives_as_it_is(headline: str) -> None:
    """Encoded and decoded again it is the same, but for blanks, which mail folds."""
    wanted = subject(headline)
    assert not re.search(r"[\x00-\x1f\x7f]", wanted)
    assert len(wanted) <= LONGEST_SUBJECT
    assert wanted.split() == str(arrived(Card(headline=headline))["Subject"]).split()


@pytest.mark.parametrize(
    "headline",
    [
        "HIGH\r\nBcc: everybody@acme.example",
        "HIGH\nContent-Type: text/html\n\n<script>",
        "HIGH\u2028Bcc: x@acme.example\x85Bcc: y@acme.example\x0bBcc: z@acme.example",
        "=?utf-8?q?HIGH=0D=0ABcc=3A_everybody=40acme=2Eexample?=",
        "a" * 5000,
        "\ud800 half a letter",
    ],
)
def test_attacks_on_the_subject_stay_in_it(headline: str) -> None:
    """Line breaks of all kinds, and what would become one when it is decoded."""
    mail = arrived(Card(headline=headline))
    assert HEADERS == set(mail.keys())
    assert "everybody" not in str(mail["Bcc"] or "")
    assert not mail.defects


@given(st.text(max_size=500))
def test_a_text_arrives_in_both_parts(text: str) -> None:
    """Escaped in the HTML; no tag in there is the author's."""
    mail = arrived(Card(headline="HIGH", lines=(Line(text=text, is_quote=True),)))
    quoted = "\n".join(f"> {line}" for line in clean(text).split("\n"))
    assert quoted in body(mail)
    ours = {"html", "head", "meta", "body", "h3", "blockquote", "p", "a"}
    assert ours == {tag for tag, _ in Tags(body(mail, "html")).found}


def test_nothing_is_loaded_from_anywhere() -> None:
    """Neither pictures nor styles nor scripts; links to the web only, and only those that the card has."""
    lines = (
        Line(text="<img src=https://spy.example/x.gif>", is_quote=True),
        Line(text="Open the post", href="https://example.com/post?a=1&b=2"),
        Line(text="no", href="javascript:alert(1)"),
        Line(text="nor", href="https://x.example/\r\nBcc: y"),
    )
    page = body(arrived(Card(headline="HIGH", lines=lines)), "html")
    tags = Tags(page).found
    assert not {"img", "link", "script", "style", "iframe"} & {tag for tag, _ in tags}
    assert not [attrs for _, attrs in tags if attrs.keys() & {"src", "background", "onclick"}]
    assert ["https://example.com/post?a=1&b=2", f"{PAGE}/"] == [at["href"] for tag, at in tags if tag == "a"]
    assert "url(" not in page


def test_matched_words_are_marked() -> None:
    """In the HTML; plain text stays as it was written."""
    line = Line(
        text="a <b> & my refund", marks=(Span(start=8, end=10), Span(start=11, end=99)), is_quote=True
    )
    mail = arrived(Card(headline="HIGH", lines=(line,)))
    assert "a &lt;b&gt; &amp; <mark>my</mark> <mark>refund</mark>" in body(mail, "html").replace("\n", "")
    assert "> a <b> & my refund" in body(mail)


def test_buttons_become_one_link() -> None:
    """To the conversation; where the page has no address the mail says what to do; in the staff's language."""
    card = Card(headline="HIGH", buttons=BUTTONS, data={"conversation_id": 7})
    assert f"Open the conversation: {PAGE}/c/7\n" in body(arrived(card))
    assert f'href="{PAGE}/c/7"' in body(arrived(card, page=f"{PAGE}/"), "html")
    assert "it has no address here: web.url" in body(arrived(card, page=""))
    assert f"Abrir la conversación: {PAGE}/c/7" in body(arrived(card, texts=texts_in("es")))
    assert "Claim" not in body(arrived(card))


def test_what_programs_are_told() -> None:
    """That it is automatic, when it is from, how loud it is, and what it belongs to."""
    mail = arrived(Card(headline="HIGH", alert=Alert.PING, ping=("Anna",)), after=("<a@acme.example>",))
    assert ("auto-generated", "bulk", "high") == (
        mail["Auto-Submitted"], mail["Precedence"], mail["Importance"],
    )  # fmt: skip
    assert "Outcare <alerts@acme.example>" == mail["From"]
    assert AT == mail["Date"].datetime
    assert ("<a@acme.example>", "<a@acme.example>") == (mail["In-Reply-To"], mail["References"])
    assert "\nAnna\n" in body(mail)


def test_addresses_beyond_ascii() -> None:
    """They stand in the header as they are: only a server with SMTPUTF8 gets such a mail."""
    mail = arrived(Card(headline="HIGH"), to=("jörg@acme.example",))
    assert "jörg@acme.example" == mail["To"]


def test_an_id_is_the_deliverys() -> None:
    """The same when it is tried again, another for another database's delivery of the same key."""
    assert re.fullmatch(r"<[0-9a-f]{32}@acme\.example>", ID)
    assert message_id("alert:1", "01JD", "acme.example") == ID
    assert (
        message_id("alert:1", "01JE", "acme.example") != ID != message_id("alert:2", "01JD", "acme.example")
    )
