"""The staff's chat as a phone: a small web application, to be mounted where the composition root likes.

Knows how to show what the chat holds and how to hand a press or a reply to it; all that is seen comes from
there. Texts of posts are hostile: they travel as JSON and are set as text, never as markup. Only a page of
our own may press: a foreign one can send no JSON unasked (https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.demo.chat import NoCardError, StaleButtonError
from bot.testing.telegram_chats import MAX_TEXT

if TYPE_CHECKING:
    from bot.demo.chat import Chat

STATIC = Path(__file__).parent / "static"
ALIVE_EVERY = 15.0
"""Seconds between two signs of life on a quiet stream, so that a browser that went away is noticed."""
RETRY_MS = 1000

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
_JSON = "application/json"
_FILES = {"": "phone.html", "phone.css": "phone.css", "phone.js": "phone.js", "icon.svg": "icon.svg"}


def phone(chat: Chat) -> web.Application:
    """The application; whoever mounts it decides for which Host names it answers."""
    application = web.Application()
    application.on_response_prepare.append(_harden)
    closing = asyncio.Event()
    for path, name in _FILES.items():
        application.router.add_get(f"/{path}", _file(STATIC / name))

    async def events(request: web.Request) -> web.StreamResponse:
        return await _events(request, chat, closing)

    async def press(request: web.Request) -> web.Response:
        return await _press(request, chat)

    async def reply(request: web.Request) -> web.Response:
        return await _reply(request, chat)

    async def close(_: web.Application) -> None:
        closing.set()

    application.router.add_get("/events", events)
    application.router.add_post("/press", press)
    application.router.add_post("/reply", reply)
    application.on_shutdown.append(close)
    return application


def _file(path: Path) -> Any:
    async def serve(_: web.Request) -> web.FileResponse:
        return web.FileResponse(path)

    return serve


async def _events(request: web.Request, chat: Chat, closing: asyncio.Event) -> web.StreamResponse:
    """Server-sent events: each item of the chat as it is, and again whenever it changes.

    The event's id is the chat's version, so that a browser that comes back gets what it missed.
    https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    seen = request.headers.get("Last-Event-ID", "0")
    version = int(seen) if seen.isdecimal() and seen.isascii() and len(seen) < 10 else 0
    if version > chat.version:
        version = 0  # another life of the demo
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    over = asyncio.create_task(closing.wait())
    try:
        while not closing.is_set():
            items = await _next(chat, version, over)
            for item in items:
                version = item.version
                data = json.dumps(item.shown(), ensure_ascii=True)
                await response.write(f"id: {version}\ndata: {data}\n\n".encode())
            if not items:
                await response.write(b": alive\n\n")
    except ConnectionError:
        pass  # the browser went away
    finally:
        over.cancel()
    return response


async def _next(chat: Chat, version: int, over: asyncio.Task[Any]) -> Any:
    changed = asyncio.create_task(chat.changed(version))
    try:
        await asyncio.wait({changed, over}, timeout=ALIVE_EVERY, return_when=asyncio.FIRST_COMPLETED)
        return changed.result() if changed.done() else []
    finally:
        changed.cancel()


async def _press(request: web.Request, chat: Chat) -> web.Response:
    """`{"message": 3, "label": "Claim"}`: the visitor presses a button. What they are told, in the answer."""
    message, label = await _asked(request, "label")
    try:
        toast = await chat.press(message, label, chat.visitor)
    except StaleButtonError:
        return web.json_response({"error": "that button is gone"}, status=409)
    told = {"text": toast.text, "is_loud": toast.is_loud} if toast else {"text": "", "is_loud": False}
    return web.json_response(told)


async def _reply(request: web.Request, chat: Chat) -> web.Response:
    """`{"message": 3, "text": "Sorry!"}`: the visitor replies to a card. What comes of it comes by chat."""
    message, text = await _asked(request, "text")
    if not text.strip():
        return web.json_response({"error": "write something"}, status=400)
    if len(text.encode("utf-16-le", errors="surrogatepass")) // 2 > MAX_TEXT:
        return web.json_response({"error": f"a message has at most {MAX_TEXT} characters"}, status=400)
    try:
        chat.reply(message, text.strip(), chat.visitor)
    except NoCardError:
        return web.json_response({"error": "that card is gone"}, status=409)
    return web.json_response({"text": "", "is_loud": False})


async def _asked(request: web.Request, what: str) -> tuple[int, str]:
    """The message that something is done to, and what else is said of it. Raises: HTTPException."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text=_error("send JSON"), content_type=_JSON)
    try:
        asked = json.loads(await request.read())
        return int(asked["message"]), str(asked[what])
    except (ValueError, TypeError, KeyError):
        raise web.HTTPBadRequest(text=_error(f"send {{message, {what}}}"), content_type=_JSON) from None


def _error(text: str) -> str:
    return json.dumps({"error": text})


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
