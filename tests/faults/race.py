"""`python -m tests.faults.race --rounds 10000`: two people and two workers at once, over and over.

Each round: two claims of a conversation, two approvals of a draft, two leases of the reply; then the lease runs
out and a second hand takes it. Raises AssertionError at the first round that has not exactly one winner each.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import structlog

from bot import publishing
from bot.model import ConversationState
from bot.records import Leased
from bot.replies import ReplyState
from bot.staff import Verb
from bot.testing.wall import Wall
from bot.tries import Failed, Taken, Tried
from tests.integration import store_samples as s
from tests.integration._answers import WORDS, Office, office

AT_ONCE = 200
"""Rounds about one conversation: people do not decide about one thousands of times."""


async def race(folder: Path, *, rounds: int) -> None:
    for done in range(0, rounds, AT_ONCE):
        await _some(folder / f"{done}.db", min(AT_ONCE, rounds - done))


async def _some(path: Path, rounds: int) -> None:
    async with office(path, Wall()) as it:
        for _ in range(rounds):
            await _round(it)
        replies = s.rows(it.path, "SELECT count(*), count(DISTINCT draft) FROM replies")
        claims = s.rows(it.path, "SELECT outcome, count(*) FROM decisions WHERE verb = 'claim' GROUP BY 1")
        assert [(rounds, rounds)] == replies
        assert {"claimed": rounds, "lost": rounds} == dict(claims)


async def _round(it: Office) -> None:
    await asyncio.gather(it.press(Verb.CLAIM, who=1), it.press(Verb.CLAIM, who=2))
    state = await it.state()
    assert state.conversation.state is ConversationState.CLAIMED
    owner = 1 if state.conversation.claimed_by == "anna" else 2
    await it.write(WORDS, who=owner)
    number = (await it.draft()).id
    await asyncio.gather(*(it.press(Verb.APPROVE, number, who=owner) for _ in range(2)))
    await it.clock.advance(6)
    hands = await asyncio.gather(_take(it), _take(it))
    (first,) = [one for hand in hands for one in hand]
    await it.clock.advance(publishing.LEASE_FOR.total_seconds() + 1)
    (second,) = await _take(it)
    assert (second.fence, second.may_be_there) == (first.fence + 1, True)
    assert await _settle(it, first) is None
    assert await _settle(it, second) is not None
    assert (await it.reply()).state is ReplyState.REFUSED
    await it.press(Verb.RELEASE, who=owner)


async def _take(it: Office) -> tuple[Taken, ...]:
    now = it.clock.now()
    return await it.store.take_replies(["bluesky"], limit=9, now=now, lease_for=publishing.LEASE_FOR)


async def _settle(it: Office, taken: Taken) -> tuple[Leased, ...] | None:
    now = it.clock.now()
    tried = Tried(taken=taken, end=Failed(reason="invalid"), started_at=now, ended_at=now)
    return await it.store.settle_reply(tried, now=now, lease_for=s.LEASE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10_000)
    given = parser.parse_args()
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="outcare-race-") as folder:
        asyncio.run(race(Path(folder), rounds=given.rounds))
    print(f"{given.rounds} rounds, one winner each, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
