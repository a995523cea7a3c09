"""Everything that belongs to answering, put together: what is offered, who approves, what goes out.

Knows how approval, publishing and the store fit; it knows no platform, no SQL and no wording.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.acknowledging import NOTHING, Acknowledge, Acknowledging
from bot.approval import Approval, price
from bot.decisions import Policy
from bot.errors import BotError, StoreError
from bot.expenses import Price
from bot.ghostwriter import Declined, Said, Who
from bot.listing import Spoken, Whole
from bot.metrics import Metrics
from bot.ports import Clock
from bot.previewing import Previewing
from bot.publishing import Publisher, ReplyStore
from bot.records import LEASE_FOR, CardState, DigestState, Leased
from bot.replies import Length, Patch, Replier, Reply, Suggestion, length_of
from bot.staff import Verb
from bot.suggestions import Asked, Written

log = structlog.get_logger(__name__)

KEPT = 500
"""So many texts by a model are remembered; a restart forgets them."""


class Drafts(Protocol):
    """Where prepared texts come from."""

    @property
    def has_model(self) -> bool: ...

    def suggest(self, state: CardState, written: Written | None = None) -> tuple[Suggestion, ...]:
        """Up to three, filled in and signed; what a model has `written` among them."""
        ...

    def personal(self, wanted: Asked, text: str) -> str:
        """A text for many, filled in for whoever wrote this, and signed as their platform wants it."""
        ...

    def for_many(self, states: Sequence[CardState]) -> tuple[Suggestion, ...]:
        """Prepared answers to what several people wrote, whose fields are not filled in yet."""
        ...

    async def write(
        self, state: CardState, thread: Sequence[Said], length: Callable[[str], Length]
    ) -> Written | Declined | None:
        """One by a model, within its time; None: there is no model. Raises nothing of `bot.errors`."""
        ...

    async def patch(self, state: CardState, reply: Reply) -> Patch:
        """What the file of answers would say of a published reply to this mention. Raises nothing of
        `bot.errors`.
        """
        ...


class AnswerStore(ReplyStore, Protocol):
    """What answering needs of the store besides."""

    async def card_of(self, mention_id: str) -> CardState | None:
        """What the card of a mention shows now; None: it is not known."""
        ...

    async def whole(self, conversation: int) -> Whole | None:
        """One conversation with its thread; None: there is no such one."""
        ...

    async def carded(self, kind: str, receipt: str) -> CardState | None:
        """What a card shows now that went to a channel of that kind; None: it is no card, or of several."""
        ...

    async def redraw(self, mention_id: str, *, now: datetime, lease_for: timedelta) -> tuple[Leased, ...]:
        """Wish that the cards of a mention's conversation show what is true now; the updates, leased."""
        ...


@dataclass(kw_only=True)
class Answering:
    """`repliers` by platform. `deliver` gets card updates, `on_unauthorized` an account to be seen to;
    `is_paused`: nothing goes out just now; `hold` and `expires` as in `Approval`. `acknowledge`: what is said
    by itself.
    """

    repliers: Mapping[str, Replier]
    store: AnswerStore
    clock: Clock
    metrics: Metrics
    drafts: Drafts
    deliver: Callable[[tuple[Leased, ...]], None]
    on_unauthorized: Callable[[str, BotError], None]
    is_paused: Callable[[], bool]
    hold: timedelta
    expires: timedelta
    acknowledge: InitVar[Acknowledge] = NOTHING
    _written: dict[str, Written] = field(default_factory=dict, init=False)
    _writing: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    approval: Approval = field(init=False)
    publisher: Publisher = field(init=False)
    acknowledging: Acknowledging = field(init=False)
    previewing: Previewing = field(init=False)

    def __post_init__(self, acknowledge: Acknowledge) -> None:
        self.approval = Approval(
            repliers=self.repliers,
            now=self.clock.now,
            suggest=self._suggest,
            hold=self.hold,
            expires=self.expires,
        )
        self.previewing = Previewing(repliers=self.repliers, personal=self.drafts.personal)
        self.publisher = Publisher(
            store=self.store,
            repliers=self.repliers,
            clock=self.clock,
            metrics=self.metrics,
            deliver=self.deliver,
            is_paused=self.is_paused,
            on_unauthorized=self.on_unauthorized,
        )
        self.acknowledging = Acknowledging(
            wanted=acknowledge,
            repliers=self.repliers,
            now=self.clock.now,
            is_paused=self.is_paused,
            wake=self.publisher.wake,
        )

    def _suggest(self, state: CardState) -> tuple[Suggestion, ...]:
        return self.drafts.suggest(state, self._written.get(state.mention_id))

    def claimed(self, mention_id: str) -> None:
        """Somebody is about to answer: let a model write what may help, if there is one."""
        if not self.drafts.has_model:
            return
        task = asyncio.create_task(self._write(mention_id), name=f"draft:{mention_id}")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, mention_id: str) -> None:
        try:
            state = await self.store.card_of(mention_id)
            replier = self.repliers.get(state.mention.post.platform) if state else None
            if state is None or replier is None:
                return
            whole = await self.store.whole(state.conversation.id)
            measured = partial(length_of, replier, state.mention.post.id)
            written = await self.drafts.write(state, thread(state, whole), measured)
            if isinstance(written, Written):
                self._written[mention_id] = written
                while len(self._written) > KEPT:
                    del self._written[next(iter(self._written))]
                self.deliver(await self.store.redraw(mention_id, now=self.clock.now(), lease_for=LEASE_FOR))
        except StoreError as error:
            log.warning("draft.lost", mention=mention_id, reason=str(error))

    async def stop(self) -> None:
        """What is being written is not waited for."""
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)

    @property
    def policies(self) -> Mapping[Verb, Policy]:
        return self.approval.policies

    def equipped(self, state: CardState) -> CardState:
        """The same, with how it can be answered."""
        return replace(state, means=self.approval.means(state))

    def shown(self, state: CardState | DigestState | None) -> CardState | DigestState | None:
        """What a card is drawn of: with how it can be answered, or what would come of an answer for all."""
        if isinstance(state, CardState):
            return self.equipped(state)
        if isinstance(state, DigestState) and state.incident is not None:
            return replace(state, incident=self.previewing.of(state.incident))
        return state

    def offered(self, states: Sequence[CardState]) -> tuple[Suggestion, ...]:
        """Prepared texts for all who wrote something like these."""
        return self.drafts.for_many(states)

    async def state(self, mention_id: str) -> CardState | None:
        """What there is to answer and what was said, with how; None: the mention is not known.

        Raises: StoreError.
        """
        state = await self.store.card_of(mention_id)
        return self.equipped(state) if state else None

    def length(self, platform: str, text: str, to: str) -> Length | None:
        """As the platform counts in an answer to the post `to`; None: nothing can be published there."""
        replier = self.repliers.get(platform)
        return length_of(replier, to, text) if replier else None

    def price(self, platform: str, text: str, to: str) -> Price | None:
        """What it will cost to say this; None: nothing."""
        return price(self.repliers.get(platform), text, to)

    def wake(self) -> None:
        self.publisher.wake()

    async def suggestion(self, mention_id: str, number: int) -> Suggestion | None:
        """What is offered under this number on the card of a mention. Raises: StoreError."""
        state = await self.store.card_of(mention_id)
        offered = self.approval.suggest(state) if state else ()
        return offered[number - 1] if 0 < number <= len(offered) else None

    async def patch(self, mention_id: str, number: int) -> Patch | None:
        """What the file of answers would say if this reply were kept; None: it is not the newest any more.

        Raises: StoreError.
        """
        state = await self.store.card_of(mention_id)
        reply = state.reply if state else None
        if reply is None or reply.id != number or not reply.may_be_kept:
            return None
        answered = await self.store.card_of(reply.mention_id)  # the card may be that of a later question
        return await self.drafts.patch(answered, reply) if answered else None

    async def mention_of(self, channel: str, receipt: str) -> str | None:
        """Whichever channel the chat was read as: two of them may share one."""
        state = await self.store.carded(channel.partition(":")[0], receipt)
        return state.mention_id if state else None


def thread(state: CardState, whole: Whole | None) -> tuple[Said, ...]:
    """What was said, oldest first and the mention's own post last; what was taken back was not said."""
    post = state.mention.post
    spoken = whole.thread if whole is not None else ()
    before = [
        Said(who=_who(one, post.author_id), text=one.post.text or one.post.title)
        for one in spoken
        if one.post.id != post.id and not one.is_deleted
    ]
    if state.parent is not None and all(one.post.id != state.parent.id for one in spoken):
        before.insert(0, Said(who=Who.OTHER, text=state.parent.text))
    return (*before, Said(who=Who.AUTHOR, text=post.text or post.title))


def _who(one: Spoken, author: str) -> Who:
    if one.is_ours:
        return Who.US
    return Who.AUTHOR if one.post.author_id == author else Who.OTHER
