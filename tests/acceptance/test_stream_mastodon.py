"""Streams and several accounts of the Mastodon API, with the real program on loopback servers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bot.model import ConversationState
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_streams import LINES_ONLY, LIVE, LIVE_GOTOSOCIAL, LIVE_PLEROMA
from bot.testing.mastodon_world import Manners
from tests.acceptance._world import World, until
from tests.acceptance.test_answer import card, shows
from tests.acceptance.test_main_job import eventually, running

WORDS = "So sorry! It is on its way."


def was_asked(server: MastodonServer, request: str, times: int) -> bool:
    return server.asked.count(request) >= times


@pytest.mark.parametrize("manners", [LIVE, LINES_ONLY, LIVE_GOTOSOCIAL, LIVE_PLEROMA])
async def test_a_mention_and_an_answer_in_an_app_are_told_by_the_stream(
    tmp_path: Path, manners: Manners
) -> None:
    """The lists are read once an hour: nothing but the stream can have told."""
    async with World(tmp_path) as world, MastodonServer(manners=manners) as server:
        acme = server.sign_in("token-of-acme", "acme")
        world.secrets["OUTCARE_MASTODON__TOKEN"] = "token-of-acme"
        world.write_config(
            brand={"name": "acme", "words": ["acme"], "accounts": {"mastodon": ["acme@social.test"]}},
            mastodon={"server": server.url, "handle": "acme@social.test", "every": "1h"},
        )
        async with running(world) as app:
            lists = (f"GET /api/v1/{name}" for name in ("notifications", f"accounts/{acme}/statuses"))
            for one in lists:
                seen = f"what came before the stream stood is read: {one}"
                await until(partial(was_asked, server, one, 2), what=seen)
            status = server.ask("@acme how do I get my refund?")
            await until(lambda: world.telegram.messages, what="the card arrives")
            server.world.account("ann@else.example")
            server.world.post("acme", "@ann@else.example it is on its way", parent=status)
            await eventually(app, "ann", ConversationState.ANSWERED)


async def test_the_account_that_was_asked_answers(tmp_path: Path) -> None:
    """Two accounts on two servers; the second one is asked."""
    async with World(tmp_path) as world, MastodonServer() as home, MastodonServer(domain="away.test") as away:
        home.sign_in("token-of-home", "acme")
        away.sign_in("token-of-away", "help")
        world.secrets["OUTCARE_MASTODON__TOKEN"] = "token-of-home"
        world.secrets["OUTCARE_MASTODON__ACCOUNTS__AWAY__TOKEN"] = "token-of-away"
        names = ["acme@social.test", "help@away.test"]
        world.write_config(
            brand={"name": "acme", "words": ["acme"], "accounts": {"mastodon": names}},
            mastodon={
                "server": home.url,
                "handle": names[0],
                "every": "5s",
                "accounts": {"away": {"server": away.url, "handle": names[1], "every": "5s"}},
            },
            replies={"hold": "1s"},
        )
        async with running(world) as app:
            for server in (home, away):
                listed = "GET /api/v1/notifications"
                await until(partial(was_asked, server, listed, 1), what="it is read")
            status = away.ask("@help how do I get my refund?")
            await until(lambda: world.telegram.messages, what="the card arrives")
            chat, number = world.telegram, card(world).message_id
            chat.press(number, "Claim", user=1, name="Anna")
            await until(shows(world, "To answer, reply to this card"), what="the card says how to answer")
            chat.say(WORDS, user=1, reply_to=number)
            await until(lambda: "Publish" in card(world).labels, what="the draft is on the card")
            chat.press(number, "Publish", user=1, name="Anna")
            await until(lambda: away.said("help"), what="it is published")
            await eventually(app, "ann", ConversationState.ANSWERED)
            (ours,) = away.said("help")
            assert (f"@ann@else.example {WORDS}", status) == (ours.text, ours.parent)
            assert [] == home.said("acme")
