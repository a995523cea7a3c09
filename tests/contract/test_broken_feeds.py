"""Each rule of the suite for decision feeds has a broken twin that fails it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import BotError, Rejected, Unavailable
from bot.model import Cursor
from bot.staff import Press, Presses
from bot.testing import feed_contract
from bot.testing.feed_contract import FeedContract, FeedRig
from bot.testing.telegram_server import TOKEN
from connectors.telegram.feed import TelegramFeed, position
from tests.contract import _rigs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from connectors.telegram.updates import Incoming


class Eager(TelegramFeed):
    """Asks before anybody reads: see `Suite`."""


class ConfirmsFirst(TelegramFeed):
    """As the library's own Updater does: the next poll goes out before the presses are handled."""

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        offset = position(after)
        while True:
            updates = await self.api.updates(offset, poll=self.poll)
            offset = updates[-1].update_id + 1 if updates else offset
            await self.api.updates(offset, poll=timedelta())
            for presses in self._presses(updates):
                yield presses


class Changed(TelegramFeed):
    """Breaks what comes out of the real one."""

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        async for presses in super().read(after):
            yield self.changed(presses)

    def changed(self, presses: Presses) -> Presses:
        raise NotImplementedError


class NamesTheUser(Changed):
    def changed(self, presses: Presses) -> Presses:
        return replace(presses, presses=tuple(replace(one, person="Anna") for one in presses.presses))


class NaiveTimes(Changed):
    def changed(self, presses: Presses) -> Presses:
        naive = tuple(_naive(press) for press in presses.presses)
        return replace(presses, presses=naive)


def _naive(press: Press) -> Press:
    return replace(press, at=press.at.replace(tzinfo=None))


class Backwards(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        kept: list[Presses] = []
        async for presses in super().read(after):
            kept.append(presses)
            if len(kept) == 2:
                for one in reversed(kept):
                    yield one
                kept.clear()


class LagsBehind(Changed):
    def changed(self, presses: Presses) -> Presses:
        return replace(presses, cursor=Cursor(f"v1:{(position(presses.cursor) or 1) - 1}"))


class RunsAhead(Changed):
    def changed(self, presses: Presses) -> Presses:
        return replace(presses, cursor=Cursor(f"v1:{(position(presses.cursor) or 0) + 1}"))


class ForgetsChatter(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        async for presses in super().read(after):
            if presses.presses:
                yield presses


class HidesTheConflict(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        try:
            async for presses in super().read(after):
                yield presses
        except Unavailable as error:
            raise Unavailable("no connection") from error


class ForgetsToWait(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        try:
            async for presses in super().read(after):
                yield presses
        except Unavailable as error:
            raise Unavailable(str(error), reason=error.reason) from error


class Mute(TelegramFeed):
    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        """Says nothing."""


class RefusesLongAnswers(TelegramFeed):
    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        if len(text) > 200:
            raise Rejected("MESSAGE_TOO_LONG")
        await super().answer(press, text, is_loud=is_loud)


class SkipsEmptyAnswers(TelegramFeed):
    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        if text:
            await super().answer(press, text, is_loud=is_loud)


class MindsOldPresses(TelegramFeed):
    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        before = len(text)
        await super().answer(replace(press, id=press.id), text, is_loud=is_loud)
        raise Rejected(f"query is too old ({before})")


class LeaksInErrors(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        try:
            async for presses in super().read(after):
                yield presses
        except BotError as error:
            raise Unavailable(f"GET /bot{TOKEN}/getUpdates failed") from error


class LeaksInLogs(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        logging.getLogger(__name__).info("HTTP Request: POST /bot%s/getUpdates", TOKEN)
        async for presses in super().read(after):
            yield presses


class ReadsBehindYourBack(TelegramFeed):
    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        _TASKS.append(asyncio.create_task(self.api.updates(None, poll=self.poll)))
        for presses in self._presses(await asyncio.shield(_TASKS[-1])):
            yield presses


_TASKS: list[asyncio.Task[tuple[Incoming, ...]]] = []


TWINS: list[tuple[str, type[TelegramFeed]]] = [
    ("test_construction_is_silent", Eager),
    ("test_a_press_says_who_where_and_what", NamesTheUser),
    ("test_a_press_says_who_where_and_what", NaiveTimes),
    ("test_presses_come_in_order_and_once", Backwards),
    ("test_a_crash_before_the_commit_loses_no_press", ConfirmsFirst),
    ("test_nothing_is_confirmed_before_it_is_committed", ConfirmsFirst),
    ("test_every_cursor_resumes_with_exactly_the_rest", LagsBehind),
    ("test_every_cursor_resumes_with_exactly_the_rest", RunsAhead),
    ("test_updates_that_are_no_presses_only_move_the_cursor", ForgetsChatter),
    ("test_a_second_reader_is_told_so", HidesTheConflict),
    ("test_an_answer_reaches_the_person", Mute),
    ("test_a_long_answer_is_cut", RefusesLongAnswers),
    ("test_an_empty_answer_ends_the_waiting", SkipsEmptyAnswers),
    ("test_a_press_too_old_to_be_answered_is_no_error", MindsOldPresses),
    ("test_each_trouble_has_its_name", HidesTheConflict),
    ("test_each_trouble_has_its_name", ForgetsToWait),
    ("test_secrets_stay_secret", LeaksInErrors),
    ("test_secrets_stay_secret", LeaksInLogs),
    ("test_cancellation_leaves_nothing_open", ReadsBehindYourBack),
]


class Suite(FeedContract):
    """The suite with a twin in the rig."""

    def __init__(self, twin: type[TelegramFeed]) -> None:
        self.twin = twin

    def rig(self) -> AbstractAsyncContextManager[FeedRig]:
        return self._rig()

    @asynccontextmanager
    async def _rig(self) -> AsyncIterator[FeedRig]:
        async with _rigs.telegram_feed(self.twin) as rig:
            if self.twin is Eager:
                await _feed(rig).api.updates(None, poll=timedelta())
            try:
                yield rig
            finally:
                while _TASKS:
                    task = _TASKS.pop()
                    task.cancel()
                    await asyncio.wait([task])


def _feed(rig: FeedRig) -> TelegramFeed:
    feed = rig.open()
    assert isinstance(feed, TelegramFeed)
    return feed


@pytest.mark.parametrize(("rule", "twin"), TWINS)
async def test_a_broken_twin_fails_its_rule(
    rule: str, twin: type[TelegramFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that a broken feed passes would be no rule."""
    monkeypatch.setattr(feed_contract, "WITHIN", 0.5)
    with pytest.raises((AssertionError, BotError, TimeoutError)):
        await getattr(Suite(twin), rule)()


def test_each_rule_has_a_twin() -> None:
    """A new rule comes with a feed that breaks it."""
    rules = {name for name, _ in inspect.getmembers(FeedContract) if name.startswith("test_")}
    assert rules == {rule for rule, _ in TWINS}
