"""The way out for URLs that come from outside leads to the public internet only, on every hop."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Rejected
from bot.http import Guard, GuardedResolver, HttpClient, NotPublic
from bot.testing.loopback import Loopback


class Site(Loopback):
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self._hello)]

    async def _hello(self, request: web.Request) -> web.Response:
        return web.Response(text="hello")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


async def failure(http: HttpClient, url: str) -> BotError:
    with pytest.raises(BotError) as caught:
        async with http.request("GET", url):
            pass
    return caught.value


async def text(http: HttpClient, url: str) -> str:
    async with http.request("GET", url) as response:
        return (await http.read(response)).decode()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://100.64.0.1/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0:{port}/",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "gopher://127.0.0.1:{port}/",
        "http:///x",
        "nonsense",
    ],
)
async def test_private_places_are_not_asked(site: Site, http: HttpClient, url: str) -> None:
    """By a literal, by a name that leads there, by another scheme: nobody hears of it."""
    error = await failure(http.guarded(), url.format(port=site.port))
    assert (Rejected, Reason.FORBIDDEN) == (type(error), error.reason)
    assert 0 == site.requests


@pytest.mark.parametrize(
    "host", ["2130706433", "127.0.0.1.", "127.1", "0x7f.0.0.1", "0177.0.0.1", "①②⑦.⓪.⓪.①"]
)
async def test_odd_ways_to_write_an_address(site: Site, http: HttpClient, host: str) -> None:
    """What the system would take for 127.0.0.1 is refused, whoever of us refuses it."""
    await failure(http.guarded(), f"http://{host}:{site.port}/")
    assert 0 == site.requests


async def test_what_is_allowed_is_asked(site: Site, http: HttpClient) -> None:
    """Host and port, as configured, by address or by name; another port is another place."""
    allowed = http.guarded({site.host, f"LOCALHOST:{site.port}"})
    assert "hello" == await text(allowed, site.url)
    assert "hello" == await text(allowed, f"http://localhost:{site.port}/")
    async with Site() as other:
        await failure(allowed, other.url)
        await failure(allowed, f"http://localhost:{other.port}/")
        assert 0 == other.requests


async def test_one_guard_opens_nothing_for_another(site: Site, http: HttpClient) -> None:
    """A connection that one may use is not lent to one that may not; the unguarded one stays free."""
    assert "hello" == await text(http.guarded({site.host}), site.url)
    assert "hello" == await text(http, site.url)
    await failure(http.guarded(), site.url)


async def test_the_guarded_close_with_the_first(site: Site, http: HttpClient) -> None:
    """Nobody has to remember them."""
    guarded = http.guarded({site.host})
    await text(guarded, site.url)
    assert guarded._session is not None
    await http.close()
    assert guarded._session is None


class Fickle(AbstractResolver):
    """A name server that gives another address each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0)
            for one in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def resolver(*answers: list[str], allow: tuple[str, ...] = ()) -> GuardedResolver:
    made = GuardedResolver(Guard(allow))
    made._resolver = Fickle(*answers)  # type: ignore[assignment]
    return made


async def test_only_what_was_checked_is_given() -> None:
    """The addresses that are connected to are those that were judged; the next answer is judged anew."""
    guarded = await resolver(["1.1.1.1"], ["127.0.0.1"])
    assert ["1.1.1.1"] == [one["host"] for one in await guarded.resolve("a.example", 80)]
    with pytest.raises(NotPublic):
        await guarded.resolve("a.example", 80)


@pytest.mark.parametrize("answer", [["1.1.1.1", "10.0.0.1"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"], ["odd"]])
async def test_one_private_address_is_too_many(answer: list[str]) -> None:
    """A name that leads to both is refused as a whole."""
    with pytest.raises(NotPublic):
        await (await resolver(answer)).resolve("a.example", 80)


async def test_an_allowed_name_may_lead_anywhere() -> None:
    """Intranet names are allowed as names."""
    guarded = await resolver(["10.0.0.1"], allow=("wiki.example:80",))
    assert ["10.0.0.1"] == [one["host"] for one in await guarded.resolve("wiki.example", 80)]
