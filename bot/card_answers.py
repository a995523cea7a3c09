"""What a card says of answers: what is offered, what waits for approval, what became of it. Pure.

Part of `bot.cards`. What would be published is shown as it stands, whole, with whom it answers and by which
account's platform; nobody approves what they did not see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import ConversationState
from bot.replies import FINAL, LIVE, Origin, ReplyState
from bot.staff import Line, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.expenses import Price
    from bot.records import CardState
    from bot.replies import Draft, Length, Means, Reply, Suggestion
    from bot.texts.catalogue import Texts

_ACKNOWLEDGED = frozenset(
    {ReplyState.PUBLISHED, ReplyState.REFUSED, ReplyState.WITHDRAWN, ReplyState.UNSURE, ReplyState.TAKEN_BACK}
)
"""Of an automatic one: what a card tells; how it comes to that is nobody's business."""
MOST_PATCH = 1_500
"""So many characters of a patch stand on a card; the whole of it is on the page."""
_OVER = frozenset({ReplyState.REFUSED, ReplyState.WITHDRAWN, ReplyState.CANCELED, ReplyState.TAKEN_BACK})
_TRIED = frozenset({ReplyState.PUBLISHED, ReplyState.REFUSED, ReplyState.WITHDRAWN})
Numbered = tuple[Verb, int]
EVERYWHERE = ("", "no_account", "deleted")
"""Reasons why nothing can be answered that are said only to whoever tries: they hold for a whole platform, or
stand on the card already.
"""


def lines(
    state: CardState, texts: Texts, *, to: str, time: Callable[[Reply], str], name: str
) -> Iterator[Line]:
    """`to`: whom it answers; `time`: when a reply was published or is due; `name`: who approved it."""
    means = state.means
    if state.acknowledged is not None:
        yield from of_acknowledgement(
            state.acknowledged, texts, platform=state.mention.post.platform, time=time
        )
    if state.reply is not None and state.draft is None:
        yield from of_reply(state.reply, texts, platform=state.mention.post.platform, time=time, name=name)
    if state.draft is not None:
        platform = texts.platform(state.mention.post.platform)
        heading = texts.say("answer.preview", platform=platform, to=to)
        yield from of_draft(state.draft, means, texts, heading=heading)
        return
    if state.reply is not None and state.reply.state in LIVE:
        return
    for number, one in enumerate(means.suggestions, start=1):
        yield Line(text=f"{number}. {told(one, texts)}")
        yield Line(text=one.text, is_copy=True)
    if state.conversation.state is ConversationState.CLAIMED:
        yield from _how(means, texts)


def _how(means: Means, texts: Texts) -> Iterator[Line]:
    """Whoever has it learns how to answer, or why that is done in the app."""
    if means.can_answer:
        yield Line(text=texts.say("answer.how"))
    elif means.refusal not in EVERYWHERE:
        yield Line(text=texts.say(f"refusal.{means.refusal}"))


def form(state: CardState) -> str | None:
    """What whoever has it may change or begin with; None: nothing can be written now."""
    if state.post_deleted or not state.means.can_answer:
        return None
    if state.draft is not None:
        return state.draft.text
    is_under_way = state.reply is not None and state.reply.state in LIVE
    is_ours = state.conversation.state is ConversationState.CLAIMED
    return "" if is_ours and not is_under_way else None


def told(one: Suggestion, texts: Texts) -> str:
    """What staff reads above a draft: where it comes from, and what to look at."""
    if one.origin is Origin.RULE:
        return texts.say("suggestion.rule", name=one.name)
    if one.origin is Origin.MODEL:
        said = texts.say("suggestion.model", name=one.name)
        sources = [texts.say("suggestion.sources", names=texts.listed(one.sources))] if one.sources else []
        unread = [texts.say("suggestion.unread")] if one.needs_approval else []
        return " · ".join([said, *sources, *unread])
    score = str(round(100 * (one.score or 0.0)))
    said = texts.say("suggestion.library", name=one.name, score=score)
    return f"{said} · {texts.say('suggestion.foreign', lang=one.lang or '?')}" if one.is_foreign else said


def of_draft(draft: Draft, means: Means, texts: Texts, *, heading: str) -> Iterator[Line]:
    """What would be published, under a heading that says where and to whom."""
    yield Line(text=heading, is_strong=True)
    yield Line(text=draft.text, is_copy=True)
    if means.length is not None:
        yield Line(text=told_length(means.length, texts))
    if means.price is not None:
        yield Line(text=told_price(means.price, texts), is_strong=not means.price.is_within)
    if draft.stale:
        yield Line(text=texts.say(f"answer.since_{draft.stale}"), is_strong=True)


def told_length(length: Length, texts: Texts) -> str:
    """`24 of 300 characters`."""
    said = "answer.length" if length.used <= length.limit else "answer.length_over"
    unit = texts.say(f"answer.unit_{length.unit}")
    return texts.say(said, used=length.used, limit=length.limit, unit=unit)


def told_price(price: Price, texts: Texts) -> str:
    """`It costs 0.20 USD.`, and whether the budget has that much."""
    return texts.say("answer.price" if price.is_within else "answer.price_beyond", price=price.money)


def of_reply(
    reply: Reply, texts: Texts, *, platform: str, time: Callable[[Reply], str], name: str
) -> Iterator[Line]:
    """What was approved, and what became of it."""
    where, at = texts.platform(platform), time(reply)
    cause = texts.cause(reply.reason)
    values = {"platform": where, "at": at, "name": name, "cause": cause}
    if reply.state is ReplyState.HELD and reply.reason:
        yield Line(text=texts.say("answer.waits", **values), is_strong=True)
    elif reply.state is ReplyState.UNSURE and reply.asks_staff:
        yield Line(text=texts.say("answer.look", **values), is_strong=True)
    elif reply.corrects and reply.state in _TRIED:
        is_done = reply.state is ReplyState.PUBLISHED
        heading = "answer.is_corrected" if is_done else "answer.not_corrected"
        yield Line(text=texts.say(heading, **values), is_strong=True)
    else:
        yield Line(text=texts.say(f"answer.is_{reply.state.value}", **values), is_strong=True)
    yield Line(text=reply.text, is_copy=reply.state in _OVER, is_quote=reply.state not in _OVER)
    if reply.state is ReplyState.PUBLISHED:
        if reply.reason:
            yield Line(text=texts.say("answer.not_taken_back", cause=cause))
        if reply.published is not None and reply.published.url:
            yield Line(text=texts.say("answer.open_reply"), href=reply.published.url)


def of_acknowledgement(
    said: Reply, texts: Texts, *, platform: str, time: Callable[[Reply], str]
) -> Iterator[Line]:
    """In one line, with its link: that something was said automatically, or why not."""
    if said.state not in _ACKNOWLEDGED:
        return
    cause = texts.cause(said.reason)
    values = {
        "platform": texts.platform(platform),
        "at": time(said),
        "rule": said.approved_by,
        "cause": cause,
    }
    is_there = said.state is ReplyState.PUBLISHED and said.published is not None
    yield Line(
        text=texts.say(f"acknowledged.{said.state.value}", **values),
        href=said.published.url if is_there and said.published else None,
    )
    if said.state is ReplyState.PUBLISHED and said.reason:
        yield Line(text=texts.say("answer.not_taken_back", cause=cause))


def of_patch(patch: str, texts: Texts) -> Iterator[Line]:
    """What the file of answers would say, as far as there is room."""
    if not patch:
        return
    shown = patch.rstrip()
    is_cut = len(shown) > MOST_PATCH
    yield Line(text=texts.say("answer.patch"), is_strong=True)
    yield Line(text=f"{shown[: MOST_PATCH - 1]}…" if is_cut else shown, is_copy=True)
    if is_cut:
        yield Line(text=texts.say("answer.patch_more"))


def verbs(state: CardState) -> list[list[Numbered]]:
    """The rows of buttons, each with what it belongs to."""
    draft, reply, means = state.draft, state.reply, state.means
    if draft is not None:
        first = Verb.AGAIN if draft.stale else Verb.APPROVE
        is_final = draft.stale in FINAL or bool(means.refusal)
        fits = means.length is None or means.length.fits
        row = [] if is_final or not fits else [(first, draft.id)]
        if row and means.can_correct and not draft.stale:
            row.append((Verb.CORRECT, draft.id))
        return [[*row, (Verb.DISCARD, draft.id)]]
    said = _verbs_of(reply, state) if reply is not None else []
    offered = [(Verb.USE, number) for number, _ in enumerate(means.suggestions, start=1)]
    return [row for row in (said, offered) if row]


def last_verbs(state: CardState) -> list[Numbered]:
    """What hardly anybody presses, below all others: to take back what was said automatically."""
    said = state.acknowledged
    if said is None or said.state is not ReplyState.PUBLISHED or state.standing is not None:
        return []
    return [(Verb.TAKE_BACK, said.id)] if said.published and said.published.post_id else []


def _verbs_of(reply: Reply, state: CardState) -> list[Numbered]:
    standing = state.standing
    if reply.asks_staff:
        return [(Verb.IS_THERE, reply.id), (Verb.IS_NOT_THERE, reply.id)]
    if reply.state is ReplyState.HELD:
        return [(Verb.CANCEL, reply.id)]
    row = [(Verb.AGAIN, reply.id)] if reply.state in _OVER and reply.reason not in FINAL else []
    is_shown = standing is not None and (standing.id == reply.id or reply.corrects)
    if is_shown and standing and standing.published and standing.published.post_id:
        row.append((Verb.TAKE_BACK, standing.id))
    if reply.may_be_kept and not state.post_deleted:
        row.append((Verb.SAVE, reply.id))
    return row
