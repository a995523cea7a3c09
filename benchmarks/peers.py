"""T14: one post against 1,000 rules, ours beside five rule engines from PyPI; records stored beside Obsei.

Every rule is "this word is in the text, and the language is English"; the peers look for the letters only,
ours for the word as people write it, in any case, width and script. Peers take time in proportion to the
rules, so each is given as many posts as it can take; a post with a planted word shows that each one works.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.corpus import origin, posts, spoken
from benchmarks.harness import Finding, cpu_minima, main, probe, wall_minima
from bot.matcher.fast import FastMatcher

RULES = 1_000
OURS = 2_000
Peer = Callable[[Sequence[str], Sequence[str]], Callable[[], list[tuple[int, int]]]]
"""Words and posts in; out comes what finds (post, rule) for each rule that says yes."""


def ours(words: Sequence[str], texts: Sequence[str]) -> Callable[[], list[tuple[int, int]]]:
    matcher, is_english = FastMatcher(words), [True] * len(words)

    def run() -> list[tuple[int, int]]:
        found = matcher.found
        return [(at, number) for at, text in enumerate(texts) for number in found(text) if is_english[number]]

    return run


def per_rule(rules: Sequence[Callable[[dict[str, str]], Any]], texts: Sequence[str]) -> list[tuple[int, int]]:
    found = []
    for at, text in enumerate(texts):
        facts = {"text": text, "lang": "en"}
        found += [(at, number) for number, rule in enumerate(rules) if rule(facts)]
    return found


def zen_engine(words: Sequence[str], texts: Sequence[str]) -> Callable[[], list[tuple[int, int]]]:
    import zen  # type: ignore[import-not-found,import-untyped,unused-ignore]

    rules = [zen.compile_expression(f"contains(text, '{word}') and lang == 'en'").evaluate for word in words]
    return partial(per_rule, rules, texts)


def common_expression_language(
    words: Sequence[str], texts: Sequence[str]
) -> Callable[[], list[tuple[int, int]]]:
    import cel  # type: ignore[import-not-found,import-untyped,unused-ignore]

    rules = [cel.compile(f"text.contains('{word}') && lang == 'en'").execute for word in words]
    return partial(per_rule, rules, texts)


def rule_engine(words: Sequence[str], texts: Sequence[str]) -> Callable[[], list[tuple[int, int]]]:
    import rule_engine as peer  # type: ignore[import-not-found,import-untyped,unused-ignore]

    rules = [peer.Rule(f"'{word}' in text and lang == 'en'").matches for word in words]
    return partial(per_rule, rules, texts)


def business_rules(words: Sequence[str], texts: Sequence[str]) -> Callable[[], list[tuple[int, int]]]:
    from business_rules.engine import check_conditions_recursively  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from business_rules.variables import BaseVariables, string_rule_variable  # type: ignore[import-not-found,import-untyped,unused-ignore]

    class Facts(BaseVariables):  # type: ignore[misc,no-any-unimported,unused-ignore]
        def __init__(self, facts: dict[str, str]) -> None:
            self.facts = facts

        @string_rule_variable()  # type: ignore[misc,untyped-decorator,unused-ignore]
        def text(self) -> str:
            return self.facts["text"]

        @string_rule_variable()  # type: ignore[misc,untyped-decorator,unused-ignore]
        def lang(self) -> str:
            return self.facts["lang"]

    def rule(word: str) -> Callable[[dict[str, str]], Any]:
        both = [
            {"name": "text", "operator": "contains", "value": word},
            {"name": "lang", "operator": "equal_to", "value": "en"},
        ]
        return lambda facts: check_conditions_recursively({"all": both}, Facts(facts))

    return partial(per_rule, [rule(word) for word in words], texts)


def cel_python(words: Sequence[str], texts: Sequence[str]) -> Callable[[], list[tuple[int, int]]]:
    import celpy

    environment, say = celpy.Environment(), celpy.celtypes.StringType
    programs = [
        environment.program(environment.compile(f"text.contains('{word}') && lang == 'en'")) for word in words
    ]

    def run() -> list[tuple[int, int]]:
        found = []
        for at, text in enumerate(texts):
            facts = {"text": say(text), "lang": say("en")}
            found += [(at, number) for number, one in enumerate(programs) if one.evaluate(facts)]
        return found

    return run


PEERS: dict[str, tuple[Peer, str, int, int]] = {
    "zen-engine, compiled": (zen_engine, "zen", 10, 300),
    "common-expression-language, compiled": (common_expression_language, "cel", 8, 500),
    "rule-engine": (rule_engine, "rule_engine", 5, 1_000),
    "business-rules": (business_rules, "business_rules", 5, 1_000),
    "cel-python": (cel_python, "celpy", 1, 10_000),
}
"""Peer → how to run it, its module, with how many posts, and how many times faster we want to be."""


def against_engines(repetitions: int) -> Iterator[Finding]:
    words = [f"brandword{number}x" for number in range(RULES)]
    texts = [f"I have used {words[7]} for a year", *posts()[: OURS - 1]]
    for name, (peer, module, count, wanted) in PEERS.items():
        if importlib.util.find_spec(module) is None:
            continue
        sides = {"ours": ours(words, texts), name: peer(words, texts[:count])}
        for side, run in sides.items():
            if run() != [(0, 7)]:
                raise RuntimeError(f"{side} does not find the planted word, or finds others")
        least = cpu_minima(sides, repetitions=repetitions)
        mine, theirs = least["ours"] / len(texts) * 1e6, least[name] / count * 1e6
        yield Finding(
            target="T14",
            what=f"a post against {RULES:,} rules, times faster than {name}",
            figure=theirs / mine,
            at_least=wanted,
            detail=f"{mine:.2f} us against {theirs:,.0f} us a post; {origin()}",
        )


# --- Obsei ----------------------------------------------------------------------------------------

FEW, MANY = 500, 3_000
"""Two sizes: what the second takes longer is the records' own cost, without either program's start."""

OUTCARE = """
brand: {name: acme, words: [brandword]}
rules: rules
sources: {bluesky: {}}
"""
RULE = """
rules:
  all:
    why: Every record
    when: {text: brandword}
    score: 10
"""
OBSEI = """
store: {{path: {count}.duckdb, unencrypted: true}}
privacy: {{redact: false}}
pipelines: [{{name: all, sources: [{{key: file, type: jsonl, config: {{path: {count}.jsonl}}}}]}}]
"""


def against_obsei(repetitions: int) -> Iterator[Finding]:
    """Both as people run them: a file of records through the program into its durable store.

    Obsei wants versions of its own, so OBSEI names its executable, in an environment of its own.
    """
    obsei = shutil.which(os.environ.get("OBSEI", "obsei"))
    if obsei is None:
        return
    with tempfile.TemporaryDirectory(prefix="outcare-bench-") as scratch:
        sides = dict(_sides(obsei, Path(scratch)))
        least = wall_minima(sides, repetitions=max(3, repetitions // 3))
        mine, theirs = (
            (MANY - FEW) / (least[f"{side} {MANY}"] - least[f"{side} {FEW}"]) for side in ("ours", "obsei")
        )
        yield Finding(
            target="T14",
            what="records a second, file to durable store, times Obsei's",
            figure=mine / theirs,
            at_least=100,
            detail=f"{mine:,.0f}/s against {theirs:,.0f}/s without redaction; {probe(Path(scratch))}",
        )


def _sides(obsei: str, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    (folder / "rules").mkdir()
    (folder / "rules" / "all.yaml").write_text(RULE)
    (folder / "outcare.yaml").write_text(OUTCARE)
    outcare = str(Path(sys.executable).parent / "outcare")
    for count in (FEW, MANY):
        texts = [f"brandword {text}" for text in itertools.islice(itertools.cycle(posts()), count)]
        (folder / f"{count}.events").write_bytes(b"\n".join(spoken(texts)))
        records = (
            {"id": str(number), "text": text, "created_at": "2026-07-04T14:38:06Z", "author": f"a{number}"}
            for number, text in enumerate(texts)
        )
        (folder / f"{count}.jsonl").write_text("\n".join(map(json.dumps, records)))
        (folder / f"{count}.yaml").write_text(OBSEI.format(count=count))
        yield f"ours {count}", partial(_run_ours, folder, outcare, count)
        yield f"obsei {count}", partial(_run_obsei, folder, obsei, count)


def _run_ours(folder: Path, outcare: str, count: int) -> None:
    told = _run(folder, outcare, "replay", f"{count}.events", "--config", "outcare.yaml", "--json")
    assert json.loads(told)["mentions"] == count


def _run_obsei(folder: Path, obsei: str, count: int) -> None:
    (folder / f"{count}.duckdb").unlink(missing_ok=True)
    told = _run(folder, obsei, "run", "--config", f"{count}.yaml")
    assert f"stored {count}" in told


def _run(folder: Path, *command: str) -> str:
    environment = {"OBSEI_SALT": "a salt that is long enough for a benchmark", **os.environ}
    ended = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return ended.stdout


def findings(repetitions: int) -> Iterator[Finding]:
    yield from against_engines(repetitions)
    yield from against_obsei(repetitions)


if __name__ == "__main__":
    main("peers", findings)
