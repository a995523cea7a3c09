"""The whole way of an answer on X: the real program as a process, tweepy as it is, X and Telegram on loopback."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.testing.loopback import Refuse
from bot.testing.telegram_chats import Sent
from bot.testing.x_oauth import Keys
from bot.testing.x_server import XServer
from tests.acceptance._world import World, until
from tests.acceptance.test_answer import card, shows

WORDS = "So sorry, Ann! Which order is it?"
KEYS = Keys()
SECRETS = {
    "OUTCARE_X__CONSUMER_KEY": KEYS.consumer_key,
    "OUTCARE_X__CONSUMER_SECRET": KEYS.consumer_secret,
    "OUTCARE_X__ACCESS_TOKEN": KEYS.token,
    "OUTCARE_X__ACCESS_TOKEN_SECRET": KEYS.token_secret,
}
MENTIONS = "/2/users/1000/mentions"


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[tuple[World, XServer]]:
    """The daemon, with an account on X: it listens there already, and ends without a trace of its secrets."""
    async with World(folder) as world, XServer() as server:
        world.secrets |= SECRETS
        world.write_config(
            brand={"name": "acme", "words": ["acme"], "accounts": {"x": ["acme"]}},
            sources={"x": {"every": "10s"}},
            x={"handle": "acme", "api": server.url, "every": "5s"},
            replies={"hold": "1s"},
        )
        daemon = await world.outcare("run")
        try:
            ready = lambda: server.till.bought["user"] or daemon.returncode is not None  # noqa: E731
            await until(ready, within=60, what="it signs in")
            assert daemon.returncode is None, world.output
            yield world, server
        finally:
            if daemon.returncode is None:
                daemon.send_signal(signal.SIGTERM)
            await asyncio.wait_for(daemon.wait(), 20)
        assert not [name for name, secret in SECRETS.items() if secret in world.output]
        assert "Traceback" not in world.output


async def asked(world: World, server: XServer, text: str = "@acme how do I get my refund?") -> str:
    """Ann asks, the card is there, and Anna has it."""
    post = server.world.post("ann", text, at=datetime.now(UTC))
    await until(lambda: world.telegram.messages, within=30, what="the card arrives")
    world.telegram.press(card(world).message_id, "Claim", user=1, name="Anna")
    await until(lambda: "Claim" not in card(world).labels, what="she has it")
    return post


async def approved(world: World, words: str = WORDS) -> None:
    chat, number = world.telegram, card(world).message_id
    chat.say(words, user=1, reply_to=number)
    await until(lambda: "Publish" in card(world).labels, what="the draft is on the card")
    chat.press(number, "Publish", user=1, name="Anna")


async def spent(world: World) -> float:
    """What the daemon itself says that X cost."""
    found = re.search(r"http://127\.0\.0\.1:\d+", world.output)
    assert found
    async with aiohttp.ClientSession() as session, session.get(f"{found[0]}/metrics") as answer:
        text = await answer.text()
    lines = re.findall(r"^outcare_spent_money\{(.*?)\} (\S+)$", text, re.MULTILINE)
    return sum(float(value) for labels, value in lines if 'span="month"' in labels)


async def test_an_answer_is_published_once_and_the_money_is_right(tmp_path: Path) -> None:
    """Two pages of mentions, a 429 that names its end, a proxy's HTML; then a card, its answer, and the bill."""
    async with office(tmp_path) as (world, server):
        until_then = str(int(time.time()) + 3)
        server.faults += [
            Refuse(status=429, headers={"x-rate-limit-reset": until_then}, path=MENTIONS),
            Refuse(status=503, body="<html>Over capacity</html>", content_type="text/html", path=MENTIONS),
        ]
        question = server.world.post("ann", "@acme how do I get my refund?", at=datetime.now(UTC))
        for number in range(120):
            server.world.post("ben", f"@acme greetings {number}", at=datetime.now(UTC))
        await until(lambda: world.telegram.messages, within=40, what="the card arrives")
        assert [] == list(server.faults)
        refund = [one for one in world.telegram.messages if "how do I get my refund?" in one.text]
        assert 1 == len(refund)
        world.telegram.press(card(world).message_id, "Claim", user=1, name="Anna")
        await approved(world)
        await until(shows(world, "Published on X by Anna"), what="the card tells it")
        assert [(WORDS, question)] == [(one.text, one.parent) for one in server.said()]
        assert 121 == server.bought["mention"]
        assert pytest.approx(server.till.charged / 1_000_000) == await spent(world)


async def test_what_x_refuses_is_told_with_the_words_kept(tmp_path: Path) -> None:
    """Not permitted to reply although we were named: the text to copy, and the way to the post in the app."""
    async with office(tmp_path) as (world, server):
        post = await asked(world, server)
        detail = "Reply to this conversation is not allowed because you have not been mentioned."
        body = json.dumps({"title": "Forbidden", "detail": detail, "type": "about:blank", "status": 403})
        server.mishap(403, is_done=False, body=body, content_type="application/problem+json")
        await approved(world)
        await until(shows(world, "does not let us answer"), what="the card tells why")
        assert WORDS in card(world).text
        assert f"https://x.com/i/web/status/{post}" in links(card(world))
        assert [] == server.said()
        assert pytest.approx(server.till.charged / 1_000_000) == await spent(world)


async def test_the_same_words_again_are_refused(tmp_path: Path) -> None:
    """X takes them once: the card says so, and other words go out."""
    async with office(tmp_path) as (world, server):
        other = server.world.post("acme", WORDS, at=datetime.now(UTC) - timedelta(hours=2))
        await asked(world, server)
        await approved(world)
        await until(shows(world, "same words were said there before"), what="the card tells why")
        assert [] == server.said()
        await approved(world, "Sorry, Ann: by the form.")
        await until(shows(world, "Published on X by Anna"), what="other words are published")
        assert ["Sorry, Ann: by the form."] == [one.text for one in server.said()]
        assert other in server.world.tweets


async def test_who_did_not_name_us_is_answered_in_the_app(tmp_path: Path) -> None:
    """What the search finds: the card says why, and leads to X; nothing is tried."""
    async with office(tmp_path) as (world, server):
        server.world.post("ann", "how do I get a refund of acme?", at=datetime.now(UTC))
        await until(lambda: world.telegram.messages, within=60, what="the card arrives")
        world.telegram.press(card(world).message_id, "Claim", user=1, name="Anna")
        await until(shows(world, "Only who names or quotes our account"), what="the card says why")
        assert any("x.com/i/web/status/" in link for link in links(card(world)))
        world.telegram.say(WORDS, user=1, reply_to=card(world).message_id)
        await asyncio.sleep(3)
        assert "Publish" not in card(world).labels
        assert 0 == server.till.bought["reply"]


@pytest.mark.parametrize(
    ("harm", "says"), [("is_revoked", "answered 401"), ("is_depleted", "no credits left")]
)
async def test_what_a_person_must_mend_is_told_in_the_chat(tmp_path: Path, harm: str, says: str) -> None:
    """A revoked token, and credits that are used up: whoever publishes hears of it, by the channel that works."""
    async with office(tmp_path) as (world, server):
        await asked(world, server)
        setattr(server, harm, True)
        await until(lambda: told(world, "X refuses our credentials", says), within=30, what="staff are told")
        await approved(world)
        await until(shows(world, "our account may not publish"), what="the card tells it")
        assert WORDS in card(world).text
        assert [] == server.said()


def told(world: World, *texts: str) -> bool:
    return any(all(text in one.text for text in texts) for one in world.telegram.messages)


def links(sent: Sent) -> list[str]:
    """Where its text and its buttons lead."""
    return [one["url"] for row in [sent.entities, *sent.keyboard] for one in row if "url" in one]
