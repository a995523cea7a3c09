"""The suite for repliers on a real PDS, through a line that breaks; and what a real AppView keeps to itself."""

from __future__ import annotations

import http.client
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.model import Post, PostRef
from bot.ports import Wiring
from bot.replies import Outgoing, Published, Replier
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.replier_contract import ReplierContract, ReplierRig, a_reply
from bot.vault import MemoryVault
from connectors.bluesky.account import AccountSettings
from tests.contract._http import counting
from tests.contract.bluesky_rig import BODY_SECRET, LONGEST, NOW, a_question, a_replier, losses, refusals
from tests.peers.bluesky.network import Network
from tests.peers.bluesky.people import POST, Person, Ref, Refused, answers, join, records, shown, soon
from tests.peers.bluesky.wire import Wire

pytestmark = pytest.mark.timeout(600)
PATIENCE = 3.0
"""Seconds: what lies between is a real login."""


@dataclass
class Repository:
    """What the public reads of an account, in the order in which it came."""

    pds: str
    did: str
    order: list[str] = field(default_factory=list)

    def posts(self) -> list[dict[str, Any]]:
        found = {one["uri"]: one["value"] for one in self._asked()}
        self.order += [uri for uri in found if uri not in self.order]
        return [found[uri] for uri in self.order if uri in found]

    def _asked(self) -> list[dict[str, Any]]:
        """Without waiting in the loop: the suite asks as it would ask a list."""
        place = urlsplit(self.pds)
        connection = http.client.HTTPConnection(place.netloc, timeout=30)
        query = urlencode({"repo": self.did, "collection": POST, "limit": "100"})
        try:
            connection.request("GET", f"/xrpc/com.atproto.repo.listRecords?{query}")
            found: list[dict[str, Any]] = json.loads(connection.getresponse().read())["records"]
        finally:
            connection.close()
        return found


_questions: dict[str, Ref] = {}


async def a_real_question(network: Network) -> Ref:
    """One of each network, which the AppView shows."""
    if network.pds not in _questions:
        ann = await join(network, "ann")
        asked = await ann.post("is it down?")
        if network.appview:
            await shown(network, asked)
        _questions[network.pds] = asked
    return _questions[network.pds]


async def settings_of(person: Person, wire: Wire) -> AccountSettings:
    password = SecretStr(await person.app_password())
    return AccountSettings(handle=person.handle, app_password=password, service=wire.url)


@asynccontextmanager
async def real_replier(network: Network) -> AsyncIterator[ReplierRig]:
    clock = ManualClock(NOW)
    question = await a_real_question(network)
    brand = await join(network, "acme", is_awaited=False)
    async with counting() as client, Wire(network) as wire:
        settings = await settings_of(brand, wire)
        assert settings.app_password is not None
        wiring = Wiring(http=client, clock=clock, vault=MemoryVault())
        repository = Repository(network.pds, brand.did)
        yield ReplierRig(
            replier=a_replier(settings, wiring),
            reborn=lambda: a_replier(settings, wiring),
            to=a_question(question.uri),
            said=lambda: [str(post["text"]) for post in repository.posts()],
            answered=lambda: [post["reply"]["parent"]["uri"] for post in repository.posts()],
            longest=LONGEST,
            troubles=refusals(wire),
            losses=losses(wire, client, patience=PATIENCE),
            cut_off=wire.away,
            stall=lambda: wire.faults.append(Refuse(status=0)),
            requests=lambda: client.requests,
            in_flight=lambda: client.in_flight,
            secrets=(settings.app_password.get_secret_value(), BODY_SECRET, "eyJ"),
            rest=clock.advance,
        )


class TestRealPds(ReplierContract):
    """Every rule of the suite; a fresh account each time."""

    @pytest.fixture(autouse=True)
    def _on(self, network: Network) -> None:
        self._network = network

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return real_replier(self._network)


@dataclass
class Stand:
    """A brand that answers, and Ann."""

    network: Network
    brand: Person
    ann: Person
    wire: Wire
    clock: ManualClock
    replier: Replier

    def asked(self, ref: Ref, *, root: Ref | None = None, before: timedelta = timedelta(hours=1)) -> Post:
        """Ann's post, as a source gives it; seen a while before now."""
        above = PostRef(id=root.uri, revision=root.cid) if root else None
        return replace(
            a_question(ref.uri),
            author_id=self.ann.did,
            revision=ref.cid,
            parent=above,
            root=above,
            seen_at=self.clock.now() - before,
        )

    async def said(self) -> list[dict[str, Any]]:
        return await records(self.network, self.brand.did)

    async def failure(self, reply: Outgoing) -> BotError:
        with pytest.raises(BotError) as caught:
            await self.replier.publish(reply)
        assert [] == await self.said()
        return caught.value


@asynccontextmanager
async def stand(network: Network) -> AsyncIterator[Stand]:
    clock = ManualClock(NOW)
    brand, ann = await join(network, "acme"), await join(network, "ann")
    async with counting() as client, Wire(network) as wire:
        wiring = Wiring(http=client, clock=clock, vault=MemoryVault())
        yield Stand(network, brand, ann, wire, clock, a_replier(await settings_of(brand, wire), wiring))


async def test_an_answer_stands_in_the_thread_for_everybody(whole: Network) -> None:
    """Below the post, with its root, links, handles and tags as apps show them; and it is gone when taken back."""
    async with stand(whole) as here:
        root = await here.ann.post("my lift")
        asked = await here.ann.reply("is it down?", root=root, parent=root)
        await shown(whole, asked)
        text = f"Größe? Sorry @{here.ann.handle}, see https://acme.example/ü (@nobody.test) #lift 👩‍👩‍👧"
        published = await here.replier.publish(a_reply(here.asked(asked, root=root), text))
        (post,) = await soon(lambda: answers(whole, asked), what="the answer is shown")
        record = post["record"]
        assert (published.post_id, published.revision, here.brand.did, text, ["en"]) == (
            post["uri"],
            post["cid"],
            post["author"]["did"],
            record["text"],
            record["langs"],
        )
        assert {"root": root.value, "parent": asked.value} == record["reply"]
        assert [
            (f"@{here.ann.handle}", "mention", here.ann.did),
            ("https://acme.example/ü", "link", "https://acme.example/ü"),
            ("#lift", "tag", "lift"),
        ] == [marked(text, facet) for facet in record["facets"]]
        await here.replier.delete(published.post_id)
        await soon(lambda: is_empty(whole, asked), what="it is gone")
        assert [] == await here.said()


async def test_a_byte_order_mark_before_a_link(network: Network) -> None:
    """The server forgets it when it reads the record again; the link is marked where it then stands."""
    async with stand(network) as here:
        question = await a_real_question(network)
        reply = a_reply(here.asked(question), "\ufeffhttps://acme.example helps")
        published = await here.replier.publish(reply)
        ((text, facet),) = [(one["value"]["text"], one["value"]["facets"][0]) for one in await here.said()]
        assert "https://acme.example" == marked(text, facet)[0]
        assert published == await here.replier.find(reply)


def marked(text: str, facet: dict[str, Any]) -> tuple[str, str, str]:
    """Which piece of the text it marks, as what, and with what behind it."""
    index, feature = facet["index"], facet["features"][0]
    piece = text.encode()[index["byteStart"] : index["byteEnd"]].decode()
    kind = feature["$type"].partition("#")[2]
    return piece, kind, feature[{"mention": "did", "link": "uri", "tag": "tag"}[kind]]


async def is_empty(network: Network, ref: Ref) -> bool:
    return not await answers(network, ref)


async def test_a_closed_thread_is_known_before(whole: Network) -> None:
    """The server takes a reply all the same, and nobody sees it."""
    async with stand(whole) as here:
        asked = await here.ann.post("my thread")
        await here.ann.shut(asked)
        await soon(lambda: is_shut(here, asked), what="the gate is known")
        error = await here.failure(a_reply(here.asked(asked)))
        assert (Rejected, Reason.FORBIDDEN) == (type(error), error.reason)
        unseen = await here.brand.reply("hello?", root=asked, parent=asked)
        await soon(lambda: here.brand.seen(unseen), what="it is indexed")
        assert [] == await answers(whole, asked)


async def is_shut(here: Stand, ref: Ref) -> bool:
    seen = await here.brand.seen(ref)
    return bool(seen and seen["viewer"].get("replyDisabled"))


async def test_a_block_is_known_before_and_is_no_deletion(whole: Network) -> None:
    """The AppView shows neither; whose fault it is can be told apart."""
    async with stand(whole) as here:
        asked, other = await here.ann.post("is it down?"), await here.ann.post("and this?")
        await shown(whole, other)
        await here.ann.delete(other)
        await here.ann.block(here.brand)
        await soon(lambda: is_hidden(here, asked), what="the block is known")
        error = await here.failure(a_reply(here.asked(asked)))
        assert (Rejected, Reason.FORBIDDEN) == (type(error), error.reason)
        assert "block" in str(error)
        error = await here.failure(a_reply(here.asked(other)))
        assert (Rejected, Reason.NOT_FOUND) == (type(error), error.reason)


async def is_hidden(here: Stand, ref: Ref) -> bool:
    return await here.brand.seen(ref) is None


async def test_what_the_appview_has_not_heard_of_is_waited_for(whole: Network) -> None:
    """Answered in the same moment, by an account on the same server: that is no block, and no deletion."""
    async with stand(whole) as here:
        for number in range(5):
            asked = await here.ann.post(f"is it down? {number}")
            reply = a_reply(here.asked(asked, before=timedelta(0)), key=f"reply:{number}")
            await soon(partial(published_or_later, here, reply), what="it is published")
        assert 5 == len(await here.said())


async def published_or_later(here: Stand, reply: Outgoing) -> Published | None:
    try:
        return await here.replier.publish(reply)
    except Unavailable as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        return None


async def test_a_wrong_password_is_tried_once(network: Network) -> None:
    """By whoever asks again, also after a restart."""
    async with stand(network) as here, counting() as client:
        settings = AccountSettings(
            handle=here.brand.handle, app_password=SecretStr("aaaa-bbbb-cccc-dddd"), service=here.wire.url
        )
        wiring = Wiring(http=client, clock=here.clock, vault=MemoryVault())
        for _ in range(3):
            with pytest.raises(Unauthorized, match="does not know this handle with this app password"):
                await a_replier(settings, wiring).publish(a_reply(here.asked(await a_real_question(network))))
        assert ["com.atproto.server.createSession"] == here.wire.asked


async def test_a_session_is_renewed_until_its_password_is_taken_away(network: Network) -> None:
    """One login for weeks; then one more, which is refused."""
    async with stand(network) as here:
        question = await a_real_question(network)
        for day in range(20):
            await here.replier.publish(a_reply(here.asked(question), key=f"reply:{day}"))
            await here.clock.advance(timedelta(days=1).total_seconds())
        assert (20, 1) == (len(await here.said()), here.wire.asked.count("com.atproto.server.createSession"))
        await here.brand.revoke()
        for _ in range(2):
            with pytest.raises(Unauthorized):
                await here.replier.publish(a_reply(here.asked(question), key="reply:late"))
        assert (20, 2) == (len(await here.said()), here.wire.asked.count("com.atproto.server.createSession"))


@pytest.mark.parametrize(
    "text",
    [LONGEST, "क्षत्रिय" * 60, "🇩🇪" * 300, "e\u0301" * 300, "한" * 300, "\r\n" * 300, "กำ" * 300, "\u1112\u1161\u11ab" * 300, "👍🏽" * 300, "ﷺ" * 300],
)  # fmt: skip
async def test_we_count_as_the_server_does(network: Network, text: str) -> None:
    """What just fits is taken, whole; one letter more is refused there, as it is here."""
    async with stand(network) as here:
        while here.replier.length(text + "x").fits:
            text += "x"
        while not here.replier.length(text).fits:
            text = text[:-1]
        question = await a_real_question(network)
        await here.replier.publish(a_reply(here.asked(question), text))
        assert [text] == [one["value"]["text"] for one in await here.said()]
        with pytest.raises(Refused, match="400"):
            await here.brand.post(text + "x")
