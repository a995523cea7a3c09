"""Counters of the rules through the real intake and a real database: restarts, other rules, replays."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.intake import Intake
from bot.matcher.plain import PlainMatcher
from bot.metrics import Metrics
from bot.model import Batch, Deletion, Post
from bot.store import counts
from bot.store.sqlite import SqliteStore
from bot.tallying import Prepared
from bot.testing.clock import ManualClock
from bot.watchlist import LiveWatch, Watchlist
from rules.ruleset import RuleSet, parse_rules
from tests.integration import store_samples as s
from tests.integration.test_intake import BRANDS

WAVE = """
conditions:
  outage: {text: down}
rules:
  wave: {why: Many say so, when: {rate: {of: outage, in: 10m, at_least: 3, distinct: author}}, score: 60}
"""
OTHER = """
conditions:
  outage: {text: down}
  loud: {text: help}
rules:
  wave: {why: Many say so, when: {rate: {of: outage, in: 10m, at_least: 4, distinct: author}}, score: 60}
  cry: {why: Many cry, when: {rate: {of: loud, in: 1h, at_least: 2}}, score: 10}
"""


@dataclass(kw_only=True)
class World:
    """A daemon's intake; `restart` is another one on the same database."""

    path: Path
    store: SqliteStore
    intake: Intake
    rules: RuleSet
    clock: ManualClock

    @classmethod
    async def begin(cls, path: Path, text: str, clock: ManualClock) -> World:
        store = await SqliteStore.open(path)
        await store.save_brands(BRANDS)
        rules = parse_rules({"rules.yaml": text})
        watch = LiveWatch(Watchlist(BRANDS, ids={}, matcher=PlainMatcher), {}, "bluesky")
        intake = Intake(
            store=store, judge=rules, watches={"bluesky": watch}, lookups={}, clock=clock, metrics=Metrics()
        )
        world = cls(path=path, store=store, intake=intake, rules=rules, clock=clock)
        await world.use(rules)
        return world

    async def restart(self, text: str) -> World:
        await self.store.close()
        return await World.begin(self.path, text, self.clock)

    async def use(self, rules: RuleSet, meanwhile: Sequence[Post] = ()) -> None:
        """As a reload does; `meanwhile` comes while the new set is made ready."""
        prepared = await self.intake.tallying.prepare(self.store, rules, self.clock.now())
        for post in meanwhile:
            await self.say(post)
        self.intake.tallying.use(prepared)
        self.rules = self.intake.judge = rules
        await self.intake.tallying.keep(self.store, prepared, self.clock.now())

    async def say(self, post: Post) -> list[str]:
        """The rules that fired on it."""
        await self.clock.advance(max(0.0, (post.posted_at - self.clock.now()).total_seconds()))
        batch = Batch(posts=(post,), observed_to=post.posted_at)
        recorded = await self.intake.take("bluesky", batch)
        if not recorded.stored:
            return ["(already there)"]
        stored = await self.store.verdict(recorded.stored[0])
        assert stored is not None
        assert stored.verdict == self.rules.judge(stored.facts)
        return [fired.rule for fired in stored.verdict.fired]


def said(name: str, minutes: float, text: str = "acme is down, help", *, by: str | None = None) -> Post:
    return replace(s.post(name, author=by or name, text=text, minute=minutes))


async def begun(tmp_path: Path, text: str = WAVE) -> World:
    return await World.begin(tmp_path / "outcare.db", text, ManualClock(s.NOON))


async def test_the_third_in_ten_minutes_fires(tmp_path: Path) -> None:
    """Each author once, in the time of the posts; what is read again counts once."""
    world = await begun(tmp_path)
    assert [] == await world.say(said("a", 0))
    assert [] == await world.say(said("b", 1, by="a"))
    assert [] == await world.say(said("c", 2))
    assert ["(already there)"] == await world.say(said("c", 2))
    assert ["wave"] == await world.say(said("d", 9))
    assert [] == await world.say(said("e", 30))
    await world.store.close()


async def test_a_restart_goes_on_counting(tmp_path: Path) -> None:
    """The rows were written with the mentions; a post that is read again after it is known."""
    world = await begun(tmp_path)
    await world.say(said("a", 0))
    await world.say(said("b", 1))
    world = await world.restart(WAVE)
    assert ["(already there)"] == await world.say(said("b", 1))
    assert [] == await world.say(said("c", 2, text="acme is up"))
    assert ["wave"] == await world.say(said("d", 3))
    await world.store.close()


async def test_other_rules_go_on_or_count_what_is_stored(tmp_path: Path) -> None:
    """Another limit keeps the counter; a new one meets all that is stored, and what comes meanwhile."""
    world = await begun(tmp_path)
    await world.say(said("a", 0))
    await world.say(said("b", 1))
    await world.use(parse_rules({"rules.yaml": OTHER}), meanwhile=[said("c", 2, by="b")])
    assert ["cry"] == await world.say(said("d", 3))
    assert ["wave", "cry"] == await world.say(said("e", 4))
    world = await world.restart(OTHER)
    assert ["wave", "cry"] == await world.say(said("f", 5, text="acme is down"))
    assert ["wave", "cry"] == await world.say(said("g", 6))
    await world.store.close()


async def test_what_no_rule_looks_at_is_let_go(tmp_path: Path) -> None:
    """And counted anew from what is stored when a rule looks at it again."""
    world = await begun(tmp_path)
    await world.say(said("a", 0))
    await world.use(parse_rules({"rules.yaml": "rules: {one: {why: x, when: {text: x}}}"}))
    assert {} == await world.store.counters()
    await world.say(said("b", 1))
    await world.use(parse_rules({"rules.yaml": WAVE}))
    assert ["wave"] == await world.say(said("c", 2))
    await world.store.close()


async def cried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Prepared]:
    """Five that the next set counts anew, to be written in pieces of two: it is in use, and nothing is written."""
    monkeypatch.setattr(counts, "_PIECE", 2)
    world = await begun(tmp_path)
    for n in range(5):
        await world.say(said(f"p{n}", n, text="acme, help"))
    world.rules = world.intake.judge = parse_rules({"rules.yaml": OTHER})
    prepared = await world.intake.tallying.prepare(world.store, world.rules, world.clock.now())
    world.intake.tallying.use(prepared)
    return world, prepared


@pytest.mark.parametrize("written", range(6))
async def test_counters_that_a_crash_left_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """They are complete when the last piece is there; before that the next start counts anew."""
    world, prepared = await cried(tmp_path, monkeypatch)
    write, left = world.store._write, iter(range(written))

    async def written_or_not(unit: Callable[[sqlite3.Connection], object]) -> object:
        if next(left, None) is None:
            raise StoreError("the disk is gone")
        return await write(unit)

    with monkeypatch.context() as crash, suppress(StoreError):
        crash.setattr(world.store, "_write", written_or_not)
        await world.intake.tallying.keep(world.store, prepared, world.clock.now())
    [cry] = prepared.rebuilt
    assert (written == 5) is (cry in await world.store.counters())
    world = await world.restart(OTHER)
    assert 5 == len(await world.store.counted(cry, since=s.NOON))
    assert ["cry"] == await world.say(said("q", 6, "acme, help"))
    await world.store.close()


async def test_others_write_while_counters_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mention need not wait for the last piece."""
    world, prepared = await cried(tmp_path, monkeypatch)
    ended: list[str] = []

    async def noted(name: str, work: Awaitable[object]) -> None:
        await work
        ended.append(name)

    keep = world.intake.tallying.keep(world.store, prepared, world.clock.now())
    await asyncio.gather(noted("counters", keep), noted("mention", world.say(said("q", 6, "acme, help"))))
    assert ["mention", "counters"] == ended
    [cry] = prepared.rebuilt
    assert 6 == len(await world.store.counted(cry, since=s.NOON))
    await world.store.close()


async def test_who_is_gone_meanwhile_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted of them before they went holds their name."""
    world, prepared = await cried(tmp_path, monkeypatch)
    gone = Deletion(platform="bluesky", author_id=said("p1", 1).author_id)
    await world.intake.take("bluesky", Batch(deleted=(gone,)))
    await world.intake.tallying.keep(world.store, prepared, world.clock.now())
    [cry] = prepared.rebuilt
    assert 4 == len(await world.store.counted(cry, since=s.NOON))
    await world.store.close()


@pytest.mark.parametrize("size", [1, 2, 7])
async def test_however_fast_the_verdicts_are_the_same(tmp_path: Path, size: int) -> None:
    """One post a batch or all in one, live or hours later: event time decides."""
    posts = [said(f"p{n}", n * 4) for n in range(7)]
    world = await begun(tmp_path)
    await world.clock.advance(3600.0 * (size - 1))
    fired = []
    for begin in range(0, len(posts), size):
        batch = Batch(posts=tuple(posts[begin : begin + size]))
        recorded = await world.intake.take("bluesky", batch)
        stored = [await world.store.verdict(uid) for uid in recorded.stored]
        fired += [bool(one and one.verdict.fired) for one in stored]
    assert [False, False, True, True, True, True, True] == fired
    await world.store.close()


async def test_an_author_who_is_gone_stays_counted_without_a_name(tmp_path: Path) -> None:
    """Nothing that identifies them is left in the rows."""
    world = await begun(tmp_path)
    await world.say(said("a", 0))
    gone = Deletion(platform="bluesky", author_id=said("a", 0).author_id)
    await world.intake.take("bluesky", Batch(deleted=(gone,)))
    [counter] = world.rules.counters
    [event] = await world.store.counted(counter, since=s.NOON)
    assert event.value is None
    await world.store.close()


async def test_a_database_that_cannot_be_read_leaves_the_old_counters(tmp_path: Path) -> None:
    """A reload that fails remembers nothing of what came meanwhile."""
    world = await begun(tmp_path)
    await world.store.close()
    with pytest.raises(Exception, match="cannot schedule"):
        await world.intake.tallying.prepare(world.store, parse_rules({"r.yaml": OTHER}), s.NOON)
    assert world.intake.tallying._met is None
