"""Many patterns in one text: T1–T4, T12 and T13, beside what else people match keywords with.

All sides see the same posts in the same run. `OUTCARE_DATA`: real posts, else made-up ones.
"""

from __future__ import annotations

import asyncio
import gc
import re
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any, NamedTuple

import ahocorasick

from benchmarks import corpus, harness
from benchmarks.harness import Finding
from benchmarks.waits import Waits
from bot.app import BREATH
from bot.cli.run import SWITCH_SECONDS
from bot.matcher.fast import FastMatcher
from bot.matcher.plain import PlainMatcher
from bot.model import Brand
from bot.reload import compile_watchlist
from bot.watchlist import LiveWatch, Watchlist
from tests.unit import matcher_fuzz

Match = Callable[[str], object]
SAMPLE = 300
"""So many posts for sides that take milliseconds for each."""
SEEDS = 10


def measure(repetitions: int) -> Iterator[Finding]:
    yield from speed(repetitions)
    yield from growth(repetitions)
    yield exactness()
    yield fuzzed()
    yield from asyncio.run(swapping())
    yield memory()


def side(match: Match, posts: Sequence[str], times: int = 1) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            for post in posts:
                match(post)

    return run


def microseconds(took: dict[str, float], name: str, posts: Sequence[str], times: int = 1) -> float:
    return took[name] / len(posts) / times * 1e6


# --- T1 ------------------------------------------------------------------------------------------


def per_rule(patterns: Sequence[str]) -> Match:
    rules = [re.compile(rf"\b{re.escape(one)}\b", re.IGNORECASE) for one in patterns]
    return lambda text: [rule.search(text) for rule in rules]


def alternation(patterns: Sequence[str]) -> Match:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, patterns))})\b", re.IGNORECASE).search


def speed(repetitions: int) -> Iterator[Finding]:
    """Ours against `re`, at 1,000 and 10,000 patterns."""
    posts = corpus.posts()[:: len(corpus.posts()) // SAMPLE]
    few, many = corpus.patterns()[:1_000], corpus.patterns()
    again = 20
    took = harness.cpu_minima(
        {
            "ours 1,000": side(FastMatcher(few).found, posts, again),
            "per rule": side(per_rule(few), posts),
            "alternation": side(alternation(few), posts),
            "ours 10,000": side(FastMatcher(many).found, posts, again),
            "alternation 10,000": side(alternation(many), posts),
        },
        repetitions=repetitions,
    )
    ours = microseconds(took, "ours 1,000", posts, again)
    ours_many = microseconds(took, "ours 10,000", posts, again)
    for what, other, mine, at_least in (
        ("1,000 rules against one re.search each", "per rule", ours, 300.0),
        ("1,000 rules against one alternation", "alternation", ours, 50.0),
        ("10,000 rules against one alternation", "alternation 10,000", ours_many, 500.0),
    ):
        theirs = microseconds(took, other, posts)
        detail = f"{mine:.2f} against {theirs:,.0f} µs a post; {corpus.origin()}"
        yield Finding(target="T1", what=what, figure=theirs / mine, at_least=at_least, detail=detail)


# --- T2, T3 --------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def aho_corasick(patterns: Sequence[str]) -> Match:
    """pyahocorasick on normalised text, whole words by `str.isalnum` of the neighbours."""
    automaton = ahocorasick.Automaton()
    for one in patterns:
        automaton.add_word(normalised(one), len(normalised(one)))
    automaton.make_automaton()

    def match(text: str) -> bool:
        said = normalised(text)
        for last, size in automaton.iter(said):
            before, behind = (
                said[last - size : last - size + 1] if last >= size else "",
                said[last + 1 : last + 2],
            )
            if not before.isalnum() and not behind.isalnum():
                return True
        return False

    return match


def growth(repetitions: int) -> Iterator[Finding]:
    """Ours at 10 to 10,000 patterns, against the mere normalisation of the texts."""
    posts, patterns = corpus.posts(), corpus.patterns()
    matchers = {count: FastMatcher(patterns[:count]) for count in (10, 100, 1_000, 10_000)}
    sides = {f"{count}": side(matcher.found, posts) for count, matcher in matchers.items()}
    sides |= {"normalise": side(normalised, posts), "aho-corasick": side(aho_corasick(patterns), posts)}
    took = harness.cpu_minima(sides, repetitions=repetitions)
    cost = {name: microseconds(took, name, posts) for name in took}
    share = sum(bool(matchers[10_000].found(post)) for post in posts) / len(posts)
    ladder = ", ".join(f"{count:,}: {cost[str(count)]:.2f}" for count in matchers)
    detail = f"µs a post at {ladder}; {share:.1%} of the posts match 10,000"
    yield Finding(
        target="T2",
        what="from 10 to 10,000 rules",
        figure=cost["10000"] / cost["10"],
        at_most=2.0,
        detail=detail,
    )
    for what, name, at_most in (
        ("10,000 rules against NFKC + casefold alone", "normalise", 1.5),
        ("10,000 rules against pyahocorasick + normalisation", "aho-corasick", 0.8),
    ):
        detail = f"{cost['10000']:.2f} against {cost[name]:.2f} µs a post"
        yield Finding(
            target="T3", what=what, figure=cost["10000"] / cost[name], at_most=at_most, detail=detail
        )


# --- T4 ------------------------------------------------------------------------------------------


def differences(fast: FastMatcher, plain: PlainMatcher, texts: Sequence[str]) -> int:
    return sum(
        fast.search(text) != (hits := plain.search(text)) or fast.found(text) != {hit.pattern for hit in hits}
        for text in texts
    )


def exactness() -> Finding:
    """Every post, every pattern, against the plain matcher, which looks for each in each."""
    posts, patterns = corpus.posts(), corpus.patterns()
    wrong = differences(FastMatcher(patterns), PlainMatcher(patterns), posts)
    detail = f"{len(posts):,} {corpus.origin()} × {len(patterns):,} patterns"
    return Finding(
        target="T4", what="differences from brute force", figure=wrong, unit="", at_most=0, detail=detail
    )


def fuzzed() -> Finding:
    first = time.time_ns() % 10**9
    wrong = sum(
        differences(FastMatcher(patterns), PlainMatcher(patterns), texts)
        for seed in range(first, first + SEEDS)
        for patterns, texts in matcher_fuzz.cases(seed)
    )
    detail = f"{SEEDS} fresh seeds from {first} on, {matcher_fuzz.ROUNDS * matcher_fuzz.TEXTS} texts each"
    return Finding(
        target="T4", what="differences on fresh seeds", figure=wrong, unit="", at_most=0, detail=detail
    )


# --- T12 -----------------------------------------------------------------------------------------


async def swapping(builds: int = 9) -> Iterator[Finding]:
    """A loop that looks through posts, while another watchlist is compiled in a thread and swapped in."""
    brands = [Brand(name="acme", words=corpus.patterns())]
    watch = LiveWatch(Watchlist(brands, ids={}, matcher=FastMatcher), {}, "bluesky")
    posts = cycle(corpus.posts())
    alone, beside, seconds = [], [], []
    gc.collect()
    gc.freeze()  # as the daemon does, and:
    sys.setswitchinterval(SWITCH_SECONDS)
    for _ in range(builds):
        alone.append(await worst_turn(asyncio.create_task(asyncio.sleep(0.5)), watch, posts))
        began = time.perf_counter()
        build = asyncio.create_task(compile_watchlist(brands, ids={}, breathe=partial(time.sleep, BREATH)))
        beside.append(await worst_turn(build, watch, posts))
        seconds.append(time.perf_counter() - began)
        watch.swap(build.result())
    times = ", ".join(f"{turn.wall * 1000:.1f}" for turn in sorted(beside))
    detail = (
        f"{builds} reloads: {times} ms; without a reload {min(alone).wall * 1000:.1f} ms at the least;"
        f" less the wait for a processor {min(turn.wall - turn.queued for turn in beside) * 1000:.1f} ms"
    )
    return iter(
        (
            Finding(
                target="T12",
                what="longest turn of the loop while 10,000 are compiled and swapped in",
                figure=min(beside).wall * 1000,
                unit="ms",
                at_most=10,
                detail=detail,
            ),
            Finding(
                target="T12",
                what="compiling 10,000",
                figure=harness.wall_minima({"build": lambda: FastMatcher(corpus.patterns())})["build"],
                unit="s",
                at_most=0.5,
                detail=f"beside a loop that never rests {min(seconds):.2f} s",
            ),
        )
    )


class Turn(NamedTuple):
    """Seconds from one turn of the loop to the next; how much of it our thread was queued for a processor."""

    wall: float
    queued: float


async def worst_turn(work: asyncio.Task[Any], watch: LiveWatch, posts: Iterator[str]) -> Turn:
    """The longest turn of a loop that looks through 20 posts a turn, and never rests."""
    waits = Waits(threading.get_native_id())
    worst, before, queued_before = Turn(0, 0), time.perf_counter(), waits.ms()
    while not work.done():
        for number, post in enumerate(islice(posts, 20)):
            watch.wants(post, "did:plc:somebody", (f"at://{number}",))
        await asyncio.sleep(0)
        now, queued_now = time.perf_counter(), waits.ms()
        worst = max(worst, Turn(now - before, (queued_now - queued_before) / 1e3))
        before, queued_before = now, queued_now
    waits.close()
    return worst


# --- T13 -----------------------------------------------------------------------------------------

_RESIDENT = """
import gc, sys
from benchmarks import corpus, harness
from bot.matcher.fast import FastMatcher
count = int(sys.argv[1])
patterns, posts = corpus.patterns(), corpus.posts()
FastMatcher(patterns[:10]).found("é")
gc.collect()
matcher = FastMatcher(patterns[:count])
sum(bool(matcher.found(post)) for post in posts)
print(harness.resident_mb())
"""


def memory() -> Finding:
    few, many = (
        float(
            subprocess.run(
                [sys.executable, "-c", _RESIDENT, str(count)], check=True, capture_output=True, text=True
            ).stdout
        )
        for count in (10, 10_000)
    )
    detail = f"{many:.0f} against {few:.0f} MB resident"
    return Finding(
        target="T13",
        what="memory of 10,000 rules over 10",
        figure=many - few,
        unit="MB",
        at_most=40,
        detail=detail,
    )


if __name__ == "__main__":
    harness.main("matcher", measure)
