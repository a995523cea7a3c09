"""The whole way of an answer on a real Bluesky network, with the real daemon; only the staff's chat is a loopback."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.testing.telegram_chats import Sent
from tests.acceptance._world import World, until
from tests.peers.bluesky.network import Network
from tests.peers.bluesky.people import Person, Ref, answers, join, records, soon
from tests.peers.bluesky.wire import Wire

pytestmark = pytest.mark.timeout(300)
WITHIN = 60.0
QUESTION = "how do I get my refund?"


@dataclass
class Office:
    """A brand's daemon, its chat, and Ann, who wrote to the brand."""

    network: Network
    world: World
    wire: Wire
    brand: Person
    ann: Person
    app_password: str

    @property
    def words(self) -> str:
        return f"So sorry, @{self.ann.handle}! Which order is it? Größe: https://acme.example/help"

    @property
    def card(self) -> Sent:
        return self.world.telegram.messages[0]

    async def shows(self, text: str) -> None:
        await until(
            lambda: text in self.card.text,
            within=WITHIN,
            what=f"{text!r} on {self.card.text}\n{self.world.output}",
        )

    async def offers(self, label: str) -> None:
        await until(
            lambda: label in self.card.labels, within=WITHIN, what=f"{label!r} below {self.card.text}"
        )

    def press(self, label: str) -> None:
        self.world.telegram.press(self.card.message_id, label, user=1, name="Anna")

    def write(self, text: str) -> None:
        self.world.telegram.say(text, user=1, reply_to=self.card.message_id)

    async def mentioned(self, **more: Any) -> Ref:
        """Ann mentions the brand, and Anna has the card."""
        asked = await self.ann.post(f"@{self.brand.handle} {QUESTION}", of=self.brand, **more)
        await until(lambda: self.world.telegram.messages, within=WITHIN, what="the card arrives")
        self.press("Claim")
        await self.shows("To answer, reply to this card")
        return asked

    async def drafted(self) -> Ref:
        asked = await self.mentioned()
        self.write(self.words)
        await self.offers("Publish")
        return asked

    async def said(self) -> list[str]:
        return [one["value"]["text"] for one in await records(self.network, self.brand.did)]

    def asks(self) -> list[str | None]:
        """What became of each ask."""
        with closing(sqlite3.connect(self.world.database)) as connection:
            return [outcome for (outcome,) in connection.execute("SELECT outcome FROM asks ORDER BY id")]


@asynccontextmanager
async def office(folder: Path, network: Network) -> AsyncIterator[Office]:
    async with World(folder) as world, Wire(network) as wire:
        brand, ann = await join(network, "acme"), await join(network, "ann")
        password = await brand.app_password()
        world.secrets["OUTCARE_BLUESKY__APP_PASSWORD"] = password
        world.write_config(
            brand={"name": "acme", "words": ["unheard-of"], "accounts": {"bluesky": [brand.handle]}},
            sources={
                "bluesky": {
                    "jetstream": world.jetstream.url,
                    "silence": 3600,
                    "appview": network.appview or network.pds,
                }
            },
            bluesky={"handle": brand.handle, "service": wire.url, "every": "5s"},
            replies={"hold": "1s"},
        )
        yield Office(network, world, wire, brand, ann, password)


@asynccontextmanager
async def daemon(here: Office) -> AsyncIterator[None]:
    """`outcare run`, once it reads the account's notifications; it must end well."""
    process = await here.world.outcare("run")
    try:
        await until(
            lambda: (
                "app.bsky.notification.listNotifications" in here.wire.asked or process.returncode is not None
            ),
            within=WITHIN,
            what=here.world.output,
        )
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
    assert process.returncode == 0, here.world.output
    assert "Traceback" not in here.world.output


async def test_an_answer_is_written_approved_and_published_once(tmp_path: Path, whole: Network) -> None:
    """Mention, card, claim, a draft, an edit, Publish: one post in Ann's thread, the card tells it, the ask ended."""
    async with office(tmp_path, whole) as here, daemon(here):
        asked = await here.mentioned()
        assert "Ann" in here.card.text
        assert [None] == here.asks()
        here.write("Which order?")
        await here.shows("Which order?")
        here.write(here.words)
        await here.shows(here.words)
        assert [] == await here.said()
        here.press("Publish")
        await here.shows("Published on Bluesky by Anna")
        await here.shows("nswered after")
        (post,) = await soon(lambda: answers(whole, asked), what="the answer is in the thread")
        assert (here.brand.did, here.words) == (post["author"]["did"], post["record"]["text"])
        assert {"root": asked.value, "parent": asked.value} == post["record"]["reply"]
        kinds = [facet["features"][0]["$type"].rpartition("#")[2] for facet in post["record"]["facets"]]
        assert ["mention", "link"] == kinds
        assert here.ann.did == post["record"]["facets"][0]["features"][0]["did"]
        assert [here.words] == await here.said()
        assert ["answered"] == here.asks()
        assert [post["uri"]] == [row["uri"] for row in await soon(here.ann.told, what="Ann is told")]
        cards = len(here.world.telegram.messages)
        await here.ann.reply(
            "But when will it arrive?", root=asked, parent=Ref(uri=post["uri"], cid=post["cid"])
        )
        await until(lambda: len(here.world.telegram.messages) > cards, within=WITHIN, what="she asks again")
        assert "But when will it arrive?" in here.world.telegram.messages[-1].text
        assert ["answered", None] == here.asks()


async def test_what_was_published_survives_a_restart(tmp_path: Path, whole: Network) -> None:
    """Read again from before the question: nothing is answered twice, and nobody is alerted twice."""
    async with office(tmp_path, whole) as here:
        async with daemon(here):
            await here.drafted()
            here.press("Publish")
            await here.shows("Published on Bluesky by Anna")
        told = len(here.world.telegram.messages)
        logins = here.wire.asked.count("com.atproto.server.createSession")
        here.wire.asked.clear()
        async with daemon(here):
            await until(
                lambda: here.wire.asked.count("app.bsky.notification.listNotifications") >= 2, within=WITHIN
            )
        assert (told, [here.words], 1) == (len(here.world.telegram.messages), await here.said(), logins)
        assert "com.atproto.server.createSession" not in here.wire.asked


async def test_an_answer_is_taken_back(tmp_path: Path, whole: Network) -> None:
    """It is gone from the network, the card says so, and the ask goes on."""
    async with office(tmp_path, whole) as here, daemon(here):
        asked = await here.drafted()
        here.press("Publish")
        await here.shows("Published on Bluesky by Anna")
        await soon(lambda: answers(whole, asked), what="the answer is in the thread")
        here.press("Take back")
        await here.shows("Taken back on Bluesky")
        assert [] == await here.said()
        assert None in here.asks()

        async def gone() -> bool:
            return not await answers(whole, asked)

        await soon(gone, what="it is gone from the thread")


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_lost_answer_is_no_second_post(tmp_path: Path, whole: Network, is_done: bool) -> None:
    """The line breaks before the server heard of it, or after: one post, under one record key."""
    async with office(tmp_path, whole) as here, daemon(here):
        asked = await here.drafted()
        here.wire.mishap("cut", is_done=is_done)
        here.press("Publish")
        await here.shows("Published on Bluesky by Anna")
        assert [here.words] == await here.said()
        assert 1 == len(await soon(lambda: answers(whole, asked), what="the answer is in the thread"))
        assert ["answered"] == here.asks()


async def test_a_thread_that_was_closed_meanwhile(tmp_path: Path, whole: Network) -> None:
    """The card says so, with the words kept; nothing is published, and the clock runs on."""
    async with office(tmp_path, whole) as here, daemon(here):
        asked = await here.drafted()
        await here.ann.shut(asked)

        async def is_shut() -> bool:
            seen = await here.brand.seen(asked)
            return bool(seen and seen["viewer"].get("replyDisabled"))

        await soon(is_shut, what="the gate is known")
        here.press("Publish")
        await here.shows("does not let us answer")
        assert here.words in here.card.text
        assert ([], [None]) == (await here.said(), here.asks())


async def test_a_wrong_app_password_is_told_and_tried_once(tmp_path: Path, network: Network) -> None:
    """`outcare doctor` says what to do; asked again, nobody signs in again. With the right one all is well."""
    async with office(tmp_path, network) as here:
        here.world.secrets["OUTCARE_BLUESKY__APP_PASSWORD"] = "aaaa-bbbb-cccc-dddd"
        for _ in range(2):
            status, found = await doctor(here)
            assert (1, "mend") == (status, found["bluesky account"]["health"])
            assert "does not know this handle with this app password" in found["bluesky account"]["says"]
        assert ["com.atproto.server.createSession"] == here.wire.asked
        here.world.secrets["OUTCARE_BLUESKY__APP_PASSWORD"] = here.app_password
        _, found = await doctor(here)
        assert "fine" == found["bluesky account"]["health"], found["bluesky account"]
        assert here.brand.handle in found["bluesky account"]["says"]


async def doctor(here: Office) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and the findings by what they are about."""
    log = here.world.folder / "output.log"
    log.unlink(missing_ok=True)
    status = await (await here.world.outcare("doctor", "--json")).wait()
    document = json.loads(here.world.output[here.world.output.index("{") :])
    return status, {one["about"]: one for one in document["findings"]}
