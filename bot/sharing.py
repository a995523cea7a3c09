"""One answer for all who wait in an incident: what people press on its card.

Every step is decided in each conversation by itself, as if somebody had pressed there: the same policies,
the same gates, one transaction and one audit row each; a press that comes twice goes on where it stopped. It
knows no chat, no SQL and no platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.buttons import parse_token
from bot.changes import Decision, Shared, numbered
from bot.drafts import FIELDS, called
from bot.incidents import AnswerState, Incident, SharedAnswer
from bot.model import Cursor
from bot.ports import Clock
from bot.preparing import BATCH, Decide, Preparing, PreparingStore, together
from bot.replies import Origin
from bot.staff import MOST_TEXT, Person, Press, Told, Verb
from bot.suggestions import Asked
from bot.texts.catalogue import Texts

SHARED = frozenset({Verb.ALL_USE, Verb.ALL_EDIT, Verb.ALL_PREPARE, Verb.ALL_PUBLISH, Verb.ALL_STOP})


class SharingStore(PreparingStore, Protocol):
    """What this needs of the store besides."""

    async def incident(self, uid: str) -> tuple[int, Incident] | None:
        """By the name in its buttons, with the number of its row."""
        ...

    async def incident_of_message(self, kind: str, receipt: str) -> str | None:
        """Whose card a message is; None: it is no card of an incident."""
        ...

    async def shared_drafts(self, incident: int, answer: int) -> tuple[tuple[str, int], ...]:
        """What was prepared and waits for approval: mention, draft."""
        ...

    async def shared_held(self, incident: int, answer: int) -> tuple[tuple[str, int], ...]:
        """What is approved and was not tried yet: mention, reply."""
        ...

    async def keep_shared(self, shared: Shared, *, cursor: Cursor | None, now: datetime) -> None:
        """Keep what was decided, once, with the feed's position."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a person wants of an incident; `decide` and `texts` are theirs."""

    feed: str
    press: Press
    person: Person
    texts: Texts
    decide: Decide
    verb: Verb
    argument: str
    number: int
    incident: Incident

    @property
    def answer(self) -> SharedAnswer | None:
        """The one that the button belongs to; None: there is another by now."""
        answer = self.incident.answer
        return answer if answer and answer.id == numbered(self.argument.partition(".")[0]) else None

    @property
    def count(self) -> int:
        return numbered(self.argument.partition(".")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What came of it."""

    outcome: str
    reply: str
    text: str = ""
    origin: Origin = Origin.PERSON
    state: AnswerState | None = None
    prepares: bool = False


@dataclass(kw_only=True)
class Sharing:
    """`personal` fills a text in for one person and signs it as their platform wants it."""

    store: SharingStore
    clock: Clock
    personal: Callable[[Asked, str], str]
    wake: Callable[[], None]
    preparing: Preparing = field(init=False)
    _stopped: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.preparing = Preparing(store=self.store, clock=self.clock, personal=self.personal, wake=self.wake)

    async def take(
        self, feed: str, press: Press, person: Person, *, texts: Texts, decide: Decide, cursor: Cursor | None
    ) -> Told | None:
        """None: the press is about no incident. Raises: StoreError."""
        found = await self._found(press)
        if found is None:
            return None
        verb, uid, argument = found
        known = await self.store.incident(uid)
        if known is None:
            return None
        it = _Asked(
            feed=feed,
            press=press,
            person=person,
            texts=texts,
            decide=decide,
            verb=verb,
            argument=argument,
            number=known[0],
            incident=known[1],
        )
        done = await self._done(it)
        await self.store.keep_shared(_kept(it, done), cursor=cursor, now=self.clock.now())
        self.wake()
        self.preparing.begin()
        return Told(reply=done.reply, is_loud=done.outcome in {"outdated", "refused"}, outcome=done.outcome)

    async def _found(self, press: Press) -> tuple[Verb, str, str] | None:
        token = parse_token(press.token)
        if token is not None and token.verb in SHARED:
            return token.verb, token.mention_id, token.argument
        if not press.is_reply:
            return None
        uid = await self.store.incident_of_message(press.channel.partition(":")[0], press.receipt)
        return (Verb.ALL_EDIT, uid, "") if uid else None

    async def _done(self, it: _Asked) -> _Done:
        match it.verb:
            case Verb.ALL_USE | Verb.ALL_EDIT:
                return await self._say(it)
            case Verb.ALL_PREPARE:
                return await self._prepare(it)
            case Verb.ALL_PUBLISH:
                return await self._publish(it)
        return await self._stop(it)

    async def _say(self, it: _Asked) -> _Done:
        """A text for all; nobody gets it yet."""
        is_offered = it.verb is Verb.ALL_USE
        text = (it.incident.offered if is_offered else it.press.text).strip()
        if not text or len(text) > MOST_TEXT:
            return _Done(outcome="refused", reply=it.texts.say("answer.no_text"))
        unknown = next((name for name in called(text) if name not in FIELDS), None)
        if unknown is not None:
            return _Done(outcome="refused", reply=it.texts.say("share.unknown_field", field=unknown))
        before = it.incident.answer
        if before is not None and before.under_way:
            return _Done(outcome="refused", reply=it.texts.say("share.under_way"))
        if before is not None and (before.drafts or before.is_preparing):
            await self._clear(it, before.id)
        origin = Origin.RULE if is_offered else Origin.PERSON
        return _Done(outcome="proposed", reply=it.texts.say("share.kept"), text=text, origin=origin)

    async def _prepare(self, it: _Asked) -> _Done:
        """A draft for each who may be answered, filled in for them: begun here, the rest follows."""
        answer = it.answer
        is_done = answer is not None and answer.drafts and answer.state is not AnswerState.OPEN
        if answer is None or answer.is_preparing or answer.under_way or is_done:
            return _outdated(it)
        reply = it.texts.say("share.prepared", count=it.count or answer.to)
        return _Done(outcome="prepared", reply=reply, state=AnswerState.OPEN, prepares=True)

    async def _publish(self, it: _Asked) -> _Done:
        """The second word: exactly what was prepared, and no more than the button said."""
        answer = it.answer
        if answer is None or answer.is_preparing:
            return _outdated(it)
        drafts = await self.store.shared_drafts(it.number, answer.id)
        if not 0 < len(drafts) <= it.count:
            return _outdated(it)
        self._stopped.discard(answer.id)
        outcomes = await self._each(it, Verb.APPROVE, drafts, unless=answer.id)
        approved = outcomes["approved"] + outcomes["repeated"]
        reply = it.texts.say("share.published", count=approved, left=len(drafts) - approved)
        state = None if answer.id in self._stopped else AnswerState.APPROVED
        return _Done(outcome="approved", reply=reply, state=state)

    async def _stop(self, it: _Asked) -> _Done:
        """What nobody has tried yet stays unsaid, and those people are free for others."""
        answer = it.answer
        if answer is None:
            return _outdated(it)
        count = await self._clear(it, answer.id)
        reply = it.texts.say("share.stopped", count=count)
        return _Done(outcome="stopped", reply=reply, state=AnswerState.STOPPED)

    async def _clear(self, it: _Asked, answer: int) -> int:
        """Nothing more is prepared or approved of it, and what is, is taken back; how many that were."""
        self._stopped.add(answer)
        await self.store.end_preparing(answer, began=None, now=self.clock.now())
        async with self.preparing.turn:  # a batch that is on its way ends first
            drafts = await self.store.shared_drafts(it.number, answer)
            held = await self.store.shared_held(it.number, answer)
        await self._each(it, Verb.DISCARD, drafts)
        await self._each(it, Verb.CANCEL, held)
        await self._each(it, Verb.RELEASE, (*drafts, *held))
        return len(drafts) + len(held)

    async def _each(
        self, it: _Asked, verb: Verb, about: Sequence[tuple[str, int]], *, unless: int = 0
    ) -> Counter[str]:
        """The same decision in each conversation; how often it ended how. `unless` this answer is stopped."""
        outcomes: Counter[str] = Counter()
        for start in range(0, len(about), BATCH):
            async with self.preparing.turn:
                if unless in self._stopped:
                    break
                batch = [_decision(it, verb, *one) for one in about[start : start + BATCH]]
                outcomes += await together(it.decide, batch)
        return outcomes


def _decision(it: _Asked, verb: Verb, mention: str, number: int) -> Decision:
    return Decision(
        press_id=f"{it.press.id}/{verb.value}/{mention}",
        feed=it.feed,
        channel=it.press.channel,
        person=it.person.key,
        verb=verb,
        mention_id=mention,
        at=it.press.at,
        argument=str(number),
    )


def _outdated(it: _Asked) -> _Done:
    return _Done(outcome="outdated", reply=it.texts.say("share.outdated"))


def _kept(it: _Asked, done: _Done) -> Shared:
    answer = it.incident.answer
    return Shared(
        press_id=it.press.id,
        feed=it.feed,
        channel=it.press.channel,
        person=it.person.key,
        verb=it.verb,
        at=it.press.at,
        incident=it.number,
        outcome=done.outcome,
        reply=done.reply,
        text=done.text,
        origin=done.origin,
        answer=answer.id if answer else 0,
        state=done.state,
        prepares=done.prepares,
    )
