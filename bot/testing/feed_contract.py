"""The suite that every decision feed must pass; a plug-in's test class inherits it and gives its `rig`.

It plays the caller that commits: what was committed before a crash does not come again, what was not does.
Knows no platform: a rig shows its side. Needs no pytest.
"""

from __future__ import annotations

import asyncio
import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from bot.errors import BotError, Reason, Unavailable
from bot.testing.notifier_contract import Trouble, called_off, seen_logs, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.model import Cursor
    from bot.ports import DecisionFeed
    from bot.staff import Press, Presses

WITHIN = 5.0
"""Seconds that anything may take."""


@dataclass(kw_only=True)
class FeedRig:
    """A feed and the platform behind it.

    `open` gives a fresh feed, as after a restart. `press` lets somebody press a button and gives the press's
    id, `noise` makes an update that is no press, `expire` makes all presses too old to be answered.
    `confirmed` counts the updates that the platform was told have arrived, `waiting` says whether somebody
    reads just now, `answers` are the (press id, text) that people saw, `in_flight` our open requests.
    `token`, `person`, `channel` are what each press must say. `failed`: of which presses people were told
    that they came to nothing, on a platform that keeps no position and sends none again; None: what was not
    confirmed comes again.
    """

    open: Callable[[], DecisionFeed]
    press: Callable[[], str]
    noise: Callable[[], None]
    expire: Callable[[], None]
    confirmed: Callable[[], int]
    waiting: Callable[[], bool]
    answers: Callable[[], list[tuple[str, str]]]
    requests: Callable[[], int]
    in_flight: Callable[[], int]
    token: str
    person: str
    channel: str
    troubles: tuple[Trouble, ...]
    secrets: tuple[str, ...]
    failed: Callable[[], list[str]] | None = None


class FeedContract(ABC):
    """What `bot.ports.DecisionFeed` promises."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[FeedRig]:
        """A fresh platform; closes it afterwards."""

    async def test_construction_is_silent(self) -> None:
        """A feed asks the platform nothing before it is read."""
        async with self.rig() as rig:
            rig.open()
            assert rig.requests() == 0, "something was asked before anybody read"

    async def test_a_press_says_who_where_and_what(self) -> None:
        """Identity as `kind:id`, the configured channel, the button's token, an aware time."""
        async with self.rig() as rig:
            press_id = rig.press()
            press = (await _presses(rig.open(), None, 1))[0]
            assert press.id == press_id
            assert press.token == rig.token
            assert press.person == rig.person
            assert press.channel == rig.channel
            assert press.at.tzinfo is not None, "a naive time"

    async def test_presses_come_in_order_and_once(self) -> None:
        """Whoever pressed first is first, also across several reads of the platform."""
        async with self.rig() as rig:
            expected = [rig.press(), rig.press()]
            reading = asyncio.create_task(_presses(rig.open(), None, 4))
            await until(rig.waiting)
            expected += [rig.press(), rig.press()]
            found = [press.id for press in await reading]
            assert expected == found, f"{expected} became {found}"

    async def test_a_crash_before_the_commit_loses_no_press(self) -> None:
        """What was taken but not committed comes again, or whoever pressed sees that it failed."""
        async with self.rig() as rig:
            press_id = rig.press()
            if rig.failed is not None:
                await _items(rig.open(), None, 1)
                await until(lambda: rig.failed is None or rig.failed() == [press_id])
                return
            for _ in range(2):
                first = (await _presses(rig.open(), None, 1))[0]
                assert first.id == press_id

    async def test_nothing_is_confirmed_before_it_is_committed(self) -> None:
        """The platform hears of a press only when the caller comes for the next item."""
        async with self.rig() as rig:
            rig.press()
            items = _read(rig.open(), None)
            await _next(items)
            assert rig.confirmed() == 0, "confirmed before the caller could commit"
            following = asyncio.create_task(_next(items))
            await until(rig.waiting)
            assert rig.confirmed() == 1, "never confirmed"
            await called_off(following)

    async def test_every_cursor_resumes_with_exactly_the_rest(self) -> None:
        """After each committed item a restart goes on where it was; what was confirmed never comes again."""
        async with self.rig() as rig:
            expected = [rig.press() for _ in range(3)]
            items = await _items(rig.open(), None, 3)
            if rig.failed is not None:
                await until(lambda: rig.failed is None or rig.failed() == expected[2:])
                expected = [rig.press()]
                assert expected == [press.id for press in await _presses(rig.open(), None, 1)]
                return
            for number, item in enumerate(items[:-1], start=1):
                rest = await _presses(rig.open(), item.cursor, 3 - number)
                assert expected[number:] == [press.id for press in rest]

    async def test_updates_that_are_no_presses_only_move_the_cursor(self) -> None:
        """Chatter in the group neither stops presses nor comes again."""
        async with self.rig() as rig:
            rig.noise()
            if rig.failed is not None:
                press_id = rig.press()
                found = await _items(rig.open(), None, 1)
                assert [press_id] == [press.id for press in found[0].presses], "chatter is in the way"
                assert rig.confirmed() == 1, "the chatter will come again"
                return
            first = (await _items(rig.open(), None, 1))[0]
            assert (first.presses, first.cursor is None) == ((), False), "chatter must move the cursor"
            press_id = rig.press()
            again = (await _items(rig.open(), first.cursor, 1))[0]
            assert [press.id for press in again.presses] == [press_id], "the chatter came again"

    async def test_a_second_reader_is_told_so(self) -> None:
        """Two programs on one token would take presses from each other: one of them must stop, by name."""
        async with self.rig() as rig:
            first = asyncio.create_task(_next(_read(rig.open(), None)))
            await until(rig.waiting)
            second = asyncio.create_task(_next(_read(rig.open(), None)))
            done, pending = await asyncio.wait(
                [first, second], timeout=WITHIN, return_when=asyncio.FIRST_COMPLETED
            )
            for task in pending:
                await called_off(task)
            errors = [task.exception() for task in done]
            assert errors, "both read on"
            assert isinstance(errors[0], Unavailable)
            assert errors[0].reason is Reason.CONFLICT

    async def test_an_answer_reaches_the_person(self) -> None:
        """In a toast or in a box."""
        async with self.rig() as rig:
            feed, press_id = rig.open(), rig.press()
            async with _reading(feed) as press:
                await feed.answer(press, "Yours.", is_loud=False)
            assert (press_id, "Yours.") in rig.answers()

    async def test_a_long_answer_is_cut(self) -> None:
        """Whatever the platform's limit is, the person is told the beginning."""
        async with self.rig() as rig:
            feed = rig.open()
            rig.press()
            press = (await _presses(feed, None, 1))[0]
            await feed.answer(press, "😀 because " * 100, is_loud=True)
            assert rig.answers()[0][1].startswith("😀 because 😀 because")

    async def test_an_empty_answer_ends_the_waiting(self) -> None:
        """Nothing to say is still an answer: the button's spinner stops."""
        async with self.rig() as rig:
            feed, press_id = rig.open(), rig.press()
            async with _reading(feed) as press:
                await feed.answer(press, "", is_loud=False)
                await until(lambda: (press_id, "") in rig.answers())

    async def test_a_press_too_old_to_be_answered_is_no_error(self) -> None:
        """The decision stands; only the toast is lost."""
        async with self.rig() as rig:
            feed = rig.open()
            rig.press()
            press = (await _presses(feed, None, 1))[0]
            rig.expire()
            await feed.answer(press, "Yours.", is_loud=False)
            assert rig.answers() == []

    async def test_each_trouble_has_its_name(self) -> None:
        """And a press made in between is not lost by it."""
        async with self.rig() as rig:
            assert rig.troubles, "a rig names at least one trouble"
            for trouble in rig.troubles:
                error = await _failure(rig.open(), trouble)
                assert type(error) is trouble.becomes, f"{trouble.name}: {type(error).__name__}"
                assert error.reason is trouble.reason, f"{trouble.name}: {error.reason}"
                waits = error.retry_after if isinstance(error, Unavailable) else None
                assert waits == trouble.retry_after, f"{trouble.name}: {waits}"
            press_id = rig.press()
            assert [press_id] == [press.id for press in await _presses(rig.open(), None, 1)]

    async def test_secrets_stay_secret(self) -> None:
        """Neither credentials nor what a platform answered appear in errors, their causes, repr or logs."""
        async with self.rig() as rig, seen_logs() as logs:
            feed = rig.open()
            seen = [repr(feed)]
            for trouble in rig.troubles:
                seen += traceback.format_exception(await _failure(feed, trouble))
            rig.press()
            press = (await _presses(feed, None, 1))[0]
            told = "\n".join([*seen, repr(press), *logs])
            assert rig.secrets, "a rig names its secrets"
            for secret in rig.secrets:
                assert secret not in told, f"a secret was shown: …{secret[-4:]}"

    async def test_cancellation_leaves_nothing_open(self) -> None:
        """A reader that is called off while it waits closes its connection."""
        async with self.rig() as rig:
            reading = asyncio.create_task(_next(_read(rig.open(), None)))
            await until(rig.waiting)
            await called_off(reading)
            assert rig.in_flight() == 0, "the request goes on"


# --- the caller's side ----------------------------------------------------------------------------


def _read(feed: DecisionFeed, after: Cursor | None) -> AsyncGenerator[Presses, None]:
    return cast("AsyncGenerator[Presses, None]", feed.read(after))


@asynccontextmanager
async def _reading(feed: DecisionFeed) -> AsyncIterator[Press]:
    """The first press, while the feed is being read: that is when a desk answers."""
    items = _read(feed, None)
    try:
        yield (await _next(items)).presses[0]
    finally:
        await items.aclose()


async def _next(items: AsyncGenerator[Presses, None]) -> Presses:
    async with asyncio.timeout(WITHIN):
        return await anext(items)


async def _items(feed: DecisionFeed, after: Cursor | None, count: int) -> list[Presses]:
    """The first `count` items, then a crash: the feed never learns whether they were committed."""
    items = _read(feed, after)
    try:
        return [await _next(items) for _ in range(count)]
    finally:
        await items.aclose()


async def _presses(feed: DecisionFeed, after: Cursor | None, count: int) -> list[Press]:
    """As `_items`, until there are `count` presses."""
    items, found = _read(feed, after), list["Press"]()
    try:
        while len(found) < count:
            found += (await _next(items)).presses
    finally:
        await items.aclose()
    return found


async def _failure(feed: DecisionFeed, trouble: Trouble) -> BotError:
    trouble.plant()
    items = _read(feed, None)
    try:
        await _next(items)
    except BotError as error:
        return error
    finally:
        await items.aclose()
    raise AssertionError(f"{trouble.name}: nothing was raised")
