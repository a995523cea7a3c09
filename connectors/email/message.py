"""A card as a mail: plain text and a small HTML beside it. Pure.

Nothing in it asks the network for anything: no pictures, no style sheets, nothing that tells who read it.
Posts are hostile input. A header is put together by the standard library out of one line each, so that none
can bring another (https://www.rfc-editor.org/rfc/rfc5322#section-2.2); HTML is escaped. All of it is 7-bit
(quoted-printable or base64), so that it passes servers without 8BITMIME.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.model import Alert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.model import Span
    from bot.staff import Card, Line
    from bot.texts.catalogue import Texts

LONGEST_SUBJECT = 200
LONGEST_LINE = 20_000
MOST_LINES = 300

_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Turn the direction of what follows: in a subject they could make it read as something else."""
_JOINER = "\u2060"
"""Not seen, and no place to break a line."""
_KEPT = frozenset("\n\t")
_HEAD = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body dir="auto">'
_QUOTE = "border-left:3px solid #999;margin:8px 0;padding-left:10px;white-space:pre-wrap"
_BLOCK = "margin:8px 0;white-space:pre-wrap"
_BUTTON = "margin:16px 0;font-weight:bold"
_SMALL = "margin:16px 0 0;color:#666;font-size:small"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What surrounds a card. `ids`: of this mail, then of those before it in its thread, the newest last.

    `page`: where people reach the page, empty: nowhere.
    """

    sender: str
    name: str
    to: Sequence[str]
    id: str
    after: Sequence[str] = ()
    at: datetime
    page: str
    texts: Texts


def message_id(key: str, about: object, domain: str) -> str:
    """The same for the same delivery, however often it is tried; `about` parts one database from another."""
    digest = sha256(f"{key} {about}".encode()).hexdigest()
    return f"<{digest[:32]}@{domain}>"


def needs_utf8(*addresses: str) -> bool:
    """Whether only a server with SMTPUTF8 takes mail for them: https://www.rfc-editor.org/rfc/rfc6531."""
    return not all(address.isascii() for address in addresses)


def compose(card: Card, letter: Letter) -> EmailMessage:
    policy = SMTPUTF8 if needs_utf8(letter.sender, *letter.to) else SMTP
    mail = EmailMessage(policy=policy.clone(cte_type="7bit"))
    mail["From"] = _address(letter.sender, letter.name)
    mail["To"] = [_address(one) for one in letter.to]
    mail["Subject"] = subject(card.headline)
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = letter.id
    if letter.after:
        mail["In-Reply-To"] = letter.after[-1]
        mail["References"] = " ".join(letter.after)
    mail["Auto-Submitted"] = "auto-generated"  # https://www.rfc-editor.org/rfc/rfc3834#section-5
    mail["Precedence"] = "bulk"  # for those who answer "I am away" by older rules
    mail["X-Auto-Response-Suppress"] = "All"  # the same, for Exchange
    if card.alert is Alert.PING:
        mail["Importance"] = "high"
    link = page_link(card, letter.page, letter.texts)
    mail.set_content(plain(card, link, letter.texts))
    mail.add_alternative(html(card, link, letter.texts), subtype="html")
    return mail


def _address(address: str, name: str = "") -> Address:
    """In parts: as a whole, the library takes no letters beyond ASCII."""
    local, _, domain = address.rpartition("@")
    return Address(display_name=subject(name), username=local, domain=domain)


def subject(headline: str) -> str:
    """One line, whatever the headline holds.

    What looks like an encoded word (https://www.rfc-editor.org/rfc/rfc2047) is taken apart: the library reads
    it, and some of its versions write the line break that is encoded there as a line break.
    """
    flat = " ".join(clean("".join(char for char in headline if char not in _TURNS)).split())
    flat = flat.replace("=?", f"={_JOINER}?")
    return flat if len(flat) <= LONGEST_SUBJECT else f"{flat[: LONGEST_SUBJECT - 1]}…"


def page_link(card: Card, page: str, texts: Texts) -> tuple[str, str] | None:
    """What is opened and where: the conversation, else the page; None: it has no address."""
    if not page:
        return None
    conversation = card.data.get("conversation_id")
    if isinstance(conversation, int):
        return texts.say("email.open"), f"{page.rstrip('/')}/c/{conversation}"
    return texts.say("email.open_page"), f"{page.rstrip('/')}/"


def clean(text: str) -> str:
    """Without what no mail may hold, or what a terminal would obey; line breaks stay."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char if char in _KEPT or unicodedata.category(char) not in {"Cc", "Cs"} else "\ufffd"
        for char in whole
    )


def plain(card: Card, link: tuple[str, str] | None, texts: Texts) -> str:
    """Words for those who read no HTML; a link stands behind what it belongs to."""
    parts = [subject(card.headline), "", *(_plain_line(line) for line in card.lines[:MOST_LINES])]
    if card.ping:
        parts += ["", subject(" ".join(card.ping))]
    if link:
        parts += ["", ": ".join(link)]
    elif card.buttons:
        parts += ["", texts.say("email.no_page")]
    return "\n".join([*parts, "", "-- ", texts.say("email.footer")]) + "\n"


def _plain_line(line: Line) -> str:
    text = _cut(line.text)
    if line.is_quote:
        text = "\n".join(f"> {one}" for one in text.split("\n"))
    return f"{text}: {line.href}" if line.href and _is_web(line.href) else text


def html(card: Card, link: tuple[str, str] | None, texts: Texts) -> str:
    parts = [f"<h3>{escape(subject(card.headline))}</h3>", *map(_html_line, card.lines[:MOST_LINES])]
    if card.ping:
        parts.append(f"<p>{escape(subject(' '.join(card.ping)))}</p>")
    if link:
        href = f'<a href="{escape(link[1])}">{escape(link[0])}</a>'
        parts.append(f'<p style="{_BUTTON}">{href}</p>')
    elif card.buttons:
        parts.append(f"<p>{escape(texts.say('email.no_page'))}</p>")
    parts.append(f'<p style="{_SMALL}">{escape(texts.say("email.footer"))}</p>')
    body = "\n".join(parts)
    return f"{_HEAD}\n{body}\n</body></html>\n"


def _html_line(line: Line) -> str:
    text = _marked(_cut(line.text), line.marks)
    if line.is_strong:
        text = f"<b>{text}</b>"
    if line.href and _is_web(line.href):
        text = f'<a href="{escape(line.href)}" rel="noreferrer">{text}</a>'
    if line.is_quote:
        return f'<blockquote dir="auto" style="{_QUOTE}">{text}</blockquote>'
    if line.is_copy:
        return f'<pre dir="auto" style="{_BLOCK}">{text}</pre>'
    return f'<div dir="auto" style="{_BLOCK}">{text}</div>'


def _marked(text: str, marks: Sequence[Span]) -> str:
    """Escaped, with the matched words marked; the marks are in order and apart."""
    parts, end = [], 0
    for mark in marks:
        start, stop = max(mark.start, end), min(mark.end, len(text))
        if start < stop:
            parts += [escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>"]
            end = stop
    return "".join([*parts, escape(text[end:])])


def _cut(text: str) -> str:
    """Cleaned as it stands, one character for one, so that marks keep their place."""
    kept = clean(text)
    return kept if len(kept) <= LONGEST_LINE else f"{kept[: LONGEST_LINE - 1]}…"


def _is_web(url: str) -> bool:
    """A link that a mail may hold: nothing but the web, and on one line."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.netloc) and clean(url) == url and not url.split()[1:]
    )
