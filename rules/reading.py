"""Typed values out of YAML nodes: each wrong type is one problem with its place, and the reading goes on.

Knows YAML nodes and the report; knows no key of the rule language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bot import duration
from rules import ranges
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import timedelta
    from enum import Enum

    from bot.errors import Location
    from bot.yamlfile import Node

E = TypeVar("E", bound="Enum")


class Reader:
    """Reads the values of one definition; `label` ("rule "x"") begins each of its messages."""

    def __init__(self, report: Report, label: str) -> None:
        self.report = report
        self.label = label

    def fields(self, node: Node, known: Collection[str], *, what: str = "key") -> Mapping[str, Node]:
        """The known keys of a mapping. Unknown ones are problems."""
        if node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.wrong(node, "keys with values")
            return {}
        code = Code.KEY if what == "key" else Code.CONDITION
        for name, where in node.keys.items():
            if name not in known:
                self.unknown(code, what, where, name=name, known=known)
        return {name: child for name, child in node.value.items() if name in known}

    def unknown(self, code: Code, what: str, where: Location, *, name: str, known: Collection[str]) -> None:
        self.report.unknown(code, f'{self.label}: unknown {what} "{name}"', where, name=name, known=known)

    def text(self, node: Node | None, what: str) -> str | None:
        """One line of text; a number is taken as it was written."""
        if node is None:
            return None
        if isinstance(node.value, bool | dict | list) or node.value is None or not node.text.strip():
            self.wrong(node, "text", what)
            return None
        return node.text

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A text, or a list of them."""
        if node is None:
            return ()
        read = (self.text(child, what) for child in self.items(node))
        return tuple(text for text in read if text is not None)

    def items(self, node: Node) -> Iterator[Node]:
        """The members of a list, or the one thing that stands in its place. A list of nothing is wrong."""
        if node.value == []:
            self.wrong(node, "at least one value")
        elif isinstance(node.value, list):
            yield from node.value
        else:
            yield node

    def integer(self, node: Node | None, what: str, *, low: int, high: int) -> int | None:
        if node is None:
            return None
        if type(node.value) is not int or not low <= node.value <= high:
            self.wrong(node, f"a whole number from {low} to {high}", what)
            return None
        return node.value

    def flag(self, node: Node | None, what: str, *, otherwise: bool) -> bool:
        if node is None:
            return otherwise
        if not isinstance(node.value, bool):
            self.wrong(node, "true or false", what)
            return otherwise
        return node.value

    def duration(self, node: Node | None, what: str) -> timedelta | None:
        if node is None:
            return None
        try:
            length = duration.parse(node.text)
        except (ValueError, OverflowError):
            self.wrong(node, "a duration (30s, 15m, 4h, 3d)", what)
            return None
        if not length:
            self.wrong(node, "longer than nothing", what)
            return None
        return length

    def choice(self, node: Node | None, what: str, names: Mapping[str, E]) -> E | None:
        """One of a closed list of names."""
        name = self.text(node, what)
        if node is None or name is None:
            return None
        if name not in names:
            self.unknown(Code.NAME, what, node.location, name=name, known=names)
        return names.get(name)

    def comparison(self, node: Node, what: str, example: str, *, instead: str = "") -> tuple[str, str] | None:
        """An operator and what follows it, as text. `instead` names what else could stand here."""
        found = ranges.parted(node.text) if isinstance(node.value, str) else None
        if found is None:
            self.wrong(node, f'{instead}a comparison like "{example}"', what)
        return found

    def wrong(self, node: Node, wanted: str, what: str = "", *, code: Code = Code.TYPE) -> None:
        """`score must be a whole number from −100 to 100, not "40 points"`."""
        given = f'"{node.text}"' if node.text.strip() else node.kind
        if node.value in ([], {}):
            given = given.replace("a ", "an empty ")
        subject = f"{what} must be {wanted}" if what else f"here must stand {wanted}"
        self.report.error(code, f"{self.label}: {subject}, not {given}", node.location)
