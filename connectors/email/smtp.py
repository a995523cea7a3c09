"""The wire to the server that takes our mails: one connection for as long as others wait for it.

The only place that names aiosmtplib. It knows addresses and bytes; not what a mail says. Nothing stays open
when nobody waits, so that there is nothing to look after between two alerts, and nothing to close at the end.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiosmtplib import SMTP, SMTPConnectResponseError, SMTPException, SMTPResponseException

from bot.errors import BotError, Reason, Rejected, Unavailable
from connectors.email.refusals import Step, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from connectors.email.settings import AccountSettings

ANSWER_WITHIN = 10.0
"""Seconds for one answer; the outbox gives a whole delivery 15."""

MOST_PER_CONNECTION = 50
"""Servers end a connection that brings too much; this is below what any is known to take."""
_GOODBYE_WITHIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What goes over the wire. `is_utf8`: an address needs SMTPUTF8."""

    sender: str
    to: tuple[str, ...]
    content: bytes
    is_utf8: bool = False


class Server:
    """`send` a mail; those that come meanwhile go over the same connection."""

    def __init__(self, settings: AccountSettings, *, answer_within: float = ANSWER_WITHIN) -> None:
        self.place = settings.place
        self._settings, self._answer_within = settings, answer_within
        self._turn = asyncio.Lock()
        self._waiting = self._carried = 0
        self._smtp: SMTP | None = None

    @property
    def is_connected(self) -> bool:
        return self._smtp is not None

    async def send(self, sending: Sending) -> None:
        """Content when at least one recipient is taken. Raises: Unavailable, Unauthorized, Rejected.

        What breaks off after the text was sent may have arrived: tried again, it has the same Message-ID.
        """
        self._waiting += 1
        try:
            async with self._turn:
                await self._send(sending)
        finally:
            self._waiting -= 1

    async def _send(self, sending: Sending) -> None:
        is_over = False
        try:
            smtp = await self._begun(sending)
            await self._addressed(smtp, sending)
            async with self._asking(Step.TEXT):
                await smtp.data(sending.content)
            is_over = True
        finally:
            self._carried += 1
            if not is_over:
                self._drop()
            elif self._waiting == 1 or self._carried >= MOST_PER_CONNECTION:
                await self._leave()

    async def _begun(self, sending: Sending) -> SMTP:
        """A connection on which the sender is taken; one that grew old while it was ours is replaced."""
        if self._smtp is not None:
            try:
                await self._from(self._smtp, sending)
            except Unavailable:
                self._drop()
            else:
                return self._smtp
        self._smtp, self._carried = await self._connected(), 0
        await self._from(self._smtp, sending)
        return self._smtp

    async def _connected(self) -> SMTP:
        return await connected(self._settings, answer_within=self._answer_within)

    async def _from(self, smtp: SMTP, sending: Sending) -> None:
        if sending.is_utf8 and not smtp.supports_extension("smtputf8"):
            raise Rejected(f"{self.place} takes only addresses of plain letters", reason=Reason.INVALID)
        async with self._asking(Step.SENDER):
            await offer(smtp, sending.sender, is_utf8=sending.is_utf8)

    async def _addressed(self, smtp: SMTP, sending: Sending) -> None:
        refusals: list[BotError] = []
        for recipient in sending.to:
            try:
                async with self._asking(Step.RECIPIENT):
                    await smtp.rcpt(recipient, encoding="utf-8" if sending.is_utf8 else "ascii")
            except (Rejected, Unavailable) as error:
                if not smtp.is_connected:
                    raise
                refusals.append(error)
        if len(refusals) == len(sending.to):  # and one that may still take it is asked again
            raise next((error for error in refusals if isinstance(error, Unavailable)), refusals[0])

    def _asking(self, step: Step) -> AbstractAsyncContextManager[None]:
        return asking(step, self.place, self._answer_within)

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    async def _leave(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            await leave(smtp)


async def connected(settings: AccountSettings, *, answer_within: float = ANSWER_WITHIN) -> SMTP:
    """Connected, protected and signed in, as is configured. Raises: Unavailable, Unauthorized, Rejected.

    We greet by the name of the sender's domain: this machine's own says nothing to anybody, and may take
    seconds to find out.
    """
    smtp = SMTP(
        hostname=settings.server,
        port=settings.at,
        local_hostname=settings.sender.rpartition("@")[2],
        timeout=None,  # the library's own swallows a cancellation that comes just then (before Python 3.12)
        use_tls=settings.security == "tls",
        start_tls=False,
    )
    try:
        async with asking(Step.GREETING, settings.place, answer_within):
            await smtp.connect()
            await smtp.ehlo()
        if settings.security == "starttls":
            await _protect(smtp, settings.place, answer_within)
        if settings.user is not None and settings.password is not None:
            async with asking(Step.LOGIN, settings.place, answer_within):
                await _way_in(smtp, settings.place)(settings.user, settings.password.get_secret_value())
    except BaseException:
        smtp.close()
        raise
    return smtp


async def _protect(smtp: SMTP, place: str, answer_within: float) -> None:
    if not smtp.supports_extension("starttls"):  # never in plain text instead: who took it away may listen
        raise Rejected(f"{place} offers no STARTTLS (security: tls, or none)", reason=Reason.FORBIDDEN)
    async with asking(Step.GREETING, place, answer_within):
        await smtp.starttls()
        await smtp.ehlo()


def _way_in(smtp: SMTP, place: str) -> Callable[[str, str], Awaitable[object]]:
    """One only: the library's own `login` tries all, and three wrong passwords lock some accounts."""
    ways = {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
    way = next((ask for name, ask in ways.items() if name in smtp.server_auth_methods), None)
    if way is None:
        raise Rejected(
            f"{place} lets nobody sign in (leave out user, or see security)", reason=Reason.INVALID
        )
    return way


async def offer(smtp: SMTP, sender: str, *, is_utf8: bool) -> None:
    options = ["SMTPUTF8", "BODY=8BITMIME"] if is_utf8 else []
    await smtp.mail(sender, options=options, encoding="utf-8" if is_utf8 else "ascii")


async def leave(smtp: SMTP) -> None:
    """Say goodbye, and don't wait long for an answer: what was to be done is done."""
    try:
        with suppress(SMTPException, OSError):
            async with asyncio.timeout(_GOODBYE_WITHIN):
                await smtp.quit()
    finally:
        smtp.close()


@asynccontextmanager
async def asking(step: Step, place: str, within: float = ANSWER_WITHIN) -> AsyncIterator[None]:
    """What the library raises, in our words. A server's own words are left behind."""
    try:
        async with asyncio.timeout(within):
            yield
    except SMTPResponseException as error:
        refused = refusal(error.code, error.message, step=step, place=place)
        if isinstance(error, SMTPConnectResponseError) and isinstance(refused, Unavailable):
            refused.unsent = True
        raise refused from None  # the library's error holds what the server said
    except (SMTPException, OSError) as error:
        raise _broken(error, step, place) from error


def _broken(error: Exception, step: Step, place: str) -> BotError:
    """A connection that does not come about, or ends."""
    cause = error
    while cause.__cause__ is not None and isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        said = f"{place} shows a certificate that cannot be trusted ({cause.verify_message})"
        return Rejected(said, reason=Reason.FORBIDDEN)
    if isinstance(cause, ssl.SSLError):
        said = f"there is no TLS with {place} (security: starttls, tls or none?)"
        return Unavailable(said, reason=Reason.PROTOCOL)
    is_unsent = step is Step.GREETING
    if isinstance(error, TimeoutError):
        return Unavailable(f"{place} does not answer in time", reason=Reason.TIMEOUT, unsent=is_unsent)
    said = "can't be reached" if is_unsent else "hung up"
    return Unavailable(f"{place} {said}", reason=Reason.CONNECTION, unsent=is_unsent)
