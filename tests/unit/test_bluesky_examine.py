"""What the doctor says of Bluesky's hosts and of the brand's profiles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.findings import Exam, Finding, Health
from bot.http import HttpClient
from bot.model import Account
from bot.ports import Wiring
from bot.testing.appview_server import AppViewServer
from bot.testing.clock import ManualClock
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.pds_server import PdsServer
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.examine import Profile, examine, missing
from connectors.bluesky.jetstream import Settings

ACCOUNTS = (
    Account(brand="acme", platform="bluesky", handle="acme.test"),
    Account(brand="globex", platform="bluesky", handle="globex.test"),
)


async def found(settings: Settings, *accounts: Account) -> list[Finding]:
    clock = SystemClock()
    http = HttpClient(clock)
    exam = Exam(source=settings, accounts=accounts, rivals=frozenset({"globex"}))
    try:
        return [finding async for finding in examine(exam, Wiring(http=http, clock=clock))]
    finally:
        await http.close()


async def talk(host: JetstreamServer) -> None:
    while True:
        await host.post("did:plc:ann", "hello")
        await asyncio.sleep(0.02)


async def test_hosts_and_profiles() -> None:
    """A host that sends is fine on either wire, one that is away a note; whose account it is is said."""
    async with JetstreamServer() as host, JetstreamServer() as gone, AppViewServer() as appview:
        appview.profile(
            "did:plc:acme", "acme.test", displayName="Acme", description="Help: acme.test", avatar="x"
        )
        appview.profile("did:plc:globex", "globex.test")
        await gone.stop()
        settings = Settings(jetstream=(host.url_v2, host.url, gone.url), appview=appview.url)
        talking = asyncio.create_task(talk(host))
        first, second, third, *rest = await found(settings, *ACCOUNTS)
        talking.cancel()
    assert [Health.FINE, Health.FINE, Health.NOTE] == [first.health, second.health, third.health]
    assert [Health.FINE] * 3 == [finding.health for finding in rest]
    assert "rival globex" in rest[-1].says


async def test_no_host_at_all_must_be_mended() -> None:
    """One finding that names each of them."""
    async with JetstreamServer() as one, JetstreamServer() as other:
        pass
    (finding,) = await found(Settings(jetstream=(one.url, other.url)))
    assert Health.MEND is finding.health
    assert one.host in finding.says
    assert other.host in finding.says


async def test_a_host_that_hangs_up_is_no_help() -> None:
    """It takes the connection and closes it."""
    async with JetstreamServer() as host:
        host.faults.append(Stumble(how="close"))
        (finding,) = await found(Settings(jetstream=host.url))
    assert (Health.MEND, True) == (finding.health, "hangs up" in finding.says)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_directory_in_trouble_is_said(status: int) -> None:
    """Not as a handle that does not exist."""
    async with JetstreamServer() as host, AppViewServer() as appview:
        appview.refuse(status)
        talking = asyncio.create_task(talk(host))
        findings = await found(Settings(jetstream=host.url, appview=appview.url), ACCOUNTS[0])
        talking.cancel()
    assert Health.MEND is findings[-1].health
    assert "no such account" not in findings[-1].says


@pytest.mark.parametrize(
    ("bio", "lacks"),
    [
        ("We answer at acme.example", []),
        ("https://acme.example", []),
        ("We answer.", ["link in its description"]),
        ("", ["description", "link in its description"]),
    ],
)
def test_what_a_visitor_would_miss(bio: str, lacks: list[str]) -> None:
    """Name, description, picture, link."""
    assert lacks == missing(Profile(did="d", handle="h", name="Acme", bio=bio, avatar="x"))
    assert ["display name", "picture"] == missing(Profile(did="d", handle="h", bio="a.example"))


ACCOUNT_DID, PASSWORD = "did:plc:acme", "aaaa-bbbb-cccc-dddd"
OWN = Account(brand="acme", platform="bluesky", handle="Acme.test")


@asynccontextmanager
async def pds() -> AsyncIterator[tuple[PdsServer, Callable[..., Awaitable[list[Finding]]]]]:
    """A server with the account, and the doctor's look at it."""
    clock = ManualClock()
    http = HttpClient(clock)
    async with PdsServer(clock) as server:
        server.account(ACCOUNT_DID, "acme.test", PASSWORD)

        async def look(*accounts: Account, password: str = PASSWORD, chat: bool = False) -> list[Finding]:
            account = AccountSettings(
                handle="acme.test", app_password=SecretStr(password), service=server.url, chat=chat
            )
            exam = Exam(account=account, accounts=accounts, rivals=frozenset({"globex"}))
            return [finding async for finding in examine(exam, Wiring(http=http, clock=clock))]

        try:
            yield server, look
        finally:
            await http.close()


async def test_the_account_may_answer() -> None:
    """Whose it is, where, and what it does."""
    async with pds() as (server, look):
        (finding,) = await look(OWN)
        assert (Health.FINE, f"signed in as @acme.test at {server.host}") == (
            finding.health,
            finding.says.partition(": ")[0],
        )
        by_id = Account(brand="acme", platform="bluesky", handle=ACCOUNT_DID, id=ACCOUNT_DID)
        assert [Health.FINE] == [finding.health for finding in await look(by_id)]


async def test_a_main_password_is_more_than_is_needed() -> None:
    """An app password can be taken away without the account."""
    async with pds() as (server, look):
        server.sessions.holders[ACCOUNT_DID].scope = "com.atproto.access"
        assert [Health.FINE, Health.NOTE] == [finding.health for finding in await look(OWN)]


async def test_what_keeps_the_account_from_answering() -> None:
    """A wrong password, a server in trouble, an account that is closed: each with what to do."""
    async with pds() as (server, look):
        (wrong,) = await look(OWN, password="wrong-wrong")
        server.refuse(502, path="createSession")
        (trouble,) = await look(OWN)
        body = '{"did": "did:plc:acme", "handle": "acme.test", "active": false, "status": "suspended"}'
        server.refuse(200, path="getSession", body=body)
        (closed,) = await look(OWN)
    assert [Health.MEND] * 3 == [one.health for one in (wrong, trouble, closed)]
    assert "OUTCARE_BLUESKY__APP_PASSWORD" in wrong.do
    assert "wrong-wrong" not in wrong.says
    assert "reaches 127.0.0.1" in trouble.do
    assert "suspended" in closed.says


async def test_an_account_that_nobody_would_know() -> None:
    """Its answers would end no ask, and what is told to it would concern nobody."""
    async with pds() as (_, look):
        (_, missing_one) = await look()
        (_, rivals) = await look(Account(brand="globex", platform="bluesky", handle="acme.test"))
    assert (Health.MEND, Health.MEND) == (missing_one.health, rivals.health)
    assert "bluesky: [acme.test]" in missing_one.do
    assert "globex" in rivals.says


async def test_whether_direct_messages_may_be_read() -> None:
    """The right of the app password, and who may write at all; each with what to do."""
    async with pds() as (server, look):
        (_, no_right) = await look(OWN, chat=True)
        assert 0 == server.sessions.renewals
        server.may_chat(ACCOUNT_DID)
        (_, followed) = await look(OWN, chat=True)
        server.chat.incoming = "none"
        (_, nobody) = await look(OWN, chat=True)
        server.chat.incoming = "all"
        (_, everybody) = await look(OWN, chat=True)
        server.refuse(502, path="getLog")
        (_, trouble) = await look(OWN, chat=True)
    healths = [Health.MEND, Health.NOTE, Health.NOTE, Health.FINE, Health.MEND]
    assert healths == [one.health for one in (no_right, followed, nobody, everybody, trouble)]
    assert "may not read direct messages" in no_right.says
    assert "Allow access to your direct messages" in no_right.do
    assert "only those whom it follows" in followed.says
    assert "nobody may write" in nobody.says
    assert "again by itself" in trouble.do
