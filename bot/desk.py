"""Decisions of people: a press becomes a change of a conversation.

`transition` is the policy, pure and called inside the store's transaction; `Desk.take` carries a press
there and the answer back. Knows no chat platform and no SQL. Only people of the configuration decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.cards import parse_token
from bot.errors import BotError
from bot.metrics import Metrics
from bot.model import ConversationState, Cursor
from bot.ports import Clock, DecisionFeed, Store
from bot.records import LEASE_FOR, CardState, Change, Decision, Leased
from bot.staff import FEEDBACK_VERBS, Person, Press, Presses, Role, Staff, Told, Verb
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in

log = structlog.get_logger()


class CommandDesk(Protocol):
    """Who carries out commands."""

    async def take(self, feed: str, press: Press, person: Person, *, cursor: Cursor | None) -> Told:
        """Carry out the command that is the press's token. Raises: StoreError."""
        ...


@dataclass(kw_only=True)
class Desk:
    """Understands presses, has them decided, and tells the person what came of it.

    `texts` are in the staff's language; who has another one is answered in that. `commands` None: only
    buttons are understood.
    """

    store: Store
    staff: Staff
    clock: Clock
    metrics: Metrics
    texts: Texts
    deliver: Callable[[tuple[Leased, ...]], None]
    commands: CommandDesk | None = None

    def __post_init__(self) -> None:
        self.people = {person.key: person for person in self.staff.by_identity.values()}

    async def take(self, feed: DecisionFeed, presses: Presses) -> None:
        """Decide each press in order, its feed's position in the same transaction as the last one.

        Raises: StoreError (the feed is read again from the committed position; a press decided before
        changes nothing the second time).
        """
        last = len(presses.presses) - 1
        for number, press in enumerate(presses.presses):
            cursor = presses.cursor if number == last else None
            told = await self.decide(feed.name, press, cursor=cursor)
            await self._answer(feed, press, told.reply, is_loud=told.is_loud)
        if not presses.presses and presses.cursor is not None:
            await self.store.advance(feed.name, presses.cursor)

    async def decide(self, feed: str, press: Press, *, cursor: Cursor | None = None, note: str = "") -> Told:
        """Decide one press that came by `feed`. Raises: StoreError."""
        person = self.staff.find(press.person)
        is_command = press.token.startswith("/")
        if person is None:
            if (is_command or press.is_reply) and press.channel.endswith(":?"):
                return await self._ignore(feed, cursor)
            return await self._refuse(
                feed, press, cursor, "not_staff", self.texts.say("press.not_staff", identity=press.person)
            )
        if is_command and self.commands:
            return await self.commands.take(feed, press, person, cursor=cursor)
        token = parse_token(press.token)
        if token is None:
            told = self._to(person).say("press.reply" if press.is_reply else "press.stale")
            return await self._refuse(feed, press, cursor, "unreadable", told)
        verb, mention_id = token
        decision = Decision(
            press_id=press.id,
            feed=feed,
            channel=press.channel,
            person=person.key,
            verb=verb,
            mention_id=mention_id,
            at=press.at,
            note=note,
        )
        decided = await self.store.decide(
            decision, self.transition, cursor=cursor, now=self.clock.now(), lease_for=LEASE_FOR
        )
        if decided is None:
            return await self._refuse(feed, press, cursor, "stale", self._to(person).say("press.stale"))
        outcome = decided.change.outcome if decided.change else "repeated"
        self._report(press, person.key, verb.value, outcome)
        self.deliver(decided.leased)
        return Told(reply=decided.reply, is_loud=decided.is_loud, outcome=outcome)

    async def _ignore(self, feed: str, cursor: Cursor | None) -> Told:
        """What a stranger says to the bot in private, as anybody may, fills neither database nor chat."""
        if cursor is not None:
            await self.store.advance(feed, cursor)
        return Told(reply="", is_loud=False, outcome="not_staff")

    async def _refuse(self, feed: str, press: Press, cursor: Cursor | None, reason: str, reply: str) -> Told:
        await self.store.refuse(press, feed, reason, cursor=cursor)
        self._report(press, press.person, "unknown", reason)
        return Told(reply=reply, is_loud=True, outcome=reason)

    def _report(self, press: Press, person: str, verb: str, outcome: str) -> None:
        self.metrics.decisions.labels(verb, outcome).inc()
        log.info("decision.taken", person=person, verb=verb, outcome=outcome, channel=press.channel)

    async def _answer(self, feed: DecisionFeed, press: Press, reply: str, *, is_loud: bool) -> None:
        try:
            await feed.answer(press, reply, is_loud=is_loud)
        except BotError as error:  # the decision stands; the card shows it too
            log.warning("press.unanswered", feed=feed.name, reason=error.reason.value)

    def transition(self, state: CardState, decision: Decision) -> Change:
        """What this decision does to the conversation as it stands."""
        person = self.people[decision.person]
        acts = {
            Verb.CLAIM: self._claim,
            Verb.RELEASE: self._release,
            Verb.DISMISS: self._dismiss,
            Verb.REOPEN: self._reopen,
        }
        if act := acts.get(decision.verb):
            return act(state, person)
        match decision.verb:
            case Verb.MORE | Verb.LESS:
                return Change(outcome="shown", reply="", expands=decision.verb is Verb.MORE)
            case Verb.WHY:
                return Change(outcome="explained", reply=self._to(person).why(state.verdict), is_loud=True)
            case verb if verb in FEEDBACK_VERBS:
                noted = self._to(person).say("press.noted")
                return Change(outcome="noted", reply=noted, feedback=verb.value, expands=False)
        raise AssertionError(decision.verb)

    def _claim(self, state: CardState, person: Person) -> Change:
        conversation, texts = state.conversation, self._to(person)
        if conversation.state is ConversationState.CLAIMED and conversation.claimed_by != person.key:
            reply = texts.taken(self._name(conversation.claimed_by))
            return Change(outcome="lost", reply=reply, is_loud=True)
        if conversation.state is ConversationState.CLAIMED:
            return Change(outcome="already_yours", reply=texts.say("press.already_yours"))
        if conversation.state in {ConversationState.ANSWERED, ConversationState.DISMISSED}:
            return Change(outcome="closed", reply=texts.closed(conversation.state), is_loud=True)
        return Change(
            outcome="claimed",
            reply=texts.say("press.claimed"),
            state=ConversationState.CLAIMED,
            claimed_by=person.key,
            updates_all=True,
        )

    def _dismiss(self, state: CardState, person: Person) -> Change:
        conversation, texts = state.conversation, self._to(person)
        if conversation.state in {ConversationState.ANSWERED, ConversationState.DISMISSED}:
            return Change(outcome="closed", reply=texts.closed(conversation.state), is_loud=True)
        is_others = conversation.state is ConversationState.CLAIMED and conversation.claimed_by != person.key
        if is_others and person.role is not Role.LEAD:
            reply = texts.taken(self._name(conversation.claimed_by))
            return Change(outcome="lost", reply=reply, is_loud=True)
        return Change(
            outcome="dismissed",
            reply=texts.say("press.dismissed"),
            state=ConversationState.DISMISSED,
            claimed_by=conversation.claimed_by or person.key,
            updates_all=True,
        )

    def _release(self, state: CardState, person: Person) -> Change:
        conversation, texts = state.conversation, self._to(person)
        if conversation.state is not ConversationState.CLAIMED:
            return Change(outcome="not_claimed", reply=texts.say("press.nobody_has_it"), is_loud=True)
        if conversation.claimed_by != person.key and person.role is not Role.LEAD:
            reply = texts.taken(self._name(conversation.claimed_by))
            return Change(outcome="lost", reply=reply, is_loud=True)
        return Change(
            outcome="released",
            reply=texts.say("press.released"),
            state=ConversationState.OPEN,
            updates_all=True,
        )

    def _reopen(self, state: CardState, person: Person) -> Change:
        """Only a dismissal is taken back; what was answered is open again when the author writes again."""
        conversation, texts = state.conversation, self._to(person)
        if conversation.state is not ConversationState.DISMISSED:
            return Change(outcome="not_dismissed", reply=texts.say("press.not_dismissed"), is_loud=True)
        had = ConversationState.CLAIMED if conversation.claimed_by else ConversationState.OPEN
        reply = texts.say("press.reopened")
        return Change(outcome="reopened", reply=reply, state=had, updates_all=True, reopens=True)

    def _to(self, person: Person) -> Texts:
        return texts_in(person.language) if person.language else self.texts

    def _name(self, key: str | None) -> str:
        person = self.people.get(key or "")
        return person.name if person else (key or "")
