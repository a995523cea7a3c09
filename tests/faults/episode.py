"""One database through a series of faults under load, audited after each and thoroughly at the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.audit import Auditor
from tests.faults.script import ALONE, GENTLE, Harm, Scene, faults, shuffle
from tests.faults.traffic import Traffic
from tests.faults.world import Violation, World

TOGETHER = 0.3
"""How often a second, gentle fault comes on top of one."""
HOSTS = (("v1",), ("v2",), ("v2", "v1"), ("v1", "v2"), ("v2", "v2"))
"""How the network is read."""
OFTEN_WRONG = 0.25
"""How often the daemon's clock is wrong by up to ten minutes for a whole episode, but for its first moment."""
DEADLY = frozenset({"kill", "torn", "early", "term"})


@dataclass(frozen=True, kw_only=True)
class Run:
    """One fault, and what came of it."""

    fault: str
    over: str | None = None
    """A second one that came on top of it."""
    seconds: float
    violation: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What an episode was about."""

    posts: int
    edits: int
    deletions: int
    answers: int
    deliveries: int
    presses: int
    lives: int
    gaps: int


async def play(
    folder: Path, harms: Sequence[Harm], rng: random.Random, tell: Callable[[Run], None]
) -> Tally | None:
    """Each of `harms` once, in order; None when a promise was broken (`tell` has heard which)."""
    async with World(folder, random.Random(rng.random()), rng.choice(HOSTS)) as world:
        traffic = Traffic(world=world, rng=random.Random(rng.random()))
        auditor = Auditor(world=world, traffic=traffic)
        scene = Scene(world=world, auditor=auditor, rng=rng)
        try:
            for harm in (_begin(traffic), *harms, _end(traffic)):
                if not await _run(scene, harm, tell):
                    return None
        finally:
            await traffic.stop()
        return _tally(world, traffic, auditor)


def _begin(traffic: Traffic) -> Harm:
    async def begin(scene: Scene) -> None:
        """The first life, with the brand's handle resolved; then the traffic, and perhaps a wrong clock."""
        await scene.world.start()
        traffic.start()
        await asyncio.sleep(0.5)
        if scene.rng.random() < OFTEN_WRONG:
            scene.world.keep_wrong(scene.rng.uniform(-600, 600))

    return begin


def _end(traffic: Traffic) -> Harm:
    async def end(scene: Scene) -> None:
        """All is well again: the daemon does what is left to do, and ends."""
        await traffic.stop()
        await scene.auditor.settle()
        await scene.world.stop()

    return end


async def _run(scene: Scene, harm: Harm, tell: Callable[[Run], None]) -> bool:
    began, name, world = time.monotonic(), harm.__name__, scene.world
    second = _second(scene.rng) if name not in {"begin", "end"} and harm not in ALONE else None
    violation = None
    try:
        if name != "begin" and not world.is_alive:
            await world.start()
        with_it = [second(_with_own_chance(scene))] if second else []
        await asyncio.gather(harm(_with_own_chance(scene)), *with_it)
        world.heal()
        _still_there(world, name)
        scene.auditor.glance(is_shuffled=shuffle in {harm, second})
    except Violation as error:
        violation = str(error)
    over = second.__name__ if second else None
    tell(Run(fault=name, over=over, seconds=time.monotonic() - began, violation=violation))
    return violation is None


def _second(rng: random.Random) -> Harm | None:
    known = [harm for harm in faults().values() if harm in GENTLE]
    return rng.choice(known) if rng.random() < TOGETHER else None


def _with_own_chance(scene: Scene) -> Scene:
    """So that two faults at once do not change each other's choices."""
    return replace(scene, rng=random.Random(scene.rng.random()))


def _still_there(world: World, name: str) -> None:
    if not world.is_alive and name not in DEADLY | {"end"}:
        raise Violation(f"it ended by itself:\n{world.output[-3000:]}")


def _tally(world: World, traffic: Traffic, auditor: Auditor) -> Tally:
    versions = [version for one in traffic.sent.values() for version in one.versions[1:]]
    deletions = sum(version.text is None for version in versions)
    return Tally(
        posts=len(traffic.sent),
        edits=len(versions) - deletions,
        deletions=deletions,
        answers=len(traffic.answers),
        deliveries=sum(auditor.arrived().values()),
        presses=len(traffic.pressed),
        lives=world.lives,
        gaps=len(auditor.holes),
    )
