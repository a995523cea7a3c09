"""What staff sees of a mention, or of a notice: a `Card` made from the state as it stands. Pure.

Knows what belongs on a card and in which order; not how a channel marks it up, nor how long its messages may
be. All wording comes from the catalogue that it is given (`bot.texts`). Posts are hostile input: what must
stay on one line is put on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from bot import buttons, card_answers, card_data, card_steps, drafts, duties, recollections
from bot.buttons import Choices
from bot.model import Alert, ConversationState, Kind, Span
from bot.oneline import NAME_CHARS, excerpt, link, one_line
from bot.overrides import Anew
from bot.records import CLOSED
from bot.replies import LIVE
from bot.staff import Card, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.oncall import Duty
    from bot.records import Ask, CardState
    from bot.replies import Reply
    from bot.texts.catalogue import Texts

LOCK_SCREEN = 60
"""So many characters of a headline are seen on a locked phone."""

_SEPARATOR = " · "
_FEWEST_WORDS = 20
_PARENT_CHARS = 140
_TO_OWNERS = frozenset({Anew.WOKEN, Anew.HANDED, Anew.REMINDED})
"""Why a card comes again for whoever has it."""
NO_CHOICES = Choices(people={})


def render(
    state: CardState,
    *,
    texts: Texts,
    zone: ZoneInfo,
    now: datetime,
    choices: Choices = NO_CHOICES,
    again: Anew | None = None,
) -> Card:
    """The card of a mention. `choices` names the people who claim, and says what menus offer. `again`: it
    comes once more, and why.
    """
    is_waiting = state.conversation.state is ConversationState.OPEN and not state.post_deleted
    view = _View(
        state=state,
        texts=texts,
        zone=zone,
        now=now,
        people=choices.people,
        again=again,
        shown=choices.shown,
        duty=choices.duty(state.verdict.route, now) if is_waiting else None,
    )
    owner, asked = _called(view), card_steps.called(state)
    loud = Alert.PING if owner or asked else _loudness(state)
    called = (owner,) if owner else asked or (_on_call(view) if loud is Alert.PING else ())
    return Card(
        headline=_headline(view),
        lines=tuple(_lines(view)),
        buttons=buttons.rows(state, texts, choices, now=now),
        alert=Alert.MESSAGE if loud is Alert.PING and not (is_waiting or owner) else loud,
        ping=tuple(view.name(one) for one in called),
        called=tuple(known for one in called for known in choices.identities.get(one, ())),
        callees=tuple(choices.identities.get(one, ()) for one in called if len(called) > 1),
        people=called,
        data=card_data.of(
            state,
            status=_SEPARATOR.join(_status(view)) or texts.say("card.open"),
            draft=suggested(state),
            duty=view.duty,
        ),
        form=card_answers.form(state),
    )


def _called(view: _View) -> str | None:
    """Whom a card that comes once more calls."""
    conversation = view.state.conversation
    is_theirs = conversation.state is ConversationState.CLAIMED and view.again in _TO_OWNERS
    return conversation.claimed_by if is_theirs else None


def _loudness(state: CardState) -> Alert:
    """What stood on a digest, and is asked for now, is a message also where nobody is to be named."""
    is_asked = card_steps.asked(state) is not None and state.alert is Alert.DIGEST
    return Alert.MESSAGE if is_asked else state.alert


def _on_call(view: _View) -> tuple[str, ...]:
    """Who is on call for what nobody has yet."""
    return (view.duty.person,) if view.duty and view.duty.person else ()


def replaced_card(state: CardState, *, texts: Texts, zone: ZoneInfo, now: datetime) -> Card:
    """What stays of a card when it rang again further down: nothing that would have to be kept up."""
    at = texts.time_of_day(now, now=now, zone=zone)
    said = texts.say("card.rang_again", at=at)
    data = {"event": "replaced", "mention_id": state.mention_id, "brand": state.mention.brand, "status": said}
    return Card(headline=_SEPARATOR.join([texts.urgency(state.urgency), said]), data=data)


def notice_card(text: str) -> Card:
    """One plain message to staff."""
    headline, _, rest = text.strip().partition("\n")
    lines = (Line(text=rest.strip()),) if rest.strip() else ()
    return Card(headline=headline, lines=lines, data={"event": "notice", "text": text})


# --- the parts of a card --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    state: CardState
    texts: Texts
    zone: ZoneInfo
    now: datetime
    people: Mapping[str, str]
    again: Anew | None = None
    shown: str = ""
    duty: Duty | None = None

    def name(self, key: str | None) -> str:
        return self.people.get(key or "", key or "")

    def time(self, at: datetime) -> str:
        return self.texts.time_of_day(at, now=self.now, zone=self.zone)

    def replied(self, reply: Reply) -> str:
        return self.time(reply.published.at if reply.published else reply.due_at)

    @property
    def marks(self) -> tuple[Span, ...]:
        """The brand's words and what moved the rules, in the mention's searchable text."""
        fired = [span for rule in self.state.verdict.fired for span in rule.spans]
        return _merged([*self.state.mention.spans, *fired])


def _headline(view: _View) -> str:
    state, texts = view.state, view.texts
    parts = [*_status(view), texts.urgency(state.urgency)]
    if state.ask and state.ask.due_at and state.conversation.state not in CLOSED and not state.post_deleted:
        parts.append(texts.answer_by(state.ask.due_at, now=view.now, zone=view.zone))
    if not state.post_deleted:
        room = max(LOCK_SCREEN - len(_SEPARATOR.join([*parts, texts.quoted("")])), _FEWEST_WORDS)
        parts.extend(texts.quoted(words) for words in [_words(view, room)] if words)
    return _SEPARATOR.join(parts)


def _words(view: _View, room: int) -> str:
    """The piece of the text that a lock screen has room for, the rules' evidence in it."""
    body = view.state.mention.post.searchable
    fired = [span.start for rule in view.state.verdict.fired for span in rule.spans]
    spans = fired or [span.start for span in view.state.mention.spans]
    first = min((start for start in spans if 0 <= start < len(body)), default=0)
    return excerpt(body, first, room)


def _status(view: _View) -> Iterator[str]:
    conversation, texts = view.state.conversation, view.texts
    if view.state.post_deleted:
        yield texts.say("card.deleted")
    if view.again is Anew.WOKEN and conversation.state not in CLOSED | {ConversationState.SNOOZED}:
        yield texts.say("card.woken")
    yield from card_steps.status(view.state, texts, again=view.again, name=view.name)
    if conversation.state is ConversationState.CLAIMED:
        at = view.time(conversation.claimed_at) if conversation.claimed_at else None
        yield texts.claimed_by(view.name(conversation.claimed_by), at)
    elif conversation.state is ConversationState.ANSWERED:
        yield _answered(view.state.ask, texts)
    elif conversation.state is ConversationState.DISMISSED:
        yield texts.say("card.dismissed")
    elif conversation.state is ConversationState.SNOOZED:
        yield _snoozed(view)
    elif view.again is Anew.UNCLAIMED:
        yield texts.say("card.still_open")


def _snoozed(view: _View) -> str:
    """Until when, and who has it, or else who wanted it so."""
    it, texts = view.state.conversation, view.texts
    name = view.name(it.claimed_by or it.snoozed_by)
    if it.snoozed_until is None:
        return texts.say("card.snoozed_until_written", name=name)
    at = texts.time_in_zone(it.snoozed_until, now=view.now, zone=view.zone)
    return texts.say("card.snoozed_until", name=name, at=at)


def _answered(ask: Ask | None, texts: Texts) -> str:
    if ask is not None and ask.outcome == "elsewhere":
        return texts.say("card.answered_elsewhere")
    if ask is None or ask.answered_at is None:
        return texts.say("card.answered")
    return texts.answered_after(ask.started_at, ask.answered_at)


def _lines(view: _View) -> Iterator[Line]:
    state, texts = view.state, view.texts
    yield from card_steps.lines(state, texts, again=view.again, name=view.name)
    yield Line(text=_author(view), is_strong=True)
    yield Line(text=_where(view))
    yield from _by_calendar(view)
    yield from _duty(view)
    if state.mention.kind is Kind.DM:
        yield Line(text=texts.say("card.private"), is_strong=True)
    yield from recollections.lines(state, texts, zone=view.zone, now=view.now, name=view.name)
    if parent := _parent(view):
        yield Line(text=parent)
    if state.post_deleted:
        yield Line(text=texts.say("card.text_gone"))
    else:
        yield from _body(view)
    yield Line(text=texts.why_alerted(fired.why or fired.rule for fired in state.verdict.fired))
    yield from _answers(view)
    if (url := link(state.mention.post.url)) and not state.post_deleted:
        yield Line(text=texts.say("card.open_post"), href=url)


def _by_calendar(view: _View) -> Iterator[Line]:
    """When an answer would be due if somebody were always there, where that is another time."""
    ask = view.state.ask
    is_waiting = view.state.conversation.state not in CLOSED and not view.state.post_deleted
    if is_waiting and ask and ask.due_at and ask.calendar_due_at and ask.calendar_due_at != ask.due_at:
        at = view.texts.time_in_zone(ask.calendar_due_at, now=view.now, zone=view.zone)
        yield Line(text=view.texts.say("card.by_calendar", at=at))


def _duty(view: _View) -> Iterator[Line]:
    """Who is to be asked, and until when, as long as nobody has it."""
    if view.duty and view.duty.person:
        name = view.name(view.duty.person)
        yield Line(text=duties.on_card(view.duty, name, view.texts, now=view.now, zone=view.zone))


def _answers(view: _View) -> Iterator[Line]:
    """What was answered, what is to be, or what might be."""
    state, texts = view.state, view.texts
    reply = state.reply
    is_offered = bool(state.means.suggestions) or state.draft is not None
    answer = suggested(state)
    if answer and not is_offered and (reply is None or reply.state not in LIVE):
        yield Line(text=texts.say("card.draft"))
        yield Line(text=answer, is_copy=True)
    name = view.people.get(reply.approved_by, reply.approved_by) if reply else ""
    yield from card_answers.lines(state, texts, to=_who(view), time=view.replied, name=name)
    yield from card_answers.of_patch(view.shown, texts)


def suggested(state: CardState) -> str | None:
    """The prepared answer, as long as there is anything to answer."""
    text, post = state.verdict.draft_text, state.mention.post
    if text is None or state.post_deleted or state.conversation.state in CLOSED:
        return None
    return prepared(text, name=state.name, handle=state.handle, brand=state.mention.brand, url=post.url)


def prepared(text: str, *, name: str | None, handle: str | None, brand: str, url: str | None) -> str:
    """A prepared answer to somebody's post, filled in with what is known of them."""
    return drafts.filled(
        text,
        name=one_line(name or "", NAME_CHARS),
        handle=_handle(handle).removeprefix("@"),
        brand=brand,
        link=link(url) or "",
    )


def _author(view: _View) -> str:
    """What is known of the author; what is not known is left out."""
    state, author, facts, texts = view.state, view.state.author, view.state.facts, view.texts
    count = author.followers if author else facts.followers
    known = [_who(view)]
    if count is not None:
        known.append(texts.say("card.followers", count=count))
    if author and author.created_at:
        known.append(texts.since(author.created_at, view.zone))
    if state.messages > 1:
        known.append(texts.say("card.nth_message", nth=state.messages))
    if state.facts.tier:
        known.append(one_line(state.facts.tier, NAME_CHARS))
    return _SEPARATOR.join(known)


def _who(view: _View) -> str:
    state, post = view.state, view.state.mention.post
    name, handle = one_line(state.name or "", NAME_CHARS), _handle(state.handle)
    if name and handle:
        return f"{name} ({handle})"
    return name or handle or one_line(post.author_id, NAME_CHARS) or view.texts.say("card.unknown_author")


def _handle(handle: str | None) -> str:
    plain = one_line(handle or "", NAME_CHARS).removeprefix("@")
    return f"@{plain}" if plain else ""


def _where(view: _View) -> str:
    mention, lang, texts = view.state.mention, view.state.facts.lang, view.texts
    parts = [texts.platform(mention.post.platform), texts.concerns(mention.kind, mention.brand)]
    if lang:
        parts.append(lang)
    parts.append(texts.time_in_zone(mention.post.posted_at, now=view.now, zone=view.zone))
    return _SEPARATOR.join(parts)


def _parent(view: _View) -> str | None:
    state = view.state
    text = one_line((state.parent.text if state.parent else state.facts.parent_text) or "", _PARENT_CHARS)
    if not text:
        return None
    return view.texts.in_reply_to(_handle(state.parent.author_handle if state.parent else None), text)


def _body(view: _View) -> tuple[Line, ...]:
    """Title and text, each with its marks; alt texts and links only where a word was found in them."""
    post = view.state.mention.post
    parts = [part for part in (post.text, post.title, *post.alts, *post.links) if part]
    starts = accumulate((len(part) + 1 for part in parts), initial=0)  # as `Post.searchable` joins them
    lines = [
        Line(text=part, marks=_within(view.marks, start, start + len(part)), is_quote=True)
        for part, start in zip(parts, starts, strict=False)
    ]
    after_text = 1 if post.text else 0
    after_title = after_text + (1 if post.title else 0)
    found = (line for line in lines[after_title:] if line.marks)
    return (*lines[after_text:after_title], *lines[:after_text], *found)


def _within(marks: Iterable[Span], start: int, end: int) -> tuple[Span, ...]:
    """The marks that fall into [start, end), counted from its start."""
    inside = (Span(start=max(mark.start, start), end=min(mark.end, end)) for mark in marks)
    return tuple(Span(start=m.start - start, end=m.end - start) for m in inside if m.start < m.end)


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order and without overlap."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(span.end, merged[-1].end))
        elif span.start < span.end:
            merged.append(span)
    return tuple(merged)
