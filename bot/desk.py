"""Decisions of people: a press becomes a change of a conversation.

`Desk.take` carries a press to the store's transaction and the answer back; what a verb does there is its
policy's (`bot.decisions`). Knows no chat platform and no SQL. Only people of the configuration decide.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.buttons import Token, parse_token
from bot.changes import Change, Decision
from bot.decisions import POLICIES, Asked, Office, Policy
from bot.errors import BotError
from bot.metrics import Metrics
from bot.model import Cursor, Urgency
from bot.overrides import Promise
from bot.ports import Clock, DecisionFeed
from bot.records import LEASE_FOR, CardState, Leased
from bot.replies import Patch, Suggestion
from bot.silencing import silence_of
from bot.staff import REASONS, Person, Press, Presses, Staff, Told, Verb
from bot.storing import Store
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in

log = structlog.get_logger()


class CommandDesk(Protocol):
    """Who carries out commands."""

    async def take(self, feed: str, press: Press, person: Person, *, cursor: Cursor | None) -> Told:
        """Carry out the command that is the press's token. Raises: StoreError."""
        ...


class AnswerDesk(Protocol):
    """Where drafts and replies are decided."""

    @property
    def policies(self) -> Mapping[Verb, Policy]:
        """What each verb of answering does."""
        ...

    async def suggestion(self, mention_id: str, number: int) -> Suggestion | None:
        """What is offered under this number on a card. Raises: StoreError."""
        ...

    async def patch(self, mention_id: str, number: int) -> Patch | None:
        """What the file of answers would say if the reply of this number were kept; None: it is not there any
        more. Raises: StoreError.
        """
        ...

    async def mention_of(self, channel: str, receipt: str) -> str | None:
        """Whose card this message is. Raises: StoreError."""
        ...

    def wake(self) -> None:
        """A reply was approved, stopped or let go."""
        ...

    def claimed(self, mention_id: str) -> None:
        """Somebody has taken it, and is about to answer."""
        ...


class IncidentDesk(Protocol):
    """Where one answer for all who are in an incident is decided."""

    async def take(
        self,
        feed: str,
        press: Press,
        person: Person,
        *,
        texts: Texts,
        decide: Callable[[Decision, Callable[[CardState], str] | None], Awaitable[str]],
        cursor: Cursor | None,
    ) -> Told | None:
        """None: the press is about no incident. Raises: StoreError."""
        ...


@dataclass(kw_only=True)
class Desk:
    """Understands presses, has them decided, and tells the person what came of it.

    `texts` are in the staff's language; who has another one is answered in that. `commands` None: only
    buttons are understood; `answers` None: nothing is published. `promise` and `personas` are those of the
    rules in use, `zone` is where the staff is at home.
    """

    store: Store
    staff: Staff
    clock: Clock
    metrics: Metrics
    texts: Texts
    zone: ZoneInfo
    promise: Callable[[Urgency], Promise]
    personas: Callable[[], Iterable[str]]
    deliver: Callable[[tuple[Leased, ...]], None]
    commands: CommandDesk | None = None
    answers: AnswerDesk | None = None
    incidents: IncidentDesk | None = None
    policies: Mapping[Verb, Policy] = field(init=False)

    def __post_init__(self) -> None:
        self.policies = {**POLICIES, **(self.answers.policies if self.answers else {})}
        self.people = {person.key: person for person in self.staff.by_identity.values()}
        self.office = Office(people=self.people, zone=self.zone, promise=self.promise, personas=self.personas)

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
        command = press if is_command else self._as_command(press, person, note)
        if command and self.commands:
            return await self.commands.take(feed, command, person, cursor=cursor)
        shared = await self._shared(feed, press, person, cursor)
        return shared or await self._in_one(feed, press, person, cursor=cursor, note=note)

    async def _in_one(
        self, feed: str, press: Press, person: Person, *, cursor: Cursor | None, note: str
    ) -> Told:
        """What is decided of one conversation."""
        decision = await self._understood(feed, press, person, note)
        if decision is None:
            told = self._to(person).say("press.reply" if press.is_reply else "press.stale")
            return await self._refuse(feed, press, cursor, "unreadable", told)
        decided = await self.store.decide(
            decision, self.transition, cursor=cursor, now=self.clock.now(), lease_for=LEASE_FOR
        )
        if decided is None:
            return await self._refuse(feed, press, cursor, "stale", self._to(person).say("press.stale"))
        outcome = decided.change.outcome if decided.change else "repeated"
        self._report(press, person.key, decision.verb.value, outcome)
        self.deliver(decided.leased)
        if self.answers and decided.change:
            self._go_on(self.answers, decision, decided.change)
        shown = decided.change.shows if decided.change else ""
        return Told(reply=decided.reply, is_loud=decided.is_loud, outcome=outcome, shown=shown)

    def _as_command(self, press: Press, person: Person, note: str) -> Press | None:
        """A button that says what could be said in words. Where it was pressed nobody else sees the answer,
        so that the staff is told as of what was said in private.
        """
        token = parse_token(press.token)
        if token is None or token.verb is not Verb.SILENCE:
            return None
        words = silence_of(token.mention_id, note or self._to(person).say("silence.by_button"))
        return replace(press, token=words, channel=f"{press.channel.partition(':')[0]}:?")

    async def _shared(self, feed: str, press: Press, person: Person, cursor: Cursor | None) -> Told | None:
        """What is decided for all who are in an incident."""
        if self.incidents is None:
            return None
        told = await self.incidents.take(
            feed, press, person, texts=self._to(person), decide=self.one_of_many, cursor=cursor
        )
        if told is not None:
            self._report(press, person.key, "shared", told.outcome)
        return told

    async def one_of_many(self, decision: Decision, text: Callable[[CardState], str] | None) -> str:
        """In one conversation, as if somebody had pressed there; what came of it; "gone": nothing is kept."""
        if decision.person not in self.people:  # who began it has left the staff since
            return "gone"

        def transition(state: CardState, decision: Decision) -> Change:
            return self.transition(state, replace(decision, text=text(state)) if text else decision)

        decided = await self.store.decide(
            decision, transition, cursor=None, now=self.clock.now(), lease_for=LEASE_FOR
        )
        if decided is None:
            return "gone"
        self.deliver(decided.leased)
        return decided.change.outcome if decided.change else "repeated"

    def _go_on(self, answers: AnswerDesk, decision: Decision, change: Change) -> None:
        """What is behind a decision, beside the database."""
        if change.step is not None:
            answers.wake()
        if decision.verb is Verb.CLAIM and change.state is not None:
            answers.claimed(decision.mention_id)

    async def _understood(self, feed: str, press: Press, person: Person, note: str) -> Decision | None:
        """What a press wants; None: nothing that any card of ours has. Raises: StoreError."""
        token = parse_token(press.token)
        if press.is_reply and self.answers:
            mention = await self.answers.mention_of(press.channel, press.receipt)
            noted = self._noted(press.text, person)
            token = Token(Verb.EDIT if noted is None else Verb.NOTE, mention) if mention else None
            note = note or noted or ""
        if token is None or token.verb not in self.policies:
            return None
        decision = Decision(
            press_id=press.id,
            feed=feed,
            channel=press.channel,
            person=person.key,
            verb=token.verb,
            mention_id=token.mention_id,
            at=press.at,
            argument=token.argument,
            note=note or self._reason(token),
            text=press.text,
        )
        return await _completed(decision, self.answers) if self.answers else decision

    def _noted(self, text: str, person: Person) -> str | None:
        """What is to be kept as a note; None: it is the text of an answer."""
        begins = self._to(person).say("press.note_begins")
        is_note = text.lstrip().casefold().startswith(begins)
        return text.lstrip()[len(begins) :].strip() if is_note else None

    def _reason(self, token: Token) -> str:
        """The words of a reason that was pressed: what the history shows is read by people."""
        is_reason = token.verb is Verb.DISMISS and token.argument in REASONS
        return self.texts.say(f"reason.{token.argument}") if is_reason else ""

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
        asked = Asked(
            state=state, decision=decision, person=person, office=self.office, texts=self._to(person)
        )
        return self.policies[decision.verb](asked)

    def _to(self, person: Person) -> Texts:
        return texts_in(person.language) if person.language else self.texts


async def _completed(decision: Decision, answers: AnswerDesk) -> Decision:
    """With what its button stands for, worked out before the transaction. Raises: StoreError."""
    mention, number = decision.mention_id, decision.number
    if decision.verb is Verb.SAVE:
        return replace(decision, patch=await answers.patch(mention, number))
    if decision.verb is not Verb.USE:
        return decision
    offered = await answers.suggestion(mention, number)
    if offered is None:
        return replace(decision, text="")
    return replace(decision, text=offered.text, origin=offered.origin, lang=offered.lang)
