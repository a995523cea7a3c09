"""A small part of `make torture-replies` in every run of the tests, its teeth, and races for claim and reply."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import replies
from tests.faults.race import race
from tests.faults.replies import MISHAPS
from tests.faults.reply_life import DEATHS


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_each_fault_once_and_a_few_more(tell: Callable[[str], None]) -> None:
    """In a process of its own, which forks: every answer is published once, whatever dies or breaks."""
    seed = random.SystemRandom().randrange(10**9)
    tell(f"torture-replies: seed {seed}")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.faults.replies", "--each", "--runs", "12", "--seed", str(seed)],
        capture_output=True, text=True, timeout=220, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "none twice, none lost" in done.stdout


def test_every_fault_is_planned_on_each_platform() -> None:
    """`--each`: each death and each mishap, on each."""
    plans = replies.each()
    assert {(one.platform, *one.deaths) for one in plans if one.deaths} == {
        (platform, death) for platform in replies.PLATFORMS for death in DEATHS
    }
    assert {(one.platform, *one.mishaps) for one in plans if one.mishaps} == {
        (platform, mishap) for platform in replies.PLATFORMS for mishap in MISHAPS
    }


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("platform", replies.PLATFORMS)
def test_it_would_be_seen(tmp_path: Path, platform: str) -> None:
    """A publisher that trusts a lease that ran out publishes twice; where the platform knows the key, that
    still prevents it.
    """
    program = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from datetime import timedelta\n"
        "from pathlib import Path\n"
        "from bot import publishing\n"
        "from tests.faults import replies\n"
        "go_out = publishing.Publisher._go_out\n"
        "async def blind(self, replier, taken):\n"
        "    return await go_out(self, replier, replace(taken, may_be_there=False))\n"
        "publishing.Publisher._go_out = blind\n"
        "plan = replies.Plan(platform=sys.argv[2], deaths=('answered',), mishaps=())\n"
        "with replies.stage(Path(sys.argv[1])) as there:\n"
        "    print(replies.play(there, 0, plan, timedelta()).violation)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "stage"), platform],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == ("" if platform in {"bluesky", "mastodon"} else "published 2 times")


async def test_of_two_workers_each_has_what_it_won(tmp_path: Path) -> None:
    """Both claim, approve and lease at once, over and over: one winner each; an old hand settles nothing."""
    await race(tmp_path, rounds=40)
