"""Rules: what a post costs under 10 to 10,000 of them, what judging costs, how long `check` reads them.

`python -m benchmarks.rules [--json] [--repetitions N]`. The rules are made up, each of words of its own (one
near a choice of two, a kind, a signal); the posts are real where `OUTCARE_DATA` has them. Judging is what the
daemon does: `RuleSet.judge` on frozen facts, with signals measured beforehand.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.corpus import posts
from benchmarks.harness import Finding, cpu_minima, main, percentile
from bot.cli.setup import no_collector
from bot.model import Facts, Kind, Signal
from rules.ruleset import RuleSet, load_rules, parse_rules

SEED = 11
POSTS = 500
SIGNALS = {"complaint": Signal(value=0.7), "question": Signal(value=0.2)}


def word(number: int) -> str:
    """One that nobody uses, so that a post matches what it is meant to match."""
    letters = "bcdfghklmnprstvz"
    return "qx" + "".join(letters[number // len(letters) ** place % len(letters)] for place in range(4))


def rules_text(count: int) -> str:
    """So many rules, of three words each that no other has."""
    lines = ["rules:"]
    for number in range(count):
        one, two, three = (word(3 * number + place) for place in range(3))
        lines += [
            f"  rule{number}:",
            f"    why: Number {number}",
            f"    when: {{text: {one} NEAR/5 ({two} OR {three}), kind: mention, complaint: '>= 0.5'}}",
            f"    score: {number % 40}",
            f"    tags: [t{number % 20}]",
        ]
    return "\n".join(lines)


def facts(text: str) -> Facts:
    return Facts(
        mention_id="m", brand="acme", platform="bluesky", kind=Kind.MENTION, text=text, speaks_to_us=True,
        lang="en", signals=SIGNALS,
    )  # fmt: skip


def matching(text: str, count: int, chance: random.Random) -> Facts:
    """A post that five of so many rules fire on."""
    said = [f"{word(3 * number)} and {word(3 * number + 1)}" for number in chance.sample(range(count), 5)]
    return facts(" ".join([text[:200], *said]))


def _judge(rules: RuleSet, several: Sequence[Facts]) -> None:
    for one in several:
        rules.judge(one)


def _passing(repetitions: int) -> Iterable[Finding]:
    """What a post costs that no rule is about."""
    sizes = (10, 100, 1_000, 10_000)
    sets = {size: parse_rules({"rules.yaml": rules_text(size)}) for size in sizes}
    several = [facts(text) for text in posts()[:POSTS]]
    took = cpu_minima(
        {str(size): lambda rules=sets[size]: _judge(rules, several) for size in sizes},  # type: ignore[misc]
        repetitions=repetitions,
    )
    each = ", ".join(f"{took[str(size)] / POSTS * 1e6:.1f} µs at {size:,}" for size in sizes)
    ratio = took["10000"] / took["10"]
    yield Finding(
        target="R1",
        what="a post that matches nothing: 10,000 rules beside 10",
        figure=ratio,
        at_most=2,
        detail=each,
    )


def _judging(repetitions: int) -> Iterable[Finding]:
    """A post on which five of a thousand rules fire; each judged once more for the 99th percentile."""
    rules = parse_rules({"rules.yaml": rules_text(1_000)})
    chance = random.Random(SEED)
    several = [matching(text, 1_000, chance) for text in posts()[:POSTS]]
    fired = {len(rules.judge(one).fired) for one in several}
    if fired != {5}:
        raise ValueError(f"five should fire, not {fired}")
    took = cpu_minima({"judge": lambda: _judge(rules, several)}, repetitions=repetitions)["judge"]
    single = []
    for one in several * 4:
        began = time.perf_counter()
        rules.judge(one)
        single.append((time.perf_counter() - began) * 1e6)
    yield Finding(
        target="R2",
        what="judging, five of 1,000 rules fire",
        figure=took / POSTS * 1e6,
        unit="µs",
        at_most=200,
    )
    yield Finding(
        target="R2",
        what="… 99th percentile by the clock",
        figure=percentile(single, 0.99),
        unit="µs",
        at_most=1_000,
    )


def _reading(repetitions: int) -> Iterable[Finding]:
    """What `outcare rules check` does once it has started."""
    for count, bound in ((200, 200.0), (10_000, 3_000.0)):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "rules.yaml").write_text(rules_text(count), encoding="utf-8")

            def check(folder: str = folder) -> None:
                with no_collector():
                    load_rules(Path(folder))

            took = cpu_minima({"check": check}, repetitions=repetitions if count < 1_000 else 3)["check"]
        yield Finding(
            target="R3", what=f"checking {count:,} rules", figure=took * 1000, unit="ms", at_most=bound
        )


def measure(repetitions: int) -> Iterable[Finding]:
    yield from _passing(repetitions)
    yield from _judging(repetitions)
    yield from _reading(repetitions)


if __name__ == "__main__":
    main("rules", measure)
