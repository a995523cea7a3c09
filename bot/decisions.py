"""What people decide of a conversation: one policy for each verb. Pure.

A policy is called inside the store's transaction with the conversation as it stands there, and says what
becomes of it. Knows no chat platform, no SQL, and not how a press came here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.model import ConversationState
from bot.records import CardState, Change, Conversation, Decision
from bot.staff import FEEDBACK_VERBS, Person, Role, Verb
from bot.texts.catalogue import Texts

_CLOSED = frozenset({ConversationState.ANSWERED, ConversationState.DISMISSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A decision that a person asks for: `state` is how things stand, `texts` are in the person's language.

    `people` is the whole staff by key.
    """

    state: CardState
    decision: Decision
    person: Person
    people: Mapping[str, Person]
    texts: Texts

    @property
    def conversation(self) -> Conversation:
        return self.state.conversation

    def name(self, key: str | None) -> str:
        person = self.people.get(key or "")
        return person.name if person else (key or "")


Policy = Callable[[Asked], Change]


def claim(asked: Asked) -> Change:
    conversation, texts, person = asked.conversation, asked.texts, asked.person
    if conversation.state is ConversationState.CLAIMED and conversation.claimed_by != person.key:
        return _lost(asked)
    if conversation.state is ConversationState.CLAIMED:
        return Change(outcome="already_yours", reply=texts.say("press.already_yours"))
    if conversation.state in _CLOSED:
        return _closed(asked)
    return Change(
        outcome="claimed",
        reply=texts.say("press.claimed"),
        state=ConversationState.CLAIMED,
        claimed_by=person.key,
        updates_all=True,
    )


def dismiss(asked: Asked) -> Change:
    conversation, person = asked.conversation, asked.person
    if conversation.state in _CLOSED:
        return _closed(asked)
    if _is_others(asked) and person.role is not Role.LEAD:
        return _lost(asked)
    return Change(
        outcome="dismissed",
        reply=asked.texts.say("press.dismissed"),
        state=ConversationState.DISMISSED,
        claimed_by=conversation.claimed_by or person.key,
        updates_all=True,
    )


def release(asked: Asked) -> Change:
    texts = asked.texts
    if asked.conversation.state is not ConversationState.CLAIMED:
        return Change(outcome="not_claimed", reply=texts.say("press.nobody_has_it"), is_loud=True)
    if _is_others(asked) and asked.person.role is not Role.LEAD:
        return _lost(asked)
    return Change(
        outcome="released",
        reply=texts.say("press.released"),
        state=ConversationState.OPEN,
        updates_all=True,
    )


def reopen(asked: Asked) -> Change:
    """Only a dismissal is taken back; what was answered is open again when the author writes again."""
    conversation, texts = asked.conversation, asked.texts
    if conversation.state is not ConversationState.DISMISSED:
        return Change(outcome="not_dismissed", reply=texts.say("press.not_dismissed"), is_loud=True)
    had = ConversationState.CLAIMED if conversation.claimed_by else ConversationState.OPEN
    reply = texts.say("press.reopened")
    return Change(outcome="reopened", reply=reply, state=had, updates_all=True, reopens=True)


def show_menu(asked: Asked) -> Change:
    return Change(outcome="shown", reply="", expands=asked.decision.verb is Verb.MORE)


def explain(asked: Asked) -> Change:
    return Change(outcome="explained", reply=asked.texts.why(asked.state.verdict), is_loud=True)


def note_feedback(asked: Asked) -> Change:
    noted, verb = asked.texts.say("press.noted"), asked.decision.verb
    return Change(outcome="noted", reply=noted, feedback=verb.value, expands=False)


POLICIES: Mapping[Verb, Policy] = MappingProxyType(
    {
        Verb.CLAIM: claim,
        Verb.RELEASE: release,
        Verb.DISMISS: dismiss,
        Verb.REOPEN: reopen,
        Verb.MORE: show_menu,
        Verb.LESS: show_menu,
        Verb.WHY: explain,
        **dict.fromkeys(FEEDBACK_VERBS, note_feedback),
    }
)


def _is_others(asked: Asked) -> bool:
    """Whether a colleague has it."""
    conversation = asked.conversation
    is_claimed = conversation.state is ConversationState.CLAIMED
    return is_claimed and conversation.claimed_by != asked.person.key


def _lost(asked: Asked) -> Change:
    reply = asked.texts.taken(asked.name(asked.conversation.claimed_by))
    return Change(outcome="lost", reply=reply, is_loud=True)


def _closed(asked: Asked) -> Change:
    return Change(outcome="closed", reply=asked.texts.closed(asked.conversation.state), is_loud=True)
