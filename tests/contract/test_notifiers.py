"""Every channel passes the suites for notifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.notifier_contract import KeyedNotifierContract, NetworkNotifierContract, NotifierContract
from tests.contract import _rigs, email_rig, pager_rigs, slack_rig

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


class TestNtfy(NetworkNotifierContract):
    """Against the loopback ntfy."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return pager_rigs.ntfy_notifier()


class TestPagerDuty(NetworkNotifierContract):
    """Against the loopback Events API."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return pager_rigs.pagerduty_notifier()


class TestApprise(NetworkNotifierContract):
    """Apprise as it is, by its plug-in for JSON, against the loopback receiver."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return pager_rigs.apprise_notifier()

    async def test_the_time_to_wait_is_read(self) -> None:
        """Apprise hands on no header: nobody claims to know."""
        async with self.rig() as rig:
            assert {None} == {trouble.retry_after for trouble in rig.troubles}


class TestConsole(NotifierContract):
    """On a terminal that is a string."""

    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        return _rigs.console_notifier()
