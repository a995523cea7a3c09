"""Drafts and their approval: what a person's press makes of an answer. Pure.

Only an approval publishes, and it fixes what: the very draft that its button belongs to. Whatever changed
since that person saw it (an edit, a new post, a colleague's answer) makes them look again. The policies are
called inside the store's transaction (see `bot.decisions`); nothing here knows a platform or SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.changes import Change
from bot.decisions import Asked, Policy, lost, no
from bot.expenses import Price
from bot.model import ConversationState
from bot.records import CLOSED, CardState
from bot.replies import (
    FINAL,
    LIVE,
    Approve,
    Cancel,
    Corrector,
    Discard,
    Means,
    Origin,
    Priced,
    Propose,
    Replier,
    Reply,
    ReplyState,
    Resolve,
    Step,
    Suggestion,
    TakeBack,
    length_of,
)
from bot.staff import MOST_TEXT, Menu, Verb

PROPOSED = "proposed"
"""The outcome of a decision that made a draft."""
PATCH_SHOWN = "patch_shown"
"""The outcome of a decision that showed what the file of answers would say."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """`repliers` by platform. An approved reply waits for `hold`. A draft older than `expires` must be
    looked at again, and what was approved so long ago is not published.
    """

    repliers: Mapping[str, Replier]
    now: Callable[[], datetime]
    suggest: Callable[[CardState], tuple[Suggestion, ...]]
    hold: timedelta
    expires: timedelta

    @property
    def policies(self) -> Mapping[Verb, Policy]:
        return {
            Verb.USE: self.propose,
            Verb.EDIT: self.propose,
            Verb.AGAIN: self.again,
            Verb.DISCARD: self.discard,
            Verb.APPROVE: self.approve,
            Verb.CORRECT: self.correct,
            Verb.CANCEL: self.cancel,
            Verb.TAKE_BACK: self.take_back,
            Verb.IS_THERE: self.resolve,
            Verb.IS_NOT_THERE: self.resolve,
            Verb.SAVE: save,
        }

    def means(self, state: CardState) -> Means:
        post = state.mention.post
        replier = self.repliers.get(post.platform)
        refusal = self._refusal(state)
        return Means(
            can_answer=not refusal,
            refusal=refusal,
            length=length_of(replier, post.id, state.draft.text) if replier and state.draft else None,
            price=price(replier, state.draft.text, post.id) if state.draft else None,
            suggestions=self.suggest(state) if not refusal and _is_open(state) else (),
            can_correct=not refusal and self._correctable(state) is not None,
        )

    def _correctable(self, state: CardState) -> Reply | None:
        """Our answer, which the draft may take the place of; nobody has asked anything since."""
        is_possible = isinstance(self.repliers.get(state.mention.post.platform), Corrector)
        is_answered = state.conversation.state is ConversationState.ANSWERED
        standing = state.standing if is_possible and is_answered and state.draft is not None else None
        return standing if standing and standing.published and standing.published.post_id else None

    def _refusal(self, state: CardState) -> str:
        post = state.mention.post
        replier = self.repliers.get(post.platform)
        if replier is None:
            return "no_account"
        return "deleted" if state.post_deleted else replier.refusal(post)

    # --- drafts ---

    def propose(self, asked: Asked) -> Change:
        """A text somebody wrote, or took from what was offered. Whoever proposes one has the conversation."""
        said = asked.decision
        text = said.text.strip()
        if not text or len(text) > MOST_TEXT:
            return self._hindered(asked) or no("empty", asked.texts.say("answer.no_text"))
        return self._proposed(asked, text, said.origin, said.lang)

    def again(self, asked: Asked) -> Change:
        """The same words once more, as a draft of now: what happened since then has been seen."""
        draft, reply = asked.state.draft, asked.state.reply
        if draft is not None:
            return self._proposed(asked, draft.text, draft.origin, draft.lang)
        if reply is not None:
            return self._proposed(asked, reply.text, reply.origin, reply.lang)
        return self._hindered(asked) or _outdated(asked)

    def _proposed(self, asked: Asked, text: str, origin: Origin, lang: str | None) -> Change:
        """`lang` None: taken to be the mention's."""
        if hindered := self._hindered(asked):
            return hindered
        step = Propose(text=text, origin=origin, lang=lang or asked.state.facts.lang)
        return self._changed(asked, PROPOSED, asked.texts.say("answer.look_at_it"), step)

    def discard(self, asked: Asked) -> Change:
        draft = asked.state.draft
        if draft is None or draft.id != asked.decision.number:
            return _outdated(asked)
        if others := _others(asked):
            return others
        return self._changed(
            asked, "discarded", asked.texts.say("answer.discarded"), Discard(draft=draft.id), claims=False
        )

    # --- approval ---

    def approve(self, asked: Asked) -> Change:
        """It goes out as a post of its own."""
        return self._approved(asked, None)

    def correct(self, asked: Asked) -> Change:
        """It takes the place of what we published last."""
        standing = self._correctable(asked.state)
        return self._approved(asked, standing) if standing else _outdated(asked)

    def _approved(self, asked: Asked, standing: Reply | None) -> Change:
        draft, state = asked.state.draft, asked.state
        if draft is None or draft.id != asked.decision.number:
            return _outdated(asked)
        if hindered := self._hindered(asked):
            return hindered
        if draft.stale:
            return no(f"stale_{draft.stale}", asked.texts.say(f"answer.since_{draft.stale}"))
        post = state.mention.post
        length = length_of(self.repliers[post.platform], post.id, draft.text)
        if not length.fits:
            return no("too_long", asked.texts.say("answer.too_long", over=length.used - length.limit))
        now = self.now()
        if now - draft.made_at > self.expires:
            again = self._proposed(asked, draft.text, draft.origin, draft.lang)
            return replace(again, reply=asked.texts.say("answer.expired", after=self.expires), is_loud=True)
        corrects = standing.id if standing else None
        step = Approve(draft=draft.id, due_at=now + self.hold, until=now + self.expires, corrects=corrects)
        said = "answer.corrected" if standing else "answer.approved"
        outcome = "corrected" if standing else "approved"
        return self._changed(asked, outcome, asked.texts.say(said, seconds=self.hold), step)

    def cancel(self, asked: Asked) -> Change:
        """Until it is tried, anybody of the staff may stop it."""
        reply = asked.state.reply
        if reply is None or reply.id != asked.decision.number:
            return _outdated(asked)
        if reply.state is not ReplyState.HELD:
            return no("too_late", asked.texts.say("answer.too_late"))
        return self._changed(
            asked, "canceled", asked.texts.say("answer.canceled"), Cancel(reply=reply.id), claims=False
        )

    def take_back(self, asked: Asked) -> Change:
        ours = (asked.state.standing, asked.state.acknowledged)
        reply = next((one for one in ours if one is not None and one.id == asked.decision.number), None)
        if reply is None or reply.state is not ReplyState.PUBLISHED:
            return _outdated(asked)
        if others := _others(asked):
            return others
        if reply.published is None or not reply.published.post_id:
            return no("by_hand", asked.texts.say("answer.by_hand"))
        return self._changed(
            asked, "leaves", asked.texts.say("answer.leaves"), TakeBack(reply=reply.id), claims=False
        )

    def resolve(self, asked: Asked) -> Change:
        """What nobody but a person could find out."""
        reply = asked.state.reply
        if reply is None or reply.id != asked.decision.number or not reply.asks_staff:
            return _outdated(asked)
        is_there = asked.decision.verb is Verb.IS_THERE
        step = Resolve(reply=reply.id, is_there=is_there)
        said = asked.texts.say("answer.found") if is_there else asked.texts.say("answer.resent")
        return self._changed(asked, "found" if is_there else "resent", said, step, claims=False)

    # --- what they share ---

    def _hindered(self, asked: Asked) -> Change | None:
        """Why nothing can be said in this conversation just now."""
        state = asked.state
        if refusal := self._refusal(state):
            return no("unanswerable", asked.texts.say(f"refusal.{refusal}"))
        if state.reply is not None and state.reply.state in LIVE:
            return no("under_way", asked.texts.say("answer.under_way"))
        if state.draft is not None and state.draft.stale in FINAL:
            return no(f"stale_{state.draft.stale}", asked.texts.say(f"answer.since_{state.draft.stale}"))
        return _others(asked)

    def _changed(self, asked: Asked, outcome: str, reply: str, step: Step, *, claims: bool = True) -> Change:
        is_free = asked.conversation.state in {ConversationState.OPEN, ConversationState.SNOOZED}
        takes = claims and is_free
        return Change(
            outcome=outcome,
            reply=reply,
            state=ConversationState.CLAIMED if takes else None,
            claimed_by=asked.person.key if takes else None,
            updates_all=True,
            step=step,
        )


def price(replier: Replier | None, text: str, to: str) -> Price | None:
    """What it will cost to say this there; None: nothing, or nobody can."""
    return replier.price(text, to) if isinstance(replier, Priced) else None


def save(asked: Asked) -> Change:
    """A published reply as an answer of the library: shown to whoever asked, written by nobody here."""
    reply, patch, texts = asked.state.reply, asked.decision.patch, asked.texts
    if reply is None or reply.id != asked.decision.number or not reply.may_be_kept or patch is None:
        return _outdated(asked)
    if patch.reason:
        return no("no_patch", texts.say(f"answer.unsaved_{patch.reason}", detail=patch.detail))
    said = {"entry": patch.entry, "path": patch.path}
    if not patch.text:
        return no("says_so_already", texts.say("answer.patch_none", **said))
    if not patch.path:
        told = texts.say("answer.patch_begun")
    else:
        told = texts.say("answer.patch_question" if patch.is_known else "answer.patch_added", **said)
    return Change(outcome=PATCH_SHOWN, reply=told, menu=Menu.ANSWER, shows=patch.text)


def _is_open(state: CardState) -> bool:
    """Whether something is still to be said, and nobody has begun to."""
    is_under_way = state.reply is not None and state.reply.state in LIVE
    return state.draft is None and not is_under_way and state.conversation.state not in CLOSED


def _others(asked: Asked) -> Change | None:
    """A colleague has it; a lead may all the same."""
    return None if asked.is_mine else lost(asked)


def _outdated(asked: Asked) -> Change:
    return no("outdated", asked.texts.say("answer.outdated"))
