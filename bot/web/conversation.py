"""`/c/{id}`: one conversation with its thread, its author, the verdict's reasons and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.approval import PATCH_SHOWN
from bot.buttons import Choices, chosen, token
from bot.card_steps import told
from bot.cards import prepared
from bot.changes import ELSEWHERE
from bot.escalation import Asked
from bot.listing import Publication, Spoken, Taken, Whole
from bot.model import Author, ConversationState, Urgency
from bot.oneline import link
from bot.records import CLOSED
from bot.staff import FEEDBACK_VERBS, PAGE, REASONS, Nap, Verb
from bot.web import shown
from bot.web.answering import panel_of
from bot.web.rules import may_rule
from bot.web.shown import Eye, Piece, Row

if TYPE_CHECKING:
    from bot.web.page import Page

EVENTS = frozenset(
    [
        *("claimed", "released", "handed_over", "snoozed", "dismissed", "answered_elsewhere", "reopened"),
        *("urgency_changed", "persona_changed", "note_added", "undone", "noted", "lost"),
        *("proposed", "discarded", "approved", "canceled", "leaves", "found", "resent", PATCH_SHOWN),
    ]
)
"""Outcomes of decisions that are told in words of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A post of the thread, ready for the template."""

    it: Spoken
    author: str
    who: str
    title: tuple[Piece, ...]
    pieces: tuple[Piece, ...]
    extras: tuple[str, ...]
    posted: str
    age: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One decision in words, or one try at an answer. `where`: from where somebody pressed."""

    text: str
    at: str
    note: str = ""
    words: str = ""
    where: str = ""


class Conversation:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def whole(self, request: web.Request) -> web.Response:
        return await self._show(request, "conversation.html")

    async def part(self, request: web.Request) -> web.Response:
        return await self._show(request, "_conversation.html")

    async def _show(self, request: web.Request, template: str) -> web.Response:
        key = request.match_info["id"]
        found = None
        if key.isascii() and key.isdecimal() and len(key) <= 18:
            found = await self._page.shelf.whole(int(key))
        if found is None:
            text = self._page.texts(request).on_page("no_conversation")
            return self._page.not_found(request, text)
        eye = self._page.eye(request)
        may = may_rule(self._page, request)
        choices = Choices(people=self._page.names, personas=self._page.choices().personas)
        shown_too: dict[str, Any] = {
            "may_rule": may,
            "menus": menus(found, eye, choices),
            "undo": undo(found, eye),
            "panel": await panel_of(self._page, found, eye),
        }
        return self._page.html(request, template, **shown_too, **values(found, eye))


def values(whole: Whole, eye: Eye) -> dict[str, Any]:
    """What the template shows."""
    row = shown.row(whole.shown, eye)
    return {
        "row": row,
        "verdict": whole.shown.verdict,
        "lines": [line(one, whole, eye) for one in whole.thread],
        "more": whole.more,
        "facts": facts(whole.author, eye),
        "events": events(whole, eye),
        "earlier": [shown.row(one, eye) for one in whole.earlier],
        "asks": [_ask(one.started_at, one.answered_at, one.outcome, eye) for one in whole.asks],
        "verbs": verbs(row, is_elsewhere=bool(whole.asks) and whole.asks[-1].outcome == ELSEWHERE),
        "draft": draft(whole),
        "feedback": [verb.value for verb in FEEDBACK_VERBS],
        "said": whole.feedback.get(eye.person, ""),
        "reasons": [eye.texts.say(f"reason.{name}") for name in REASONS],
    }


def verbs(row: Row, *, is_elsewhere: bool) -> list[Verb]:
    """What can be done with it now; `is_elsewhere`: a person says that it was answered elsewhere."""
    state = row.it.state
    if state is ConversationState.DISMISSED:
        return [Verb.REOPEN]
    if state in CLOSED:
        return [Verb.REOPEN] if is_elsewhere else []
    if state is ConversationState.CLAIMED:
        return [Verb.RELEASE, Verb.ELSEWHERE, Verb.DISMISS]
    first = [] if row.it.is_deleted else [Verb.CLAIM]
    return [*first, Verb.ELSEWHERE, Verb.DISMISS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A decision for which something is to be chosen: values with their words."""

    press: str
    label: str
    choices: tuple[tuple[str, str], ...]


def menus(whole: Whole, eye: Eye, choices: Choices) -> list[Menu]:
    """What else can be decided, as under a card."""
    it, texts = whole.shown, eye.texts
    if it.state in CLOSED:
        return []
    people = sorted((eye.name(key), key) for key in choices.people if key != it.claimed_by)
    levels = [level for level in sorted(Urgency, reverse=True) if level is not it.urgency]
    names = [name for name in choices.personas if name != it.persona]
    offered = {
        Verb.HAND_OVER: [(key, name) for name, key in people],
        Verb.SNOOZE: [(nap.value, texts.say(f"nap.{nap.value}")) for nap in Nap],
        Verb.URGENCY: [(level.label, texts.urgency(level)) for level in levels],
        Verb.PERSONA: [(name, shown.clean(name)) for name in names],
    }
    return [
        Menu(press=token(verb, it.mention_id), label=texts.button(verb), choices=tuple(some))
        for verb, some in offered.items()
        if some
    ]


def undo(whole: Whole, eye: Eye) -> tuple[str, str] | None:
    """What the button hands back that undoes one's own last decision, and its words."""
    last = whole.undo
    if last is None or last.person != eye.person or last.is_over(eye.now):
        return None
    label = eye.texts.say("button.undo_of", verb=eye.texts.button(Verb(last.verb)))
    return token(Verb.UNDO, whole.shown.mention_id, str(last.decision)), label


def draft(whole: Whole) -> str | None:
    """The prepared answer, as long as there is anything to answer."""
    it = whole.shown
    if it.verdict.draft_text is None or it.is_deleted or it.state in CLOSED:
        return None
    answer = prepared(it.verdict.draft_text, name=it.author, handle=it.handle, brand=it.brand, url=it.url)
    return shown.clean(answer)


def line(one: Spoken, whole: Whole, eye: Eye) -> Line:
    post = one.post
    is_author = post.author_id == whole.conversation.author_id
    who = "ours" if one.is_ours else "author" if is_author else "other"
    marks = shown.marks(one.spans, one.verdict)
    body = () if one.is_deleted else shown.pieces(post.text, marks)
    name = whole.author.name if whole.author and is_author and whole.author.name else ""
    extras = (
        () if one.is_deleted else tuple(shown.clean(text)[:500] for text in (*post.alts, *post.links)[:8])
    )
    return Line(
        it=one,
        author=shown.author(name, post.author_handle or "", post.author_id, eye.texts),
        who=who,
        title=() if one.is_deleted else shown.pieces(post.title, (), limit=500),
        pieces=body,
        extras=extras,
        posted=eye.time(post.posted_at),
        age=eye.age(post.posted_at),
        url=None if one.is_deleted else link(post.url),
    )


def facts(author: Author | None, eye: Eye) -> list[tuple[str, str]]:
    """What is known of the author; nothing is made up for what is not."""
    if author is None:
        return []
    texts = eye.texts
    since = texts.since(author.created_at, eye.zone) if author.created_at else ""
    followers = texts.say("card.followers", count=author.followers) if author.followers is not None else ""
    found = [
        (texts.on_page("author_bio"), shown.clean(author.bio or "")[:1000]),
        (texts.on_page("author_followers"), followers),
        (texts.on_page("author_since"), since),
        (texts.on_page("author_verified"), texts.on_page("yes") if author.verified else ""),
    ]
    return [(name, value) for name, value in found if value.strip()]


def events(whole: Whole, eye: Eye) -> list[Event]:
    """What people decided, what became of their answers, and who was asked, in the order of time."""
    decided = [(one.at, event(one, eye)) for one in whole.decisions]
    tried = [(one.at, tried_event(one, whole.shown.platform, eye)) for one in whole.publications]
    asked = [(one.at, step_event(one, eye)) for one in whole.steps]
    return [event for _, event in sorted([*decided, *tried, *asked], key=lambda one: one[0])]


def step_event(one: Asked, eye: Eye) -> Event:
    return Event(text=told(one, eye.texts, name=eye.name), at=eye.time(one.at))


def tried_event(one: Publication, platform: str, eye: Eye) -> Event:
    where, cause = eye.texts.platform(platform), eye.texts.cause(one.reason)
    said = eye.texts.on_page(f"try_{one.outcome}", platform=where, cause=cause)
    text = eye.texts.on_page("acknowledgement", said=said) if one.is_automatic else said
    return Event(text=text, at=eye.time(one.at))


def event(one: Taken, eye: Eye) -> Event:
    verb = eye.texts.button(Verb(one.verb)) if one.verb in set(Verb) else one.verb
    known = one.outcome if one.outcome in EVENTS else "other"
    said = eye.texts.on_page(
        f"event_{known}",
        name=eye.name(one.person),
        verb=verb,
        outcome=one.outcome,
        argument=_argument(one, eye),
    )
    return Event(
        text=said,
        at=eye.time(one.at),
        note=shown.clean(one.note),
        words=shown.clean(one.words),
        where=where(one.channel, eye),
    )


def where(channel: str, eye: Eye) -> str:
    """`on the page`, `in telegram:care`."""
    if channel == PAGE:
        return eye.texts.on_page("where_page")
    return eye.texts.on_page("where_chat", channel=shown.clean(channel))


def _argument(one: Taken, eye: Eye) -> str:
    """What was chosen, in words."""
    match one.verb:
        case Verb.HAND_OVER:
            return eye.name(chosen(one.argument, eye.people) or one.argument)
        case Verb.SNOOZE:
            return eye.texts.say(f"nap.{one.argument}")
        case Verb.URGENCY:
            return eye.texts.say(f"urgency.{one.argument}")
    return shown.clean(one.argument)


def _ask(started: datetime, answered: datetime | None, outcome: str | None, eye: Eye) -> str:
    if answered is not None:
        return f"{eye.time(started)} · {eye.texts.answered_after(started, answered)}"
    if outcome is None:
        return eye.texts.on_page("ask_open", at=eye.time(started), time=eye.texts.brief(eye.now - started))
    return eye.texts.on_page(f"ask_{outcome}", at=eye.time(started))
