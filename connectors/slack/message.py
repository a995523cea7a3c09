"""A card as a Slack message: blocks and, for lock screens and screen readers, plain text. Pure.

What people wrote stands in a `rich_text` block: its pieces are plain text whatever is in them, so that
neither markup nor a `<!channel>` can break out
(https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). Only in the text and in the line that
names people on a ping has markup a meaning; there & < > are escaped
(https://docs.slack.dev/messaging/formatting-message-text#escaping). A message has 50 blocks at most, a row 25
buttons, a button's label 75 characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.model import Alert, Span
from bot.staff import Button, Line
from connectors.slack.settings import is_id, mention

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.staff import Card

Block = dict[str, Any]

MAX_TEXT = 9_000
"""Characters of a card; Slack says of more than some 13,000 `msg_blocks_too_long`."""
MAX_PIECE = 3_000
MAX_FALLBACK = 3_000
MAX_ROWS = 40
MAX_IN_ROW = 25
MAX_LABEL = 75
_MOST_LINES = 80
_ADDRESS = re.compile(r"https?://\S{1,2900}")
_PRESS = "press"
WRITE = "write"
"""The name of the button that opens a form."""
DRAFT = "draft-"
_BOLD = {"bold": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(slots=True)
class _Body:
    """The parts of a rich text as they come; ordinary lines are gathered in one."""

    parts: list[Block] = field(default_factory=list)
    gathered: list[Block] = field(default_factory=list)

    def add(self, line: Line) -> None:
        pieces = list(_pieces(line))
        if line.is_copy or line.is_quote:
            self.close()
            kind = "rich_text_preformatted" if line.is_copy else "rich_text_quote"
            if pieces:
                self.parts.append({"type": kind, "elements": pieces})
            return
        if self.gathered:
            self.gathered.append(_piece("\n"))
        self.gathered += pieces

    def close(self) -> None:
        if self.gathered:
            self.parts.append({"type": "rich_text_section", "elements": self.gathered})
        self.gathered = []


def render(
    card: Card,
    *,
    ping: Iterable[str] = (),
    people: Mapping[str, str] | None = None,
    writes: str = "",
) -> Message:
    """The whole card; where it is too long, the quoted text is cut first. Buttons are always kept. `people`:
    the ids of those whom a card calls by name; `writes`: the label of the button that opens the card's form.
    """
    lines = _fitted([Line(text=card.headline, is_strong=True), *card.lines[:_MOST_LINES]])
    called: list[str] = []
    if card.alert is Alert.PING:
        known = people or {}
        called = list(dict.fromkeys((*ping, *(known.get(name, name) for name in card.ping))))
    named = " ".join(mention(one) if is_id(one) else escaped(one) for one in called)
    text = escaped(cut("\n".join(line.text for line in lines), MAX_FALLBACK))
    opens = [_button(Button(label=writes, token=WRITE), WRITE)] if writes and card.form is not None else []
    blocks = (
        *_told(lines, card.form or ""),
        *([_markup(named)] if named else []),
        *_buttons(card.buttons),
        *([{"type": "actions", "elements": opens}] if opens else []),
    )
    return Message(text=f"{text}\n{named}" if named else text, blocks=blocks)


def told(text: str) -> Message:
    """Text in which nothing has a meaning. A line that is an address makes the line before it a link."""
    lines: list[Line] = []
    for line in cut(_encodable(text), MAX_TEXT).split("\n"):
        if lines and lines[-1].text and lines[-1].href is None and _ADDRESS.fullmatch(line):
            lines[-1] = Line(text=lines[-1].text, href=line)
        else:
            lines.append(Line(text=line))
    return Message(text=escaped(cut(_encodable(text), MAX_FALLBACK)), blocks=tuple(_told(lines)))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, ending in … if anything was cut."""
    return text if len(text) <= limit else f"{text[: max(limit - 1, 0)]}…"


def escaped(text: str) -> str:
    """Text without any of the signs that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _told(lines: Sequence[Line], draft: str = "") -> Iterator[Block]:
    """One block for all, but that the draft stands in one of its own, whose name a form finds it by."""
    drafts = [at for at, line in enumerate(lines) if draft and line.is_copy and line.text == draft]
    at = drafts[-1] if drafts else len(lines)
    for part, name in ((lines[:at], ""), (lines[at : at + 1], _draft_name(draft)), (lines[at + 1 :], "")):
        body = _Body()
        for line in part:
            body.add(line)
        body.close()
        if body.parts:
            yield {"type": "rich_text", "elements": body.parts, **({"block_id": name} if name else {})}


def _draft_name(draft: str) -> str:
    """Another one for other words: https://docs.slack.dev/reference/block-kit/blocks#block_id"""
    return f"{DRAFT}{sha256(_encodable(draft).encode()).hexdigest()[:16]}" if draft else ""


def _fitted(lines: Sequence[Line]) -> list[Line]:
    """The lines with the longest quotes cut until all fit, then others if need be."""
    fitted = [_with(line, _encodable(line.text)) for line in lines]
    excess = sum(len(line.text) + 1 for line in fitted) - MAX_TEXT
    order = sorted(range(len(fitted)), key=lambda i: (not fitted[i].is_quote, -len(fitted[i].text)))
    for index in order:
        if excess <= 0:
            break
        line = fitted[index]
        fitted[index] = _with(line, cut(line.text, max(len(line.text) - excess, 1)))
        excess -= len(line.text) - len(fitted[index].text)
    return fitted


def _with(line: Line, text: str) -> Line:
    marks = tuple(
        Span(start=mark.start, end=min(mark.end, len(text))) for mark in line.marks if mark.start < len(text)
    )
    return Line(
        text=text,
        marks=marks,
        href=line.href,
        is_quote=line.is_quote,
        is_strong=line.is_strong,
        is_copy=line.is_copy,
    )


def _encodable(text: str) -> str:
    """A lone surrogate is no text that could be sent: U+FFFD takes its place."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _pieces(line: Line) -> Iterator[Block]:
    """A line's text in pieces of one style each; an empty one is none, Slack takes no empty pieces."""
    if line.href and line.href.startswith(("https://", "http://")) and line.text:
        yield {"type": "link", "url": line.href, "text": line.text}
        return
    at = 0
    for mark in sorted(line.marks, key=lambda mark: mark.start):
        if mark.start >= at and not line.is_copy:
            yield from _plain(line.text[at : mark.start], is_bold=line.is_strong)
            yield from _plain(line.text[mark.start : mark.end], is_bold=True)
            at = mark.end
    yield from _plain(line.text[at:], is_bold=line.is_strong)


def _plain(text: str, *, is_bold: bool) -> Iterator[Block]:
    for begin in range(0, len(text), MAX_PIECE):
        yield _piece(text[begin : begin + MAX_PIECE], is_bold=is_bold)


def _piece(text: str, *, is_bold: bool = False) -> Block:
    return {"type": "text", "text": text, **({"style": _BOLD} if is_bold else {})}


def _markup(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, MAX_PIECE)}}


def _buttons(rows: Sequence[Sequence[Button]]) -> Iterator[Block]:
    """A row each; where there are very many, they are moved together."""
    if len(rows) > MAX_ROWS:
        flat = [button for row in rows for button in row]
        rows = [flat[at : at + MAX_IN_ROW] for at in range(0, len(flat), MAX_IN_ROW)]
    for number, row in enumerate(rows[:MAX_ROWS]):
        if row:
            pressed = [_button(one, f"{_PRESS}:{number}:{at}") for at, one in enumerate(row[:MAX_IN_ROW])]
            yield {"type": "actions", "elements": pressed}


def _button(button: Button, name: str) -> Block:
    label = cut(_encodable(button.label), MAX_LABEL)
    return {
        "type": "button",
        "action_id": name,
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "value": button.token,
    }
