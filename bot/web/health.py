"""`/healthz`, `/readyz` and `/metrics` for the machines that watch the daemon, and the server of the page.

Knows HTTP and how to ask for checks; it must not know what is checked, and it takes no decision. It answers
only requests whose Host names this machine: a page in a browser that reached loopback by DNS rebinding
gets 403 (https://en.wikipedia.org/wiki/DNS_rebinding).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from bot.errors import BotError, ConfigError
from bot.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiohttp.typedefs import Handler

    from bot.metrics import Metrics

STOP_WITHIN = 1.0
"""Seconds that requests in flight get when the daemon stops; the whole daemon has five."""

MAX_BODY = 1024
MAX_FORM = 64 * 1024
"""Bytes of a request's body where there is a page: two hundred mentions and a note."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "outcare",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of being ready; `detail` says in plain words what is wrong, or how well it is."""

    name: str
    ok: bool
    detail: str = ""


class Pages(Protocol):
    """A page to serve on the same address; `framed` are the paths that it may show inside itself."""

    @property
    def framed(self) -> tuple[str, ...]: ...
    def middlewares(self) -> Sequence[Any]: ...
    def install(self, app: web.Application) -> None: ...


class Address(Protocol):
    """Where to listen (`settings.http`); port 0 takes a free one."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


class WebServer:
    """The health pages on one address; `names` are further hosts that requests may be for."""

    def __init__(
        self,
        address: Address,
        checks: Callable[[], Iterable[Check]],
        metrics: Metrics,
        *,
        names: Iterable[str] = (),
        page: Pages | None = None,
    ) -> None:
        self._address = address
        self._names = (address.host, *names)
        self._checks = checks
        self._metrics = metrics
        self._page = page
        self._started = time.monotonic()
        self.url = ""
        """Where it listens, once it does."""
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen, and say under which URL. Raises: ConfigError if the address cannot be had."""
        runner = web.AppRunner(
            self._app(), handle_signals=False, access_log=None, shutdown_timeout=STOP_WITHIN
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._address.host, self._address.port).start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigError(_explain(self._address, error)) from error
        self._runner, self.url = runner, _url(runner)
        return self.url

    async def stop(self) -> None:
        """Answer what is in flight, then close; a second call does nothing."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    def _app(self) -> web.Application:
        own = self._page.middlewares() if self._page else ()
        size = MAX_FORM if self._page else MAX_BODY
        app = web.Application(middlewares=[self._guard, *own], client_max_size=size)
        app.on_response_prepare.append(self._harden)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._show_metrics)
        if self._page:
            self._page.install(app)
        return app

    async def _harden(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers_for(request.path, self._page.framed if self._page else None).items():
            if name != "Cache-Control" or name not in response.headers:
                response.headers[name] = value

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_for_us(request.headers.get("Host", ""), self._names):
            raise web.HTTPForbidden(text="This address answers only requests to its own name.\n")
        return await handler(request)

    async def _healthz(self, _request: web.Request) -> web.Response:
        """The process lives; how long the loop took to come around says how busy it is."""
        asked = time.monotonic()
        await asyncio.sleep(0)
        now = time.monotonic()
        loop_delay, uptime = round(now - asked, 6), round(now - self._started, 3)
        return _json({"status": "ok", "uptime_seconds": uptime, "loop_delay_seconds": loop_delay})

    async def _readyz(self, _request: web.Request) -> web.Response:
        checks = self._run_checks()
        ready = all(check.ok for check in checks)
        body = {"status": "ready" if ready else "not ready", "checks": [asdict(check) for check in checks]}
        return _json(body, status=200 if ready else 503)

    def _run_checks(self) -> tuple[Check, ...]:
        try:
            return tuple(self._checks())
        except BotError as error:
            return (Check(name="checks", ok=False, detail=f"cannot be made: {error}"),)

    async def _show_metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.render(), headers={"Content-Type": CONTENT_TYPE})


def is_for_us(host: str, names: Iterable[str]) -> bool:
    """Whether a Host header names loopback or one of `names`; ports do not matter.

    An address such as 127.1 that only some parsers read as loopback is not ours.
    """
    if "@" in host:
        return False
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in {"localhost", *(known.lower() for known in names)} or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _url(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _explain(address: Address, error: OSError) -> str:
    why = f"cannot listen on {address.host}:{address.port}: {error.strerror or error}"
    return f"{why}; set another http.port (0 takes a free one) or stop what uses it"


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body) + b"\n", status=status, content_type="application/json")


def headers_for(path: str, framed: tuple[str, ...] | None) -> dict[str, str]:
    """What every answer says to browsers; `framed` None: there is no page. Nothing runs but our own files."""
    if framed is None:
        return HEADERS
    is_framed = path.startswith(framed) if framed else False
    by, frame = ("'self'", "SAMEORIGIN") if is_framed else ("'none'", "DENY")
    policy = f"{PAGE_POLICY}; frame-ancestors {by}"
    return {
        **HEADERS,
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",  # with no-referrer our own forms say that they come from nowhere
        "X-Frame-Options": frame,
    }
