"""`outcare rules test`: runs the tests that stand in the rules, and says what they leave untested."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from bot.cli import formats, output, setup
from bot.cli.changes import stamps
from bot.cli.options import Format
from bot.errors import ConfigError
from bot.rulebook import load_ruleset
from rules.cases import Case
from rules.coverage import BRANCH, WORD, Coverage, coverage
from rules.places import shown
from rules.ruleset import RuleSet, load_rules
from rules.signals.measure import measure
from rules.trial import Outcome, Result, Trial, demand, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`name`: only tests whose rule or scenario has this in its name. `untested`: name what no test uses.

    `packs`: their tests too.
    """

    form: Format = Format.TEXT
    name: str = ""
    untested: bool = False
    packs: bool = False


_PAUSE = 0.5
"""Seconds between two looks at the files."""


def watch_rules(config: Path | None, folder: Path | None, wanted: Wanted) -> NoReturn:
    """Run the tests again whenever a file changes, until somebody ends it; mistakes are told meanwhile."""
    watched = folder or setup.settings(config, needs_secrets=False).rules
    seen = None
    while True:
        now = stamps(watched)
        if now != seen:
            seen = now
            try:
                try_rules(config, folder, wanted)
            except ConfigError as error:
                output.problems(error.problems)
            sys.stdout.write("\n")
            sys.stdout.flush()
        time.sleep(_PAUSE)


@setup.no_collector()
def try_rules(config: Path | None, folder: Path | None, wanted: Wanted) -> int:
    """Status 1 if a test of a rule that counts has failed."""
    if folder is None:
        setup.tell_demo(config)
        rules = load_ruleset(setup.settings(config, needs_secrets=False))
    else:
        rules = load_rules(folder, measure=measure)
    if wanted.packs:
        rules = replace(rules, cases=(*rules.cases, *rules.pack_cases), packed=frozenset())
    trial = run(rules, lambda case: wanted.name in case.name)
    if wanted.form is Format.JUNIT:
        sys.stdout.write(formats.junit("rules", map(_tried, trial.results)) + "\n")
        return 0 if trial.is_right else 1
    covered = coverage(rules, trial.tried)
    if wanted.form is Format.JSON:
        output.json(_document(rules, trial, covered))
    else:
        tell = _annotation if wanted.form is Format.GITHUB else _lines
        lines = [line for result in trial.results for line in tell(result)]
        sys.stdout.write(
            "\n".join([*lines, *_summary(rules, trial, covered, untested=wanted.untested)]) + "\n"
        )
    return 0 if trial.is_right else 1


def _place(case: Case) -> str:
    return shown(case.location)


def _lines(result: Result) -> Iterator[str]:
    """What did not go as wanted; nothing of what did."""
    case = result.case
    if result.outcome is Outcome.FAILED:
        excuse = f" ({result.excuse}, so it does not count)" if result.excuse else ""
        yield f"FAIL {_place(case)} {demand(case)}{excuse}"
        yield f"       {result.because}"
    elif result.outcome is Outcome.READY:
        yield f"DONE {_place(case)} {case.name} fires by now, move it from todo to fires: {case.given.text}"


def _annotation(result: Result) -> Iterator[str]:
    case = result.case
    if result.outcome is Outcome.READY:
        yield formats.annotation("notice", case.name, "fires by now: no todo any more", case.location)
    elif result.outcome is Outcome.FAILED:
        level: formats.Level = "error" if result.is_blocking else "warning"
        yield formats.annotation(level, case.name, f"{demand(case)} {result.because}", case.location)


def _summary(rules: RuleSet, trial: Trial, covered: Coverage, *, untested: bool) -> Iterator[str]:
    if not trial.results:
        yield (
            "no tests: put sentences under tests: in a rule (docs/rules.md)"
            if not rules.cases
            else "no such test"
        )
        return
    counted = ", ".join(f"{count} {name}" for name, count in _counts(trial.results).items() if count)
    names = {rule.name: rule.location for rule in rules.every if rule.name not in rules.packed}
    fired, quiet = (f"{len(seen & names.keys())}/{len(names)}" for seen in (trial.fired, trial.quiet))
    yield f"{counted} · rules fired by a test: {fired}, seen quiet: {quiet}"
    branches, words = ("{}/{}".format(*covered.share(kind)) for kind in (BRANCH, WORD))
    yield f"used by a test: branches {branches}, words of lists {words}" + (
        "" if untested else " (which not: --coverage)"
    )
    if untested:
        yield from (
            f"  untested {names[name]} {name} never fires" for name in names if name not in trial.fired
        )
        for part in covered.unused:
            yield f"  untested {shown(part.location)} {part.kind} {part.shown}"


def _counts(results: Iterable[Result]) -> dict[str, int]:
    """By outcome; a todo that fires by now has passed, as it were."""
    outcomes = [Outcome.PASSED if one.outcome is Outcome.READY else one.outcome for one in results]
    return {each.value: outcomes.count(each) for each in (Outcome.PASSED, Outcome.FAILED, Outcome.TODO)}


def _document(rules: RuleSet, trial: Trial, covered: Coverage) -> dict[str, object]:
    return {
        "ok": trial.is_right,
        "rules_version": rules.version,
        "counts": _counts(trial.results),
        "tests": [
            {
                "name": one.case.name,
                "kind": one.case.must.value,
                "file": str(one.case.location.file),
                "line": one.case.location.line,
                "column": one.case.location.column,
                "text": one.case.given.text,
                "outcome": one.outcome.value,
                "because": one.because or None,
                "is_blocking": one.is_blocking,
            }
            for one in trial.results
        ],
        "rules": {
            "all": len(rules.every) - len(rules.packed),
            "fired": sorted(trial.fired - rules.packed),
            "quiet": sorted(trial.quiet - rules.packed),
        },
        "untested": [
            {
                "kind": part.kind,
                "what": part.shown,
                "file": str(part.location.file),
                "line": part.location.line,
                "column": part.location.column,
            }
            for part in covered.unused
        ],
    }


def _tried(result: Result) -> formats.Tried:
    case = result.case
    return formats.Tried(
        group=case.name,
        name=f"{case.must.value}: {case.given.text}",
        where=case.location,
        failure=f"{demand(case)} {result.because}" if result.is_blocking else None,
        skipped=None if result.is_blocking or result.outcome is Outcome.PASSED else result.outcome.value,
    )
