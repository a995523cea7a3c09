"""Bluesky's chat on the loopback PDS, as the suites for sources and for repliers want it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.clock import SystemClock
from bot.errors import Reason, Rejected, Unauthorized
from bot.http import HttpClient
from bot.model import Cursor, Post
from bot.ports import Http, Source, Wiring
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.notifier_contract import Trouble
from bot.testing.pds_server import PdsServer
from bot.testing.replier_contract import ReplierRig
from bot.vault import MemoryVault
from connectors.bluesky.chat import post_id
from connectors.bluesky.chat_inbox import ChatSource
from connectors.bluesky.chat_position import cursor_at
from tests.contract._http import counting
from tests.contract.bluesky_rig import (
    BODY_SECRET,
    DID,
    HANDLE,
    NOW,
    PASSWORD,
    a_question,
    a_replier,
    losses,
    refusals,
    settings,
    told,
)

ANN, CONVO = "did:plc:ann", "3lconvo"
LONGEST = "👩‍👩‍👧" * 100 + "é" * 100 + "w" * 800


class ChatStage:
    """The account is signed in anew by each source: what was kept is shared, as in the daemon."""

    secret = PASSWORD

    def __init__(self, server: PdsServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = cursor_at(SystemClock().now())
        self._vault = MemoryVault()
        for name, did in (("c0", ANN), ("c1", "did:plc:ben")):
            server.chat.begin(name, did, status="accepted" if did == ANN else "request")

    def source(self, http: Http) -> Source:
        account = settings(self.server, chat=True)
        return ChatSource(account, Wiring(http=http, clock=SystemClock(), vault=self._vault))

    async def publish(self, count: int) -> list[str]:
        return [self._publish(f"c{number % 2}", number) for number in range(count)]

    def _publish(self, convo: str, number: int) -> str:
        sender = DID if number % 3 == 2 else self.server.chat.convos[convo].members[1]["did"]
        return post_id(convo, self.server.chat.say(convo, sender, f"is the lift broken again? {number}"))

    async def publish_malformed(self) -> None:
        self.server.chat.malformed("c0")

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        refuse = Refuse(status=status, headers=headers, body=f"secret: {PASSWORD}", path="getLog")
        self.server.faults.append(refuse)

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def chat_stage(page: int = 100) -> AsyncIterator[ChatStage]:
    """`page`: so many rows at most, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with PdsServer() as server:
        server.account(DID, HANDLE, PASSWORD)
        server.may_chat(DID)
        server.chat.most = page
        try:
            yield ChatStage(server, http)
        finally:
            await http.close()


def troubles(server: PdsServer) -> tuple[Trouble, ...]:
    """Every way in which nothing was sent, and somebody says so."""

    def refused(name: str, words: str, why: Reason) -> Trouble:
        def plant() -> None:
            server.chat.convos[CONVO].refuses = (name, words)

        return told(f"{name}: {words}", plant, Rejected, why)

    def no_right() -> None:
        server.sessions.holders[DID].scope = "com.atproto.appPass"

    no = "InvalidRequest"
    block, off, followed = (
        "block between recipient and sender",
        "recipient has disabled incoming messages",
        "recipient requires incoming messages to come from someone they follow",
    )
    return (
        *(one for one in refusals(server) if not one.name.startswith("thread")),
        told("no right", no_right, Unauthorized, Reason.UNAUTHORIZED),
        refused(no, block, Reason.FORBIDDEN),
        refused("BlockedActor", BODY_SECRET, Reason.FORBIDDEN),
        refused(no, off, Reason.FORBIDDEN),
        refused("MessagesDisabled", BODY_SECRET, Reason.FORBIDDEN),
        refused(no, followed, Reason.FORBIDDEN),
        refused("ConvoLocked", BODY_SECRET, Reason.FORBIDDEN),
        refused(no, "recipient does not exist", Reason.NOT_FOUND),
        told("left", lambda: server.chat.leave(CONVO), Rejected, Reason.NOT_FOUND),
    )


def the_question(server: PdsServer) -> Post:
    """What Ann asked in private."""
    return replace(a_question(), id=post_id(CONVO, server.chat.convos[CONVO].messages[0]["id"]))


@asynccontextmanager
async def chat_replier() -> AsyncIterator[ReplierRig]:
    clock = ManualClock(NOW)
    async with counting() as http, PdsServer(clock) as server:
        server.account(DID, HANDLE, PASSWORD)
        server.may_chat(DID)
        server.chat.begin(CONVO, ANN, status="request")
        server.chat.say(CONVO, ANN, "is it down?")
        wiring = Wiring(http=http, clock=clock, vault=MemoryVault())
        question = the_question(server)
        yield ReplierRig(
            replier=a_replier(settings(server, chat=True), wiring),
            reborn=lambda: a_replier(settings(server, chat=True), wiring),
            to=question,
            said=_said(server),
            answered=lambda: [question.id for one in server.chat.sent if one["convo"] == CONVO],
            longest=LONGEST,
            troubles=troubles(server),
            losses=losses(server, http),
            cut_off=server.away,
            stall=lambda: server.faults.append(Refuse(status=0)),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            secrets=(PASSWORD, BODY_SECRET, "eyJ"),
            rest=clock.advance,
        )


def _said(server: PdsServer) -> Callable[[], list[str]]:
    """What Ann reads of us; that the public reads nothing at all is looked at each time."""

    def said() -> list[str]:
        assert server.posts(DID) == [], "a direct message was answered in public"
        return [one["text"] for one in server.chat.sent]

    return said
