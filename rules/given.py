"""The mentions that tests give: a sentence, or a mapping of facts; every mistake with its place.

What a test does not say is as with a stranger who speaks to us for the first time. Runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.measured import Engagement, History
from rules.leaves import KINDS, SIGNALS, is_language
from rules.measures import ENGAGEMENT, HISTORY, MEDIA, POSITIONS, THREAD
from rules.report import Code
from rules.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.reading import Reader
    from rules.times import Times

GIVEN = (
    "text", "kind", "platform", "lang", "author", *SIGNALS, "engagement", "history", "thread", "links",
    "rating", "media", "at", "repeat", "every",
)  # fmt: skip
PAST = tuple(name for name in HISTORY if name != "within")
_MOST = 10**12
_MOST_REPEATED = 10_000
_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A mention as a test writes it. `facts`: fields of `bot.model.Facts`; `signals` are pinned.

    Said `repeat` times, one `every` so often, each time by somebody else unless the author is named; the last
    one is looked at.
    """

    text: str
    lang: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    repeat: int = 1
    every: timedelta = _EVERY


def nothing(reader: Reader, where: Location, hint: str) -> None:
    reader.report.error(Code.NOTHING, f"{reader.label}: nothing is checked: {hint}", where)


def read_given(node: Node, reader: Reader, times: Times) -> Given | None:
    """A sentence, or a mapping of facts."""
    if not isinstance(node.value, dict):
        text = reader.text(node, "a sentence")
        return Given(text=text) if text else None
    values = reader.fields(node, GIVEN)
    text = reader.text(values.get("text"), "text")
    if "text" not in values:
        nothing(reader, node.location, "a mention has a text")
    lang = reader.text(values.get("lang"), "lang")
    if lang is not None and not is_language(lang):
        reader.wrong(values["lang"], "a language code like en, no or pt-BR", "lang")
    facts = {name: fact for name, fact in _facts(values, reader, times).items() if fact is not None}
    pinned = {name: _measured(name, values[name], reader) for name in SIGNALS if name in values}
    return Given(
        text=text or "",
        lang=lang,
        facts=facts,
        signals={name: value for name, value in pinned.items() if value is not None},
        repeat=reader.integer(values.get("repeat"), "repeat", low=1, high=_MOST_REPEATED) or 1,
        every=reader.duration(values.get("every"), "every") or _EVERY,
    )


def _facts(values: Mapping[str, Node], reader: Reader, times: Times) -> dict[str, object]:
    facts: dict[str, object] = {
        "kind": reader.choice(values.get("kind"), "kind", KINDS),
        "platform": reader.text(values.get("platform"), "platform"),
        "links": reader.integer(values.get("links"), "links", low=0, high=_MOST),
    }
    for name, read in _BLOCKS.items():
        if name in values:
            facts.update(read(values[name], reader))
    if "at" in values:
        facts["at"] = moment(values["at"].text, times)
        if facts["at"] is None:
            reader.wrong(values["at"], 'a moment like "Sat 02:10" or 2026-11-21T02:10+01:00', "at")
    return facts


def _author(node: Node, reader: Reader) -> dict[str, object]:
    values = reader.fields(node, AUTHOR, what="author field")
    read = {name: AUTHOR[name](values[name], reader) for name in AUTHOR if name in values}
    if "language" in read:
        read["spoken"] = read.pop("language")
    if "tier" in read:
        read.setdefault("known", True)
    return read


def _engagement(node: Node, reader: Reader) -> dict[str, object]:
    values = reader.fields(node, ENGAGEMENT, what="engagement field")
    read = {name: _number(child, name, reader) for name, child in values.items()}
    whole = {name: None if value is None else int(value) for name, value in read.items()}
    per_hour = read.get("replies_per_hour")
    return {"engagement": Engagement(**{**whole, "replies_per_hour": per_hour})}  # type: ignore[arg-type]


def _history(node: Node, reader: Reader) -> dict[str, object]:
    """Counts stand for things that have just been."""
    values = reader.fields(node, PAST, what="history field")
    counts = {
        name: reader.integer(values.get(name), name, low=0, high=_MOST_REPEATED) or 0 for name in PAST[:2]
    }
    past = {name: (timedelta(),) * count for name, count in counts.items()}
    last_reply = reader.duration(values.get("last_reply"), "last_reply")
    return {"history": History(**past, last_reply=last_reply)}


def _thread(node: Node, reader: Reader) -> dict[str, object]:
    values = reader.fields(node, THREAD, what="thread field")
    facts: dict[str, object] = {"waiting": reader.duration(values.get("waiting"), "waiting")}
    if "position" in values:
        position = reader.text(values["position"], "position") or ""
        if position not in POSITIONS:
            reader.wrong(values["position"], "first or reply", "position")
        facts["is_reply"] = POSITIONS.get(position)
    if "we_spoke" in values:
        facts["we_spoke"] = reader.flag(values["we_spoke"], "we_spoke", otherwise=False)
    return facts


def _media(node: Node, reader: Reader) -> dict[str, object]:
    for child in reader.items(node):
        if child.text not in MEDIA:
            reader.unknown(Code.NAME, "media", child.location, name=child.text, known=MEDIA)
    return {"media": reader.texts(node, "media")}


_BLOCKS: Mapping[str, Callable[[Node, Reader], dict[str, object]]] = {
    "rating": lambda node, reader: {"rating": _number(node, "rating", reader)},
    "media": _media,
    "author": _author,
    "engagement": _engagement,
    "history": _history,
    "thread": _thread,
}


def _count(node: Node, reader: Reader) -> object:
    return reader.integer(node, "a count", low=0, high=_MOST)


def _number(node: Node, what: str, reader: Reader) -> float | None:
    is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if not is_number or not 0 <= node.value <= _MOST:
        reader.wrong(node, "a number, 0 or more", what)
        return None
    return float(node.value)


def _measured(name: str, node: Node, reader: Reader) -> float | None:
    lowest, wanted = (-1, "a number from -1 to 1") if name == "sentiment" else (0, "a number from 0 to 1")
    is_flag = isinstance(node.value, bool) and name != "sentiment"
    if is_flag or (isinstance(node.value, int | float) and lowest <= node.value <= 1):
        return float(node.value)
    reader.wrong(node, wanted if name == "sentiment" else f"{wanted}, or true or false", name)
    return None


AUTHOR: Mapping[str, Callable[[Node, Reader], object]] = {
    "handle": lambda node, reader: reader.text(node, "handle"),
    "bio": lambda node, reader: reader.text(node, "bio"),
    "followers": _count,
    "following": _count,
    "age": lambda node, reader: reader.duration(node, "age"),
    "verified": lambda node, reader: reader.flag(node, "verified", otherwise=False),
    "tier": lambda node, reader: reader.text(node, "tier"),
    "known": lambda node, reader: reader.flag(node, "known", otherwise=False),
    "staff": lambda node, reader: reader.flag(node, "staff", otherwise=False),
    "language": lambda node, reader: reader.text(node, "language"),
}
