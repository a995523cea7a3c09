"""The decision feeds of Telegram and Slack pass the suite for feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.feed_contract import FeedContract
from tests.contract import _rigs, slack_rig

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.feed_contract import FeedRig


class TestTelegram(FeedContract):
    """Against the loopback Bot API."""

    def rig(self) -> AbstractAsyncContextManager[FeedRig]:
        return _rigs.telegram_feed()


class TestSlack(FeedContract):
    """slack-sdk, as it is, against the loopback Slack."""

    def rig(self) -> AbstractAsyncContextManager[FeedRig]:
        return slack_rig.slack_feed()
