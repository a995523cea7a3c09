"""Warnings over a whole set: what can be used but will hardly be meant.

Reads definitions and what the compiler saw used; changes nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rules.engine import DEFAULT_ROUTE
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.model import Urgency
    from rules.definitions import Definitions
    from rules.engine import Level


def lint(
    found: Definitions, levels: Mapping[Urgency, Level], report: Report, *, used: Collection[tuple[str, str]]
) -> None:
    """`used`: (section, name) of every list and condition that something refers to.

    In a set with errors a name may be unused only because it is misspelt elsewhere: nothing is said then.
    """
    if not report.has_errors:
        _unused(found, report, used)
    _same(found, report)
    _shadowed(found, report)
    _unreachable(found, levels, report)
    _overlapping(found, levels, report)


def _unused(found: Definitions, report: Report, used: Collection[tuple[str, str]]) -> None:
    routes = {rule.route for rule in found.rules} | {persona.route for persona in found.personas}
    known = {*used, *(("routes", route) for route in routes if route), ("routes", DEFAULT_ROUTE)}
    nouns = {"words": "word list", "conditions": "condition", "routes": "route"}
    for (section, name), where in found.names_at.items():
        if section in nouns and (section, name) not in known:
            report.warn(Code.UNUSED, f'{nouns[section]} "{name}" is used nowhere', where)


def _same(found: Definitions, report: Report) -> None:
    first: dict[str, str] = {}
    for rule in sorted(found.rules, key=lambda rule: rule.name):
        when = json.dumps(rule.when.plain(), sort_keys=True) if rule.when else ""
        other = first.setdefault(when, rule.name)
        if when and other != rule.name:
            report.warn(Code.SAME, f'rule "{rule.name}" has the same "when" as rule "{other}"', rule.location)


def _shadowed(found: Definitions, report: Report) -> None:
    for at, persona in enumerate(found.personas):
        behind = [other.name for other in found.personas[at + 1 :]]
        if (persona.when is None or not persona.when.value) and behind:
            names = " and ".join(behind)
            message = f'persona "{persona.name}" matches everyone, so {names} can never be chosen'
            report.warn(Code.SHADOWED, message, persona.location)
            return


def _unreachable(found: Definitions, levels: Mapping[Urgency, Level], report: Report) -> None:
    active = [rule for rule in found.rules if rule.is_enabled]
    most = sum(max(rule.points, 0) for rule in active)
    most += max([0, *(persona.points for persona in found.personas)])
    lifted = {rule.at_least for rule in active}
    for level in found.levels:
        start = levels[level.urgency].start
        if start > most and level.urgency not in lifted:
            message = (
                f'urgency "{level.urgency.label}" can never be reached: all scores together give {most}, '
                f"it starts at {start}"
            )
            report.warn(Code.UNREACHABLE, message, level.location)


def _overlapping(found: Definitions, levels: Mapping[Urgency, Level], report: Report) -> None:
    for level in found.levels:
        above = [other for urgency, other in levels.items() if urgency > level.urgency]
        start = levels[level.urgency].start
        hiding = next((other for other in above if other.start <= start), None)
        if hiding is not None:
            message = (
                f'urgency "{level.urgency.label}" can never be chosen: '
                f'"{hiding.urgency.label}" already starts at {hiding.start}'
            )
            report.warn(Code.OVERLAP, message, level.location)
