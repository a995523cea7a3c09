"""A slip of one letter in a key, a reference, an operator or an urgency: always caught, mostly understood."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot import yamlfile
from bot.errors import ConfigError, Location, Problem
from bot.yamlfile import Node
from rules.places import within
from rules.ruleset import parse_rules
from rules.tokens import Kind, tokens

ROOT = Path(__file__).parents[2]
FILE = Path("rules.yaml")
SETS = [
    path
    for folder in (ROOT / "config" / "examples" / "rules", ROOT / "tests" / "samples" / "rules")
    for path in sorted(folder.rglob("*.yaml"))
]
OF_NAMES = {"words", "conditions", "times", "personas", "rules", "routes", "drafts", "tests"}
"""Sections whose keys are names that somebody made up."""
REFERENCES = {
    "at_least",
    "at_most",
    "urgency",
    "route",
    "cc",
    "is",
    "of",
    "persona",
    "kind",
    "alert",
    "alerts",
    "rules",
    "time",
}
"""Keys whose values are names."""
OPERATORS = {Kind.AND, Kind.OR, Kind.NOT, Kind.NEAR, Kind.BEFORE, Kind.LIST}

Place = tuple[Location, str]


def places(text: str) -> list[Place]:
    """Where in a file a key, a reference, an operator or an urgency stands, and what stands there."""
    root = yamlfile.load(text, FILE)
    found: list[Place] = []
    for section, where in root.keys.items():
        found.append((where, section))
        node = root.value[section]
        if section in OF_NAMES:
            for member in (node.value or {}).values():
                found += [] if section == "words" else _of(member, text, is_said=section == "tests")
        elif isinstance(node.value, dict):
            found += _of(node, text, is_said=False)
    return found


def _of(node: Node, text: str, *, is_said: bool) -> Iterator[Place]:
    """`is_said`: a text here is what somebody writes, not a query."""
    for child in node.value if isinstance(node.value, list) else ():
        yield from _of(child, text, is_said=is_said)
    for key, where in node.keys.items():
        child = node.value[key]
        yield where, key
        if key in REFERENCES:
            yield from _references(child)
        elif key in {"text", "bio"} and not is_said:
            yield from _operators(child, text)
        if isinstance(child.value, dict | list):
            yield from _of(child, text, is_said=is_said or key in {"tests", "given"})


def _references(node: Node) -> Iterator[Place]:
    items: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
    yield from (
        (item.location, item.text) for item in items if isinstance(item.value, str) and not item.is_quoted
    )


def _operators(node: Node, text: str) -> Iterator[Place]:
    items: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
    for item in items:
        for token in tokens(item.text)[0]:
            if token.kind in OPERATORS:
                shown = f"${token.text}" if token.kind is Kind.LIST else token.text
                yield within(item, token.at, {FILE: text}), shown


def slipped(name: str, order: random.Random) -> str:
    """One letter left out, doubled, wrong, or swapped with the next."""
    letters = [at for at, character in enumerate(name) if character.isalpha() or character == "_"]
    at = order.choice(letters)
    upper = name.strip("$/0123456789").isupper()
    wrong = order.choice(string.ascii_uppercase if upper else string.ascii_lowercase)
    ways = [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name[:at] + wrong + name[at + 1 :]]
    if at + 1 < len(name) and name[at + 1].isalpha():
        ways.append(name[:at] + name[at + 1] + name[at] + name[at + 2 :])
    return order.choice(ways)


def complaints(text: str) -> tuple[Problem, ...]:
    try:
        parse_rules({FILE.name: text})
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.slow
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_single_slip_is_always_caught_and_mostly_understood(path: Path) -> None:
    """Each is an error in its line; nine of ten times the right name is offered."""
    text = path.read_text(encoding="utf-8")
    every = places(text)
    names = {name for _, name in every}
    order = random.Random(7)
    tried = understood = 0
    missed = []
    for where, name in every:
        word = slipped(name, order)
        if word in names:
            continue
        tried += 1
        here = [
            problem for problem in complaints(replaced(text, where, name, word)) if is_about(problem, where)
        ]
        meant = name.removeprefix("$").split("/")[0]
        understood += any((problem.suggestion or "").split("/")[0] == meant for problem in here)
        if not here:
            missed.append((str(where), name, word))
    assert [] == missed
    assert tried > 50
    assert understood / tried >= 0.9


def replaced(text: str, where: Location, name: str, word: str) -> str:
    lines = text.splitlines(keepends=True)
    line, at = lines[where.line - 1], where.column - 1
    assert name == line[at : at + len(name)]
    lines[where.line - 1] = line[:at] + word + line[at + len(name) :]
    return "".join(lines)


def is_about(problem: Problem, where: Location) -> bool:
    return not problem.is_warning and problem.location is not None and problem.location.line == where.line
