"""What people decide of a conversation: one policy for each verb. Pure.

A policy is called inside the store's transaction with the conversation as it stands there, and says what
becomes of it. Knows no chat platform, no SQL, and not how a press came here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.buttons import chosen
from bot.changes import ELSEWHERE, NOTE_ADDED, Change, Decision
from bot.model import Alert, ConversationState, Urgency
from bot.overrides import Anew, Override, Promise
from bot.records import CLOSED, CardState, Conversation
from bot.staff import FEEDBACK_VERBS, Menu, Nap, Person, Role, Verb
from bot.texts.catalogue import Texts

_OWNED = frozenset({ConversationState.CLAIMED, ConversationState.SNOOZED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What policies need to know of the staff and of the rules in use.

    `people` is the whole staff by key, `zone` where it is at home; `promise` tells what an urgency means.
    """

    people: Mapping[str, Person]
    zone: ZoneInfo
    promise: Callable[[Urgency], Promise]
    personas: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks for: `state` is how things stand, `texts` are in the person's language."""

    state: CardState
    decision: Decision
    person: Person
    office: Office
    texts: Texts

    @property
    def conversation(self) -> Conversation:
        return self.state.conversation

    @property
    def owner(self) -> str | None:
        """Who has it, also while it is snoozed."""
        it = self.conversation
        return it.claimed_by if it.state in _OWNED else None

    @property
    def is_mine(self) -> bool:
        return self.owner in {None, self.person.key} or self.person.role is Role.LEAD

    def name(self, key: str | None) -> str:
        person = self.office.people.get(key or "")
        return person.name if person else (key or "")


Policy = Callable[[Asked], Change]


def claim(asked: Asked) -> Change:
    """A claim ends a snooze; nobody claims what a colleague has, snoozed or not."""
    conversation, texts, person = asked.conversation, asked.texts, asked.person
    if conversation.state in CLOSED:
        return _closed(asked)
    if asked.owner not in {None, person.key}:
        return lost(asked)
    if conversation.state is ConversationState.CLAIMED:
        return Change(outcome="already_yours", reply=texts.say("press.already_yours"))
    return Change(
        outcome="claimed",
        reply=texts.say("press.claimed"),
        state=ConversationState.CLAIMED,
        claimed_by=person.key,
        updates_all=True,
    )


def dismiss(asked: Asked) -> Change:
    if refused := _not_yours(asked):
        return refused
    return Change(
        outcome="dismissed",
        reply=asked.texts.say("press.dismissed"),
        state=ConversationState.DISMISSED,
        updates_all=True,
    )


def answer_elsewhere(asked: Asked) -> Change:
    """Somebody has answered where we do not listen: by telephone, in a private message."""
    if refused := _not_yours(asked):
        return refused
    return Change(
        outcome="answered_elsewhere",
        reply=asked.texts.say("press.answered_elsewhere"),
        state=ConversationState.ANSWERED,
        updates_all=True,
    )


def release(asked: Asked) -> Change:
    if asked.owner is None:
        return no("not_claimed", asked.texts.say("press.nobody_has_it"))
    if not asked.is_mine:
        return lost(asked)
    reply = asked.texts.say("press.released")
    return Change(outcome="released", reply=reply, state=ConversationState.OPEN, updates_all=True)


def reopen(asked: Asked) -> Change:
    """What a person closed is open again; what was answered, when the author writes again."""
    conversation, ask = asked.conversation, asked.state.ask
    is_elsewhere = ask is not None and ask.outcome == ELSEWHERE
    is_ours = conversation.state is ConversationState.ANSWERED and is_elsewhere
    if conversation.state is not ConversationState.DISMISSED and not is_ours:
        return no("not_dismissed", asked.texts.say("press.not_dismissed"))
    had = ConversationState.CLAIMED if conversation.claimed_by else ConversationState.OPEN
    reply = asked.texts.say("press.reopened")
    return Change(
        outcome="reopened",
        reply=reply,
        state=had,
        claimed_by=conversation.claimed_by,
        updates_all=True,
        reopens=True,
    )


def hand_over(asked: Asked) -> Change:
    """To a person of the configuration, whose card it then is."""
    if refused := _not_yours(asked):
        return refused
    key = chosen(asked.decision.argument, asked.office.people)
    if key is None:
        return no("unknown_person", asked.texts.say("press.no_such_person"))
    if asked.owner == key and asked.conversation.state is ConversationState.CLAIMED:
        return no("already_theirs", asked.texts.say("press.already_theirs", name=asked.name(key)))
    return Change(
        outcome="handed_over",
        reply=asked.texts.say("press.handed_over", name=asked.name(key)),
        state=ConversationState.CLAIMED,
        claimed_by=key,
        updates_all=True,
        rings=Anew.HANDED,
    )


# --- later ----------------------------------------------------------------------------------------

_NAPS = {Nap.MINUTES: timedelta(minutes=10), Nap.HOUR: timedelta(hours=1)}
MORNING = time(9)
"""When a conversation that is snoozed until tomorrow is back, where the person is."""


def snooze(asked: Asked) -> Change:
    """Whoever had it has it still, and the clock of whoever waits runs on."""
    if refused := _not_yours(asked):
        return refused
    if asked.decision.argument not in set(Nap):
        return no("unknown_nap", asked.texts.say("press.stale"))
    zone = asked.person.timezone or asked.office.zone
    now = asked.decision.at
    until = _until(Nap(asked.decision.argument), now, zone)
    texts = asked.texts
    said = (
        texts.say("press.snoozed", at=texts.time_in_zone(until, now=now, zone=zone))
        if until
        else texts.say("press.snoozed_until_written")
    )
    return Change(
        outcome="snoozed",
        reply=said,
        state=ConversationState.SNOOZED,
        snoozed_until=until,
        updates_all=True,
    )


def _until(nap: Nap, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Tomorrow morning by the clock on the person's wall, also when the clocks change in between."""
    if nap is Nap.REPLY:
        return None
    if nap in _NAPS:
        return now + _NAPS[nap]
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, tzinfo=zone).astimezone(UTC)


# --- beside the verdict ---------------------------------------------------------------------------


def change_urgency(asked: Asked) -> Change:
    """The promise moves with it. What was open to everybody rings if it is louder now."""
    if asked.conversation.state in CLOSED:
        return _closed(asked)
    level = next((one for one in Urgency if one.label == asked.decision.argument), None)
    if level is None:
        return no("unknown_urgency", asked.texts.say("press.stale"))
    if level is asked.state.urgency:
        return no("same_urgency", asked.texts.say("press.same"))
    return Change(
        outcome="urgency_changed",
        reply=asked.texts.say("press.urgency", urgency=asked.texts.urgency(level)),
        override=_with_urgency(asked, level),
        rings=Anew.RAISED if _gets_louder(asked, level) else None,
        updates_all=True,
    )


def _with_urgency(asked: Asked, level: Urgency) -> Override:
    """What the rules say anyway needs nobody's word."""
    was, promise = asked.conversation.override, asked.office.promise(level)
    if level is asked.state.verdict.urgency:
        return Override(persona=was.persona, persona_by=was.persona_by)
    return replace(
        was,
        urgency=level,
        urgency_by=asked.person.key,
        over=asked.state.verdict.urgency,
        respond_in=promise.respond_in,
        alert=promise.alert,
    )


def _gets_louder(asked: Asked, level: Urgency) -> bool:
    is_open = asked.conversation.state is ConversationState.OPEN
    is_loud = asked.office.promise(level).alert is Alert.PING and asked.state.alert is not Alert.PING
    return is_open and is_loud and level > asked.state.urgency


def change_persona(asked: Asked) -> Change:
    name = chosen(asked.decision.argument, asked.office.personas())
    if name is None:
        return no("unknown_persona", asked.texts.say("press.stale"))
    if name == asked.state.persona:
        return no("same_persona", asked.texts.say("press.same"))
    was = asked.conversation.override
    is_rules = name == asked.state.verdict.persona
    override = replace(
        was, persona=None if is_rules else name, persona_by="" if is_rules else asked.person.key
    )
    reply = asked.texts.say("press.persona", persona=name)
    return Change(outcome="persona_changed", reply=reply, override=override, updates_all=True)


def add_note(asked: Asked) -> Change:
    if not asked.decision.note:
        return no("empty_note", asked.texts.say("press.empty_note"))
    return Change(outcome=NOTE_ADDED, reply=asked.texts.say("press.note"), updates_all=True)


# --- undo -----------------------------------------------------------------------------------------


def undo(asked: Asked) -> Change:
    """Their own last decision, as long as nobody and nothing has changed the conversation since."""
    last, now = asked.state.undo, asked.decision.at
    if last is None or asked.decision.argument not in {"", str(last.decision)}:
        return no("changed_since", asked.texts.say("press.changed_since"))
    if last.person != asked.person.key:
        return no("not_theirs", asked.texts.say("press.undo_theirs", name=asked.name(last.person)))
    if last.is_over(now):
        return no("too_late", asked.texts.say("press.too_late"))
    return Change(outcome="undone", reply=asked.texts.say("press.undone"), updates_all=True, undoes=True)


# --- what changes nothing -------------------------------------------------------------------------


def show_menu(asked: Asked) -> Change:
    opens = asked.decision.verb is Verb.MORE
    return Change(outcome="shown", reply="", menu=(asked.decision.argument or Menu.MORE) if opens else "")


def explain(asked: Asked) -> Change:
    return Change(outcome="explained", reply=asked.texts.why(asked.state.verdict), is_loud=True)


def note_feedback(asked: Asked) -> Change:
    noted, verb = asked.texts.say("press.noted"), asked.decision.verb
    return Change(outcome="noted", reply=noted, feedback=verb.value, menu="")


POLICIES: Mapping[Verb, Policy] = MappingProxyType(
    {
        Verb.CLAIM: claim,
        Verb.RELEASE: release,
        Verb.DISMISS: dismiss,
        Verb.REOPEN: reopen,
        Verb.HAND_OVER: hand_over,
        Verb.SNOOZE: snooze,
        Verb.ELSEWHERE: answer_elsewhere,
        Verb.URGENCY: change_urgency,
        Verb.PERSONA: change_persona,
        Verb.NOTE: add_note,
        Verb.UNDO: undo,
        Verb.MORE: show_menu,
        Verb.LESS: show_menu,
        Verb.WHY: explain,
        **dict.fromkeys(FEEDBACK_VERBS, note_feedback),
    }
)


def _not_yours(asked: Asked) -> Change | None:
    """Why this person cannot decide it: it is closed, or a colleague has it. A lead may all the same."""
    if asked.conversation.state in CLOSED:
        return _closed(asked)
    return None if asked.is_mine else lost(asked)


def no(outcome: str, reply: str) -> Change:
    """It cannot be done, and why."""
    return Change(outcome=outcome, reply=reply, is_loud=True)


def lost(asked: Asked) -> Change:
    """A colleague has it."""
    reply = asked.texts.taken(asked.name(asked.conversation.claimed_by))
    return Change(outcome="lost", reply=reply, is_loud=True)


def _closed(asked: Asked) -> Change:
    return Change(outcome="closed", reply=asked.texts.closed(asked.conversation.state), is_loud=True)
