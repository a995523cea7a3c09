"""The faults, each a function that does its harm to a world for a second or so, and makes it good again."""

from __future__ import annotations

import asyncio
import errno
import random
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults.audit import Auditor, Hole, position_us
from tests.faults.hurried import BUSY_SECONDS
from tests.faults.knobs import shim
from tests.faults.world import SILENCE, Violation, World, until

CLEAR_AND_SHORT = 6
"""Lines that a refusal to start may take; a traceback takes more."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a fault may touch."""

    world: World
    auditor: Auditor
    rng: random.Random

    async def linger(self, least: float, most: float) -> None:
        await asyncio.sleep(self.rng.uniform(least, most))


Harm = Callable[[Scene], Awaitable[None]]


# --- the process ----------------------------------------------------------------------------------


async def kill(scene: Scene) -> None:
    """Kill −9, at any moment."""
    await scene.linger(0.0, 0.8)
    await scene.world.kill()


async def torn(scene: Scene) -> None:
    """Kill −9 in the middle of a write into the database."""
    scene.world.knobs.turn(torn_write=scene.rng.randint(1, 60))
    await died(scene.world, within=1.5)


async def early(scene: Scene) -> None:
    """Kill −9 while it starts, perhaps in the middle of a write."""
    await scene.world.kill()
    if shim() and scene.rng.random() < 0.5:
        scene.world.knobs.turn(torn_write=scene.rng.randint(1, 8))
    await scene.world.spawn()
    await died(scene.world, within=scene.rng.uniform(0.05, 1.5))


async def died(world: World, *, within: float) -> None:
    """The daemon's death, at its own hand or ours."""
    daemon = world.daemon
    assert daemon is not None
    try:
        await asyncio.wait_for(daemon.wait(), within)
    except TimeoutError:
        await world.kill()
    if daemon.returncode != -9:
        raise Violation(f"exit {daemon.returncode}, not killed:\n{world.output[-2000:]}")


async def term(scene: Scene) -> None:
    """SIGTERM under load: it ends in time, with status 0."""
    await scene.linger(0.0, 0.5)
    await scene.world.stop()


# --- the line to the network -----------------------------------------------------------------------


async def reset(scene: Scene) -> None:
    """The connection is reset, some times in a row."""
    for _ in range(scene.rng.randint(1, 4)):
        scene.world.cut()
        await scene.linger(0.0, 0.3)


async def half(scene: Scene) -> None:
    """The connection ends in the middle of a frame."""
    for wire in scene.world.wires:
        wire.half()
    await scene.linger(0.1, 0.4)


async def goodbye(scene: Scene) -> None:
    """The server ends politely."""
    for wire in scene.world.wires:
        await wire.hang_up()
    await scene.linger(0.1, 0.4)


async def silence(scene: Scene) -> None:
    """No frames for longer than `silence`: it must hang up by itself and connect anew."""
    for wire in scene.world.wires:
        wire.is_silent = True
    await until(lambda: any(wire.is_listened_to for wire in scene.world.wires), what="it listens")
    before = scene.world.requests
    await until(lambda: scene.world.requests > before, within=SILENCE + 30, what="it gives up on silence")


async def garbage(scene: Scene) -> None:
    """Frames that are no events: a few are skipped, many in a row are no Jetstream."""
    pieces = ("", "{", "[]", '{"did":1}', "null", '{"kind":"commit"}', b"\x28\xb5\x2f\xfd", "\u0000")
    count = scene.rng.choice((1, 5, 150))
    for wire in scene.world.wires:
        wire.garbage = [scene.rng.choice(pieces) for _ in range(count)]
    await scene.linger(0.3, 0.6)


async def shuffle(scene: Scene) -> None:
    """Events come twice, and in another order."""
    for wire in scene.world.wires:
        wire.is_shuffled = True
    await scene.linger(0.8, 1.5)


async def replay(scene: Scene) -> None:
    """The server replays much more than it was asked for."""
    for wire in scene.world.wires:
        wire.back_us = scene.rng.randint(1_000_000, 600_000_000)
    for _ in range(2):
        scene.world.cut()
        await scene.linger(0.3, 0.6)


async def down(scene: Scene) -> None:
    """The preferred host is gone for a while: another one takes over, if there is one."""
    async with scene.world.wires[0].away():
        await scene.linger(0.5, 1.5)


async def refuse(scene: Scene) -> None:
    """The network refuses the connection: 429, 500, 503, with and without Retry-After."""
    for wire in scene.world.wires:
        storm(scene, wire, times=scene.rng.randint(1, 3))
    scene.world.cut()
    await scene.linger(0.5, 1.0)


async def hole(scene: Scene) -> None:
    """We are away for minutes, and the network forgets a part of them: a cursor too old, clamped silently."""
    world, auditor = scene.world, scene.auditor
    await world.kill()
    with auditor.database() as read:
        start_us = position_us(read)
    await world.pass_time(scene.rng.uniform(150, 400))
    oldest_us = world.now_us() - 1
    for network in world.networks:
        network.oldest_us = oldest_us
    auditor.forget(oldest_us)
    auditor.lose(Hole(start_us=start_us, end_us=oldest_us, reason="cursor_lost"))
    await world.start()


async def outage(scene: Scene) -> None:
    """We are away for minutes, and nothing is forgotten."""
    await scene.world.kill()
    await scene.world.pass_time(scene.rng.uniform(100, 300))
    await scene.world.start()


# --- platforms --------------------------------------------------------------------------------------


def storm(scene: Scene, server: object, *, times: int) -> None:
    status = scene.rng.choice((429, 500, 503))
    headers = {"Retry-After": "1"} if scene.rng.random() < 0.5 else {}
    server.refuse(status, times=times, headers=headers)  # type: ignore[attr-defined] # all fakes have it


async def directory(scene: Scene) -> None:
    """The AppView refuses, or dawdles: mentions go on without what it would have told."""
    if scene.rng.random() < 0.3:
        scene.world.appview.delay = 1.0
    storm(scene, scene.world.appview, times=30)
    await scene.linger(0.5, 1.2)


async def webhook(scene: Scene) -> None:
    """The webhook's receiver refuses, says nothing, or takes a delivery and loses the answer."""
    if scene.rng.random() < 0.4:
        scene.world.webhook.lost_answers = scene.rng.randint(1, 6)
    elif scene.rng.random() < 0.3:
        scene.world.webhook.refuse(0, times=2)
    else:
        storm(scene, scene.world.webhook, times=scene.rng.randint(1, 8))
    await scene.linger(0.5, 1.2)


async def chat(scene: Scene) -> None:
    """Telegram refuses all or some methods, says nothing, or takes a message and loses the answer."""
    rng, telegram = scene.rng, scene.world.chat
    method = rng.choice((None, "sendMessage", "getUpdates", "editMessageText", "answerCallbackQuery"))
    if rng.random() < 0.3:
        telegram.lost_answers = rng.randint(1, 3)
    elif rng.random() < 0.2:
        telegram.fail(0, method=method, times=1)
    else:
        status, wait = rng.choice((429, 500, 503)), rng.choice((None, 1))
        telegram.fail(status, method=method, times=rng.randint(1, 5), retry_after=wait)
    await scene.linger(0.5, 1.2)


async def dns(scene: Scene) -> None:
    """No name can be resolved when it starts, and for a while after that."""
    world = scene.world
    await world.stop()
    world.knobs.turn(unresolved=1)
    met = world.knobs.read("met")
    await world.spawn()
    await until(lambda: world.knobs.read("met") > met or not world.is_alive, what="it asks for a name")
    await scene.linger(0.1, 0.5)


# --- clock and disk ---------------------------------------------------------------------------------


async def clock(scene: Scene) -> None:
    """The wall clock jumps ahead or back by up to ten minutes, and later back to where it was."""
    scene.world.skew(scene.rng.uniform(-600, 600))
    await scene.linger(0.3, 1.0)
    if scene.rng.random() < 0.3:
        await scene.world.kill()
        await scene.world.start()
        await scene.linger(0.2, 0.5)
    scene.world.skew(0)
    await scene.linger(0.2, 0.5)


async def full(scene: Scene) -> None:
    """The disk is full for a while."""
    scene.world.knobs.turn(write_errno=errno.ENOSPC)
    await scene.linger(0.3, 1.2)


async def ioerr(scene: Scene) -> None:
    """The disk reports errors when it is written, synced or read."""
    knob = scene.rng.choice(("write_errno", "sync_errno", "read_errno"))
    scene.world.knobs.turn(**{knob: errno.EIO})
    await scene.linger(0.2, 1.0)


async def slow(scene: Scene) -> None:
    """Each fsync takes long."""
    scene.world.knobs.turn(sync_us=scene.rng.choice((30_000, 150_000, 400_000)))
    await scene.linger(0.8, 1.5)


async def busy(scene: Scene) -> None:
    """Another program holds the database's write lock, longer than anybody waits for it."""
    with closing(sqlite3.connect(scene.world.database, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        await scene.linger(0.1, 3 * BUSY_SECONDS)
        other.execute("ROLLBACK")


async def corrupt(scene: Scene) -> None:
    """A page is damaged: it refuses to start in a few clear lines, destroys nothing, and goes on when mended."""
    world = scene.world
    await world.stop()
    whole = world.folder / "whole.db"
    shutil.copyfile(world.database, whole)
    damage(world.database, scene.rng)
    damaged, said = world.database.read_bytes(), len(world.output)
    daemon = await world.spawn()
    try:
        status = await asyncio.wait_for(daemon.wait(), 60)
    except TimeoutError:
        raise Violation("it runs on a damaged database") from None
    output = world.output[said:]
    if status != 1 or "damaged" not in output or len(output.splitlines()) > CLEAR_AND_SHORT:
        raise Violation(f"a damaged database: exit {status}, it says:\n{output}")
    if world.database.read_bytes() != damaged:
        raise Violation("it wrote into a damaged database")
    restore(whole, world.database)
    await world.start()


def damage(database: Path, rng: random.Random) -> None:
    """Overwrite a page so that SQLite's own check finds it."""
    whole = database.read_bytes()
    size = int.from_bytes(whole[16:18], "big") or 65536
    while True:
        page = rng.randrange(1, len(whole) // size)
        broken = whole[: page * size] + rng.randbytes(size) + whole[(page + 1) * size :]
        database.write_bytes(broken)
        if not is_sound(database):
            return


def restore(whole: Path, database: Path) -> None:
    """As docs/operations.md says."""
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(whole, database)


def is_sound(database: Path) -> bool:
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            return connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
        except sqlite3.DatabaseError:
            return False


# --- all of them ------------------------------------------------------------------------------------

PLAIN: tuple[Harm, ...] = (
    kill, early, term, reset, half, goodbye, silence, garbage, shuffle, replay, refuse, down, directory, webhook, chat,
    busy, corrupt,
)  # fmt: skip
WITH_SHIM: tuple[Harm, ...] = (torn, hole, outage, dns, clock, full, ioerr, slow)
"""These need the shim, thus a C compiler."""


GENTLE: frozenset[Harm] = frozenset({
    reset, half, goodbye, shuffle, replay, refuse, down, directory, webhook, chat, slow,
})  # fmt: skip
"""These may come on top of another one, but for `ALONE`."""

ALONE: frozenset[Harm] = frozenset({silence})
"""What shows here that it bit (a new connection), others bring about as well."""


def faults() -> dict[str, Harm]:
    """Name → fault, of those that this machine can make."""
    return {harm.__name__: harm for harm in (*PLAIN, *(WITH_SHIM if shim() else ()))}
