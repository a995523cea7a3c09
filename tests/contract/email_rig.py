"""E-mail with a real mail server behind it, as the contract suite wants it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from bot.testing.notifier_contract import NotifierRig, Trouble
from bot.texts.en import ENGLISH
from connectors.email.notifier import EmailNotifier
from connectors.email.settings import AccountSettings, ChannelSettings
from connectors.email.smtp import Server
from tests.contract._rigs import BODY_SECRET, FixedClock, _trouble
from tests.contract.mail_server import CUT, HOST, PASSWORD, SILENCE, USER, MailServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PAGE = "https://outcare.acme.example"
SENDER = "alerts@acme.example"
LEAD, OTHER = "lead@acme.example", "other@acme.example"
NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)


def account(server: MailServer, **more: Any) -> AccountSettings:
    """Signs in, in plain text: the server is this machine."""
    given = {"server": HOST, "port": server.port, "sender": SENDER, "security": "none"}
    login = {"user": USER, "password": SecretStr(PASSWORD)} if server.wants_login else {}
    return AccountSettings(**{**given, **login, **more})


def notifier(
    server: MailServer, *, to: tuple[str, ...] = (LEAD,), page: str = PAGE, **more: Any
) -> EmailNotifier:
    own = account(server, **more)
    return EmailNotifier(
        server=Server(own, answer_within=0.3),
        account=own,
        channels={"lead": ChannelSettings(to=to)},
        clock=FixedClock(),
        texts=ENGLISH,
        page=page,
    )


def troubles(server: MailServer) -> tuple[Trouble, ...]:
    """What a server answers (https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3), and how a connection ends."""

    def at(command: str, answer: str, *, times: int = 1) -> Callable[[], None]:
        told = answer if answer in {SILENCE, CUT} else f"{answer} {BODY_SECRET}"
        return lambda: server.fail(command, told, times=times)

    later, no, key = Unavailable, Rejected, Unauthorized
    slow, down = Reason.RATE_LIMITED, Reason.SERVER
    return (
        _trouble("no service", at("GREETING", "554 5.7.1"), no, Reason.FORBIDDEN),
        _trouble("too busy to greet", at("GREETING", "421 4.3.2"), later, down),
        _trouble("silence for a greeting", at("GREETING", SILENCE), later, Reason.TIMEOUT),
        _trouble("cut for a greeting", at("GREETING", CUT), later, Reason.CONNECTION),
        _trouble("no SMTP at all", at("GREETING", "HTTP/1.1 400"), later, Reason.PROTOCOL),
        _trouble("wrong password", at("AUTH", "535 5.7.8"), key, Reason.UNAUTHORIZED),
        _trouble("password too old", at("AUTH", "534 5.7.9"), key, Reason.UNAUTHORIZED),
        _trouble("no login just now", at("AUTH", "454 4.7.0"), later, down),
        _trouble("login needed", at("MAIL", "530 5.7.0"), key, Reason.UNAUTHORIZED),
        _trouble("not as this sender", at("MAIL", "553 5.7.1"), no, Reason.FORBIDDEN),
        _trouble("too large", at("MAIL", "552 5.3.4"), no, Reason.INVALID),
        _trouble("hangs up", at("MAIL", "421 4.4.2"), later, down),
        _trouble("nobody", at("RCPT", "550 5.1.1"), no, Reason.NOT_FOUND),
        _trouble("full", at("RCPT", "552 5.2.2"), no, Reason.INVALID),
        _trouble("greylisted", at("RCPT", "450 4.2.0 Greylisted, see"), later, slow),
        _trouble("greylisted for", at("RCPT", "451 4.7.1 Greylisted for 300 seconds,"), later, slow, 300),
        _trouble("come back", at("RCPT", "451 4.7.1 come back in 00:04:59"), later, slow, 299),
        _trouble("no room", at("RCPT", "452 4.2.2"), later, down),
        _trouble("hangs up later", at("RCPT", "421 4.3.2"), later, down),
        _trouble("spam", at("DATA", "554 5.7.1"), no, Reason.FORBIDDEN),
        _trouble("no disk", at("DATA", "452 4.3.1"), later, down),
        _trouble("silence", at("DATA", SILENCE), later, Reason.TIMEOUT),
        _trouble("cut in the middle", at("DATA", CUT), later, Reason.CONNECTION),
        _trouble("the answer is lost", at("TAKEN", CUT), later, Reason.CONNECTION),
    )


@asynccontextmanager
async def email_notifier() -> AsyncIterator[NotifierRig]:
    async with MailServer(wants_login=True) as server:
        ours = notifier(server)
        yield NotifierRig(
            notifier=ours,
            channel="lead",
            shown=lambda ref: shown(server, ref),
            requests=lambda: server.connections,
            in_flight=lambda: int(ours.server.is_connected),
            stall=lambda: server.fail("MAIL", SILENCE),
            keys=lambda: [mail.id for mail in server.mails],
            troubles=troubles(server),
            secrets=(PASSWORD, BODY_SECRET),
            is_in_place=False,
        )


def shown(server: MailServer, ref: str) -> str:
    """All mails of a thread, the quotes without their signs."""
    texts = [mail.body().replace("\n> ", "\n") for mail in server.thread(ref)]
    assert texts, f"no mail of {ref}"
    return "\n".join(texts)
