"""How quiet the starter packs are: `OUTCARE_DATA=… python -m benchmarks.packs` (or `make bench-packs`).

Judges public posts from the directory that OUTCARE_DATA names (docs/packs.md says which) by nothing but
`use: [core/en, core/es]`, each as if it were a mention of us; counts for each rule how often it fires and
how often it makes a post critical. The posts may not be redistributed: nothing of them is kept or shown.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.model import Facts, Urgency, Verdict
from rules.given import Given
from rules.ruleset import RuleSet, parse_rules
from rules.signals.measure import measure
from rules.trial import facts_of

USED = "use: [core/en, core/es]\n"
ONE_IN = 2_000
"""Of random posts, no rule may make more than one in so many critical."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many posts a rule fired on, and how many of them are critical because of it."""

    posts: int
    fired: Mapping[str, int]
    lifted: Mapping[str, int]

    def is_quiet(self, rule: str) -> bool:
        return self.lifted.get(rule, 0) * ONE_IN <= self.posts


def counted(texts: Iterable[str], rules: RuleSet) -> Counts:
    """What the rules make of the texts."""
    fired: Counter[str] = Counter()
    lifted: Counter[str] = Counter()
    posts = 0
    for text in texts:
        posts += 1
        facts = facts_of(Given(text=text), rules)
        verdict = rules.judge(facts)
        fired.update(one.rule for one in verdict.fired)
        if verdict.urgency is Urgency.CRITICAL:
            lifted.update(_lifting(verdict, facts, rules))
    return Counts(posts, fired, lifted)


def _lifting(verdict: Verdict, facts: Facts, rules: RuleSet) -> Iterator[str]:
    """The rules that ask for critical by themselves, and those without which it would not be critical."""
    asking = {rule.name for rule in rules.every if rule.at_least is Urgency.CRITICAL}
    for one in verdict.fired:
        if one.rule in asking or _without(one.rule).judge(facts).urgency < Urgency.CRITICAL:
            yield one.rule


@cache
def _without(rule: str) -> RuleSet:
    return parse_rules({"rules.yaml": f"{USED}tune: {{{rule}: off}}\n"}, measure=measure)


def table(columns: Mapping[str, Counts], rules: RuleSet) -> Iterator[str]:
    """In Markdown."""
    heads = [f"{name}: fired | made critical" for name in columns]
    yield f"| rule | {' | '.join(heads)} |"
    yield f"|---|{'---:|---:|' * len(columns)}"
    for rule in rules.every:
        cells = (
            f"{counts.fired.get(rule.name, 0):,} | {counts.lifted.get(rule.name, 0):,}"
            for counts in columns.values()
        )
        yield f"| `{rule.name}` | {' | '.join(cells)} |"


def _public(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            yield line.rstrip("\n").partition("\t")[2]


def _airlines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from (row["text"] for row in csv.DictReader(stream))


FILES: Mapping[str, tuple[str, Callable[[Path], Iterator[str]]]] = {
    "random posts": ("posts_multilingual.tsv", _public),
    "tweets to airlines": ("airline_sentiment.csv", _airlines),
}


def main() -> int:
    named = os.environ.get("OUTCARE_DATA")
    if not named:
        print(
            "OUTCARE_DATA is not set: name the directory that holds the data (docs/packs.md)", file=sys.stderr
        )
        return 2
    rules = parse_rules({"rules.yaml": USED}, measure=measure)
    columns: dict[str, Counts] = {}
    for name, (file, read) in FILES.items():
        path = Path(named) / file
        if path.is_file():
            columns[name] = counted(read(path), rules)
        else:
            print(f"{file} is not in {named}: left out", file=sys.stderr)
    for name, counts in columns.items():
        print(f"{name}: {counts.posts:,}")
    print("\n".join(table(columns, rules)))
    random = columns.get("random posts")
    loud = [rule.name for rule in rules.every if random and not random.is_quiet(rule.name)]
    if loud:
        print(f"more than one in {ONE_IN:,} random posts made critical: {', '.join(loud)}", file=sys.stderr)
    return 1 if loud or len(columns) < len(FILES) else 0


if __name__ == "__main__":
    sys.exit(main())
