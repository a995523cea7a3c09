"""A few days of the simulated month, over the night in which the clocks go back, with a fresh seed each time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.month import virtual
from tests.month.month import Month
from tests.month.plan import BERLIN, Stop, draw
from tests.month.report import figures, story

DAYS, MENTIONS = 4, 400
BEGINS = datetime(2026, 10, 23, 5, tzinfo=UTC)
"""Until the 27th: Berlin's clocks go back on the 25th."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nobody_is_forgotten_for_four_days(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Every promise of docs/faults.md is kept at every minute; what was going on can be read."""
    seed = random.SystemRandom().randrange(10**9)
    tell(
        f"four days: .venv/bin/python -m tests.month --days {DAYS} --mentions {MENTIONS} --from {BEGINS:%F} --seed {seed}"
    )

    async def live() -> Month:
        month = Month.of(tmp_path, draw(seed, days=DAYS, mentions=MENTIONS, begins=BEGINS))
        await month.live()
        return month

    month = virtual.run(live())
    assert [] == [str(one) for one in month.findings]
    told = figures(month)
    assert 6 == told["trouble"]["lives"]
    assert told["chat"]["messages"] > 50
    assert "every promise was kept" in story(told)
    assert told == json.loads(json.dumps(told))


def test_the_same_seed_is_the_same_plan() -> None:
    """Everything that is drawn, and nothing besides; other seeds are other months."""
    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


def test_a_plan_is_what_the_issue_asks_for() -> None:
    """4,000 mentions in a month, two outages, five restarts, a change of the clocks in both zones."""
    plan = draw(8)
    assert 4000 == len(plan.written)
    assert [False, True] == [one.forgets for one in plan.outages]
    assert 5 == sum(one.how is not Stop.SLEEP for one in plan.breaks)
    assert len({at.astimezone(BERLIN).utcoffset() for at in (plan.begins, plan.ends)}) == 2
    assert all(plan.begins <= one.at < plan.ends for one in plan.breaks)
