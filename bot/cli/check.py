"""`outcare check`: the whole configuration, without network."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from bot import yamlfile
from bot.cli import output, setup
from bot.errors import ConfigError, Location, Problem
from bot.rulebook import load_ruleset
from bot.settings.answers import remarks
from bot.settings.inviting import uninvited
from bot.settings.load import Settings
from rules import codes
from rules.ruleset import RuleSet, load_rules
from rules.signals import lexicon
from rules.signals.language import normalise
from rules.trial import failures


@setup.no_collector()
def check_all(config: Path | None, *, as_json: bool) -> int:
    """Print every problem; 1 if there is an error, 0 if not (warnings alone are no error)."""
    path = setup.config_path(config)
    setup.tell_demo(config)
    summary = ""
    try:
        settings = setup.settings(config)
    except ConfigError as error:
        found = [*error.problems, *_of_rules_alone(path.parent / "rules")]
    else:
        found = [*_without_signals(settings.languages, path)]
        if settings.answers is not None:
            found += remarks(settings.answers, today=datetime.now(settings.timezone).date())
        found += uninvited(settings.answers, settings.acknowledge, settings.deaf)
        try:
            rules = load_ruleset(settings)
        except ConfigError as error:
            found += error.problems
        else:
            found += [*rules.warnings, *failures(rules)]
            summary = _summary(path, settings, rules)
    is_right = all(problem.is_warning for problem in found)
    if as_json:
        output.json({"ok": is_right, "config": str(path), "problems": [as_dict(one) for one in found]})
    else:
        _show(found, summary)
    return 0 if is_right else 1


def _of_rules_alone(folder: Path) -> Iterable[Problem]:
    """What is wrong in the rules whatever the settings may say, so that all is told at once."""
    try:
        return load_rules(folder).warnings if folder.is_dir() else ()
    except ConfigError as error:
        return error.problems


def _without_signals(languages: Iterable[str], path: Path) -> Iterable[Problem]:
    for language in languages:
        if normalise(language) not in lexicon.LANGUAGES:
            message = (
                f"there are no signals for {language}: complaint and question are unknown there, and whoever "
                "speaks to us in it is at least normal (docs/signals.md)"
            )
            yield Problem(message=message, location=_place(path, language), is_warning=True)


def _place(path: Path, language: str) -> Location | None:
    """Where the file names a language; a variable may have named it instead."""
    node = yamlfile.read(path).value.get("languages")
    entries = node.value if node and isinstance(node.value, list) else ()
    return next((entry.location for entry in entries if entry.text == language), None)


def _summary(path: Path, settings: Settings, rules: RuleSet) -> str:
    brands = ", ".join(brand.name for brand in settings.brands)
    return (
        f"{path}: brands {brands}; sources {', '.join(settings.sources) or 'none'}; "
        f"{rules.count} {'rule' if rules.count == 1 else 'rules'} (version {rules.version})"
    )


def _show(found: list[Problem], summary: str) -> None:
    if found:
        output.problems(found)
    if summary:
        sys.stdout.write(f"{summary}\n")
    if not found:
        sys.stdout.write("no problems\n")


def as_dict(problem: Problem) -> dict[str, object]:
    where = problem.location
    return {
        "code": problem.code,
        "message": problem.message,
        "file": str(where.file) if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "suggestion": problem.suggestion,
        "title": codes.titles().get(problem.code),
        "help": codes.command(problem.code) if problem.code in codes.titles() else None,
        "is_warning": problem.is_warning,
    }
