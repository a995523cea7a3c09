"""A small part of `make torture` in every run of the tests, with a seed of its own, and the auditor's teeth."""

from __future__ import annotations

import random
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.audit import Auditor
from tests.faults.episode import Run, play
from tests.faults.script import Scene, faults, term
from tests.faults.traffic import Traffic
from tests.faults.world import Violation, World

ONE_EPISODE = 12


def fresh(what: str) -> random.Random:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"{what}: seed {seed}\n")
    return random.Random(seed)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("half", [0, 1])
async def test_every_fault_once(tmp_path: Path, half: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault under load, on one database: nothing is lost, nothing comes twice, no claim is broken."""
    with capsys.disabled():
        rng = fresh(f"torture {half + 1}/2")
    harms = list(faults().values())[half::2]
    rng.shuffle(harms)
    runs: list[Run] = []
    tally = await play(tmp_path, harms, rng, runs.append)
    assert [] == [run for run in runs if run.violation]
    assert tally is not None
    assert min(tally.posts, tally.deliveries, tally.presses, tally.edits) > 0


# --- the auditor bites ------------------------------------------------------------------------------


async def audited(folder: Path) -> tuple[World, Traffic, Auditor]:
    """A short life that ended well."""
    async with World(folder, random.Random(1)) as world:
        traffic = Traffic(world=world, rng=random.Random(2))
        auditor = Auditor(world=world, traffic=traffic)
        await world.start()
        for _ in range(3):
            await traffic.numbered_post()
            await traffic.question()
        await auditor.settle()
        message = world.chat.messages[0]
        traffic.press(world.chat, message.message_id, "Claim")
        await auditor.settle()
        await term(Scene(world=world, auditor=auditor, rng=random.Random(3)))
        auditor.glance()
        return world, traffic, auditor


def sql(statement: str) -> Callable[[World, Traffic], None]:
    def run(world: World, _: Traffic) -> None:
        with closing(sqlite3.connect(world.database)) as connection:
            connection.execute(statement)
            connection.commit()

    return run


def repeat(world: World, _: Traffic) -> None:
    world.webhook.deliveries.append(world.webhook.deliveries[0])


def swallow(world: World, _: Traffic) -> None:
    world.webhook.deliveries.clear()


def crash(world: World, _: Traffic) -> None:
    with world.log.open("a") as log:
        log.write("Traceback (most recent call last):\n")


def babble(world: World, _: Traffic) -> None:
    with world.log.open("a") as log:
        log.write(f"bot{world.chat.token}/getUpdates\n")


def forget(_: World, traffic: Traffic) -> None:
    traffic.sent.popitem()


SABOTAGE: dict[str, tuple[Callable[[World, Traffic], None], str]] = {
    "a post is lost": (
        sql("UPDATE posts SET post_id = 'at://elsewhere' WHERE id = 1"), "nobody asked for",
    ),
    "an edit is lost": (sql("UPDATE posts SET text = 'old' WHERE id = 1"), "is stored as 'old'"),
    "a foreign post is stored": (forget, "nobody asked for"),
    "a gap is made up": (
        sql("INSERT INTO gaps (source, started_at, ended_at, reason) VALUES ('bluesky', 1, 2, 'x')"),
        "a gap that nobody made",
    ),
    "a press is lost": (sql("DELETE FROM decisions"), "no press is lost"),
    "a press is made up": (sql("UPDATE decisions SET press_id = '17'"), "press"),
    "an alert comes twice": (repeat, "came again after it was settled"),
    "an alert never came": (swallow, "counts as sent, and never came"),
    "a crash is in the log": (crash, "Traceback"),
    "a secret is in the log": (babble, "no secret in the log"),
    "a reference leads nowhere": (sql("UPDATE mentions SET post = 4711 WHERE id = 1"), "references"),
}  # fmt: skip


def seen(auditor: Auditor) -> str:
    try:
        auditor.glance()
    except Violation as error:
        return str(error)
    return ""


async def test_the_auditor_sees_what_is_broken_on_purpose(tmp_path: Path) -> None:
    """Each promise, broken after a run that kept it, is found; mended, nothing is."""
    world, traffic, auditor = await audited(tmp_path)
    database, log = world.database.read_bytes(), world.log.read_bytes()
    deliveries, sent = list(world.webhook.deliveries), dict(traffic.sent)
    for name, (harm, said) in SABOTAGE.items():
        harm(world, traffic)
        assert re.search(said, seen(auditor)), name
        world.database.write_bytes(database)
        world.log.write_bytes(log)
        world.webhook.deliveries[:] = deliveries
        traffic.sent = dict(sent)
        auditor.glance()
