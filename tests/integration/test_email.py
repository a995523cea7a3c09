"""E-mail against a real mail server: connections, TLS, threads, several recipients, and what the doctor says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from bot.findings import Exam, Finding, Health
from bot.http import HttpClient
from bot.ports import Wiring
from bot.staff import Card
from bot.testing.notifier_contract import a_card
from connectors.email import smtp
from connectors.email.connector import CONNECTOR
from connectors.email.notifier import EmailNotifier
from connectors.email.settings import ChannelSettings
from tests.contract._rigs import FixedClock
from tests.contract.email_rig import LEAD, OTHER, PAGE, account, notifier
from tests.contract.mail_server import CUT, PASSWORD, SILENCE, USER, MailServer, certificate


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as running:
        yield running


def with_state(state: str, **data: object) -> Card:
    card = a_card(headline=f"It is {state} now", state=state)
    return Card(headline=card.headline, lines=card.lines, data={**card.data, "mention_id": "01JD", **data})


def a_wiring(page: str = "") -> Wiring:
    """Mails need no way to the web."""
    return Wiring(http=HttpClient(FixedClock()), clock=FixedClock(), page=page)


# --- connections --------------------------------------------------------------------------------


async def test_several_at_once_go_over_one_connection(server: MailServer) -> None:
    """It is closed when none is left, and nothing stays open in between."""
    ours = notifier(server)
    await asyncio.gather(*(ours.notify("lead", a_card(), key=f"k{n}") for n in range(12)))
    assert (12, {1}) == (len(server.mails), {mail.connection for mail in server.mails})
    assert not ours.server.is_connected
    await ours.notify("lead", a_card(), key="later")
    assert 2 == server.mails[-1].connection


async def test_a_connection_does_not_grow_old(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many mails there is another one."""
    monkeypatch.setattr(smtp, "MOST_PER_CONNECTION", 5)
    ours = notifier(server)
    await asyncio.gather(*(ours.notify("lead", a_card(), key=f"k{n}") for n in range(12)))
    assert [1] * 5 + [2] * 5 + [3] * 2 == [mail.connection for mail in server.mails]


@pytest.mark.parametrize("end", ["421 4.7.0 too many on this connection", CUT])
async def test_a_server_that_ends_a_connection_between_two_mails(server: MailServer, end: str) -> None:
    """The second goes over a new one; nobody hears of it."""
    ours = notifier(server)
    first = asyncio.create_task(ours.notify("lead", a_card(), key="a"))
    second = asyncio.create_task(ours.notify("lead", a_card(), key="b"))
    while not server.mails:
        await asyncio.sleep(0)
        if server.commands.count("MAIL") == 1 and not server.faults:
            server.fail("MAIL", end)
    await asyncio.gather(first, second)
    assert [1, 2] == [mail.connection for mail in server.mails]


async def test_a_failure_of_one_leaves_the_others(server: MailServer) -> None:
    """The one that fails tells it; those behind it go over a new connection."""
    ours = notifier(server)
    server.fail("DATA", CUT)
    told = await asyncio.gather(
        *(ours.notify("lead", a_card(), key=f"k{n}") for n in range(4)), return_exceptions=True
    )
    assert [Unavailable] == [type(one) for one in told if isinstance(one, BaseException)]
    assert [2, 2, 2] == [mail.connection for mail in server.mails]


async def test_nobody_listens() -> None:
    """Surely nothing was sent."""
    async with MailServer() as gone:
        ours = notifier(gone)
    with pytest.raises(Unavailable, match="can't be reached") as error:
        await ours.notify("lead", a_card(), key="a")
    assert (Reason.CONNECTION, True) == (error.value.reason, error.value.unsent)


async def test_called_off_it_hangs_up(server: MailServer) -> None:
    """The server sees the connection end; the next mail has another."""
    ours = notifier(server)
    server.fail("DATA", SILENCE)
    sending = asyncio.create_task(ours.notify("lead", a_card(), key="a"))
    while "DATA" not in server.commands:  # noqa: ASYNC110 - the server is no task of ours
        await asyncio.sleep(0.005)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    async with asyncio.timeout(5):
        while server.open:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.005)
    await ours.notify("lead", a_card(), key="b")
    assert [2] == [mail.connection for mail in server.mails]


# --- TLS and login ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_it_signs_in_under_tls(
    trusted: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    """The certificate is one that the machine trusts (SSL_CERT_FILE); the password goes over once, protected."""
    context, cert = trusted
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    async with MailServer(tls=context, is_tls_from_the_start=security == "tls", wants_login=True) as server:
        await notifier(server, security=security).notify("lead", a_card(), key="a")
        [mail] = server.mails
    assert (USER, True) == (mail.user, mail.is_protected)
    assert [PASSWORD] == server.passwords


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_trusts(trusted: tuple[ssl.SSLContext, Path], security: str) -> None:
    """A person must look: said once, and the fallback at once. Nobody's password was sent."""
    async with MailServer(
        tls=trusted[0], is_tls_from_the_start=security == "tls", wants_login=True
    ) as server:
        with pytest.raises(Rejected, match="certificate that cannot be trusted") as error:
            await notifier(server, security=security).notify("lead", a_card(), key="a")
        assert Reason.FORBIDDEN is error.value.reason
    assert ([], []) == (server.mails, server.passwords)


async def test_a_certificate_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted, but for another name."""
    context, cert = certificate(tmp_path, name="DNS:other.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    async with MailServer(tls=context) as server:
        with pytest.raises(Rejected, match="certificate that cannot be trusted"):
            await notifier(server, security="starttls").notify("lead", a_card(), key="a")


async def test_never_in_plain_text_instead() -> None:
    """Somebody in between took STARTTLS away: neither password nor mail is sent."""
    async with MailServer(wants_login=True) as server:
        with pytest.raises(Rejected, match="offers no STARTTLS"):
            await notifier(server, security="starttls").notify("lead", a_card(), key="a")
        assert ([], []) == (server.mails, server.passwords)


async def test_tls_where_there_is_none(server: MailServer) -> None:
    """`tls` on a port that begins in plain text."""
    with pytest.raises(Unavailable, match="there is no TLS with"):
        await notifier(server, security="tls").notify("lead", a_card(), key="a")


async def test_a_wrong_password_is_tried_once() -> None:
    """Some accounts are locked after three."""
    async with MailServer(wants_login=True) as server:
        with pytest.raises(Unauthorized):
            await notifier(server, password="wrong").notify("lead", a_card(), key="a")
        assert ["wrong"] == server.passwords


# --- recipients ---------------------------------------------------------------------------------


async def test_one_of_two_is_nobody(server: MailServer) -> None:
    """The other gets the mail."""
    await notifier(server, to=("nobody@acme.example", OTHER)).notify("lead", a_card(), key="a")
    assert [(OTHER,)] == [mail.to for mail in server.mails]


async def test_nobody_at_all(server: MailServer) -> None:
    """If one of them may still be taken, it is tried again."""
    with pytest.raises(Rejected):
        await notifier(server, to=("nobody@acme.example", "nobody2@acme.example")).notify(
            "lead", a_card(), key="a"
        )
    server.fail("RCPT", "450 4.2.0 greylisted")
    with pytest.raises(Unavailable):
        await notifier(server, to=(LEAD, "nobody@acme.example")).notify("lead", a_card(), key="a")
    assert [] == server.mails


async def test_addresses_beyond_ascii() -> None:
    """Only where the server takes them."""
    async with MailServer(takes_utf8=True) as modern:
        await notifier(modern, to=("jörg@acme.example",)).notify("lead", a_card(), key="a")
        assert "jörg@acme.example" == modern.mails[0].message["To"]
        assert ("jörg@acme.example",) == modern.mails[0].to
    async with MailServer() as old:
        with pytest.raises(Rejected, match="only addresses of plain letters"):
            await notifier(old, to=("jörg@acme.example",)).notify("lead", a_card(), key="a")


# --- threads ------------------------------------------------------------------------------------


async def test_one_mail_more_when_nobody_has_to_act(server: MailServer) -> None:
    """Claimed: told, in the thread. Answered after that, snoozed, redrawn: not. Open again: told. Deleted: told."""
    ours = notifier(server)
    receipt = await ours.notify("lead", with_state("open"), key="alert:1")
    changes = ["open", "snoozed", "claimed", "claimed", "answered", "open", "open", "dismissed", "claimed"]
    for number, state in enumerate(changes):
        receipt = await ours.update("lead", receipt, with_state(state), key=f"update:{number}")
    told = ["open", "claimed", "open", "dismissed"]
    assert [f"It is {state} now" for state in told] == [mail.subject for mail in server.mails]
    first, *others = server.mails
    assert [(first.id,)] * 3 == [mail.references for mail in others]
    assert 4 == len({mail.id for mail in server.mails})
    another = await ours.notify("lead", with_state("open"), key="alert:2")
    await ours.update("lead", another, with_state("open", is_deleted=True), key="update:x")
    assert 6 == len(server.mails)


async def test_what_rings_again_stands_in_the_thread(server: MailServer) -> None:
    """And what stepped back for it is not mailed; neither are changes of many at once."""
    ours = notifier(server)
    receipt = await ours.notify("lead", with_state("open"), key="alert:1:email:lead")
    await ours.notify("lead", with_state("open"), key="alert:1:email:lead#2")
    await ours.update("lead", receipt, Card(headline="Rang again", data={"event": "replaced"}), key="u")
    await ours.update("lead", receipt, Card(headline="2 alerts", data={"event": "group"}), key="v")
    first, second = server.mails
    assert (first.id,) == second.references


async def test_a_lost_answer_repeats_the_mail_under_its_id(server: MailServer) -> None:
    """Mailboxes may drop the second."""
    ours = notifier(server)
    server.fail("TAKEN", CUT)
    with pytest.raises(Unavailable):
        await ours.notify("lead", with_state("open"), key="alert:1")
    await ours.notify("lead", with_state("open"), key="alert:1")
    assert 2 == len(server.mails)
    assert server.mails[0].id == server.mails[1].id


async def test_a_receipt_of_something_else(server: MailServer) -> None:
    """Nothing is sent."""
    ours = notifier(server)
    receipt = await ours.notify("lead", with_state("open"), key="a")
    with pytest.raises(Rejected):
        await ours.update("lead", type(receipt)(ref="-100:7", at=receipt.at), with_state("claimed"), key="b")


# --- the doctor ---------------------------------------------------------------------------------


async def examined(server: MailServer, *to: str, page: str = PAGE, **more: object) -> list[Finding]:
    channels = {"lead": ChannelSettings(to=to)} if to else {}
    exam = Exam(account=account(server, **more), channels=channels)
    assert CONNECTOR.examine is not None
    return [finding async for finding in CONNECTOR.examine(exam, a_wiring(page))]


async def test_the_doctor_sends_nothing() -> None:
    """Connects, signs in, asks for the addresses, and takes it back."""
    async with MailServer(wants_login=True) as server:
        first, second = await examined(server, LEAD, OTHER)
        assert [] == server.mails
        assert ["MAIL", "RCPT", "RCPT"] == [one for one in server.commands if one != "GREETING"]
    assert (Health.FINE, Health.FINE) == (first.health, second.health)
    assert "can be reached without TLS" in first.says
    assert "2 addresses are taken" in second.says


async def test_the_doctor_says_what_to_mend() -> None:
    """An address that nobody has, a sender that may not, a wrong password, nobody there, no channel."""
    async with MailServer(wants_login=True) as server:
        [_, nobody] = await examined(server, "nobody@acme.example", LEAD)
        server.fail("MAIL", f"553 5.7.1 {PASSWORD}")
        [_, sender] = await examined(server, LEAD)
        [login] = await examined(server, LEAD, password="wrong")
        [_, unlinked, _] = await examined(server, LEAD, page="")
        [_, unused] = await examined(server)
    [away] = await examined(server, LEAD)
    mended = [nobody, sender, login, away]
    assert [Health.MEND] * 4 == [finding.health for finding in mended]
    assert "nobody@acme.example: " in nobody.says
    assert "allowed to send" in sender.do
    assert "OUTCARE_EMAIL__PASSWORD" in login.do
    assert "can't be reached" in away.says
    assert (Health.NOTE, Health.NOTE) == (unused.health, unlinked.health)
    assert "set web.url" in unlinked.do
    assert PASSWORD not in repr(mended)


async def test_the_factory_makes_it(server: MailServer) -> None:
    """With the page's address and the texts of the program."""
    assert CONNECTOR.notifier is not None
    channels = {"lead": ChannelSettings(to=(LEAD,))}
    made = CONNECTOR.notifier(account(server), channels, a_wiring(page="https://p.example"))
    assert isinstance(made, EmailNotifier)
    await made.notify("lead", with_state("open", conversation_id=7), key="a")
    assert "Open the conversation: https://p.example/c/7" in server.mails[0].body()
