"""The one way out to the network, against loopback servers."""

from __future__ import annotations

import asyncio
import gzip
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.refusals import place, refusal, retry_after
from bot.testing.loopback import Loopback, Refuse

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
TOKEN = "123456:AAtoken-of-a-bot"


class Site(Loopback):
    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/echo", self._echo),
            web.get("/large", self._large),
            web.get("/bomb", self._bomb),
            web.get("/slow", self._slow),
            web.get("/half", self._half),
            web.get("/moved", self._moved),
        ]

    async def _echo(self, request: web.Request) -> web.Response:
        body = await request.text()
        headers = {"X-Agent": request.headers["User-Agent"], "X-Query": request.query_string}
        return web.Response(text=f"{request.method} {body}", headers=headers)

    async def _large(self, request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 200_000)

    async def _bomb(self, request: web.Request) -> web.Response:
        packed = gzip.compress(b"\0" * 30_000_000)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async def _slow(self, request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def _half(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    async def _moved(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


async def failure(
    http: HttpClient, url: str, *, limit: int = 1_000, timeout: float | None = None
) -> BotError:
    with pytest.raises(BotError) as caught:
        async with http.request("GET", url, timeout=timeout) as response:
            await http.read(response, limit=limit)
    return caught.value


async def test_a_request(site: Site, http: HttpClient) -> None:
    """Method, query, body and our name arrive; status, headers and body come back."""
    url = f"http://{site.host}/echo"
    async with http.request("POST", url, params={"a": "1"}, body=b"hello") as response:
        assert response.status == 200
        assert await http.read(response) == b"POST hello"
        assert response.headers["X-Query"] == "a=1"
        assert response.headers["X-Agent"].startswith("outcare")


async def test_statuses_are_the_callers_to_judge(site: Site, http: HttpClient) -> None:
    """A refusal is an answer like any other."""
    site.faults.append(Refuse(status=418))
    async with http.request("GET", f"http://{site.host}/echo") as response:
        assert response.status == 418


async def test_redirects_are_not_followed(site: Site, http: HttpClient) -> None:
    """Where a server sends us is not where we go."""
    async with http.request("GET", f"http://{site.host}/moved") as response:
        assert response.status == 302
    assert site.requests == 1


@pytest.mark.parametrize("path", ["large", "bomb"])
async def test_a_body_beyond_the_limit(site: Site, http: HttpClient, path: str) -> None:
    """Too much is cut off, also when it was packed small."""
    error = await failure(http, f"http://{site.host}/{path}", limit=100_000)
    assert (Unavailable, Reason.PROTOCOL) == (type(error), error.reason)
    assert f"{site.host}/{path} answered more than 100000 bytes" == str(error)


async def test_a_slow_server(site: Site, http: HttpClient) -> None:
    """A time budget ends the waiting."""
    error = await failure(http, f"http://{site.host}/slow?token={TOKEN}", timeout=0.05)
    assert (Unavailable, Reason.TIMEOUT) == (type(error), error.reason)


async def test_a_body_that_breaks_off(site: Site, http: HttpClient) -> None:
    """Half a body is no body."""
    error = await failure(http, f"http://{site.host}/half")
    assert (type(error), error.reason) == (Unavailable, Reason.CONNECTION)


async def test_what_never_left_is_known(site: Site, http: HttpClient) -> None:
    """Without a connection nothing was sent; after that nobody knows how much arrived."""
    async with Site() as gone:
        away = gone.host
    for url in (f"http://{away}/echo", "http://nobody.invalid/", "http://"):
        error = await failure(http, url)
        assert isinstance(error, Unavailable)
        assert error.unsent, url
    for path in ("slow", "half"):
        error = await failure(http, f"http://{site.host}/{path}", timeout=0.2)
        assert isinstance(error, Unavailable)
        assert not error.unsent, path


async def test_nobody_there(http: HttpClient) -> None:
    """Nothing listens: unavailable, and the message says where."""
    async with Site() as gone:
        host = gone.host
    error = await failure(http, f"http://{host}/echo")
    assert (Unavailable, Reason.CONNECTION) == (type(error), error.reason)
    assert f"{host}/echo" in str(error)


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[::1", "gopher://host/x"])
async def test_what_is_no_address(http: HttpClient, url: str) -> None:
    """A broken URL is one of our errors, not one of a library's."""
    assert isinstance(await failure(http, f"{url}?token={TOKEN}"), Unavailable)


@pytest.mark.parametrize("path", ["slow", "half", "large"])
async def test_no_token_comes_out(site: Site, http: HttpClient, path: str) -> None:
    """Neither a message nor a cause holds a token of path or query."""
    base = f"http://{site.host}"
    for url in (f"{base}/{path}?token={TOKEN}", f"{base}/bot{TOKEN}/getMe", f"http://{TOKEN}@127.0.0.1:1/x"):
        with pytest.raises(BotError) as caught:
            await _judged(http, url)
        assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(caught.value.__cause__)


async def _judged(http: HttpClient, url: str) -> None:
    async with http.request("GET", url, timeout=0.1) as response:
        await http.read(response, limit=10)
        raise refusal(response.status, place(url))


async def test_no_token_comes_out_of_a_refused_upgrade(site: Site, http: HttpClient) -> None:
    """The library's own error names the whole URL; ours and its cause do not."""
    with pytest.raises(Unavailable) as caught:
        async with http.websocket(f"ws://{site.host}/echo?token={TOKEN}"):
            pass
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(caught.value.__cause__)


async def test_it_can_be_used_again_after_closing(site: Site, http: HttpClient) -> None:
    """Closing twice is closing once, and a later request opens anew."""
    await http.close()
    await http.close()
    async with http.request("GET", f"http://{site.host}/echo") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.example/bot123:AA-x_y/sendMessage?chat=1", "api.example/bot…/sendMessage"),
        ("https://user:pass@host.example:8443/a/b?c#d", "host.example:8443/a/b"),
        ("wss://jetstream.example/subscribe?cursor=1", "jetstream.example/subscribe"),
        ("http://[::1", "an address that is not a URL"),
    ],
)
def test_places(url: str, expected: str) -> None:
    """A place is host and path, without anything secret."""
    assert expected == place(url)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", timedelta(seconds=7)),
        (" 0 ", timedelta(0)),
        ("Mon, 05 Jan 2026 09:00:30 GMT", timedelta(seconds=30)),
        ("Mon, 05 Jan 2026 08:00:00 GMT", timedelta(0)),
        ("99999999999", timedelta(days=1)),
        ("9" * 30, timedelta(days=1)),
        ("9" * 5000, timedelta(days=1)),
        ("0" * 5000 + "7", timedelta(seconds=7)),
        ("²", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
    ],
)
def test_retry_after(value: str, expected: timedelta | None) -> None:
    """Seconds and dates are read, nonsense is not, and nobody makes us wait longer than a day."""
    assert expected == retry_after({"retry-after": value}, NOW)


def test_no_retry_after() -> None:
    """Without the header there is nothing to wait for."""
    assert retry_after({"Date": "7"}, NOW) is None


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (401, Unauthorized, Reason.UNAUTHORIZED),
        (403, Refused, Reason.FORBIDDEN),
        (404, Rejected, Reason.NOT_FOUND),
        (400, Rejected, Reason.INVALID),
        (408, Unavailable, Reason.RATE_LIMITED),
        (429, Unavailable, Reason.RATE_LIMITED),
        (500, Unavailable, Reason.SERVER),
        (599, Unavailable, Reason.SERVER),
        (302, Unavailable, Reason.PROTOCOL),
        (204, Unavailable, Reason.PROTOCOL),
        (999, Unavailable, Reason.PROTOCOL),
    ],
)
def test_refusals(status: int, kind: type[BotError], reason: Reason) -> None:
    """Each status becomes the error that says what to do next, and names the place."""
    error = refusal(status, "host/path", wait=timedelta(seconds=3))
    assert (kind, reason) == (type(error), error.reason)
    assert f"host/path answered {status}" == str(error)
