"""Everything that belongs to answering, put together: what is offered, who approves, what goes out.

Knows how approval, publishing and the store fit; it knows no platform, no SQL and no wording.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.approval import Approval
from bot.cards import suggested
from bot.decisions import Policy
from bot.errors import BotError
from bot.metrics import Metrics
from bot.ports import Clock
from bot.publishing import Publisher, ReplyStore
from bot.records import CardState, Leased
from bot.replies import Length, Replier, Suggestion
from bot.staff import Verb


class AnswerStore(ReplyStore, Protocol):
    """What answering needs of the store besides."""

    async def card_of(self, mention_id: str) -> CardState | None:
        """What the card of a mention shows now; None: it is not known."""
        ...

    async def mention_of(self, channel: str, receipt: str) -> str | None:
        """Which mention the card is about that staff sees in `channel` as this message."""
        ...


@dataclass(kw_only=True)
class Answering:
    """`repliers` by platform. `deliver` gets card updates, `on_unauthorized` an account to be seen to."""

    repliers: Mapping[str, Replier]
    store: AnswerStore
    clock: Clock
    metrics: Metrics
    deliver: Callable[[tuple[Leased, ...]], None]
    on_unauthorized: Callable[[str, BotError], None]
    approval: Approval = field(init=False)
    publisher: Publisher = field(init=False)

    def __post_init__(self) -> None:
        self.approval = Approval(repliers=self.repliers, now=self._now, suggest=suggestions)
        self.publisher = Publisher(
            store=self.store,
            repliers=self.repliers,
            clock=self.clock,
            metrics=self.metrics,
            deliver=self.deliver,
            on_unauthorized=self.on_unauthorized,
        )

    def _now(self) -> datetime:
        return self.clock.now()

    @property
    def policies(self) -> Mapping[Verb, Policy]:
        return self.approval.policies

    def equipped(self, state: CardState) -> CardState:
        """The same, with how it can be answered."""
        return replace(state, means=self.approval.means(state))

    async def state(self, mention_id: str) -> CardState | None:
        """What there is to answer and what was said, with how; None: the mention is not known.

        Raises: StoreError.
        """
        state = await self.store.card_of(mention_id)
        return self.equipped(state) if state else None

    def length(self, platform: str, text: str) -> Length | None:
        """As the platform counts; None: nothing can be published there."""
        replier = self.repliers.get(platform)
        return replier.length(text) if replier else None

    def wake(self) -> None:
        self.publisher.wake()

    async def suggestion(self, mention_id: str, number: int) -> Suggestion | None:
        """What is offered under this number on the card of a mention. Raises: StoreError."""
        state = await self.store.card_of(mention_id)
        offered = self.approval.suggest(state) if state else ()
        return offered[number - 1] if 0 < number <= len(offered) else None

    async def mention_of(self, channel: str, receipt: str) -> str | None:
        return await self.store.mention_of(channel, receipt)


def suggestions(state: CardState) -> tuple[Suggestion, ...]:
    """The draft of the rules, filled in."""
    text = suggested(state)
    return (Suggestion(text=text, name=state.verdict.draft or ""),) if text else ()
