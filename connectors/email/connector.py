"""E-mail as a plug-in: the factories of its sides.

https://www.rfc-editor.org/rfc/rfc5321 (SMTP), https://www.rfc-editor.org/rfc/rfc6409 (submission). Knows
nothing of the library that speaks it: that one is an extra, and is imported when a factory is called. That it
is missing is said where the configuration is read (`settings`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.email.settings import AccountSettings, ChannelSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.findings import Exam, Finding
    from bot.ports import Notifier, Wiring


def _notifier(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> Notifier:
    from connectors.email.notifier import EmailNotifier  # noqa: PLC0415 - an extra
    from connectors.email.smtp import Server  # noqa: PLC0415

    return EmailNotifier(
        server=Server(account),
        account=account,
        channels=channels,
        clock=wiring.clock,
        texts=wiring.texts,
        page=wiring.page,
    )


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    from connectors.email.examine import examine  # noqa: PLC0415 - an extra

    async for finding in examine(exam, wiring.page):
        yield finding


CONNECTOR = Connector(
    name="email",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    examine=_examine,
)
