"""The tests that stand in a rule set: sentences that must and must not fire, scenarios of the whole triage.

Reads what each gives and expects, every mistake with its place; runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from bot.model import NO_DRAFT
from rules.given import Given, nothing, read_given
from rules.reading import Reader
from rules.report import Code, Report
from rules.schema import ALERTS, URGENCIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.definitions import Definitions
    from rules.times import Times

EXPECT = (
    "urgency", "persona", "route", "cc", "tags", "rules", "respond_in", "draft", "alerts", "ignored",
)  # fmt: skip


class Must(Enum):
    """What is asked of a case; a `todo` is one that should fire and need not yet."""

    FIRE = "fires"
    QUIET = "quiet"
    TODO = "todo"
    JUDGE = "expect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test. `name` is its rule's, or a scenario's; `expect` is matched as a part of the verdict."""

    must: Must
    name: str
    location: Location
    given: Given
    expect: Mapping[str, object] = field(default_factory=dict)


def read_cases(found: Definitions, times: Times, report: Report) -> tuple[Case, ...]:
    """All tests of a set, in the order of their places in each file."""
    tested = [(rule.name, rule.tests) for rule in found.rules if rule.tests]
    cases = [case for name, node in tested for case in _of_rule(name, node, times, report)]
    names = _Names(found)
    for name, node in found.tests.items():
        case = _scenario(name, node, names, times, report, found.names_at["tests", name])
        cases += [case] if case else []
    return tuple(sorted(cases, key=lambda case: _place(case.location)))


def _place(where: Location) -> tuple[str, int, int]:
    return str(where.file), where.line, where.column


def _of_rule(name: str, node: Node, times: Times, report: Report) -> Iterator[Case]:
    reader = Reader(report, f'tests of rule "{name}"')
    values = reader.fields(node, [must.value for must in Must if must is not Must.JUDGE])
    if not node.value:
        nothing(reader, node.location, 'give sentences under "fires" or "quiet"')
    for must in Must:
        for one in reader.items(values[must.value]) if must.value in values else ():
            given = read_given(one, reader, times)
            if given is not None:
                yield Case(must=must, name=name, location=one.location, given=given)


def _scenario(
    name: str, node: Node, names: _Names, times: Times, report: Report, at: Location
) -> Case | None:
    reader = Reader(report, f'test "{name}"')
    values = reader.fields(node, ("given", "expect"))
    given = read_given(values["given"], reader, times) if "given" in values else None
    expect = _expected(values["expect"], reader, names) if "expect" in values else {}
    if "given" not in values:
        reader.report.error(Code.MISSING, f'{reader.label} has no "given"', at)
    if "expect" not in values or not values["expect"].value:
        nothing(reader, at, 'say under "expect" what should come of it')
    return Case(must=Must.JUDGE, name=name, location=at, given=given, expect=expect) if given else None


class _Names:
    """What a verdict of this set can hold."""

    def __init__(self, found: Definitions) -> None:
        self.personas = [persona.name for persona in found.personas]
        self.rules = [rule.name for rule in found.rules]
        self.tags = sorted({tag for rule in found.rules for tag in rule.tags})
        self.routes = ["default", *(name for section, name in found.names_at if section == "routes")]
        self.drafts = [NO_DRAFT, *(draft.name for draft in found.drafts)]


def _expected(node: Node, reader: Reader, names: _Names) -> dict[str, object]:
    known: Mapping[str, Callable[[Node], object]] = {
        "urgency": lambda child: reader.choice(child, "urgency", URGENCIES),
        "persona": lambda child: _one_of(child, reader, "persona", names.personas),
        "route": lambda child: _one_of(child, reader, "route", names.routes),
        "cc": lambda child: _some_of(child, reader, "route", names.routes),
        "draft": lambda child: _one_of(child, reader, "draft", names.drafts),
        "tags": lambda child: _some_of(child, reader, "tag", names.tags),
        "rules": lambda child: _some_of(child, reader, "rule", names.rules),
        "respond_in": lambda child: reader.duration(child, "respond_in"),
        "alerts": lambda child: reader.choice(child, "alert", ALERTS),
        "ignored": lambda child: reader.flag(child, "ignored", otherwise=False),
    }
    values = reader.fields(node, EXPECT)
    return {name: known[name](child) for name, child in values.items()}


def _one_of(node: Node, reader: Reader, what: str, known: Collection[str]) -> str | None:
    name = reader.text(node, what)
    if name is not None and name not in known:
        reader.unknown(Code.IMPOSSIBLE, what, node.location, name=name, known=known)
    return name


def _some_of(node: Node, reader: Reader, what: str, known: Collection[str]) -> tuple[str, ...]:
    names = (_one_of(child, reader, what, known) for child in reader.items(node))
    return tuple(name for name in names if name is not None)
