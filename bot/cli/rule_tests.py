"""`outcare rules test`: runs the tests that stand in the rules, and says what they leave untested."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from bot.app import load_ruleset
from bot.cli import output, setup
from bot.cli.options import Format
from rules.cases import Case
from rules.coverage import BRANCH, WORD, Coverage, coverage
from rules.ruleset import RuleSet, load_rules
from rules.signals.measure import measure
from rules.trial import Outcome, Result, Trial, demand, run


def try_rules(config: Path | None, folder: Path | None, form: Format, *, untested: bool) -> int:
    """Status 1 if a test of a rule that counts has failed."""
    if folder is None:
        setup.tell_demo(config)
        rules = load_ruleset(setup.settings(config, needs_secrets=False))
    else:
        rules = load_rules(folder, measure=measure)
    trial = run(rules)
    covered = coverage(rules, trial.tried)
    if form is Format.JSON:
        output.json(_document(rules, trial, covered))
    elif form is Format.JUNIT:
        sys.stdout.write(_junit(trial) + "\n")
    else:
        tell = _annotation if form is Format.GITHUB else _lines
        lines = [line for result in trial.results for line in tell(result)]
        sys.stdout.write("\n".join([*lines, *_summary(rules, trial, covered, untested=untested)]) + "\n")
    return 0 if trial.is_right else 1


def _place(case: Case) -> str:
    return f"{case.location.file.name}:{case.location.line}"


def _lines(result: Result) -> Iterator[str]:
    """What did not go as wanted; nothing of what did."""
    case = result.case
    if result.outcome is Outcome.FAILED:
        switched_off = "" if result.is_blocking else " (switched off, so it does not count)"
        yield f"FAIL {_place(case)} {demand(case)}{switched_off}"
        yield f"       {result.because}"
    elif result.outcome is Outcome.READY:
        yield f"DONE {_place(case)} {case.name} fires by now, move it from todo to fires: {case.given.text}"


def _annotation(result: Result) -> Iterator[str]:
    """https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions (its escapes too)"""
    case = result.case
    if result.outcome not in {Outcome.FAILED, Outcome.READY}:
        return
    level = "error" if result.is_blocking else "warning" if result.because else "notice"
    message = (
        f"{demand(case)} {result.because}".strip() if result.because else "fires by now: no todo any more"
    )
    properties = {
        "file": str(case.location.file),
        "line": str(case.location.line),
        "col": str(case.location.column),
        "title": case.name,
    }
    told = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    yield f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _summary(rules: RuleSet, trial: Trial, covered: Coverage, *, untested: bool) -> Iterator[str]:
    if not trial.results:
        yield "no tests: put sentences under tests: in a rule (docs/rules.md)"
        return
    counted = ", ".join(f"{count} {name}" for name, count in _counts(trial.results).items() if count)
    quiet = f"{len(trial.quiet)}/{len(rules.every)}"
    yield f"{counted} · rules fired by a test: {len(trial.fired)}/{len(rules.every)}, seen quiet: {quiet}"
    branches, words = ("{}/{}".format(*covered.share(kind)) for kind in (BRANCH, WORD))
    yield f"used by a test: branches {branches}, words of lists {words}" + (
        "" if untested else " (which not: -u)"
    )
    if untested:
        names = {rule.name: rule.location for rule in rules.every}
        yield from (
            f"  untested {names[name]} {name} never fires" for name in names if name not in trial.fired
        )
        for part in covered.unused:
            yield f"  untested {part.location.file.name}:{part.location.line} {part.kind} {part.shown}"


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
        "rules": {"all": len(rules.every), "fired": sorted(trial.fired), "quiet": sorted(trial.quiet)},
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


def _junit(trial: Trial) -> str:
    """The form that CI servers read: https://github.com/testmoapp/junitxml"""
    counts = _counts(trial.results)
    suite = ET.Element(
        "testsuite",
        name="rules",
        tests=str(len(trial.results)),
        failures=str(sum(one.is_blocking for one in trial.results)),
        skipped=str(counts[Outcome.TODO.value]),
    )
    for one in trial.results:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=one.case.name,
            name=_printable(f"{one.case.must.value}: {one.case.given.text}"),
            file=str(one.case.location.file),
            line=str(one.case.location.line),
        )
        if one.is_blocking:
            ET.SubElement(case, "failure", message=_printable(one.because)).text = _printable(
                demand(one.case)
            )
        elif one.outcome is not Outcome.PASSED:
            ET.SubElement(case, "skipped", message=one.outcome.value)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(character if character.isprintable() else " " for character in text)
