"""Posts and conversations as a template shows them: pieces of text with their marks, times in words. Pure.

Posts are hostile input: direction overrides and control characters go, long texts are cut, and nothing here
makes markup; the templates escape everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.incidents import Incident
from bot.listing import Listed
from bot.model import ConversationState, Span, Verdict
from bot.oneline import NAME_CHARS, link, one_line
from bot.texts.catalogue import Texts

SNIPPET_CHARS = 280
_BEFORE_MARK = 60
MOST_CHARS = 10_000
_STEERS = dict.fromkeys(
    [*range(9), 0xB, 0xC, *range(0xE, 0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F),
     *range(0x2066, 0x206A), 0x061C, 0xFEFF, *range(0xD800, 0xE000)]
)  # fmt: skip
"""Control characters, direction marks and overrides, lone surrogates."""


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    is_marked: bool = False


def clean(text: str) -> str:
    """Without what steers a screen instead of standing on it; lines stay."""
    return text.translate(_STEERS)


def words(given: str) -> str:
    """What somebody wrote into a field: lines as they are everywhere else, nothing that cannot be seen."""
    return clean(given.replace("\r\n", "\n").replace("\r", "\n")).strip()


def pieces(text: str, spans: Iterable[Span], *, limit: int = MOST_CHARS) -> tuple[Piece, ...]:
    """The first `limit` characters of a text in pieces, the marked ones told apart."""
    shown = text[:limit]
    found: list[Piece] = []
    at = 0
    for span in _merged(spans, len(shown)):
        found += [Piece(clean(shown[at : span.start])), Piece(clean(shown[span.start : span.end]), True)]
        at = span.end
    found.append(Piece(clean(shown[at:])))
    if len(text) > limit:
        found.append(Piece("…"))
    return tuple(piece for piece in found if piece.text)


def snippet(text: str, spans: Iterable[Span]) -> tuple[Piece, ...]:
    """A few lines of a text on one, from a little before the first mark."""
    wanted = tuple(spans)
    first = min((span.start for span in wanted if span.start < len(text)), default=0)
    start = 0 if first + _BEFORE_MARK < SNIPPET_CHARS else _word_at(text, first - _BEFORE_MARK)
    moved = (Span(start=max(span.start - start, 0), end=max(span.end - start, 0)) for span in wanted)
    cut = pieces(text[start:], moved, limit=SNIPPET_CHARS)
    flat = [Piece(_flat(piece.text), piece.is_marked) for piece in cut]
    return tuple([Piece("…"), *flat] if start else flat)


def _flat(text: str) -> str:
    """On one line; a blank at either end stays one."""
    before, after = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' * before}{' '.join(text.split())}{' ' * after}" if text.strip() else " "


def _word_at(text: str, at: int) -> int:
    blank = text.find(" ", at, at + _BEFORE_MARK)
    return blank + 1 if blank >= 0 else at


def _merged(spans: Iterable[Span], end: int) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        start, stop = max(span.start, 0), min(span.end, end)
        if merged and start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, stop))
        elif start < stop:
            merged.append(Span(start=start, end=stop))
    return merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When an answer is due: `text` for people, `is_over` when it is late, `is_near` within ten minutes."""

    text: str
    detail: str
    is_over: bool
    is_near: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A conversation in a list, ready for the template."""

    it: Listed
    author: str
    pieces: tuple[Piece, ...]
    age: str
    posted: str
    due: Due | None
    holder: str
    is_mine: bool
    outcome: str
    reasons: tuple[str, ...]
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """Who looks, when, where and in which language. `people` are names by key."""

    now: datetime
    zone: ZoneInfo
    person: str
    people: Mapping[str, str]
    texts: Texts

    def name(self, key: str | None) -> str:
        return one_line(self.people.get(key or "", key or ""), NAME_CHARS)

    def time(self, at: datetime) -> str:
        return self.texts.time_in_zone(at, now=self.now, zone=self.zone)

    def age(self, at: datetime) -> str:
        """`now`, `5m`, `3h`, `2d`: how old something is, in one unit."""
        age = self.now - at
        return self.texts.on_page("just_now") if age < timedelta(minutes=1) else self.texts.brief(age)


def incident(one: Incident, eye: Eye) -> str:
    """One that runs, in a line."""
    posts = eye.texts.say("incident.posts", count=one.posts)
    said = eye.texts.say("incident.runs", posts=posts, since=eye.time(one.begun_at), route=one.route)
    return f"{said} · {eye.texts.say('incident.open', count=one.open)}"


def row(it: Listed, eye: Eye) -> Row:
    return Row(
        it=it,
        author=author(it.author, it.handle, it.author_id, eye.texts),
        pieces=() if it.is_deleted else snippet(it.text or it.title, marks(it.spans, it.verdict)),
        age=eye.age(it.posted_at),
        posted=eye.time(it.posted_at),
        due=due(it.due_at, eye) if it.state is not ConversationState.DISMISSED else None,
        holder=eye.name(it.claimed_by) if it.state is ConversationState.CLAIMED else "",
        is_mine=it.state is ConversationState.CLAIMED and it.claimed_by == eye.person,
        outcome=_outcome(it, eye.texts),
        reasons=tuple(dict.fromkeys(fired.why or fired.rule for fired in it.verdict.fired))[:3],
        url=None if it.is_deleted else link(it.url),
    )


def marks(spans: Iterable[Span], verdict: Verdict | None) -> tuple[Span, ...]:
    """The brand's words and what moved the rules."""
    fired = [span for one in (verdict.fired if verdict else ()) for span in one.spans]
    return (*spans, *fired)


def author(name: str, handle: str, author_id: str, texts: Texts) -> str:
    """`Ann Other (@ann.example)`, or as much of it as is known."""
    shown, at = one_line(clean(name), NAME_CHARS), one_line(clean(handle), NAME_CHARS).removeprefix("@")
    if shown and at:
        return f"{shown} (@{at})"
    return (
        shown
        or (f"@{at}" if at else "")
        or one_line(clean(author_id), NAME_CHARS)
        or texts.say("card.unknown_author")
    )


def due(at: datetime | None, eye: Eye) -> Due | None:
    if at is None:
        return None
    left = at - eye.now
    time, is_over = eye.texts.brief(abs(left)), left < timedelta()
    return Due(
        text=eye.texts.answer_by(at, now=eye.now, zone=eye.zone),
        detail=eye.texts.on_page("over_by", time=time)
        if is_over
        else eye.texts.on_page("time_left", time=time),
        is_over=is_over,
        is_near=timedelta() <= left < timedelta(minutes=10),
    )


def _outcome(it: Listed, texts: Texts) -> str:
    if it.is_deleted:
        return texts.say("card.deleted")
    if it.state is ConversationState.ANSWERED:
        known = it.asked_at and it.answered_at
        return texts.answered_after(it.asked_at, it.answered_at) if known else texts.say("card.answered")  # type: ignore[arg-type]
    if it.state is ConversationState.DISMISSED:
        return texts.say("card.dismissed")
    return texts.on_page("is_ignored") if it.ignored else ""
