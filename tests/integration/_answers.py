"""An office with one open question, and a wall that answers can be published on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot import saving
from bot.answering import Answering
from bot.answers import Answers
from bot.buttons import token
from bot.desk import Desk
from bot.errors import BotError
from bot.ghostwriter import Said
from bot.metrics import Metrics
from bot.model import Cursor
from bot.orders import Order, Ordered
from bot.proposing import patched
from bot.records import Answer, CardState, Judged, Leased
from bot.replies import Acknowledgement, Draft, Patch, Reply, Suggestion
from bot.staff import Person, Press, Presses, Role, Staff, Verb
from bot.store.sqlite import SqliteStore
from bot.suggestions import AiReply, Asked, Written, asked, suggestions
from bot.testing.clock import ManualClock
from bot.testing.wall import Wall
from bot.texts.en import ENGLISH
from bot.voice import Voice
from tests.integration import store_samples as s
from tests.integration.test_desk import FIRST, Chat
from tests.unit._values import GOES_OUT, IN_BERLIN

ANNA = Person(key="anna", name="Anna", role=Role.AGENT, identities=(("chat", "1"),))
BEN = Person(key="ben", name="Ben", role=Role.AGENT, identities=(("chat", "2"),))
LEA = Person(key="lea", name="Lea", role=Role.LEAD, identities=(("chat", "3"),))
STAFF = Staff(by_identity={who: one for one in (ANNA, BEN, LEA) for who in one.identities})
WORDS = "Sorry! Which kettle is it?"
QUESTION = "at://a0/q0"


@dataclass(kw_only=True)
class Office:
    path: Path
    store: SqliteStore
    wall: Wall
    clock: ManualClock
    answering: Answering
    chat: Chat
    desk: Desk
    refused: list[tuple[str, BotError]] = field(default_factory=list)
    presses: int = 0
    hold: timedelta = timedelta(seconds=5)

    async def state(self) -> CardState:
        state = await self.store.card_of(FIRST)
        assert state is not None
        return state

    async def draft(self) -> Draft:
        draft = (await self.state()).draft
        assert draft is not None
        return draft

    async def reply(self) -> Reply:
        reply = (await self.state()).reply
        assert reply is not None
        return reply

    async def press(self, verb: Verb, argument: int | str = "", *, who: int = 1) -> str:
        """One press; what the person is told."""
        return await self._take(replace(self._of(who), token=token(verb, FIRST, str(argument))))

    async def write(
        self, text: str, *, who: int = 1, receipt: str = "msg-1", channel: str = "chat:care"
    ) -> str:
        """A message in answer to the card."""
        return await self._take(replace(self._of(who), text=text, receipt=receipt, channel=channel))

    def _of(self, who: int) -> Press:
        self.presses += 1
        person, now = f"chat:{who}", self.clock.now()
        return Press(id=f"p{self.presses}", channel="chat:care", person=person, token="", at=now)

    async def _take(self, press: Press) -> str:
        await self.desk.take(self.chat, Presses(presses=(press,), cursor=Cursor(press.id)))
        return self.chat.told[-1][1]

    async def approve(self) -> None:
        await self.write(WORDS)
        await self.press(Verb.APPROVE, (await self.draft()).id)

    async def go_on(self, seconds: float = 6) -> None:
        """Time passes, and what is due is tried."""
        await self.clock.advance(seconds)
        await self.answering.publisher.once()

    async def order(self, ordered: Ordered) -> None:
        """A command, as the store carries it out."""
        self.presses += 1
        order = Order(
            order_id=f"o{self.presses}", feed="chat", channel="chat:care", person="anna", verb="block",
            argument="", at=s.at(61),
        )  # fmt: skip
        await self.store.order(order, lambda _: ordered, cursor=None, now=self.clock.now())

    async def hear(self, item: Answer | Judged) -> None:
        await s.record(self.store, item)


class RulesDraft:
    """The rules' draft alone; no model. `answers`: what a reply may be kept in; `library`: texts for many."""

    has_model = False
    answers: Answers | None = None
    library: tuple[Suggestion, ...] = ()

    def suggest(self, state: CardState, written: Written | None = None) -> tuple[Suggestion, ...]:
        return suggestions(asked(state), (), Voice(), written, AiReply.NEEDS_APPROVAL)

    def personal(self, wanted: Asked, text: str) -> str:
        return wanted.filled(text, None)

    def for_many(self, states: Sequence[CardState]) -> tuple[Suggestion, ...]:
        return self.library

    async def write(self, state: CardState, thread: Sequence[Said], length: object) -> Written | None:
        return None

    async def patch(self, state: CardState, reply: Reply) -> Patch:
        question, name = state.mention.post.text, state.name or ""
        return patched(self.answers, saving.Reply(question=question, text=reply.text, lang="en", name=name))


@asynccontextmanager
async def office(
    path: Path,
    wall: Wall | None = None,
    *,
    draft: str | None = None,
    hold: timedelta = timedelta(seconds=5),
    acknowledge: Acknowledgement | None = None,
) -> AsyncIterator[Office]:
    """One open question, whose card was delivered as message msg-1 of chat:care."""
    clock, wall = ManualClock(s.at(61)), wall or Wall()
    wall.now = clock.now
    refused: list[tuple[str, BotError]] = []
    updates: list[Leased] = []
    async with s.opened(path) as store:
        judged = s.judged(s.post("q0", author="a0", root=None), uid=FIRST, channel="chat:care", draft=draft)
        for one in (await s.record(store, replace(judged, acknowledge=acknowledge))).leased:
            await s.settle(store, one)
        answering = Answering(
            repliers={"bluesky": wall},
            drafts=RulesDraft(),
            store=store,
            clock=clock,
            metrics=Metrics(),
            deliver=updates.extend,
            on_unauthorized=lambda platform, error: refused.append((platform, error)),
            **GOES_OUT | {"hold": hold},
        )
        desk = Desk(
            store=store,
            staff=STAFF,
            clock=clock,
            metrics=Metrics(),
            texts=ENGLISH,
            deliver=updates.extend,
            answers=answering,
            **IN_BERLIN,
        )
        yield Office(
            path=path, store=store, wall=wall, clock=clock, answering=answering, chat=Chat(), desk=desk,
            refused=refused,
        )  # fmt: skip
