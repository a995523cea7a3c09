"""A card as a Telegram message: text, entities, buttons. Pure.

Entities instead of HTML: nothing has to be escaped, so no text can break out. Offsets and the limit of 4,096
are counted in UTF-16 code units (https://core.telegram.org/bots/api#messageentity, #sendmessage).
Telegram itself finds @names in any text, whatever entities come with it, and rings for whoever has that name
(https://core.telegram.org/api/mentions): only those whom a ping is to name are left whole, and what stands in
a block to copy: in `pre` there is no other entity (https://core.telegram.org/bots/api#formatting-options).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.model import Alert, Span
from bot.staff import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.staff import Button, Card

MAX_TEXT = 4096
MAX_TOAST = 200
_MOST_LINES = 60
_MOST_MARKS = 60
"""A message keeps 100 entities; the rest of ours are fewer than 40."""

_LONG_QUOTE = 500
_SUPERGROUP = "-100"
"""What the id of a supergroup or channel begins with: https://core.telegram.org/api/bots/ids."""
_NAME = re.compile(r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9_])")
"""What may begin a name for Telegram; an address like a@b.example does not."""
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
_JOINER = "\u2060"
"""Not seen, no word character, no place to break a line: behind an @ it ends the name before it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A piece of the text in a style; `offset` and `length` in UTF-16 units."""

    kind: str
    offset: int
    length: int
    url: str | None = None
    user: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    text: str
    entities: tuple[Entity, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()


def message_ref(chat_id: int, message_id: int) -> str:
    """How our receipts name a message."""
    return f"{chat_id}:{message_id}"


def post_id(chat_id: int, message_id: int) -> str:
    """What a message is called as a post: its number counts within its chat."""
    return f"{chat_id}/{message_id}"


def message_link(chat_id: int, name: str | None, message_id: int) -> str | None:
    """Where people open a message, by its chat's name, or number if they are in it; None: private chats and
    basic groups have no addresses. https://core.telegram.org/api/links#message-links
    """
    if name:
        return f"https://t.me/{name}/{message_id}"
    number = str(chat_id).removeprefix(_SUPERGROUP)
    return f"https://t.me/c/{number}/{message_id}" if number != str(chat_id) else None


def units(text: str) -> int:
    """How long Telegram finds a text."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, ending in … if anything was cut; never half a character."""
    if units(text) <= limit:
        return text
    kept = text.encode("utf-16-le")[: 2 * max(limit - 1, 0)].decode("utf-16-le", errors="ignore")
    return f"{kept}…"


def render(card: Card, *, ping: Iterable[str] = ()) -> Message:
    """The whole card; where it is too long, the quoted text is cut first. Buttons are always kept."""
    whole = (Line(text=card.headline, is_strong=True), *card.lines[:_MOST_LINES])
    lines = [line if line.is_copy else unnamed(line) for line in whole]
    if card.alert is Alert.PING and (names := " ".join(dict.fromkeys((*ping, *card.ping)))):
        lines.append(Line(text=names))
    return replace(_calling(_laid_out(lines), card), buttons=card.buttons)


def _calling(message: Message, card: Card) -> Message:
    """The names at its end ring for them: also for people who have no @name
    (https://core.telegram.org/bots/api#messageentity, text_mention).
    """
    callees = card.callees or (*(() for _ in card.ping[1:]), card.called)
    names = " ".join(card.ping)
    if card.alert is not Alert.PING or not names or not message.text.endswith(names):
        return message
    at = units(message.text) - units(names)
    mentions: list[Entity] = []
    for name, identities in zip(card.ping, callees, strict=False):
        known = [id_ for kind, id_ in identities if kind == "telegram" and id_.isascii() and id_.isdigit()]
        if known:
            mentions.append(Entity(kind="text_mention", offset=at, length=units(name), user=int(known[0])))
        at += units(name) + 1
    return replace(message, entities=(*message.entities, *mentions)) if mentions else message


def told(text: str) -> Message:
    """Plain text, whose @names ring for nobody. A line that is an address makes the line before it a link:
    left as text, an @name in it would have to be broken too.
    """
    lines: list[Line] = []
    for line in text.split("\n"):
        if lines and lines[-1].href is None and _ADDRESS.fullmatch(line):
            lines[-1] = replace(lines[-1], href=line)
        else:
            lines.append(unnamed(Line(text=line)))
    return _laid_out(lines)


def _laid_out(lines: list[Line]) -> Message:
    texts = _fitted(lines)
    entities: list[Entity] = []
    offset = 0
    for line, text in zip(lines, texts, strict=True):
        entities += _styles(line, text, offset)
        offset += units(text) + 1
    return Message(text="\n".join(texts), entities=_capped(entities))


def unnamed(line: Line) -> Line:
    """The line with every @name in it broken, so that it rings for nobody; its marks keep their words."""
    cuts = [found.end() for found in _NAME.finditer(line.text)]
    if not cuts:
        return line
    marks = (
        Span(start=mark.start + bisect_right(cuts, mark.start), end=mark.end + bisect_left(cuts, mark.end))
        for mark in line.marks
    )
    return replace(line, text=_NAME.sub(f"@{_JOINER}", line.text), marks=tuple(marks))


def _fitted(lines: list[Line]) -> list[str]:
    """The texts of the lines, the longest quotes cut until all fit, then other lines if need be."""
    texts = [_encodable(line.text) for line in lines]
    excess = sum(units(text) + 1 for text in texts) - 1 - MAX_TEXT
    order = sorted(range(len(lines)), key=lambda i: (not lines[i].is_quote, -len(texts[i])))
    for index in order:
        if excess <= 0:
            break
        before = units(texts[index])
        texts[index] = cut(texts[index], max(before - excess, 1))
        excess -= before - units(texts[index])
    return texts


def _encodable(text: str) -> str:
    """Telegram takes UTF-8 only: a lone surrogate becomes U+FFFD, and keeps its place."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _styles(line: Line, text: str, offset: int) -> Iterator[Entity]:
    length = units(text)
    if not text.strip():
        return
    if line.is_quote:
        kind = "expandable_blockquote" if length > _LONG_QUOTE else "blockquote"
        yield Entity(kind=kind, offset=offset, length=length)
    if line.is_copy:
        yield Entity(kind="pre", offset=offset, length=length)
    if line.is_strong:
        yield Entity(kind="bold", offset=offset, length=length)
    if line.href:
        yield Entity(kind="text_link", offset=offset, length=length, url=line.href)
    for mark in line.marks:
        yield from _mark(mark, text, offset)


def _mark(mark: Span, text: str, offset: int) -> Iterator[Entity]:
    marked = text[mark.start : mark.end]
    if marked:
        yield Entity(kind="underline", offset=offset + units(text[: mark.start]), length=units(marked))


def _capped(entities: list[Entity]) -> tuple[Entity, ...]:
    marks = [entity for entity in entities if entity.kind == "underline"][:_MOST_MARKS]
    others = [entity for entity in entities if entity.kind != "underline"]
    return tuple(sorted((*others, *marks), key=lambda entity: (entity.offset, -entity.length)))
