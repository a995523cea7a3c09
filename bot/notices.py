"""Plain messages to staff about ourselves: a channel that refuses, buttons that do nothing, a bad reload.

Knows which channels there are and which of them work; not how one is written to, which is the outbox's work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from dataclasses import dataclass, field

import structlog

from bot.briefing import is_direct
from bot.errors import BotError, Reason
from bot.expenses import Bill, Purse
from bot.ports import Clock
from bot.storing import Store
from bot.texts.catalogue import Texts

log = structlog.get_logger()


@dataclass(kw_only=True)
class Notices:
    """`channels` in the order in which they are tried; `failing` tells which do not work just now.

    `wake` is called when there is something to deliver.
    """

    store: Store
    clock: Clock
    texts: Texts
    channels: tuple[str, ...]
    failing: Callable[[], Container[str]]
    wake: Callable[[], None]
    _asides: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _told_of_money: set[str] = field(default_factory=set, init=False)

    def channel_refused(self, channel: str, error: BotError) -> None:
        """A dead staff chat must not be silent: tell it once, through another channel."""
        if is_direct(channel):  # whom no bot may write to first hears of it nowhere else
            text = self.texts.say("notice.person_refused", channel=channel, cause=error)
            self.tell(f"refused:{channel}:{error.reason.value}", text, once=True)
            return
        text = self.texts.say("notice.channel_refused", channel=channel, cause=error)
        self.tell(f"refused:{channel}:{error.reason.value}", text, not_by=lambda name: name == channel)

    def feed_failed(self, feed: str, error: BotError) -> None:
        """Buttons that do nothing are worse than none: tell it once, on a channel of another kind."""
        if error.reason in {Reason.UNAUTHORIZED, Reason.CONFLICT}:
            self.tell(
                f"feed:{feed}:{error.reason.value}",
                self.texts.say("notice.feed_failed", feed=feed, cause=error),
                not_by=lambda name: name.partition(":")[0] == feed,
            )

    def account_refused(self, platform: str, error: BotError) -> None:
        """Nothing is published with a password that is wrong: somebody must see to it."""
        text = self.texts.say("notice.account_refused", platform=self.texts.platform(platform), cause=error)
        self.tell(f"account:{platform}:{error.reason.value}", text)

    def budget(self, bill: Bill) -> None:
        """Once a month that a budget runs low, once that it is spent, and once that there is money again."""
        if bill.is_again and bill.purse is not Purse.EMPTY:
            self._tell_of_money(bill, "again")
        if bill.purse is not Purse.FULL:
            self._tell_of_money(bill, bill.purse.value)

    def _tell_of_money(self, bill: Bill, what: str) -> None:
        key = f"budget:{bill.platform}:{bill.month}:{bill.budget}:{what}"
        if key in self._told_of_money:
            return
        self._told_of_money.add(key)
        text = self.texts.say(
            f"notice.budget_{what}",
            platform=self.texts.platform(bill.platform),
            month=bill.month,
            spent=bill.money(bill.spent),
            budget=bill.money(bill.budget),
        )
        self.tell(key, text, once=True)

    def tell(
        self, key: str, text: str, *, not_by: Callable[[str], bool] = lambda _: False, once: bool = False
    ) -> None:
        """A notice by the first channel that works; the same `key` once an hour, or `once` for ever."""
        failing = self.failing()
        works = (name for name in self.channels if not not_by(name) and name not in failing)
        if (channel := next(works, None)) is not None:
            whole = key if once else f"{key}:{self.clock.now():%Y-%m-%dT%H}"
            task = asyncio.create_task(self._store(whole, channel, text))
            self._asides.add(task)
            task.add_done_callback(self._asides.discard)

    async def _store(self, key: str, channel: str, text: str) -> None:
        try:
            await self.store.notice(key, channel, text, now=self.clock.now())
        except BotError as error:
            log.warning("notice.failed", reason=str(error))
        else:
            self.wake()

    async def stop(self) -> None:
        """Give up what is not stored yet."""
        for task in self._asides:
            task.cancel()
        await asyncio.gather(*self._asides, return_exceptions=True)
