"""Frames off a real WebSocket: those that lie there are taken the short way, all else as aiohttp gives it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from bot.clock import SystemClock
from connectors.bluesky import inflow
from connectors.bluesky.inflow import Inflow, queue

FRAMES = 300


class Talk:
    """Many frames at once, a ping among them, and a goodbye once the ping is answered."""

    def __init__(self) -> None:
        self.answers: list[tuple[WSMsgType, bytes]] = []

    async def hold(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        for number in range(FRAMES):
            if number == FRAMES // 2:
                await socket.ping(b"there?")
            await (socket.send_str(str(number)) if number % 2 else socket.send_bytes(b"%d" % number))
        answer = await socket.receive()
        self.answers.append((answer.type, bytes(answer.data)))
        await socket.close()
        return socket


@asynccontextmanager
async def heard(talk: Talk) -> AsyncIterator[Any]:
    app = web.Application()
    app.router.add_get("/", talk.hold)
    async with (
        TestServer(app) as server,
        ClientSession() as session,
        session.ws_connect(server.make_url("/"), decode_text=False) as socket,
    ):
        yield socket


@pytest.mark.parametrize("is_short", [True, False])
async def test_all_frames_in_order_and_a_ping_is_answered(
    is_short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another aiohttp keeps its frames elsewhere."""
    if not is_short:
        monkeypatch.setattr(inflow, "queue", lambda socket: ((), socket.receive))
    talk, taken = Talk(), list[bytes]()
    async with heard(talk) as socket, Inflow(socket, SystemClock()) as flowing:
        while (heap := await flowing.take(5)) is not None:
            taken += heap
    assert taken == [b"%d" % number for number in range(FRAMES)]
    assert talk.answers == [(WSMsgType.PONG, b"there?")]


async def test_the_short_way_is_there() -> None:
    """With the aiohttp that is installed; without, everything works and costs a little more."""
    async with heard(Talk()) as socket:
        lying, shortcut = queue(socket)
        assert isinstance(lying, deque)
        await socket.receive()  # all were sent at once: the others have come with it
        kind, frame, _ = lying[0][0]
        assert await shortcut() == (kind, frame, _)


def test_another_aiohttp_is_asked_for_every_frame() -> None:
    """Nothing lies where we look."""
    receive = object()
    socket = cast("Any", SimpleNamespace(receive=receive, _reader=SimpleNamespace()))
    assert queue(socket) == ((), receive)
