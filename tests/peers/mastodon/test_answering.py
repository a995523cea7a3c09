"""The whole way of an answer on a real server of the Mastodon API, with the real daemon; only the staff's chat is a
loopback.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.testing.telegram_chats import Sent
from connectors.mastodon.replier import STATUSES
from tests.acceptance._world import World, until
from tests.peers.line import Line
from tests.peers.mastodon.people import Person, join
from tests.peers.mastodon.server import Server

pytestmark = pytest.mark.timeout(300)
WITHIN = 60.0
WORDS = "So sorry! Which order is it? Größe: https://acme.example/help"
NOTIFICATIONS = "GET /api/v1/notifications"


@dataclass
class Office:
    """A brand's daemon, its chat, and Ann, who wrote to the brand."""

    server: Server
    world: World
    line: Line
    brand: Person
    ann: Person

    @property
    def card(self) -> Sent:
        return self.world.telegram.messages[0]

    @property
    def said(self) -> list[str]:
        """What the public reads of the brand."""
        return [one["content"] for one in self.brand.said()]

    @property
    def published(self) -> str:
        """Its words as the server shows them."""
        link = '<a href="https://acme.example/help" rel="nofollow noopener" target="_blank">'
        words = WORDS.replace("https://acme.example/help", f"{link}https://acme.example/help</a>")
        return f"<p>@{self.ann.name} {words}</p>"

    async def shows(self, text: str) -> None:
        await until(
            lambda: text in self.card.text,
            within=WITHIN,
            what=f"{text!r} on {self.card.text}\n{self.world.output}",
        )

    def press(self, label: str) -> None:
        self.world.telegram.press(self.card.message_id, label, user=1, name="Anna")

    async def drafted(self, **more: Any) -> str:
        """Ann mentions the brand, Anna takes it and writes; the status."""
        asked = self.ann.post(f"@{self.brand.name} how do I get my refund?", **more)
        await until(lambda: self.world.telegram.messages, within=WITHIN, what="the card arrives")
        self.press("Claim")
        await self.shows("To answer, reply to this card")
        self.world.telegram.say(WORDS, user=1, reply_to=self.card.message_id)
        await until(lambda: "Publish" in self.card.labels, within=WITHIN, what="it can be published")
        assert [] == self.said
        return asked

    def asks(self) -> list[str | None]:
        """What became of each ask."""
        with closing(sqlite3.connect(self.world.database)) as connection:
            return [outcome for (outcome,) in connection.execute("SELECT outcome FROM asks ORDER BY id")]


@asynccontextmanager
async def office(folder: Path, server: Server) -> AsyncIterator[Office]:
    async with World(folder) as world, Line(server.url) as line:
        brand, ann = join(server, "acme"), join(server, "ann")
        world.secrets["OUTCARE_MASTODON__TOKEN"] = brand.token
        world.write_config(
            brand={"name": "acme", "words": ["unheard-of"], "accounts": {"mastodon": [brand.acct]}},
            sources={"mastodon": {"servers": [line.url], "hashtags": [ann.name], "every": "10s"}},
            mastodon={"server": line.url, "handle": brand.acct, "every": "5s"},
            replies={"hold": "1s"},
        )
        yield Office(server, world, line, brand, ann)


@asynccontextmanager
async def daemon(here: Office) -> AsyncIterator[None]:
    """`outcare run`, once it reads the account's notifications; it must end well."""
    process = await here.world.outcare("run")
    try:
        await until(
            lambda: NOTIFICATIONS in here.line.asked or process.returncode is not None,
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


async def test_an_answer_is_written_approved_and_published_once(tmp_path: Path, server: Server) -> None:
    """Mention, card, claim, a draft, Publish: one post in Ann's thread, the card tells it, the ask ended."""
    async with office(tmp_path, server) as here, daemon(here):
        asked = await here.drafted()
        assert "Ann" in here.card.text
        here.press("Publish")
        await here.shows("Published on Mastodon by Anna")
        await here.shows("nswered after")
        (post,) = here.ann.answers(asked)
        assert (here.brand.name, asked, "public") == (
            post["account"]["username"],
            post["in_reply_to_id"],
            post["visibility"],
        )
        assert ([here.published], ["answered"]) == (here.said, here.asks())
        assert ["mention"] == here.ann.told()
        cards = len(here.world.telegram.messages)
        here.ann.post(f"@{here.brand.name} But when will it arrive?", under=post["id"])
        await until(lambda: len(here.world.telegram.messages) > cards, within=WITHIN, what="she asks again")
        assert ["answered", None] == here.asks()


async def test_a_direct_message_is_answered_directly(tmp_path: Path, server: Server) -> None:
    """Nobody else reads the answer; taken back, it is gone, and the ask goes on."""
    async with office(tmp_path, server) as here, daemon(here):
        asked = await here.drafted(visibility="direct")
        assert "Direct message: nobody else can read it" in here.card.text
        here.press("Publish")
        await here.shows("Published on Mastodon by Anna")
        assert ["direct"] == [one["visibility"] for one in here.ann.answers(asked)]
        here.press("Take back")
        await here.shows("Taken back on Mastodon")
        assert ([], []) == (here.said, here.ann.answers(asked))
        assert None in here.asks()


FAULTS: dict[str, tuple[str, dict[str, Any]] | None] = {
    "429": ("ratelimit", {"headers": {"Retry-After": "2", "X-RateLimit-Remaining": "9"}}),
    "500": ("status", {"status": 500}),
    "503": ("status", {"status": 503, "headers": {"Retry-After": "1"}}),
    "nonsense": ("malformed", {}),
    "timeout": ("timeout", {}),
    "cut before": None,
    "cut after": None,
    "withheld after": None,
}


@pytest.mark.parametrize("name", FAULTS)
async def test_after_a_fault_the_answer_stands_exactly_once(
    tmp_path: Path, server: Server, name: str
) -> None:
    """Whatever goes wrong when it is published: it is looked for, and sent again only where it is not there."""
    async with office(tmp_path, server) as here, daemon(here):
        asked = await here.drafted()
        fault = FAULTS[name]
        if fault is not None:
            server.fail(fault[0], on=STATUSES, method="POST", **fault[1])
        else:
            here.line.mishap(
                "withhold" if name.startswith("withheld") else "cut", is_done=name.endswith("after")
            )
        here.press("Publish")
        await until(
            lambda: "Published on Mastodon by Anna" in here.card.text,
            within=150,
            what=f"{here.card.text}\n{here.world.output}",
        )
        assert [here.published] == here.said
        assert 1 == len(here.ann.answers(asked))
        assert ([], ["answered"]) == (server.faults, here.asks())


async def test_what_was_published_survives_a_restart(tmp_path: Path, server: Server) -> None:
    """Nothing is answered twice, nobody is alerted twice; a mention of meanwhile arrives."""
    async with office(tmp_path, server) as here:
        async with daemon(here):
            asked = await here.drafted()
            here.press("Publish")
            await here.shows("Published on Mastodon by Anna")
        told = len(here.world.telegram.messages)
        here.ann.post(f"@{here.brand.name} are you there?")
        here.line.asked.clear()
        async with daemon(here):
            await until(
                lambda: len(here.world.telegram.messages) > told,
                within=WITHIN,
                what="what was said meanwhile",
            )
            seen = here.line.asked.count(NOTIFICATIONS)
            await until(lambda: here.line.asked.count(NOTIFICATIONS) > seen + 1, within=WITHIN)
        assert told + 1 == len(here.world.telegram.messages)
        assert ([here.published], 1) == (here.said, len(here.ann.answers(asked)))
