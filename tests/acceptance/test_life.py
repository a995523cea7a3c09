"""The command `outcare run` as a process: start, stop, wrong use, and nothing secret in its output."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bot.testing.telegram_server import CHAT, TOKEN
from tests.acceptance._nursery import Daemon
from tests.acceptance._world import ANN, World, until

CLEAR_AND_SHORT = 6  # lines that a user's mistake may take; a traceback takes more


def health(world: World) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", world.output)
    return found.group(0) if found else ""


async def started(world: World) -> Daemon:
    daemon = await world.outcare("run")
    await until(lambda: world.jetstream.open_requests or daemon.returncode is not None, within=30)
    assert daemon.returncode is None, world.output
    return daemon


async def ended(daemon: Daemon, how: signal.Signals = signal.SIGTERM) -> float:
    began = time.monotonic()
    daemon.send_signal(how)
    await asyncio.wait_for(daemon.wait(), 15)
    return time.monotonic() - began


async def wrong(world: World, *words: str) -> str:
    """A run that must fail: exit code 1 and a short message; the message."""
    daemon = await world.outcare(*words)
    assert await asyncio.wait_for(daemon.wait(), 30) == 1, world.output
    assert "Traceback" not in world.output
    assert len(world.output.splitlines()) <= CLEAR_AND_SHORT, world.output
    return world.output


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_nothing_lost(tmp_path: Path, how: signal.Signals) -> None:
    """It drains in under five seconds, exits with 0, and what it had read is stored and delivered."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        await world.jetstream.post(ANN, "acme numbered 1")
        await until(lambda: world.webhook.deliveries)
        assert await ended(daemon, how) < 5
        assert daemon.returncode == 0, world.output
        with closing(sqlite3.connect(world.database)) as connection:
            states = connection.execute("SELECT state FROM effects").fetchall()
        assert [("sent",)] == states


async def test_a_chat_is_told_its_id_before_it_is_configured(tmp_path: Path) -> None:
    """The first step of the set-up: a token and no channel yet; `/id` is answered."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text("rules: {}\n")
        world.write_config(channels={"console": {}}, people=None)
        daemon = await started(world)
        world.telegram.say("/id", user=5)
        await until(lambda: world.telegram.messages, what=world.output)
        assert f"chat: {CHAT}\nyour id: 5" == world.telegram.messages[0].text
        assert "telegram       has an account but no channel yet: docs/connectors/telegram.md" in world.output
        await ended(daemon)


async def test_health_readiness_and_metrics(tmp_path: Path) -> None:
    """On loopback; ready once the source is heard, with a line per check; metrics in Prometheus' format."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        url = await until(lambda: health(world), what=world.output)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/healthz") as answer:
                assert answer.status == 200
            async with session.get(f"{url}/readyz") as answer:
                names = {check["name"] for check in (await answer.json())["checks"]}
                assert {"source:bluesky", "feed:telegram", "channel:telegram:care"} <= names
            async with session.get(f"{url}/metrics") as answer:
                assert "outcare_" in await answer.text()
        await ended(daemon)


async def test_status_says_what_does_not_work(tmp_path: Path) -> None:
    """Beside a running daemon: who runs, and each check that fails, with its cause."""
    async with World(tmp_path) as world:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        world.write_config(http={"host": "127.0.0.1", "port": port})
        await world.jetstream.stop()
        daemon = await world.outcare("run")
        await until(lambda: "source.failed" in world.output, within=30, what=world.output)
        (world.folder / "output.log").unlink()
        status = await world.outcare("status")
        assert await asyncio.wait_for(status.wait(), 30) == 0
        assert f"running (pid {daemon.pid})" in world.output
        assert "not working    source:bluesky: cannot connect to 127.0.0.1" in world.output
        assert re.search(r"; not listening since \d\d:\d\d CES?T \(connection\)", world.output)
        await ended(daemon)


async def test_no_secret_in_any_output(tmp_path: Path) -> None:
    """Token and webhook secret stay out of all output, also when the services refuse at debug level."""
    async with World(tmp_path) as world:
        world.write_config(log={"level": "debug", "format": "json"})
        secret = world.secrets["OUTCARE_WEBHOOK__SECRET"] = "planted-webhook-secret-0815"
        world.telegram.fail(401, times=2, description="Unauthorized")
        world.telegram.fail(500, times=2)
        daemon = await started(world)
        await world.jetstream.post(ANN, "hey acme, is it down?")
        await world.jetstream.post(ANN, "acme numbered 1")
        await until(lambda: world.webhook.deliveries)
        await ended(daemon)
        assert world.output
        for planted in (TOKEN, TOKEN.partition(":")[2], secret):
            assert planted not in world.output


async def test_without_network_it_says_what_it_cannot_reach(tmp_path: Path) -> None:
    """The daemon stays up, names the source and when it tries again, and recovers by itself."""
    async with World(tmp_path) as world:
        async with world.jetstream.away():
            daemon = await world.outcare("run")
            await until(lambda: "source.failed" in world.output, within=30, what=world.output)
            line = next(line for line in world.output.splitlines() if "source.failed" in line)
            told = json.loads(line)
            assert ("bluesky", "connection") == (told["source"], told["reason"])
            assert told["retry_at"]
        await until(lambda: world.jetstream.open_requests, within=30, what="it comes back")
        await world.jetstream.post(ANN, "acme numbered 1")
        await until(lambda: world.webhook.deliveries, within=15)
        assert await ended(daemon) < 5


async def test_a_second_daemon_is_told_so(tmp_path: Path) -> None:
    """One daemon per database: the second says who has it and ends."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        second = await world.outcare("run")
        assert await asyncio.wait_for(second.wait(), 30) == 1
        assert f"pid {daemon.pid}" in world.output
        assert "Traceback" not in world.output
        await ended(daemon)


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    """A database of a later version is not touched."""
    async with World(tmp_path) as world:
        await ended(await started(world))
        (world.folder / "output.log").unlink()
        with closing(sqlite3.connect(world.database)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
            connection.commit()
        assert "newer" in await wrong(world, "run")


async def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """A file that is something else is neither opened nor overwritten."""
    async with World(tmp_path) as world:
        world.database.write_bytes(b"my holiday photographs" * 100)
        assert "database" in await wrong(world, "run")
        assert world.database.read_bytes().startswith(b"my holiday")


async def test_broken_configuration_is_told_with_its_place(tmp_path: Path) -> None:
    """File, line, column and a suggestion; exit code 1."""
    async with World(tmp_path) as world:
        world.config.write_text(world.config.read_text().replace("sources:", "sorces:"))
        said = await wrong(world, "run")
        assert "outcare.yaml:" in said
        assert 'did you mean "sources"?' in said


async def test_broken_rules_are_told_with_their_place(tmp_path: Path) -> None:
    """The same for rules, before anything is started."""
    async with World(tmp_path) as world:
        file = world.folder / "rules" / "rules.yaml"
        file.write_text(file.read_text().replace("question: true", "qestion: true"))
        said = await wrong(world, "run")
        assert "rules.yaml:9:12: R021" in said
        assert 'did you mean "question"?' in said
