"""X's direct messages with the loopback server behind them, as the suites want them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.model import Post
from bot.ports import Http, Source, Wiring
from bot.replies import Length, Replier
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.notifier_contract import Trouble
from bot.testing.replier_contract import Loss, ReplierRig
from bot.testing.x_messages import XMessages
from bot.vault import MemoryVault
from connectors.x.ids import first_id
from connectors.x.messages_inbox import MessagesSource
from connectors.x.private_replier import LIMIT, XAnswering, length
from tests.contract._http import CountingHttp, counting
from tests.contract.x_rig import BODY_SECRET
from tests.contract.x_stage import MentionsStage
from tests.unit.x_stand import NOW, settings


class MessagesStage(MentionsStage):
    server: XMessages

    def source(self, http: Http) -> Source:
        return MessagesSource(
            settings(self.server, direct_messages=True), Wiring(http=http, clock=SystemClock())
        )

    def _publish(self, number: int) -> str:
        """Of three, one is ours."""
        ours = number % 3 == 1
        sender, to = ("acme", "ann") if ours else ("ann", "acme")
        return f"dm:{self.server.message(sender, f'is the lift broken & shut? {number}', to=to)}"

    async def publish_malformed(self) -> None:
        self.server.message("ann", "hello?", created_at="yesterday")

    def refuse(self, status: int, headers: Any) -> None:
        body = f"secret: {self.secret}"
        self.server.faults.append(Refuse(status=status, headers=headers, body=body, path="dm_events"))


@asynccontextmanager
async def messages_stage(most: int = 100) -> AsyncIterator[MessagesStage]:
    """`most`: so many messages on a page, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with XMessages() as server:
        server.most, server.granted, server.messages_granted = most, 10_000, 10_000
        server.world.next_id = first_id(SystemClock().now() - timedelta(hours=1))
        stage = MessagesStage(server, http)
        try:
            yield stage
        finally:
            await http.close()


class Private(XAnswering):
    """As a card with a message on it measures."""

    def length(self, text: str) -> Length:
        return length(text)


def a_message(number: str, **more: Any) -> Post:
    """Of Ann's, an hour old."""
    at = NOW - timedelta(hours=1)
    return Post(
        platform="x",
        id=f"dm:{number}",
        author_id="1001",
        text="is it down?",
        posted_at=at,
        seen_at=at,
        **more,
    )


def troubles(server: XMessages) -> tuple[Trouble, ...]:
    """Every way in which nothing was sent, and somebody says so."""

    def write(status: int, **headers: str) -> Callable[[], None]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda: server.mishap(status, is_done=False, body=BODY_SECRET, headers=named)

    def told(
        name: str, plant: Callable[[], None], error: type[BotError], why: Reason, wait: int = 0
    ) -> Trouble:
        after = timedelta(seconds=wait) if wait else None
        return Trouble(name=name, plant=plant, becomes=error, reason=why, retry_after=after)

    def be(**how: Any) -> Callable[[], None]:
        return lambda: vars(server).update(how)

    me = Refuse(status=503, body=BODY_SECRET, path="/me")
    return (
        told("write 429", write(429), Unavailable, Reason.RATE_LIMITED),
        told("write 429 s", write(429, Retry_After="12"), Unavailable, Reason.RATE_LIMITED, 12),
        told("write 400", write(400), Rejected, Reason.INVALID),
        told("write 401", write(401), Unauthorized, Reason.UNAUTHORIZED),
        told("write 402", write(402), Unauthorized, Reason.UNAUTHORIZED),
        told("me 503", lambda: server.faults.append(me), Unavailable, Reason.SERVER),
        told("revoked", be(is_revoked=True), Unauthorized, Reason.UNAUTHORIZED),
        told("closed", be(closed={"1001"}), Rejected, Reason.FORBIDDEN),
    )


def losses(server: XMessages, http: CountingHttp) -> tuple[Loss, ...]:
    """Every way in which nobody knows."""

    def lost(how: str | int, *, is_done: bool) -> Callable[[], None]:
        def plant() -> None:
            server.mishap(how, is_done=is_done, body=BODY_SECRET)
            http.patience = 0.3 if how == "withhold" else None

        return plant

    return tuple(
        Loss(name=f"{how}, {is_done}", plant=lost(how, is_done=is_done), is_published=is_done)
        for how in ("cut", "withhold", 408, 500, 200)
        for is_done in (True, False)
    )


@asynccontextmanager
async def private_replier() -> AsyncIterator[ReplierRig]:
    clock = ManualClock(NOW)
    async with counting() as http, XMessages(clock.now) as server:
        server.world.next_id = first_id(NOW)
        asked = server.message("ann", "is it down?", at=NOW - timedelta(hours=1))
        vault = MemoryVault()

        def replier() -> Replier:
            wiring = Wiring(http=http, clock=clock, vault=vault)
            return Private(settings(server, direct_messages=True, budget={"month": "1000"}), wiring)

        def said() -> list[str]:
            assert not server.said(), "it was said in public"
            return [
                one["text"].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
                for one in server.sent()
            ]

        yield ReplierRig(
            replier=replier(),
            reborn=replier,
            to=a_message(asked),
            said=said,
            answered=lambda: [
                f"dm:{asked}" for one in server.sent() if one["dm_conversation_id"] == "1000-1001"
            ],
            longest="é" * LIMIT,
            troubles=troubles(server),
            losses=losses(server, http),
            cut_off=server.away,
            stall=lambda: server.faults.append(Refuse(status=0)),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            secrets=(server.keys.token_secret, server.keys.consumer_secret, BODY_SECRET),
            rest=clock.advance,
        )
