"""The health pages over a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import aiohttp
import pytest

from bot.errors import ConfigError, StoreError
from bot.metrics import Metrics
from bot.web.health import HEADERS, Check, WebServer, is_for_us


@dataclass(frozen=True, kw_only=True)
class Address:
    """What the settings give."""

    host: str = "127.0.0.1"
    port: int = 0


class Daemon:
    """What the server asks: its checks can be changed while it runs."""

    def __init__(self) -> None:
        self.checks: tuple[Check, ...] = (Check(name="store", ok=True, detail="3 ms"),)
        self.error: Exception | None = None
        self.metrics = Metrics()

    def check(self) -> Iterable[Check]:
        if self.error:
            raise self.error
        return self.checks

    def server(self, address: Address | None = None) -> WebServer:
        return WebServer(address or Address(), self.check, self.metrics)


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
async def url(daemon: Daemon) -> AsyncIterator[str]:
    server = daemon.server()
    yield await server.start()
    await server.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_living_process_is_healthy(url: str, client: aiohttp.ClientSession) -> None:
    """/healthz is 200 with JSON, how long the daemon runs and how late its loop is."""
    async with client.get(f"{url}/healthz") as response:
        body = await response.json()
    assert response.status == 200
    assert body["status"] == "ok"
    assert 0 <= body["loop_delay_seconds"] < 1
    assert 0 <= body["uptime_seconds"] < 60


async def test_health_does_not_depend_on_the_checks(
    daemon: Daemon, url: str, client: aiohttp.ClientSession
) -> None:
    """A daemon that cannot reach its database must not be restarted for it."""
    daemon.error = StoreError("the database is locked")
    async with client.get(f"{url}/healthz") as response:
        assert response.status == 200


async def test_ready_when_every_check_passes(url: str, client: aiohttp.ClientSession) -> None:
    """/readyz lists each check with its detail."""
    async with client.get(f"{url}/readyz") as response:
        body = await response.json()
    assert response.status == 200
    assert body == {"status": "ready", "checks": [{"name": "store", "ok": True, "detail": "3 ms"}]}


async def test_one_failed_check_is_not_ready(daemon: Daemon, url: str, client: aiohttp.ClientSession) -> None:
    """A dead chat makes the whole daemon not ready, and the body says which and why."""
    daemon.checks += (Check(name="telegram:care", ok=False, detail="the token was revoked"),)
    async with client.get(f"{url}/readyz") as response:
        body = await response.json()
    assert response.status == 503
    assert body["status"] == "not ready"
    assert body["checks"][1] == {"name": "telegram:care", "ok": False, "detail": "the token was revoked"}


async def test_checks_that_fail_are_not_ready(
    daemon: Daemon, url: str, client: aiohttp.ClientSession
) -> None:
    """An error while checking is an answer too."""
    daemon.error = StoreError("the database is locked")
    async with client.get(f"{url}/readyz") as response:
        body = await response.json()
    assert response.status == 503
    assert body["checks"][0]["detail"] == "cannot be made: the database is locked"


async def test_metrics_are_what_prometheus_reads(
    daemon: Daemon, url: str, client: aiohttp.ClientSession
) -> None:
    """/metrics shows the daemon's numbers in the exposition format."""
    daemon.metrics.duplicates.labels(source="bluesky").inc(3)
    async with client.get(f"{url}/metrics") as response:
        text = await response.text()
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert 'outcare_duplicates_total{source="bluesky"} 3.0' in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nothing"])
async def test_every_answer_is_hardened(url: str, client: aiohttp.ClientSession, path: str) -> None:
    """No answer, not even a 404, may be framed, cached, sniffed or tell the server's version."""
    async with client.get(f"{url}{path}") as response:
        shown = {name: response.headers.get(name) for name in HEADERS}
    assert shown == HEADERS


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "", "[::1", "127.1"]
)
async def test_a_strange_host_is_refused(url: str, client: aiohttp.ClientSession, host: str) -> None:
    """A request that came by a name of somebody else's gets 403 on every path."""
    for path in ("/readyz", "/metrics", "/nothing"):
        async with client.get(f"{url}{path}", headers={"Host": host}) as response:
            assert response.status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_changed(url: str, client: aiohttp.ClientSession, method: str) -> None:
    """The pages are read only."""
    async with client.request(method, f"{url}/readyz") as response:
        assert response.status == 405


async def test_a_bug_in_a_check_is_not_ready_and_not_shown(
    daemon: Daemon, url: str, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error is a 500 without a traceback for the caller; the log has it."""
    daemon.error = KeyError("planted")
    async with client.get(f"{url}/readyz") as response:
        text = await response.text()
    assert response.status == 500
    assert "planted" not in text
    assert "Traceback" not in text
    assert "Error handling request" in caplog.text


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("LocalHost:8080", True),
        ("localhost.", True),
        ("127.0.0.1:1", True),
        ("127.9.9.9", True),
        ("[::1]:8080", True),
        ("outcare.internal:80", True),
        ("OUTCARE.internal", True),
        ("sub.localhost", False),
        ("192.168.0.1", False),
        ("2130706433", False),
        ("0.0.0.0", False),
        ("[fe80::1]", False),
        ("[", False),
        ("localhost@evil.example", False),
        ("evil.example@localhost", False),
        ("evil.example", False),
        ("", False),
    ],
)
def test_which_hosts_are_ours(host: str, is_ours: bool) -> None:
    """Loopback by name or address, and the configured names; everything else is somebody's trick."""
    assert is_for_us(host, ("outcare.internal",)) == is_ours


async def test_a_taken_port_is_a_clear_error(daemon: Daemon) -> None:
    """A second daemon on the same port says which port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}: .*in use"):
            await daemon.server(Address(port=port)).start()


async def test_an_address_of_another_machine_is_a_clear_error(daemon: Daemon) -> None:
    """An address that this machine does not have is refused, not waited for."""
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1:0"):
        await daemon.server(Address(host="192.0.2.1")).start()


async def test_stopping_closes_the_port(daemon: Daemon, client: aiohttp.ClientSession) -> None:
    """After stop nobody listens; stopping again, or before a start, is harmless."""
    server = daemon.server()
    await server.stop()
    url = await server.start()
    await server.stop()
    await server.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get(f"{url}/healthz")


async def test_an_idle_connection_does_not_delay_the_stop(daemon: Daemon) -> None:
    """A monitor that keeps its connection open costs the shutdown at most its second."""
    server = daemon.server()
    url = await server.start()
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(2):
        await server.stop()
    writer.close()
    await writer.wait_closed()


async def test_ipv6_loopback_has_a_usable_url(daemon: Daemon, client: aiohttp.ClientSession) -> None:
    """The URL of an IPv6 address is bracketed."""
    server = daemon.server(Address(host="::1"))
    try:
        url = await server.start()
    except ConfigError:
        pytest.skip("this machine has no IPv6 loopback")
    async with client.get(f"{url}/healthz") as response:
        assert response.status == 200
    await server.stop()
