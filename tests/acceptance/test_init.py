"""From an empty folder to a daemon that listens: `outcare init`, `check`, `run`, as a person types them."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from bot.testing.telegram_server import CHAT, TOKEN
from tests.acceptance._world import ANN, ROOT, World, until

pytestmark = pytest.mark.slow

HIDDEN = "Token: "
"""The blank comes once what is typed is hidden; what was typed before that is thrown away."""


@dataclass
class Desk:
    """An empty folder, and an environment that leads to the world instead of to the Internet."""

    world: World
    folder: Path

    @classmethod
    def of(cls, world: World, folder: Path) -> Self:
        folder.mkdir()
        return cls(world, folder)

    @property
    def env(self) -> dict[str, str]:
        world = self.world
        sources = f"{{bluesky: {{jetstream: '{world.jetstream.url}', appview: '{world.appview.url}'}}}}"
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "OUTCARE_SOURCES": sources,
            "OUTCARE_HTTP__PORT": "0",
            "OUTCARE_LOG__FORMAT": "json",
        }

    @property
    def chat(self) -> dict[str, str]:
        return {"OUTCARE_TELEGRAM__BASE_URL": self.world.telegram.url}

    async def start(self, *words: str, env: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli.main", *words),
            cwd=self.folder,
            env={**self.env, **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def outcare(self, *words: str, env: Mapping[str, str] | None = None) -> tuple[int | None, str, str]:
        process = await self.start(*words, env=env)
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    def files(self) -> set[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix() for path in found}


async def test_init_check_run(tmp_path: Path) -> None:
    """With flags alone: the words are counted, the files pass the check, the daemon works and is quiet."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        for number in range(20):
            await world.jetstream.post(
                ANN, f"acme, where is order {number}?" if number % 4 else "good morning"
            )
        status, out, err = await desk.outcare(
            *("init", "--yes", "--brand", "Acme", "--accounts", "@acme.test", "--languages", "en, de"),
            *("--rival", "Globex: globex, @globex.test", "--aim", "Nobody waits: not even one hour"),
            *("--timezone", "Europe/Berlin", "--listen", "10s"),
        )
        assert (0, "") == (status, err)
        assert re.search(r"Acme +in 15 of 20 posts", out)
        assert {
            "config/outcare.yaml",
            "config/rules/starter.yaml",
            "config/rules/de.yaml",
            ".env.example",
        } <= desk.files()

        status, out, err = await desk.outcare("check")
        assert (0, "") == (status, err)
        assert "brands Acme, Globex" in out

        await _runs_quietly(desk, world)


async def _runs_quietly(desk: Desk, world: World) -> None:
    """It shows a card for a question, and no log line above info."""
    world.appview.profile("did:plc:globex", "globex.test")
    daemon = await desk.start("run")
    assert daemon.stdout is not None
    assert daemon.stderr is not None
    await until(lambda: world.jetstream.open_requests, what="it listens")
    await world.jetstream.post(ANN, "acme STILL no refund after three weeks, where is it??")
    shown = b""
    while b"three weeks" not in shown:
        shown += await asyncio.wait_for(daemon.stdout.readline(), 20)
    daemon.send_signal(signal.SIGTERM)
    rest, err = await daemon.communicate()
    assert 0 == daemon.returncode
    assert "Nobody waits: not even one hour" in shown.decode()
    assert [] == [line for line in err.decode().splitlines() if '"level":"info"' not in line]
    assert b"WARNING" not in rest


async def test_nothing_is_written_over_what_is_there(tmp_path: Path) -> None:
    """A second init says so in one line; --force replaces; other rule files stay."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        (desk.folder / "config" / "rules").mkdir(parents=True)
        own = desk.folder / "config" / "rules" / "own.yaml"
        own.write_text(
            "words: {fruit: [pear]}\nrules: {fruit: {why: Fruit, when: {text: $fruit}, score: 1}}\n"
        )
        init = ("init", "--yes", "--brand", "Acme", "--listen", "0s")
        status, _, err = await desk.outcare(*init)
        assert (1, True, 1) == (status, "--force" in err, err.count("error") + err.count("Traceback"))
        assert {"config/rules/own.yaml"} == desk.files()
        status, _, err = await desk.outcare(*init, "--force")
        assert (0, "") == (status, err)
        assert "pear" in own.read_text()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "--yes"),
        (("--yes",), "--brand"),
        (("--yes", "--brand", "Acme", "--languages", "english"), "pt-BR"),
        (("--yes", "--brand", "Acme", "--accounts", "https://bsky.app/x"), "@acme.example"),
        (("--yes", "--brand", "Acme", "--chat", "telegram"), "--telegram-chat"),
        (("--yes", "--brand", "Acme", "--listen", "ten"), "30s"),
    ],
)
async def test_wrong_use_is_said_in_one_line(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    """Exit status 2, what to write instead, no traceback, no file."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        status, _, err = await desk.outcare("init", *flags)
    assert 2 == status
    assert said in err
    assert "Traceback" not in err
    assert set() == desk.files()


async def test_contradictions_write_nothing(tmp_path: Path) -> None:
    """What only the whole shows is told with its place in the file that would have been."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        status, _, err = await desk.outcare(
            *("init", "--yes", "--brand", "Acme", "--accounts", "@acme.test", "--listen", "0s"),
            *("--rival", "Globex: @acme.test"),
        )
    assert (1, set()) == (status, desk.files())
    assert "config/outcare.yaml:" in err
    assert "an account of" in err


async def test_without_a_network_it_goes_on(tmp_path: Path) -> None:
    """The listen says that it heard nothing, and the files are written."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        await world.jetstream.stop()
        status, out, err = await desk.outcare("init", "--yes", "--brand", "Acme", "--listen", "5s")
    assert (0, "") == (status, err)
    assert "nothing was heard" in out
    assert "config/outcare.yaml" in desk.files()


class Terminal:
    """A person at a terminal: reads what is shown, types when asked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.shown = ""

    async def __aenter__(self) -> Self:
        self._master, slave = pty.openpty()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli.main", "init", "--listen", "0s"),
            cwd=self.desk.folder,
            env={**self.desk.env, **self.desk.chat, "TERM": "dumb", "COLUMNS": "200"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def _read(self) -> None:
        try:
            self.shown += os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # Linux says so when the other side is gone
            asyncio.get_running_loop().remove_reader(self._master)

    async def answer(self, prompt: str, text: str) -> None:
        await self.sees(prompt)
        self.shown = self.shown[self.shown.index(prompt) + len(prompt) :]
        os.write(self._master, text.encode() + b"\n")

    async def sees(self, text: str) -> None:
        await until(lambda: text in self.shown or self.process.returncode is not None, within=60, what=text)
        assert text in self.shown

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)


async def asked(terminal: Terminal) -> None:
    """Everything up to the token."""
    await terminal.answer("three months?", "Answer within the hour")
    await terminal.answer("brand's name", "Acme")
    await terminal.answer("Words", "")
    await terminal.answer("accounts", "https://no.link")
    await terminal.answer("is a link", "@acme.test")
    await terminal.answer("Rivals", "")
    await terminal.answer("Languages", "en")
    await terminal.answer("Time zone", "Europe/Berlin")
    await terminal.answer("alerts go", "telegram")


async def test_a_person_pairs_a_group(tmp_path: Path) -> None:
    """A wrong token, the right one, a link that is opened in a group: ids are written, a test card is there."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        async with Terminal(desk) as terminal:
            await asked(terminal)
            await terminal.answer(HIDDEN, "123456789:AAmistyped")
            await terminal.answer(HIDDEN, TOKEN)
            await terminal.sees("startgroup=")
            assert "@outcare_bot" in terminal.shown
            code = re.search(r"startgroup=([\w-]+)", terminal.shown)
            assert code is not None
            await until(lambda: world.telegram.is_polled, within=60, what="it waits for Start")
            world.telegram.say("/start guessed", user=66, name="Mallory")
            world.telegram.say(f"/start@outcare_bot {code[1]}", user=7, name="Anna Smith")
            assert 0 == await asyncio.wait_for(terminal.process.wait(), 30)
            await terminal.sees("Next:")
            assert TOKEN not in terminal.shown
        assert ["Outcare reaches this chat"] == [
            sent.text.splitlines()[0] for sent in world.telegram.messages
        ]
        config = (desk.folder / "config" / "outcare.yaml").read_text()
        secret = desk.folder / "config" / "secrets" / "outcare_telegram__token"
        assert f"telegram:care: {{chat: {CHAT}}}" in config
        assert "anna: {name: Anna Smith, role: lead, telegram: 7}" in config
        assert (TOKEN, 0o600) == (secret.read_text().strip(), secret.stat().st_mode & 0o777)
        assert [] == [
            name
            for name in desk.files()
            if TOKEN in (desk.folder / name).read_text() and name not in str(secret)
        ]
        assert (0, "") == (await desk.outcare("check"))[::2]


async def test_ctrl_c_while_waiting_loses_no_answer(tmp_path: Path) -> None:
    """The files are written for the terminal; the token is not kept."""
    async with World(tmp_path) as world:
        desk = Desk.of(world, tmp_path / "empty")
        async with Terminal(desk) as terminal:
            await asked(terminal)
            await terminal.answer(HIDDEN, TOKEN)
            await until(lambda: world.telegram.is_polled, within=60, what="it waits for Start")
            terminal.interrupt()
            assert 0 == await asyncio.wait_for(terminal.process.wait(), 30)
            await terminal.sees("Not paired")
        assert "config/secrets/outcare_telegram__token" not in desk.files()
        assert (0, "") == (await desk.outcare("check"))[::2]
