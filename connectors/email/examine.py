"""What `outcare doctor` learns of the mail server: whether it takes our mails. It sends none.

Goes as far as the recipients' addresses and then takes it back (RSET): what is refused there would be refused
when it matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError, Unauthorized
from bot.findings import fine, mend, note
from connectors.email.message import needs_utf8
from connectors.email.refusals import Step
from connectors.email.smtp import asking, connected, leave, offer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiosmtplib import SMTP

    from bot.findings import Exam, Finding
    from connectors.email.settings import AccountSettings, ChannelSettings

_SERVER = "see server, port and security under `email:`"
_LOGIN = "see user under `email:`, and OUTCARE_EMAIL__PASSWORD; some providers want one made for programs"
_SAFE = {"starttls": "by STARTTLS", "tls": "by TLS", "none": "without TLS: whoever is in between can read"}


async def examine(exam: Exam, page: str) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    account: AccountSettings = exam.account
    try:
        smtp = await connected(account)
    except BotError as error:
        yield mend("email", str(error), _LOGIN if isinstance(error, Unauthorized) else _SERVER)
        return
    try:
        yield await _server(smtp, account)
        if not page:
            yield note("email", "mails hold no link to the page: it has no address", "set web.url")
        if not exam.channels:
            yield note("email", "no channel leads to it yet", "name one, docs/connectors/email.md tells how")
        for name, channel in exam.channels.items():
            yield await _channel(f"email:{name}" if name else "email", channel, smtp, account)
    finally:
        await leave(smtp)


async def _server(smtp: SMTP, account: AccountSettings) -> Finding:
    try:
        async with asking(Step.GREETING, account.place):
            await smtp.noop()
    except BotError as error:
        return mend("email", str(error), _SERVER)
    who = f"we are {account.user} there" if account.user else "we don't sign in"
    return fine("email", f"{account.place} can be reached {_SAFE[account.security]}; {who}")


async def _channel(about: str, channel: ChannelSettings, smtp: SMTP, account: AccountSettings) -> Finding:
    is_utf8 = needs_utf8(account.sender, *channel.recipients)
    refused = []
    try:
        async with asking(Step.SENDER, account.place):
            await offer(smtp, account.sender, is_utf8=is_utf8)
        for recipient in channel.recipients:
            try:
                async with asking(Step.RECIPIENT, account.place):
                    await smtp.rcpt(recipient, encoding="utf-8" if is_utf8 else "ascii")
            except BotError as error:
                refused.append(f"{recipient}: {error}")
        async with asking(Step.SENDER, account.place):
            await smtp.rset()
    except BotError as error:
        return mend(about, str(error), "see sender under `email:`: the user must be allowed to send as it")
    if refused:
        return mend(
            about, "; ".join(refused), "see the addresses in `to`; what is refused for now may pass later"
        )
    count = len(channel.recipients)
    taken = f"{count} addresses are taken" if count > 1 else f"{channel.recipients[0]} is taken"
    return fine(about, f"{taken}; nothing was sent (outcare doctor --send sends a mail)")
