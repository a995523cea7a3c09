"""Each rule of the suites for notifiers has a broken twin that fails it."""

from __future__ import annotations

import asyncio
import html
import inspect
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.staff import Card, Line, Receipt
from bot.testing.notifier_contract import KeyedNotifierContract, NotifierRig, a_card
from tests.contract import _rigs, email_rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bot.ports import Notifier


class Twin:
    """Like the real one, but for what a subclass breaks."""

    kind = "webhook"
    limits: tuple[tuple[int, timedelta], ...] = ()

    def __init__(self, inner: Notifier) -> None:
        self.inner = inner

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        return await self.inner.notify(channel, card, key=key)

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        return await self.inner.update(channel, receipt, card, key=key)


class Eager(Twin):
    """Says hello when it is made."""

    eager = True


class SendsInsteadOfEditing(Twin):
    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        return await self.inner.notify(channel, card, key=key)


class KnowsOneReceipt(Twin):
    first: Receipt | None = None

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        receipt = await self.inner.notify(channel, card, key=key)
        self.first = self.first or receipt
        return self.first


class RefusesTheSame(Twin):
    last: Card | None = None

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        if card == self.last:
            raise Rejected("message is not modified")
        self.last = card
        return await self.inner.update(channel, receipt, card, key=key)


class Escapes(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        lines = tuple(Line(text=html.escape(line.text)) for line in card.lines)
        return await self.inner.notify(channel, replace(card, lines=lines), key=key)


class RefusesLongTexts(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        if any(len(line.text) > 4096 for line in card.lines):
            raise Rejected("message is too long")
        return await self.inner.notify(channel, card, key=key)


class NaiveTimes(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        receipt = await self.inner.notify(channel, card, key=key)
        return Receipt(ref=receipt.ref, at=receipt.at.replace(tzinfo=None))


class OneErrorForAll(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        try:
            return await self.inner.notify(channel, card, key=key)
        except BotError as error:
            raise Unavailable("something") from error


class ForgetsToWait(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        try:
            return await self.inner.notify(channel, card, key=key)
        except Unavailable as error:
            raise Unavailable(str(error), reason=error.reason) from None


class LeaksInErrors(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        try:
            return await self.inner.notify(channel, card, key=key)
        except BotError as error:
            raise Unavailable(f"{error} ({_rigs.BODY_SECRET})", reason=Reason.SERVER) from error


class LeaksInLogs(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        logging.getLogger("twin").debug("POST https://x.example/?token=%s", _rigs.URL_SECRET)
        return await self.inner.notify(channel, card, key=key)


class LeaksInRepr(Twin):
    def __repr__(self) -> str:
        return f"Twin(secret={_rigs.WEBHOOK_SECRET})"


class StaysBroken(Twin):
    failed: BotError | None = None

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        if self.failed:
            raise self.failed
        try:
            return await self.inner.notify(channel, card, key=key)
        except BotError as error:
            self.failed = error
            raise


class GuessesTheChannel(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        return await self.inner.notify("care", card, key=key)


class GoesOnBehindYourBack(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        self.behind = asyncio.create_task(super().notify(channel, card, key=key))
        return await asyncio.shield(self.behind)


class SwallowsCancellation(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        try:
            return await self.inner.notify(channel, card, key=key)
        except asyncio.CancelledError:
            return Receipt(ref="?", at=_rigs.NOW)


class NewKeyEachTime(Twin):
    number = 0

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        self.number += 1
        return await self.inner.notify(channel, card, key=f"{key}{self.number}")


class OneKeyForAll(Twin):
    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        return await self.inner.notify(channel, card, key="k")

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        return await self.inner.update(channel, receipt, card, key="k")


TWINS: list[tuple[str, type[Twin]]] = [
    ("test_construction_is_silent", Eager),
    ("test_a_receipt_finds_the_message_again", SendsInsteadOfEditing),
    ("test_two_cards_are_two_messages", KnowsOneReceipt),
    ("test_the_same_content_again_is_success", RefusesTheSame),
    ("test_hostile_text_arrives_as_it_is", Escapes),
    ("test_a_text_of_any_length_arrives", RefusesLongTexts),
    ("test_receipts_know_their_time", NaiveTimes),
    ("test_each_trouble_has_its_name", OneErrorForAll),
    ("test_the_time_to_wait_is_read", ForgetsToWait),
    ("test_secrets_stay_secret", LeaksInErrors),
    ("test_secrets_stay_secret", LeaksInLogs),
    ("test_secrets_stay_secret", LeaksInRepr),
    ("test_it_works_again_after_trouble", StaysBroken),
    ("test_a_channel_that_nobody_configured_is_rejected", GuessesTheChannel),
    ("test_cancellation_leaves_nothing_open", GoesOnBehindYourBack),
    ("test_cancellation_leaves_nothing_open", SwallowsCancellation),
    ("test_the_key_reaches_the_platform", NewKeyEachTime),
    ("test_the_key_reaches_the_platform", OneKeyForAll),
]


class Suite(KeyedNotifierContract):
    """The suite with a twin in the rig."""

    def __init__(self, twin: type[Twin]) -> None:
        self.twin = twin

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return self._rig()

    @asynccontextmanager
    async def _rig(self) -> AsyncIterator[NotifierRig]:
        async with _rigs.webhook_notifier() as rig:
            notifier = self.twin(rig.notifier)
            if getattr(notifier, "eager", False):
                await notifier.notify(rig.channel, a_card(), key="hello")
            try:
                yield replace(rig, notifier=notifier)
            finally:
                if isinstance(notifier, GoesOnBehindYourBack):
                    notifier.behind.cancel()
                    await asyncio.wait([notifier.behind])


@pytest.mark.parametrize(("rule", "twin"), TWINS)
async def test_a_broken_twin_fails_its_rule(rule: str, twin: type[Twin]) -> None:
    """A rule that a broken notifier passes would be no rule."""
    with pytest.raises((AssertionError, BotError)):
        await getattr(Suite(twin), rule)()


@pytest.mark.parametrize("rule", sorted({rule for rule, _ in TWINS}))
async def test_an_unbroken_twin_passes(rule: str) -> None:
    """It is the break that fails, not the wrapping."""
    await getattr(Suite(Twin), rule)()


class LosesTheThread(Twin):
    """What it sends is found, but not by the receipt that it gives."""

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        return replace(await self.inner.update(channel, receipt, card, key=key), ref="<another@acme.example>")


class ByMail(Suite):
    @asynccontextmanager
    async def _rig(self) -> AsyncIterator[NotifierRig]:
        async with email_rig.email_notifier() as rig:
            yield replace(rig, notifier=self.twin(rig.notifier))


@pytest.mark.parametrize("twin", [SendsInsteadOfEditing, LosesTheThread])
async def test_what_cannot_be_changed_stays_in_its_thread(twin: type[Twin]) -> None:
    """Where a platform knows no editing, what follows is found by the receipt all the same."""
    await ByMail(Twin).test_a_receipt_finds_the_message_again()
    with pytest.raises(AssertionError):
        await ByMail(twin).test_a_receipt_finds_the_message_again()


def test_each_rule_has_a_twin() -> None:
    """A new rule comes with a notifier that breaks it."""
    rules = {name for name, _ in inspect.getmembers(KeyedNotifierContract) if name.startswith("test_")}
    assert rules == {rule for rule, _ in TWINS}
