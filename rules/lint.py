"""Warnings over a whole set: what can be used but will hardly be meant.

Reads definitions and what the compiler saw used; changes nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rules.engine import DEFAULT_ROUTE
from rules.query import Phrase, Term
from rules.report import Code, Report
from rules.terms import ANY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date

    from bot.model import Urgency
    from bot.yamlfile import Node
    from rules.definitions import Definitions
    from rules.engine import Level
    from rules.terms import Entry


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


def covered(name: str, entries: Iterable[tuple[str, Node, Entry]], report: Report) -> None:
    """Words of a list that another word of it finds as well: `refunds` beside `refund*`, or the same word."""
    every = [(lang, node, entry.terms) for lang, node, entry in entries if isinstance(entry, Phrase)]
    first: dict[tuple[str, tuple[Term, ...]], Node] = {}
    for lang, node, terms in every:
        first.setdefault((lang, terms), node)
    for lang, node, terms in every:
        others = (first.get((each, wider)) for wider in _as_wide(terms) for each in (ANY_LANGUAGE, lang))
        other = next((other for other in others if other is not None and other is not node), None)
        if other is not None:
            message = f'word list "{name}": "{node.text}" is already found by "{other.text}"'
            report.warn(Code.COVERED, message, node.location)


def expired(found: Definitions, today: date | None, report: Report) -> None:
    """Rules that count no more."""
    for rule in found.rules:
        if today and rule.until and rule.until_at and rule.until < today:
            message = f'rule "{rule.name}" counted until {rule.until}: take it out, or give it another day'
            report.warn(Code.EXPIRED, message, rule.until_at)


def _as_wide(terms: tuple[Term, ...]) -> Iterator[tuple[Term, ...]]:
    """The same, and every prefix that would begin a single word."""
    yield terms
    if len(terms) == 1:
        text = terms[0].text
        yield from ((Term(text[:end], is_prefix=True),) for end in range(1, len(text) + 1))


def _unused(found: Definitions, report: Report, used: Collection[tuple[str, str]]) -> None:
    routes = {rule.route for rule in found.rules} | {persona.route for persona in found.personas}
    known = {*used, *(("routes", route) for route in routes if route), ("routes", DEFAULT_ROUTE)}
    known |= {("routes", name) for rule in found.rules for name, _ in rule.cc}
    known |= {("drafts", rule.draft) for rule in found.rules if rule.draft}
    nouns = {
        "words": "word list",
        "conditions": "condition",
        "times": "time",
        "routes": "route",
        "drafts": "draft",
    }
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
