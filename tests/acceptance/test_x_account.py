"""An account on X: its trouble reaches staff, its answers in the app are noticed; the real program on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import App
from bot.testing.x_server import XServer
from connectors.x.ids import first_id
from tests.acceptance._world import World, until
from tests.acceptance.test_main_job import running


@asynccontextmanager
async def office(
    folder: Path, *, is_named: bool = True, **more: object
) -> AsyncIterator[tuple[World, XServer]]:
    """The daemon's world, with an account on X."""
    async with World(folder) as world, XServer() as server:
        keys = server.keys
        secrets = (keys.consumer_key, keys.consumer_secret, keys.token, keys.token_secret)
        ours = {"x": ["acme"]} if is_named else {}
        names = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
        world.secrets |= {f"OUTCARE_X__{name}": secret for name, secret in zip(names, secrets, strict=True)}
        world.write_config(
            brand={"name": "acme", "words": ["acme"], "accounts": {"bluesky": ["acme.test"], **ours}},
            x={"handle": "acme", "api": server.url, "every": "5s", **more},
        )
        yield world, server


def says(server: XServer, author: str, text: str, **more: Any) -> str:
    """A post of now; its id."""
    server.world.next_id = max(server.world.next_id, first_id(datetime.now(UTC)))
    return server.world.post(author, text, **more)


def heard(world: World, words: str) -> int:
    return sum(words in one.text for one in world.telegram.messages)


def not_ready(app: App, name: str) -> str:
    return next((one.detail for one in app.readiness.checks() if one.name == name and not one.ok), "")


async def test_a_revoked_token_reaches_staff_once_and_that_it_works_again(tmp_path: Path) -> None:
    """In the chat, in /readyz; over restarts, since only a restart brings new secrets."""
    async with office(tmp_path, is_named=False) as (world, server):
        server.is_revoked = True
        for _ in range(2):
            async with running(world) as app:
                await until(lambda: "answered 401" in not_ready(app, "source:x-mentions"), what="refused")
                await until(
                    lambda: heard(world, "X refuses our credentials, so x-mentions"), what="it is told"
                )
        server.is_revoked = False
        async with running(world) as app:
            await until(lambda: heard(world, "X lets us in again after"), what="that it works is told")
            await until(lambda: not not_ready(app, "source:x-mentions"), what="it is ready")
            says(server, "ann", "@acme why does my kettle hiss?")
            await until(
                lambda: heard(world, "why does my kettle hiss"), what="what was said meanwhile is read"
            )
            assert heard(world, "refuses our credentials") == 1


async def test_an_answer_in_the_app_is_noticed(tmp_path: Path) -> None:
    """It ends the wait, on the card too; who asked is named there; both were paid for, and no more."""
    async with office(tmp_path, own_every="5s") as (world, server), running(world) as app:
        question = says(server, "ann", "@acme why does my kettle hiss?")
        await until(lambda: heard(world, "Ann (@"), what="the card names who asked")
        assert heard(world, "1,234 followers") == 1
        says(server, "acme", "Because it sings!", parent=question)
        await until(lambda: heard(world, "Answered after"), what="the card says that it is answered")
        await app.readiness.gauge()
        [bill] = app.readiness.bills()
        spent = {name: one.micros_month for name, one in bill.sources.items()}
        assert {"x-account": 10_000, "x-mentions": 1_000, "x-own": 1_000, "x-names": 10_000} == spent
