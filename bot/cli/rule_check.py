"""`outcare rules check`: the rules alone, for people, editors and CI; no test is run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import rulebook
from bot.cli import formats, output, setup
from bot.cli.check import as_dict
from bot.cli.options import Format
from bot.errors import ConfigError, Problem, StoreError
from bot.problems import count, in_order, render
from rules import codes, everyday
from rules.everyday import Shares
from rules.report import LEFT_OUT
from rules.ruleset import Examined, examine_rules

_LATELY = timedelta(days=30)
_MOST_TEXTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`strict`: a warning is an error, too. `everything`: also what is left out otherwise."""

    form: Format = Format.TEXT
    strict: bool = False
    everything: bool = False


@setup.no_collector()
def check_rules(config: Path | None, folder: Path | None, wanted: Wanted) -> int:
    """Status 1 on an error; with `strict` on a warning too."""
    examined = _examined(config, folder)
    found = examined.everything() if wanted.everything else list(examined.problems)
    is_right = not any(wanted.strict or not one.is_warning for one in found)
    if wanted.form is Format.JSON:
        output.json({"ok": is_right, "problems": [as_dict(one) for one in found]})
    elif wanted.form is Format.GITHUB:
        sys.stdout.writelines(f"{_annotation(one)}\n" for one in found)
    elif wanted.form is Format.JUNIT:
        sys.stdout.write(formats.junit("rules", _tried(found, strict=wanted.strict)) + "\n")
    else:
        sys.stderr.writelines(f"{render(one)}\n" for one in found)
        stream = sys.stdout if examined.rules else sys.stderr
        stream.write(summary(examined, found) + "\n")
    return 0 if is_right else 1


def _examined(config: Path | None, folder: Path | None) -> Examined:
    try:
        if folder is not None:
            return examine_rules(folder)
        setup.tell_demo(config)
        settings = setup.settings(config, needs_secrets=False)
        return rulebook.examined(settings, shares=_shares(settings.database))
    except ConfigError as error:
        found = tuple(in_order(error.problems))
        return Examined(problems=found, left_out=(), count=0, rules=None, texts={})


def _shares(database: Path) -> Shares | None:
    """Of the words in what was heard lately, where that can be read."""
    if not database.is_file():
        return None
    from bot.cli.reports import read  # noqa: PLC0415 - half a second that a folder alone need not wait for

    since = datetime.now(UTC) - _LATELY
    try:
        return everyday.shares(
            read(database, lambda store: store.recent_texts(since=since, limit=_MOST_TEXTS))
        )
    except StoreError:
        return None


def summary(examined: Examined, told: Sequence[Problem]) -> str:
    """`2 rules, 7 errors, 2 warnings (W110–W112 left out here)`: what there is, and what was not told."""
    noun = "rule" if examined.count == 1 else "rules"
    version = f" (version {examined.rules.version})" if examined.rules else ""
    counted = f"{examined.count} {noun}{version}, " if examined.count or examined.rules else ""
    is_cut = len(told) < len(examined.problems) + len(examined.left_out)
    return f"{counted}{count(told)}" + (f" ({min(LEFT_OUT)}–{max(LEFT_OUT)} left out here)" if is_cut else "")


def _annotation(problem: Problem) -> str:
    level: formats.Level = "warning" if problem.is_warning else "error"
    title = codes.titles().get(problem.code)
    help_ = f"\n{title}: {codes.command(problem.code)}" if title else ""
    return formats.annotation(level, problem.code or "check", _message(problem) + help_, problem.location)


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
    meant = f' (did you mean "{problem.suggestion}"?)' if problem.suggestion else ""
    known = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.message}{meant}{known}"
