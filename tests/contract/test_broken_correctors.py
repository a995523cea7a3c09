"""Each rule of the suite for correctors has a broken twin that fails it."""

from __future__ import annotations

import html
import inspect
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.errors import BotError, Rejected, Unavailable, Unknown
from bot.testing.replier_contract import CorrectorContract, ReplierContract, ReplierRig, corrector
from tests.contract.telegram_rig import telegram_replier
from tests.contract.test_broken_repliers import Twin as ReplierTwin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bot.replies import Outgoing


class Twin(ReplierTwin):
    """Like Telegram's, but for what a subclass breaks."""

    platform = "telegram"
    is_idempotent = False

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        await corrector(self.inner).correct(post_id, reply)


class SaysItOnceMore(Twin):
    async def correct(self, post_id: str, reply: Outgoing) -> None:
        await self.inner.publish(reply)


class RefusesTheSame(Twin):
    last = ""

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        if reply.text == self.last:
            raise Rejected("it says so already")
        self.last = reply.text
        await super().correct(post_id, reply)


class Escapes(Twin):
    async def correct(self, post_id: str, reply: Outgoing) -> None:
        await super().correct(post_id, replace(reply, text=html.escape(reply.text)))


class Cuts(Twin):
    async def correct(self, post_id: str, reply: Outgoing) -> None:
        await super().correct(post_id, replace(reply, text=reply.text[:2000] or "-"))


class SaysWhatIsGoneAgain(Twin):
    async def correct(self, post_id: str, reply: Outgoing) -> None:
        try:
            await super().correct(post_id, reply)
        except Rejected:
            await self.inner.publish(reply)


class SaysNothing(Twin):
    async def correct(self, post_id: str, reply: Outgoing) -> None:
        with suppress(Unavailable, Unknown):
            await super().correct(post_id, reply)


class CallsItUnavailable(Twin):
    async def correct(self, post_id: str, reply: Outgoing) -> None:
        try:
            await super().correct(post_id, reply)
        except Unknown as error:
            raise Unavailable(str(error)) from error


TWINS: list[tuple[str, type[Twin]]] = [
    ("test_a_reply_can_be_corrected", SaysItOnceMore),
    ("test_a_reply_can_be_corrected", RefusesTheSame),
    ("test_a_reply_can_be_corrected", Cuts),
    ("test_a_correction_is_text_too", Escapes),
    ("test_what_is_gone_or_too_long_is_not_corrected", Cuts),
    ("test_what_is_gone_or_too_long_is_not_corrected", SaysWhatIsGoneAgain),
    ("test_a_correction_without_a_connection_is_none", SaysNothing),
    ("test_a_lost_correction_may_be_asked_for_again", CallsItUnavailable),
    ("test_a_lost_correction_may_be_asked_for_again", RefusesTheSame),
]


class Suite(CorrectorContract):
    """The suite with a twin in the rig."""

    def __init__(self, twin: type[Twin]) -> None:
        self.twin = twin

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return self._rig()

    @asynccontextmanager
    async def _rig(self) -> AsyncIterator[ReplierRig]:
        async with telegram_replier() as rig:
            replier, reborn = self.twin(rig.replier), rig.reborn
            same = {"last": replier} if self.twin is RefusesTheSame else {}
            yield replace(rig, replier=replier, reborn=lambda: same.get("last") or self.twin(reborn()))


@pytest.mark.parametrize(("rule", "twin"), TWINS)
async def test_a_broken_twin_fails_its_rule(rule: str, twin: type[Twin]) -> None:
    """A rule that a broken corrector passes would be no rule."""
    with pytest.raises((AssertionError, BotError)):
        await getattr(Suite(twin), rule)()


@pytest.mark.parametrize("rule", sorted({rule for rule, _ in TWINS}))
async def test_an_unbroken_twin_passes(rule: str) -> None:
    """It is the break that fails, not the wrapping."""
    await getattr(Suite(Twin), rule)()


def test_each_rule_has_a_twin() -> None:
    """A new rule comes with a corrector that breaks it."""
    known = {name for name, _ in inspect.getmembers(ReplierContract) if name.startswith("test_")}
    rules = {name for name, _ in inspect.getmembers(CorrectorContract) if name.startswith("test_")}
    assert rules - known == {rule for rule, _ in TWINS}
