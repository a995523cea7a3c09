"""When garbage is collected: older objects between two callbacks, none of a reload's, and always some time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

from bot.garbage import LATER, SOON, Garbage

YOUNG, MIDDLE, OLD = USUAL = (100, 10, 10)


@contextmanager
def usual() -> Iterator[Garbage]:
    """A process with low thresholds and nothing in it that would be looked through, whose garbage is minded."""
    before = gc.get_threshold()
    gc.freeze()
    gc.collect()
    gc.set_threshold(*USUAL)
    try:
        yield Garbage()
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def noted() -> Iterator[list[int]]:
    """The generations that were collected, in order."""
    generations: list[int] = []

    def note(phase: str, told: dict[str, int]) -> None:
        if phase == "stop":
            generations.append(told["generation"])

    gc.callbacks.append(note)
    try:
        yield generations
    finally:
        gc.callbacks.remove(note)


def made(young_generations: int) -> list[set[int]]:
    """Objects of so many collections of the youngest."""
    return [set() for _ in range(YOUNG * young_generations)]


def test_older_objects_wait_for_the_callback_to_end() -> None:
    """However much it makes, only the youngest are looked through in it; the loop looks through the rest."""

    async def run(garbage: Garbage) -> None:
        with garbage.collected_between_callbacks(), noted() as generations:
            kept = made(MIDDLE * 2)
            assert set(generations) == {0}
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert max(generations) == 1
            assert len(kept) == YOUNG * MIDDLE * 2

    with usual() as garbage:
        asyncio.run(run(garbage))


def test_the_oldest_have_their_turn_too() -> None:
    """After so many collections of the middle ones, and not in the midst of a callback either."""

    async def run(garbage: Garbage) -> None:
        kept = []
        with garbage.collected_between_callbacks(), noted() as generations:
            for _ in range(OLD * 2):
                before = len(generations)
                kept.append(made(MIDDLE + 2))
                assert set(generations[before:]) == {0}
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            assert 2 in generations

    with usual() as garbage:
        asyncio.run(run(garbage))


def test_a_loop_that_does_not_come_to_it_is_not_waited_for() -> None:
    """A callback that makes without an end does not fill the memory with garbage."""

    async def run(garbage: Garbage) -> None:
        with garbage.collected_between_callbacks(), noted() as generations:
            kept = made(MIDDLE * LATER * 2)
            assert 1 in generations
            assert kept

    with usual() as garbage:
        asyncio.run(run(garbage))


def test_full_collections_stay_away_until_nobody_minds_them() -> None:
    """Whoever asks second, from another thread, may end first or last: what was set before is set again."""
    with usual() as garbage:
        first, second = garbage.no_full_collection(), garbage.no_full_collection()
        for one in (first, second):
            one.__enter__()
        first.__exit__(None, None, None)
        assert gc.get_threshold() == (YOUNG, SOON, 1_000_000)
        second.__exit__(None, None, None)
        assert gc.get_threshold() == USUAL


def test_no_full_one_while_a_reload_reads_not_even_between_callbacks() -> None:
    """What the loop had been asked for before is left, and what is set comes back in the end."""

    async def run(garbage: Garbage) -> None:
        with garbage.collected_between_callbacks():
            relaxed = gc.get_threshold()
            kept = made(MIDDLE * 2)
            with garbage.no_full_collection(), noted() as generations:
                assert gc.get_threshold() == (YOUNG, SOON, 1_000_000)
                kept += made(MIDDLE * OLD * 2)
                await asyncio.sleep(0)
                assert 2 not in generations
            assert gc.get_threshold() == relaxed
        assert gc.get_threshold() == USUAL

    with usual() as garbage:
        asyncio.run(run(garbage))


def test_a_loop_that_is_closed_is_asked_for_nothing() -> None:
    """What is made after it is collected as ever."""
    with usual() as garbage:
        loop = asyncio.new_event_loop()

        async def enter() -> None:
            between.__enter__()

        between = garbage.collected_between_callbacks()
        loop.run_until_complete(enter())
        loop.close()
        with noted() as generations:
            kept = made(MIDDLE * LATER * 2)
        assert 1 in generations
        assert kept
        between.__exit__(None, None, None)
        assert gc.get_threshold() == USUAL
