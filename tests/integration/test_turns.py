"""What is done to many at once lets others run in between: judging, telling of steps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.model import Facts, Verdict
from bot.testing.clock import ManualClock
from bot.turns import TURN_SECONDS, Turns
from tests.integration import store_samples as s
from tests.integration.outbox_world import running
from tests.integration.test_escalating import ESCALATION
from tests.integration.test_intake import Rules, office, post


class Ticking(ManualClock):
    """What takes long takes it at once."""

    def tick(self, seconds: float) -> None:
        self._elapsed += seconds


@pytest.fixture
def happened() -> list[str]:
    return []


async def test_a_turn_lasts_for_a_while(happened: list[str]) -> None:
    """The first piece waits for it; then no other has to until it is over."""
    clock = Ticking()
    turns = Turns(clock.monotonic)
    for elapsed in (0, TURN_SECONDS / 2, TURN_SECONDS):
        clock.tick(elapsed)
        asyncio.get_running_loop().call_soon(happened.append, "others")
        await turns.next()
        happened.append("piece")
    assert ["others", "piece", "piece", "others", "others", "piece"] == happened


async def test_others_have_a_turn_while_many_are_judged(tmp_path: Path, happened: list[str]) -> None:
    """Each takes long here."""

    class Slow(Rules):
        clock: Ticking

        def judge(self, facts: Facts) -> Verdict:
            self.clock.tick(TURN_SECONDS)
            asyncio.get_running_loop().call_soon(happened.append, "others")
            happened.append(facts.text)
            return super().judge(facts)

    async with office(tmp_path / "x.db") as it:
        it.intake.judge = rules = Slow()
        rules.clock = it.intake.clock = Ticking(s.at(60))
        await it.take(*(post(str(number), text=f"acme {number}?") for number in range(3)))
    assert ["acme 0?", "others", "acme 1?", "others", "acme 2?", "others"] == happened


async def test_steps_are_told_in_turns_and_what_they_ring_is_not_held_up(
    tmp_path: Path, happened: list[str]
) -> None:
    """Of hundreds that are due together, each is a line in the log."""
    async with running(tmp_path / "x.db") as desk:
        desk.store.escalation = ESCALATION

        def told(_: object) -> None:
            asyncio.get_running_loop().call_soon(happened.append, "others")
            happened.append("told")

        desk.store.on_step = told
        asked = (s.post(f"q{number}", author=f"user{number}", root=None) for number in range(3))
        await desk.heard(*(s.judged(one, due=120) for one in asked))
        await desk.later(3600)
        assert ["told", "others"] * 3 == happened
        assert 6 == len(desk.chat.sent)
