"""The whole program with its page: a mention on a network, a person in a browser, a card in a chat."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import aiohttp

from bot.web.health import _url
from tests.acceptance._world import ANN, World, until
from tests.acceptance.test_main_job import running
from tests.integration.page_world import Visitor


async def link(world: World, *words: str) -> tuple[int, str, str]:
    """What `outcare login` says."""
    process = await world.outcare("login", *words)
    code = await process.wait()
    return code, world.output, (re.findall(r"/login/\S+", world.output) or [""])[-1]


async def test_a_claim_on_the_page_is_seen_in_the_chat(tmp_path: Path) -> None:
    """`outcare login` on the machine, one press in the browser, the card in the chat says who has it."""
    async with World(tmp_path) as world, running(world) as app:
        await world.jetstream.post(ANN, "hey acme, how do I get my refund?")
        await until(lambda: world.telegram.messages, what="the card arrives")
        code, _, path = await link(world, "anna")
        assert 0 == code
        assert app.web._runner is not None
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            anna = Visitor(_url(app.web._runner), session)
            await anna.get(path)
            assert 303 == (await anna.post(path))[0]
            _, html, _ = await anna.get("/")
            assert "how do I get my " in html
            assert "Ann Other (@ann.test)" in html
            (press,) = set(re.findall(r'name="press" value="(claim:[^"]+)"', html))
            assert 200 == (await anna.post("/decide", {"press": press}))[0]
            card = world.telegram.messages[0]
            await until(lambda: "Claimed by Anna" in card.text, what="the card shows who has it")
            world.telegram.press(card.message_id, "Dismiss", user=1)
            for _ in range(500):
                if "Nothing waits." in (await anna.get("/list"))[1]:
                    break
                await asyncio.sleep(0.01)
            assert "Dismissed" in (await anna.get("/list?view=dismissed"))[1]
            status, text, _ = await anna.get("/api/sources")
            assert (200, ["bluesky"]) == (status, [one["name"] for one in json.loads(text)["sources"]])
            assert 200 == (await anna.get("/sources"))[0]


async def test_login_for_somebody_who_is_not_there(tmp_path: Path) -> None:
    """One line with what to write instead, and status 1."""
    async with World(tmp_path) as world:
        code, output, path = await link(world, "ana")
        assert (1, "") == (code, path)
        assert "there is nobody called 'ana' under people in the configuration; did you mean anna?" in output
        assert "Traceback" not in output
