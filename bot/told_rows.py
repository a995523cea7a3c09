"""A conversation as one line of an answer in chat, or of a card, and where it is opened. Pure.

Posts are hostile input: a conversation is one line, and its link another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.model import ConversationState
from bot.oneline import NAME_CHARS, link, one_line
from bot.staff import Line

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.listing import Listed
    from bot.overview import Row, Rows, Sent
    from bot.texts.catalogue import Texts

TEXT_CHARS, URL_CHARS = 70, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads it, in which words and by which clocks, and where: links lead into `channel` if they can.

    `people` tells how a person is called; `link` where a message that we sent to a channel is opened. `path`:
    on the page, what stands before the number of a conversation in its address; empty: elsewhere.
    """

    texts: Texts
    zone: ZoneInfo
    now: datetime
    people: Callable[[str], str]
    link: Callable[[str, str], str | None]
    channel: str = ""
    path: str = ""


def line(row: Row, reader: Reader) -> Line:
    """What is shown, and where it opens: on the page; else its card, here if possible; else the post."""
    one, texts = row.listed, reader.texts
    parts = [texts.urgency(one.urgency), _when(one, reader), f"{author(one)}: {text(one, texts)}"]
    if one.state is ConversationState.CLAIMED and one.claimed_by:
        parts.append(texts.claimed_by(reader.people(one.claimed_by), None))
    return Line(text=" · ".join(parts), href=_opened(row, reader) or None)


def _opened(row: Row, reader: Reader) -> str:
    if reader.path:
        return f"{reader.path}{row.listed.conversation}"
    return card_link(row.cards, reader) or one_line(link(row.listed.url) or "", URL_CHARS)


def card_link(cards: tuple[Sent, ...], reader: Reader) -> str | None:
    """Where a card of it is opened: in this chat if possible, else in another."""
    ordered = sorted(cards, key=lambda sent: sent[0] != reader.channel)
    return next((opened for sent in ordered if (opened := reader.link(*sent))), None)


def lines(found: Rows, reader: Reader) -> Iterator[Line]:
    """Those that there are, and how many more."""
    for row in found.rows:
        yield line(row, reader)
    if more := found.count - len(found.rows):
        yield Line(text=reader.texts.say("rows.rest", count=more))


def plain(told: Iterator[Line] | list[Line]) -> Iterator[str]:
    """As text: a line, and its link below it."""
    for one in told:
        yield one.text
        if one.href:
            yield one.href


def _when(one: Listed, reader: Reader) -> str:
    if one.due_at is not None:
        return reader.texts.answer_by(one.due_at, now=reader.now, zone=reader.zone)
    return reader.texts.time_in_zone(one.posted_at, now=reader.now, zone=reader.zone)


def author(one: Listed) -> str:
    return one_line(one.handle or one.author or one.author_id, NAME_CHARS)


def text(one: Listed, texts: Texts) -> str:
    return texts.quoted(one_line(one.text or one.title, TEXT_CHARS))
