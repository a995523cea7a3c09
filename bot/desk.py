"""Decisions of people: a press becomes a change of a conversation.

`Desk.take` carries a press to the store's transaction and the answer back; what a verb does there is its
policy's (`bot.decisions`). Knows no chat platform and no SQL. Only people of the configuration decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
from bot.ports import Clock, DecisionFeed, Store
from bot.records import LEASE_FOR, CardState, Leased
from bot.staff import REASONS, Person, Press, Presses, Staff, Told, Verb
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
    buttons are understood. `policies` say what each verb does: every verb has one. `promise` and `personas`
    are those of the rules in use, `zone` is where the staff is at home.
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
    policies: Mapping[Verb, Policy] = field(default_factory=lambda: POLICIES)

    def __post_init__(self) -> None:
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
            if is_command and press.channel.endswith(":?"):
                return await self._ignore(feed, cursor)
            return await self._refuse(
                feed, press, cursor, "not_staff", self.texts.say("press.not_staff", identity=press.person)
            )
        if is_command and self.commands:
            return await self.commands.take(feed, press, person, cursor=cursor)
        token = parse_token(press.token)
        if token is None:
            return await self._refuse(feed, press, cursor, "unreadable", self._to(person).say("press.stale"))
        verb = token.verb
        decision = Decision(
            press_id=press.id,
            feed=feed,
            channel=press.channel,
            person=person.key,
            verb=verb,
            mention_id=token.mention_id,
            at=press.at,
            argument=token.argument,
            note=note or self._reason(token),
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
