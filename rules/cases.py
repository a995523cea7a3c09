"""The tests that stand in a rule set: sentences that must and must not fire, scenarios of the whole triage.

Reads what each gives and expects, every mistake with its place; runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from rules.leaves import KINDS, SIGNALS, is_language
from rules.reading import Reader
from rules.report import Code, Report
from rules.schema import ALERTS, URGENCIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.definitions import Definitions

EXPECT = ("urgency", "persona", "route", "tags", "rules", "respond_in", "alerts", "ignored")
GIVEN = ("text", "kind", "platform", "lang", "author", *SIGNALS)
LATER_GIVEN = (
    "repeat", "every", "at", "spam", "urgent", "toxic", "fake", "sentiment", "engagement", "history",
    "thread", "links", "rating", "media",
)  # fmt: skip
_MOST = 10**12


class Must(Enum):
    """What is asked of a case; a `todo` is one that should fire and need not yet."""

    FIRE = "fires"
    QUIET = "quiet"
    TODO = "todo"
    JUDGE = "expect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A mention as a test writes it. `facts`: fields of `bot.model.Facts`; `signals` are pinned."""

    text: str
    lang: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test. `name` is its rule's, or a scenario's; `expect` is matched as a part of the verdict."""

    must: Must
    name: str
    location: Location
    given: Given
    expect: Mapping[str, object] = field(default_factory=dict)


def read_cases(found: Definitions, report: Report) -> tuple[Case, ...]:
    """All tests of a set, in the order of their places in each file."""
    cases = [case for rule in found.rules if rule.tests for case in _of_rule(rule.name, rule.tests, report)]
    names = _Names(found)
    for name, node in found.tests.items():
        case = _scenario(name, node, names, report, found.names_at["tests", name])
        cases += [case] if case else []
    return tuple(sorted(cases, key=lambda case: _place(case.location)))


def _place(where: Location) -> tuple[str, int, int]:
    return str(where.file), where.line, where.column


def _of_rule(name: str, node: Node, report: Report) -> Iterator[Case]:
    reader = Reader(report, f'tests of rule "{name}"')
    values = reader.fields(node, [must.value for must in Must if must is not Must.JUDGE])
    if not node.value:
        _nothing(reader, node.location, 'give sentences under "fires" or "quiet"')
    for must in Must:
        for one in reader.items(values[must.value]) if must.value in values else ():
            given = _given(one, reader)
            if given is not None:
                yield Case(must=must, name=name, location=one.location, given=given)


def _scenario(name: str, node: Node, names: _Names, report: Report, at: Location) -> Case | None:
    reader = Reader(report, f'test "{name}"')
    values = reader.fields(node, ("given", "expect"))
    given = _given(values["given"], reader) if "given" in values else None
    expect = _expected(values["expect"], reader, names) if "expect" in values else {}
    if "given" not in values:
        reader.report.error(Code.MISSING, f'{reader.label} has no "given"', at)
    if "expect" not in values or not values["expect"].value:
        _nothing(reader, at, 'say under "expect" what should come of it')
    return Case(must=Must.JUDGE, name=name, location=at, given=given, expect=expect) if given else None


def _nothing(reader: Reader, where: Location, hint: str) -> None:
    reader.report.error(Code.NOTHING, f"{reader.label}: nothing is checked: {hint}", where)


def _given(node: Node, reader: Reader) -> Given | None:
    """A sentence, or a mapping of facts."""
    if not isinstance(node.value, dict):
        text = reader.text(node, "a sentence")
        return Given(text=text) if text else None
    values = reader.fields(node, GIVEN, LATER_GIVEN)
    text = reader.text(values.get("text"), "text")
    if "text" not in values:
        _nothing(reader, node.location, "a mention has a text")
    lang = reader.text(values.get("lang"), "lang")
    if lang is not None and not is_language(lang):
        reader.wrong(values["lang"], "a language code like en, no or pt-BR", "lang")
    facts: dict[str, object] = {
        "kind": reader.choice(values.get("kind"), "kind", KINDS),
        "platform": reader.text(values.get("platform"), "platform"),
        **(_author(values["author"], reader) if "author" in values else {}),
    }
    pinned = {name: _probability(values[name], reader, name) for name in SIGNALS if name in values}
    return Given(
        text=text or "",
        lang=lang,
        facts={name: fact for name, fact in facts.items() if fact is not None},
        signals={name: value for name, value in pinned.items() if value is not None},
    )


def _author(node: Node, reader: Reader) -> dict[str, object]:
    values = reader.fields(node, AUTHOR, LATER_AUTHOR, what="author field")
    return {name: AUTHOR[name](values[name], reader) for name in AUTHOR if name in values}


def _count(node: Node, reader: Reader) -> object:
    return reader.integer(node, "a count", low=0, high=_MOST)


def _probability(node: Node, reader: Reader, what: str) -> float | None:
    if isinstance(node.value, bool | int | float) and 0 <= node.value <= 1:
        return float(node.value)
    reader.wrong(node, "a number from 0 to 1, or true or false", what)
    return None


AUTHOR: Mapping[str, Callable[[Node, Reader], object]] = {
    "handle": lambda node, reader: reader.text(node, "handle"),
    "bio": lambda node, reader: reader.text(node, "bio"),
    "followers": _count,
    "following": _count,
    "age": lambda node, reader: reader.duration(node, "age"),
    "verified": lambda node, reader: reader.flag(node, "verified", otherwise=False),
}
LATER_AUTHOR = ("tier", "known", "staff", "language")


class _Names:
    """What a verdict of this set can hold."""

    def __init__(self, found: Definitions) -> None:
        self.personas = [persona.name for persona in found.personas]
        self.rules = [rule.name for rule in found.rules]
        self.tags = sorted({tag for rule in found.rules for tag in rule.tags})
        self.routes = ["default", *(name for section, name in found.names_at if section == "routes")]


def _expected(node: Node, reader: Reader, names: _Names) -> dict[str, object]:
    known: Mapping[str, Callable[[Node], object]] = {
        "urgency": lambda child: reader.choice(child, "urgency", URGENCIES),
        "persona": lambda child: _one_of(child, reader, "persona", names.personas),
        "route": lambda child: _one_of(child, reader, "route", names.routes),
        "tags": lambda child: _some_of(child, reader, "tag", names.tags),
        "rules": lambda child: _some_of(child, reader, "rule", names.rules),
        "respond_in": lambda child: reader.duration(child, "respond_in"),
        "alerts": lambda child: reader.choice(child, "alert", ALERTS),
        "ignored": lambda child: reader.flag(child, "ignored", otherwise=False),
    }
    values = reader.fields(node, EXPECT, ("draft",))
    return {name: known[name](child) for name, child in values.items()}


def _one_of(node: Node, reader: Reader, what: str, known: Collection[str]) -> str | None:
    name = reader.text(node, what)
    if name is not None and name not in known:
        reader.unknown(Code.IMPOSSIBLE, what, node.location, name=name, known=known)
    return name


def _some_of(node: Node, reader: Reader, what: str, known: Collection[str]) -> tuple[str, ...]:
    names = (_one_of(child, reader, what, known) for child in reader.items(node))
    return tuple(name for name in names if name is not None)
