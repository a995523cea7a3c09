"""Direct messages through a real PDS: whom it lets through, and that it hands on what we ask and say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import Rejected, Unauthorized, Unknown
from bot.findings import Exam, Health
from bot.model import Cursor, Post
from bot.ports import Wiring
from bot.testing.replier_contract import a_reply
from bot.testing.source_contract import WatchAll
from bot.vault import MemoryVault
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.chat import post_id
from connectors.bluesky.chat_inbox import ChatSource
from connectors.bluesky.examine import examine
from tests.contract._http import counting
from tests.contract.bluesky_rig import a_question, a_replier
from tests.peers.chat import ChatPeer
from tests.peers.network import Network
from tests.peers.people import Person, join

pytestmark = pytest.mark.timeout(300)

ANN, CONVO = "did:plc:ann", "3lconvo"


@dataclass
class Stand:
    brand: Person
    peer: ChatPeer
    settings: AccountSettings
    wiring: Wiring

    async def read(self, after: Cursor | None) -> tuple[list[Post], Cursor | None]:
        posts: list[Post] = []
        async for batch in ChatSource(self.settings, self.wiring).read(after, WatchAll()):
            posts += batch.posts
            after = batch.cursor or after
        return posts, after


@asynccontextmanager
async def stand(network: Network, *, privileged: bool = True) -> AsyncIterator[Stand]:
    brand = await join(network, "acme", is_awaited=False)
    password = SecretStr(await brand.app_password(privileged=privileged))
    settings = AccountSettings(handle=brand.handle, app_password=password, service=network.pds, chat=True)
    peer = ChatPeer(brand)
    await peer.start(network.chat)
    try:
        peer.chat.begin(CONVO, ANN, status="request")
        async with counting() as client:
            wiring = Wiring(http=client, clock=SystemClock(), vault=MemoryVault())
            yield Stand(brand, peer, settings, wiring)
    finally:
        await peer.stop()


async def test_a_message_comes_and_is_answered(network: Network) -> None:
    """Both ways through the account's own server, in its name; and a refusal comes through as one."""
    async with stand(network) as here:
        _, cursor = await here.read(None)
        name = here.peer.chat.say(CONVO, ANN, "is it down?")
        ([post], cursor) = await here.read(cursor)
        assert (post_id(CONVO, name), "is it down?", True) == (post.id, post.text, post.is_private)
        replier = a_replier(here.settings, here.wiring)
        published = await replier.publish(a_reply(post, "See https://acme.example/help"))
        ([sent], [ours]) = (here.peer.chat.sent, (await here.read(cursor))[0])
        assert (CONVO, "See https://acme.example/help", 1) == (
            sent["convo"],
            sent["text"],
            len(sent["facets"]),
        )
        assert (published.post_id, here.brand.did) == (ours.id, ours.author_id)
        here.peer.chat.convos[CONVO].refuses = ("InvalidRequest", "recipient has disabled incoming messages")
        with pytest.raises(Rejected, match="they take no direct messages"):
            await replier.publish(a_reply(post, key="reply:18:1"))


async def test_an_app_password_needs_the_right(network: Network) -> None:
    """The server itself refuses, a person is told what to do, and the session is not renewed for it."""
    async with stand(network, privileged=False) as here:
        with pytest.raises(Unauthorized, match="Allow access to your direct messages"):
            await here.read(None)
        reply = a_reply(replace(a_question(), id=post_id(CONVO, "m1")))
        with pytest.raises(Unauthorized, match="Allow access to your direct messages"):
            await a_replier(here.settings, here.wiring).publish(reply)
        findings = [one async for one in examine(Exam(account=here.settings), here.wiring)]
        assert (Health.MEND, "bluesky chat") == (findings[1].health, findings[1].about)
        assert 0 == here.peer.requests


async def test_a_service_that_is_away_leaves_us_unsure(network: Network) -> None:
    """The server says so by a 502, and nobody knows what it handed on before."""
    async with stand(network) as here:
        question = replace(a_question(), id=post_id(CONVO, here.peer.chat.say(CONVO, ANN, "is it down?")))
        replier = a_replier(here.settings, here.wiring)
        async with here.peer.away():
            with pytest.raises(Unknown):
                await replier.publish(a_reply(question))
        assert await replier.find(a_reply(question)) is None
