"""Telegram, Slack, webhook, e-mail and console pass the suites for notifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.notifier_contract import KeyedNotifierContract, NetworkNotifierContract, NotifierContract
from tests.contract import _rigs, email_rig, slack_rig

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.notifier_contract import NotifierRig


class TestTelegram(NetworkNotifierContract):
    """Against the loopback Bot API."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return _rigs.telegram_notifier()


class TestSlack(NetworkNotifierContract):
    """slack-sdk, as it is, against the loopback Slack."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return slack_rig.slack_notifier()


class TestWebhook(KeyedNotifierContract):
    """Against the loopback receiver."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return _rigs.webhook_notifier()


class TestEmail(KeyedNotifierContract):
    """Against a real mail server (aiosmtpd)."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return email_rig.email_notifier()


class TestConsole(NotifierContract):
    """On a terminal that is a string."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return _rigs.console_notifier()
