"""`outcare run` in an empty folder: the demo, seen through the phone and the database, as a visitor would."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.acceptance._nursery import Daemon, started

ROOT = Path(__file__).parents[2]
DAY = """
opens: "09:00"
closes: "10:00"
ours: velorbo
cast:
  velorbo: {name: Velorbo}
  kwikspoke: {name: Kwikspoke}
  pedalune: {name: Pedalune}
  bea: {name: Bea Thornton}
  owen: {name: Owen Hartley}
  dmitri: {name: Dmitri}
  jonas: {name: Jonas Berg, lang: de}
  paul: {name: Paul}
  lane: {name: The Lane Letter}
scenes:
- at: "08:50"
  by: dmitri
  says: "@kwikspoke.example where is my refund? I am still waiting."
  then:
  - {after: 6m, by: kwikspoke, says: We look into it.}
- at: "08:58"
  by: bea
  says: "@velorbo.example there is smoke coming out of the battery, what should I do?"
  then:
  - {after: 50h, by: velorbo, says: "Step away, Bea, help is on the way."}
  - {after: 2m, by: bea, says: "Thank you, they are here!", is_thanks: true}
- at: "08:59"
  by: jonas
  says: "@velorbo.example die Bremsen sind kaputt, lights too. Wer holt das Rad ab?"
- at: "09:01"
  platform: mastodon
  by: owen
  says: "@velorbo the app is down on my phone. How do I reset it?"
- at: "09:01"
  platform: x
  by: jonas
  says: "@velorbo charged twice for one ride, still waiting. When do I get my money back?"
- at: "09:01"
  platform: hackernews
  by: paul
  title: "Show HN: A bell for Velorbo"
  says: It rings.
- at: "09:01"
  platform: rss
  by: lane
  title: Four weeks
  says: We rode a velorbo.
- at: "09:01"
  by: owen
  says: "@velorbo.example the brakes failed on me, where do I leave the bike?"
  claims:
  - {after: 3m, by: kim}
  - {after: 3m, by: ravi}
"""


@dataclass(kw_only=True)
class Visit:
    """A demo that runs, and what its phone shows: items by id."""

    folder: Path
    process: Daemon
    url: str = ""
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def output(self) -> str:
        return (self.folder / "output.log").read_text(errors="replace")

    def cards(self, *words: str) -> list[dict[str, Any]]:
        cards = (item for item in self.items.values() if item["kind"] == "card")
        return [card for card in cards if all(word in card["text"] for word in words)]

    def notes(self, *words: str) -> list[str]:
        notes = (item["text"] for item in self.items.values() if item["kind"] == "note")
        return [note for note in notes if all(word in note for word in words)]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = self.folder / "data" / "demo.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return list(connection.execute(query))

    async def until(self, ask: Callable[[], Any], what: str, within: float = 60.0) -> Any:
        deadline = time.monotonic() + within
        while not (answer := ask()):
            assert time.monotonic() < deadline, f"not within {within} s: {what}\n{self.output}\n{self.items}"
            assert self.process.returncode is None, self.output
            await asyncio.sleep(0.02)
        return answer

    async def press(self, card: dict[str, Any], label: str) -> dict[str, Any]:
        return await self.post("press", {"message": card["message"], "label": label})

    async def reply(self, card: dict[str, Any], text: str) -> None:
        await self.post("reply", {"message": card["message"], "text": text})

    async def post(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        async with aiohttp.ClientSession() as client, client.post(f"{self.url}{path}", json=asked) as answer:
            assert 200 == answer.status, await answer.text()
            told: dict[str, Any] = await answer.json()
            return told

    async def watch(self) -> None:
        """Follow the phone's stream of events as its page does."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as client,
            client.get(f"{self.url}events") as answer,
        ):
            async for line in answer.content:
                if line.startswith(b"data: "):
                    item = json.loads(line[6:])
                    self.items[item["id"]] = item


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    python = {"PYTHONPATH": path, "PYTHONWARNINGS": "error"}
    return {**kept, **python, "OUTCARE_HTTP__PORT": "0", **more}


@asynccontextmanager
async def visit(folder: Path, *words: str, **more: str) -> AsyncIterator[Visit]:
    """A demo with a short day, until its phone is there."""
    day = folder / "day.yaml"
    day.write_text(DAY)
    command = ("run", "--pace", "0.1", "--day", str(day), *words)
    with (folder / "output.log").open("ab") as sink:
        process = await started(command, env=environment(**more), cwd=folder, sink=sink, is_forked=True)
    visitor = Visit(folder=folder, process=process)
    watching: asyncio.Task[None] | None = None
    try:
        found = await visitor.until(
            lambda: re.search(r"look here +(http://127\.0\.0\.1:\d+)/", visitor.output),
            "it says where to look",
        )
        visitor.url = f"{found[1]}/phone/"
        watching = asyncio.create_task(visitor.watch())
        yield visitor
    finally:
        if watching:
            watching.cancel()
            await asyncio.wait([watching])
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 15)
    assert 0 == process.returncode, visitor.output
    assert "Traceback" not in visitor.output, visitor.output


async def test_a_newcomer_sees_it_work(tmp_path: Path) -> None:
    """Cards at once; Claim is real, a colleague comes too late, the answer closes the card, thanks rings nobody."""
    async with visit(tmp_path) as demo:
        card = (await demo.until(lambda: demo.cards("smoke"), "the first card"))[0]
        assert card["text"].startswith("CRITICAL · answer by")

        told = await demo.press(card, "Claim")
        assert {"text": "Yours. The clock is running.", "is_loud": False} == told
        await demo.until(lambda: demo.cards("Claimed by Alex", "smoke"), "the card shows who has it")
        await demo.until(lambda: demo.notes("Kim pressed Claim", "“Alex has it.”"), "a colleague is too late")

        await demo.until(lambda: demo.cards("Answered after", "smoke"), "the answer closes the card")
        await demo.until(lambda: demo.notes("Bea Thornton said thanks"), "the customer says thanks")
        stored = (
            "SELECT count(*) FROM mentions m JOIN posts p ON p.id = m.post WHERE p.text LIKE 'Thank you%'"
        )
        await demo.until(lambda: demo.rows(stored) == [(1,)], "the thanks is stored")
        assert 1 == len(demo.cards("Bea Thornton"))

        await demo.until(lambda: demo.cards("Claimed by Kim", "brakes"), "colleagues work too")
        await demo.until(lambda: demo.notes("Ravi pressed Claim", "“Kim has it.”"), "one of two gets it")

        measured = "SELECT count(*) FROM asks WHERE brand = 'kwikspoke' AND outcome = 'answered'"
        await demo.until(lambda: demo.rows(measured) == [(1,)], "rivals are measured too")
        assert not demo.cards("Dmitri"), "a rival's customer rings nobody"
        heard = "SELECT DISTINCT platform FROM posts ORDER BY platform"
        every = [("bluesky",), ("hackernews",), ("mastodon",), ("rss",), ("x",)]
        await demo.until(lambda: demo.rows(heard) == every, "every platform is read")


async def test_a_claim_on_the_page_counts_as_well(tmp_path: Path) -> None:
    """What nobody wrote an answer to is answered too, in its author's language, once the visitor has it."""
    async with (
        visit(tmp_path) as demo,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as page,
    ):
        await demo.until(lambda: demo.cards("lights"), "the card")
        home = demo.url.removesuffix("phone/")
        async with page.get(home) as answer:
            told = await answer.text()
            assert "This is the demo" in told
            assert 'src="/phone/"' in told
            token = re.search(r'name="csrf" content="(\w+)"', told)
        async with page.get(f"{home}api/inbox?q=lights") as answer:
            mention = (await answer.json())["conversations"][0]["mention_id"]
        assert token
        fields = {"csrf": token[1], "press": f"claim:{mention}"}
        async with page.post(f"{home}decide", data=fields) as answer:
            assert answer.status < 400, await answer.text()
        await demo.until(lambda: demo.cards("Answered after", "lights"), "it is answered")
        spoken = "SELECT count(*) FROM posts WHERE text LIKE 'Danke für den Hinweis, Jonas%'"
        await demo.until(lambda: demo.rows(spoken) == [(1,)], "in the author's language")


async def test_an_answer_is_given_on_the_phone_alone(tmp_path: Path) -> None:
    """A reply to the card is a draft and no more; Publish sends it; nobody else answers; it could be kept."""
    async with visit(tmp_path) as demo:
        (card,) = await demo.until(lambda: demo.cards("lights"), "the card")
        await demo.reply(card, "Wir holen es heute ab, Jonas.")
        await demo.until(lambda: demo.cards("To be published on Bluesky", "lights"), "it is a draft")
        await demo.until(lambda: demo.notes("You write this answer yourself"), "the demo leaves it to them")
        assert [] == [*demo.rows("SELECT 1 FROM replies"), *demo.notes("Somebody of Velorbo now answers")]
        assert (await demo.press(card, "Publish"))["text"].startswith("Goes out in 5s")
        await demo.until(lambda: demo.cards("Published on Bluesky by Alex", "lights"), "it is out")
        told = await demo.press(card, "Save as answer")
        assert told["text"].startswith("There is no file of answers yet."), told
        await demo.until(lambda: demo.cards("answers:", 'de: "Wir holen es heute ab'), "the card shows it")
        ours = "SELECT p.text FROM answers a JOIN posts p ON p.id = a.post WHERE p.thread_id IN"
        theirs = "(SELECT thread_id FROM posts WHERE text LIKE '%lights too%')"
        assert [("Wir holen es heute ab, Jonas.",)] == demo.rows(f"{ours} {theirs}")


async def test_answers_go_out_on_mastodon_and_on_x(tmp_path: Path) -> None:
    """By the real clients: below the question, once; what X asks for is counted, and nobody else answers there."""
    async with visit(tmp_path) as demo:
        (first,) = await demo.until(lambda: demo.cards("reset it"), "the card of Mastodon")
        (second,) = await demo.until(lambda: demo.cards("charged twice"), "the card of X")
        await demo.press(second, "Claim")
        await demo.until(lambda: demo.notes("This one is on X"), "it is said who answers there")
        for card, text in ((first, "Settings, then Map, Owen."), (second, "It is on its way back, Jonas.")):
            await demo.reply(card, text)
        for network, word in (("Mastodon", "reset it"), ("X", "charged twice")):
            (card,) = await demo.until(lambda: demo.cards(f"To be published on {network}", word), "a draft")  # noqa: B023
            await demo.press(card, "Publish")
            await demo.until(lambda: demo.cards(f"Published on {network} by Alex", word), "it is out")  # noqa: B023
        assert [("mastodon",), ("x",)] == demo.rows(
            "SELECT platform FROM answers a JOIN posts p ON p.id = a.post WHERE platform <> 'bluesky' ORDER BY 1"
        )
        async with (
            aiohttp.ClientSession() as client,
            client.get(demo.url.replace("phone/", "metrics")) as answer,
        ):
            spent = re.findall(r'outcare_spent_money\{.*source="([\w-]+)".*\} ([\d.]+)', await answer.text())
        assert {"x-replies": 0.01} == {
            source: float(money) for source, money in spent if source == "x-replies"
        }, spent


@pytest.mark.parametrize("named", [(), ("--demo",)])
async def test_it_touches_nothing_of_a_real_brand(tmp_path: Path, named: tuple[str, ...]) -> None:
    """Its own database, whatever the environment says; with a configuration of one's own only if asked for."""
    real = tmp_path / "data" / "real.db"
    real.parent.mkdir()
    real.write_bytes(b"precious")
    if named:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "outcare.yaml").write_text(
            "brand: {name: acme, words: [acme]}\ndatabase: data/real.db\n"
        )
    async with visit(
        tmp_path, *named, OUTCARE_DATABASE=str(real), OUTCARE_TELEGRAM__TOKEN="1:secret"
    ) as demo:
        await demo.until(lambda: demo.cards("smoke"), "it plays")
        assert "OUTCARE_DATABASE, OUTCARE_TELEGRAM__TOKEN: the demo takes nothing" in demo.output
        assert "secret" not in demo.output
    assert b"precious" == real.read_bytes()
    assert (tmp_path / "data" / "demo.db").exists()


async def test_the_other_verbs_and_a_second_day(tmp_path: Path) -> None:
    """Reports say that they look at the demo; a second one is refused; the next start is an empty day."""
    async with visit(tmp_path) as demo:
        await demo.until(lambda: demo.cards("smoke"), "it plays")
        for verb in ("check", "status", "inbox"):
            code, _, told = await outcare(tmp_path, verb)
            assert 0 == code, told
            assert told.startswith("This is the demo"), verb
        _, rows, _ = await outcare(tmp_path, "inbox", "--json")
        assert "bea.example" in [row["author"] for row in json.loads(rows)]
        code, _, told = await outcare(tmp_path, "run")
        assert 1 == code
        assert "the demo runs here already" in told
        assert 1 == len(told.splitlines())
    (tmp_path / "output.log").unlink()
    async with visit(tmp_path) as again:
        await again.until(lambda: again.cards("smoke"), "it plays again")
        assert [(1,)] == again.rows("SELECT count(*) FROM posts WHERE text LIKE '%smoke%'")


async def outcare(folder: Path, *words: str) -> tuple[int, str, str]:
    """A verb: its exit code, its output, its errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli.main", *words),
        env=environment(),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, told = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode(), told.decode()
