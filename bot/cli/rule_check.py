"""`outcare rules check`: the rules alone, for people, editors and CI; no test is run."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from bot.cli import formats, output, setup
from bot.cli.check import as_dict
from bot.cli.options import Format
from bot.errors import ConfigError, Problem
from bot.problems import count, in_order
from bot.rulebook import load_ruleset
from rules.ruleset import RuleSet, load_rules


@setup.no_collector()
def check_rules(config: Path | None, folder: Path | None, form: Format, *, strict: bool) -> int:
    """Status 1 on an error; with `strict` on a warning too."""
    found, rules = _found(config, folder)
    is_right = not any(strict or not one.is_warning for one in found)
    if form is Format.JSON:
        output.json({"ok": is_right, "problems": [as_dict(one) for one in found]})
    elif form is Format.GITHUB:
        sys.stdout.writelines(f"{_annotation(one)}\n" for one in found)
    elif form is Format.JUNIT:
        sys.stdout.write(formats.junit("rules", _tried(found, strict=strict)) + "\n")
    else:
        if found:
            output.problems(found)
        if rules is not None:
            noun = "rule" if rules.count == 1 else "rules"
            sys.stdout.write(f"{rules.count} {noun} (version {rules.version}), {count(found)}\n")
    return 0 if is_right else 1


def _found(config: Path | None, folder: Path | None) -> tuple[list[Problem], RuleSet | None]:
    try:
        if folder is None:
            setup.tell_demo(config)
        rules = load_rules(folder) if folder else load_ruleset(setup.settings(config, needs_secrets=False))
    except ConfigError as error:
        return in_order(error.problems), None
    return in_order(rules.warnings), rules


def _annotation(problem: Problem) -> str:
    level: formats.Level = "warning" if problem.is_warning else "error"
    return formats.annotation(level, problem.code or "check", _message(problem), problem.location)


def _tried(found: Iterable[Problem], *, strict: bool) -> Iterable[formats.Tried]:
    """Each problem as a failed test, a warning as one that was skipped; one that passed, if there is none."""
    for one in found:
        is_failure = strict or not one.is_warning
        yield formats.Tried(
            group=one.code or "check",
            name=_message(one),
            where=one.location,
            failure=_message(one) if is_failure else None,
            skipped=None if is_failure else "a warning",
        )
    if not found:
        yield formats.Tried(group="check", name="no problems")


def _message(problem: Problem) -> str:
    hint = f' (did you mean "{problem.suggestion}"?)' if problem.suggestion else ""
    return f"{problem.message}{hint}"
