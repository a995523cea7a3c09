"""What is good to have and no mistake to lack: tests that fire, tests that stay quiet, the brand's name.

Told only to those who ask for everything (`rules.report.LEFT_OUT`). Reads definitions; runs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.matcher.text import key
from rules.formula import Formula, Measured, Named, Said, flat, leaves
from rules.query import ListName, Phrase, walk
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.yamlfile import Node
    from rules.definitions import Definitions, RuleText
    from rules.formula import Formulas

_ADDRESSED = frozenset({"mention", "reply", "quote", "dm"})
"""Whoever writes one of these to us need not name us."""


def untested(found: Definitions, formulas: Formulas, report: Report) -> None:
    """W110, W111, W112."""
    fired = _fired_in_scenarios(found.tests.values())
    ours = _names_of(found)
    for rule in found.rules:
        if not rule.is_enabled:
            continue
        if not _has(rule, "fires") and rule.name not in fired:
            report.warn(Code.NO_FIRES, f'rule "{rule.name}" has no test that fires it', rule.location)
        if not _has(rule, "quiet"):
            message = f'rule "{rule.name}" has no test on which it stays quiet'
            report.warn(Code.NO_QUIET, message, rule.location)
        if ours and _raises(rule) and _is_about_anybody(formulas.of(rule.when), ours):
            message = (
                f'rule "{rule.name}" looks for words beside which "{found.brand}" need not stand: '
                "it fires for posts about others, too"
            )
            report.warn(Code.NO_BRAND, message, rule.location)


def _has(rule: RuleText, what: str) -> bool:
    tests = rule.tests.value if rule.tests else None
    return isinstance(tests, dict) and what in tests and bool(tests[what].value)


def _fired_in_scenarios(scenarios: Iterable[Node]) -> frozenset[str]:
    """The rules that a scenario expects."""
    names: set[str] = set()
    for scenario in scenarios:
        expect = scenario.value.get("expect") if isinstance(scenario.value, dict) else None
        rules = expect.value.get("rules") if expect and isinstance(expect.value, dict) else None
        if rules is not None:
            names.update(one.text for one in (rules.value if isinstance(rules.value, list) else [rules]))
    return frozenset(names)


def _names_of(found: Definitions) -> frozenset[str]:
    """The brand's name and the word lists that hold it; nothing where the set tells nobody apart.

    A set that has such a list reads a feed that it shares with others: what is not about us comes, too.
    """
    brand = key(found.brand or "")
    lists = {f"${name}" for name, node in found.words.items() if brand and brand in _words(node)}
    return frozenset({brand, *lists}) if lists else frozenset()


def _words(node: Node) -> frozenset[str]:
    if isinstance(node.value, dict):
        return frozenset(word for child in node.value.values() for word in _words(child))
    entries = node.value if isinstance(node.value, list) else [node]
    return frozenset(key(entry.text) for entry in entries)


def _raises(rule: RuleText) -> bool:
    return rule.points > 0 or rule.at_least is not None


def _is_about_anybody(formula: Formula, ours: frozenset[str]) -> bool:
    """Whether it rests on words, and neither on ours nor on being spoken to."""
    queries = [leaf.query for leaf in leaves(formula) if isinstance(leaf, Said) and leaf.path == "text"]
    named = {
        f"${part.name}" if isinstance(part, ListName) else part.terms[0].text
        for query in queries
        for part in walk(query)
        if isinstance(part, ListName | Phrase)
    }
    is_addressed = any(
        isinstance(part, Named) and part.path == "kind" and part.names <= _ADDRESSED for part in flat(formula)
    )
    is_of_author = any(isinstance(part, Measured) and "author" in part.path for part in flat(formula))
    return bool(queries) and not named & ours and not is_addressed and not is_of_author
