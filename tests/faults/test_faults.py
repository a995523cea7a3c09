"""A small part of `make torture` in every run of the tests, with a seed of its own, and the auditor's teeth."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.audit import Auditor, Hole
from tests.faults.episode import Run, play
from tests.faults.script import Scene, faults, term
from tests.faults.traffic import Traffic
from tests.faults.world import Violation, World

ONE_EPISODE = 12


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("half", [0, 1])
async def test_every_fault_once(tmp_path: Path, half: int, tell: Callable[[str], None]) -> None:
    """Each fault under load, on one database: nothing is lost, nothing comes twice, no claim is broken."""
    seed = random.SystemRandom().randrange(10**9)
    tell(f"torture {half + 1}/2: seed {seed}")
    rng = random.Random(seed)
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


def promise(_: World, traffic: Traffic) -> None:
    """A post of long ago that was never stored."""
    one = next(iter(traffic.sent.values()))
    traffic.sent["at://unheard"] = replace(one, uri="at://unheard")


def answered(_: World, traffic: Traffic) -> None:
    """The brand answered a question, and the daemon has not noticed."""
    traffic.cards[0].answer_uri = "at://answer"


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
    "a press is made up": (
        sql("INSERT INTO decisions (feed, press_id, person, channel, at, outcome, reply, is_loud)"
            " VALUES ('telegram', '17', 'anna', 'telegram:lane0', 1, 'stale', '', 0)"),
        "nothing is decided that nobody pressed",
    ),
    "the position is ahead": (promise, "at://unheard .* is missing, the cursor is beyond it"),
    "the position is in another language": (
        sql("UPDATE cursors SET cursor = 'soon' WHERE kind = 'source'"), "a position that says no time",
    ),
    "an alert comes twice": (repeat, "came again after it was settled"),
    "an alert never came": (swallow, "counts as sent, and never came"),
    "a crash is in the log": (crash, "Traceback"),
    "a secret is in the log": (babble, "no secret in the log"),
    "a reference leads nowhere": (sql("UPDATE mentions SET post = 4711 WHERE id = 1"), "references"),
}  # fmt: skip


AT_THE_END: dict[str, tuple[Callable[[World, Traffic], None], str]] = {
    "a post is missing": (sql("DELETE FROM posts WHERE id = 1"), "every post is stored"),
    "an alert never came": (swallow, "every alert is delivered"),
    "an alert is given up": (
        sql("UPDATE effects SET state = 'dead' WHERE kind = 'alert'"), "no alert is given up",
    ),
    "an alert is dropped": (
        sql("UPDATE effects SET state = 'dropped' WHERE kind = 'alert'"), "only alerts that nobody wants",
    ),
    "a press waits": (sql("DELETE FROM decisions"), "every press is decided"),
    "a card is not true": (sql("UPDATE conversations SET state = 'dismissed'"), "the card of .* 'Dismissed'"),
    "an answer is not noticed": (answered, "what was answered does not wait"),
}  # fmt: skip
"""What is asked when all is quiet; `whole` need not see what `glance` has seen before it."""


def seen(audit: Callable[[], None]) -> str:
    try:
        audit()
    except Violation as error:
        return str(error)
    return ""


async def test_the_auditor_sees_what_is_broken_on_purpose(tmp_path: Path) -> None:
    """Each promise, broken after a run that kept it, is found; mended, nothing is."""
    world, traffic, auditor = await audited(tmp_path)
    database, log = world.database.read_bytes(), world.log.read_bytes()
    deliveries, sent = list(world.webhook.deliveries), deepcopy(traffic.sent)
    for audit, sabotage in ((auditor.glance, SABOTAGE), (auditor.whole, AT_THE_END)):
        for name, (harm, said) in sabotage.items():
            harm(world, traffic)
            assert re.search(said, seen(audit), re.DOTALL), name
            world.database.write_bytes(database)
            world.log.write_bytes(log)
            world.webhook.deliveries[:] = deliveries
            traffic.sent = deepcopy(sent)
            audit()
    auditor.holes.append(Hole(start_us=1, end_us=2, reason="cursor_lost"))
    assert re.search("no gap tells of", seen(auditor.whole))
