"""A mail server on 127.0.0.1: aiosmtpd as it is, with what goes wrong on purpose.

aiosmtpd (https://aiosmtpd.aio-libs.org) is a server of its own, so that it cannot share a mistake with our
side. What it takes is kept as it came and read by the standard library.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
import subprocess
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Self

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

if TYPE_CHECKING:
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session

USER, PASSWORD = "outcare@acme.example", "planted-in-the-password"
SILENCE, CUT = "silence", "cut"
HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """`connection` counts from 1."""

    sender: str
    to: tuple[str, ...]
    content: bytes
    connection: int
    user: str
    is_protected: bool

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(str(self.message["References"] or "").split())

    def body(self, kind: str = "plain") -> str:
        part = self.message.get_body(preferencelist=(kind,))
        assert part is not None, f"there is no {kind} text"
        content: str = part.get_content()
        return content.replace("\r\n", "\n")


@dataclass(kw_only=True)
class MailServer:
    """`async with MailServer() as server: server.port`.

    `faults` are used up in order, each by the next command of its kind (`GREETING`, `MAIL`, `RCPT`, `DATA`,
    `TAKEN`: after the text was kept): the answer, or SILENCE, or CUT.
    """

    tls: ssl.SSLContext | None = None
    is_tls_from_the_start: bool = False
    wants_login: bool = False
    takes_utf8: bool = False
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    faults: deque[tuple[str, str]] = field(default_factory=deque)
    connections: int = 0
    open: set[Any] = field(default_factory=set)
    passwords: list[str] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        logging.getLogger("mail.log").disabled = True  # it tells what passwords it is given
        loop = asyncio.get_running_loop()
        is_first = self.is_tls_from_the_start
        self._server = await loop.create_server(
            lambda: _Connection(self), HOST, self.port, ssl=self.tls if is_first else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in list(self.open):
            connection.hang_up()
        async with asyncio.timeout(5):
            while self.open:  # noqa: ASYNC110 - the transports end by themselves
                await asyncio.sleep(0.005)
        await asyncio.sleep(0)

    def fail(self, command: str, answer: str, *, times: int = 1) -> None:
        self.faults.extend([(command, answer)] * times)

    def thread(self, ref: str) -> list[Mail]:
        """What stands in the thread that a receipt of ours names."""
        first = ref.partition(" ")[0]
        return [mail for mail in self.mails if first in {mail.id, *mail.references}]

    async def fault(self, command: str, connection: _Connection) -> str | None:
        """The answer that was planned for this command; None: its own."""
        self.commands.append(command)
        if not self.faults or self.faults[0][0] != command:
            return None
        answer = self.faults.popleft()[1]
        if answer == SILENCE:
            await asyncio.sleep(3600)
        if answer == CUT:
            connection.hang_up()
            await asyncio.sleep(3600)
        return answer


class _Connection(SMTP):
    """One client. Handlers' hooks are methods here, so that each knows its connection."""

    def __init__(self, server: MailServer) -> None:
        self.of = server
        self.number = 0
        is_late = server.tls is not None and not server.is_tls_from_the_start
        super().__init__(
            _Hooks(self),
            hostname="mail.test",
            enable_SMTPUTF8=server.takes_utf8,
            tls_context=server.tls if is_late else None,
            require_starttls=is_late,
            auth_require_tls=is_late,
            authenticator=self._authenticate_here,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self.of.open:
            self.of.connections += 1
            self.number = self.of.connections
            self.of.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.of.open.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """As a crash would."""
        if isinstance(self.transport, asyncio.Transport):
            with suppress(AttributeError):  # CPython 3.11.2, of a TLS connection that is over already
                self.transport.abort()
        if self._tls_protocol is not None and self.session is not None and self.session.ssl is None:
            self.of.open.discard(self)  # nobody tells it that a handshake failed
            if self._handler_coroutine is not None:
                self._handler_coroutine.cancel()

    async def push(self, status: Any) -> None:
        if str(status).startswith("220 mail.test"):
            status = await self.of.fault("GREETING", self) or status
        await super().push(status)

    def _authenticate_here(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.of.passwords.append(given.password.decode())
        if self.of.faults and self.of.faults[0][0] == "AUTH":
            return AuthResult(success=False, handled=False, message=self.of.faults.popleft()[1])
        is_right = (given.login.decode(), given.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=is_right, handled=False, auth_data=given)


class _Hooks:
    """What aiosmtpd calls for each command."""

    def __init__(self, connection: _Connection) -> None:
        self._connection, self._of = connection, connection.of

    async def _mail(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._of.fault("MAIL", self._connection):
            return answer
        if self._of.wants_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def _rcpt(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answer := await self._of.fault("RCPT", self._connection):
            return answer
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def _data(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        if answer := await self._of.fault("DATA", self._connection):
            return answer
        assert isinstance(envelope.content, bytes)
        login = session.auth_data.login.decode() if session.auth_data else ""
        mail = Mail(
            sender=envelope.mail_from or "",
            to=tuple(envelope.rcpt_tos),
            content=envelope.content,
            connection=self._connection.number,
            user=login,
            is_protected=session.ssl is not None or self._of.is_tls_from_the_start,
        )
        self._of.mails.append(mail)
        return await self._of.fault("TAKEN", self._connection) or "250 2.0.0 queued"

    handle_MAIL, handle_RCPT, handle_DATA = _mail, _rcpt, _data  # noqa: N815 - so aiosmtpd calls them


def certificate(folder: Path, *, name: str = f"IP:{HOST}") -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate of its own making, and the file to trust it by."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine, so no certificate to try TLS with")
    key, cert = folder / "key.pem", folder / "cert.pem"
    told = ["-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(cert)]
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail.test"]
    subprocess.run(
        ["openssl", *new, *told],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
