"""What the doctor says of Bluesky's hosts and of the brand's profiles."""

from __future__ import annotations

import asyncio

import pytest

from bot.clock import SystemClock
from bot.findings import Exam, Finding, Health
from bot.http import HttpClient
from bot.model import Account
from bot.ports import Wiring
from bot.testing.appview_server import AppViewServer
from bot.testing.jetstream_server import JetstreamServer, Stumble
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
