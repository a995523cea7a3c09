"""What the suite for feeds asks of a platform without positions has broken twins that fail it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import BotError
from bot.staff import Presses
from bot.testing import feed_contract
from bot.testing.feed_contract import FeedContract, FeedRig
from bot.testing.notifier_contract import until
from connectors.slack.feed import SlackFeed
from connectors.slack.incoming import incoming
from connectors.slack.lines import Lines
from tests.contract.slack_rig import slack_feed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from bot.model import Cursor


class _Own(SlackFeed):
    """Reads by itself, as its twins say."""

    acknowledges_first = False
    hears_chatter = True

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        me = await self.api.me()
        lines = Lines(self.api, self.http)
        try:
            while True:
                envelope = await lines.next()
                found = incoming(envelope.kind, envelope.payload, me.person)
                if found is None and not self.hears_chatter:
                    continue
                if found is None or self.acknowledges_first:
                    await envelope.acknowledge()
                if found is not None:
                    yield Presses(presses=(self._press(found),))
        finally:
            await lines.close()


class AcknowledgesFirst(_Own):
    """As the library's examples do: a crash behind it loses the press, and nobody is told."""

    acknowledges_first = True


class NeverAcknowledges(_Own):
    """Every press works, and whoever pressed is told that it failed."""


class LeavesChatter(_Own):
    """What is no press comes again and again."""

    hears_chatter = False


class Suite(FeedContract):
    def __init__(self, feed: type[SlackFeed]) -> None:
        self.feed = feed

    def rig(self) -> AbstractAsyncContextManager[FeedRig]:
        return slack_feed(self.feed)


@pytest.mark.parametrize(
    ("rule", "twin"),
    [
        ("test_a_crash_before_the_commit_loses_no_press", AcknowledgesFirst),
        ("test_every_cursor_resumes_with_exactly_the_rest", AcknowledgesFirst),
        ("test_nothing_is_confirmed_before_it_is_committed", NeverAcknowledges),
        ("test_every_cursor_resumes_with_exactly_the_rest", NeverAcknowledges),
        ("test_updates_that_are_no_presses_only_move_the_cursor", LeavesChatter),
    ],
)
async def test_a_broken_twin_fails_its_rule(
    rule: str, twin: type[SlackFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that a broken feed passes would be no rule."""

    async def sooner(is_true: Callable[[], bool]) -> None:
        await until(is_true, within=0.5)

    monkeypatch.setattr(feed_contract, "until", sooner)
    with pytest.raises((AssertionError, BotError, TimeoutError)):
        await getattr(Suite(twin), rule)()
