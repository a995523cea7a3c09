"""Strict YAML 1.2 with a place for every node.

Knows YAML and nothing of settings or rules. Only `true/false`, `null` and plain decimal numbers are not
text (`no` stays Norwegian, `1:30` stays text, `010` stays text); a duplicate key is an error that names both
places; anchors work, merge keys (`<<`) do not; every mistake that can be found is reported at once.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from bot.errors import ConfigError, Location, Problem
from bot.memory import empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

try:
    from yaml import CSafeLoader as _AnyLoader
except ImportError:  # a PyYAML built without libyaml: slower, the same nodes
    from yaml import SafeLoader as _AnyLoader  # type: ignore[assignment]

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_TOO_DEEP = "lists and mappings stand too deep in each other"
_DEEPEST = 100
_BRACKETS = re.compile(r"[\[{}\]]")
_STAIRS = re.compile(r"(?:[-?:][ \t]+){100}")
_INDENTED = " " * 200
"""No line that is shorter holds those stairs either."""
_MOST_COPIES = 50_000
_BEGIN_NUMBERS = frozenset("+-0123456789")
_LONGEST_NUMBER = 40
"""Longer rows of digits are no number that anybody means, and Python refuses to read the longest ones."""
_INDENTATION = "the indentation does not fit: keys that belong together begin in the same column"
_QUOTES = "put the text in quotation marks"
_SAID_PLAINLY = {
    "mapping values are not allowed": f"a second ': ' in one line: {_QUOTES}, or begin a new line",
    "did not find expected key": _INDENTATION,
    "did not find expected '-' indicator": _INDENTATION,
    "found undefined alias": f"a leading * means something else in YAML: {_QUOTES}",
    "found character that cannot start any token": f"YAML keeps this character for itself: {_QUOTES}",
    "did not find expected ',' or '}'": "a { is not closed, or a comma is missing",
    "did not find expected ',' or ']'": "a [ is not closed, or a comma is missing",
}
"""How libyaml's complaints begin → what helps."""
_QUOTED = frozenset({"'", '"', "|", ">"})
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class _Loader(_AnyLoader):
    """Without YAML's own types, each of which takes a handful of regular expressions to tell."""

    def resolve(self, kind: type[yaml.Node], value: object, implicit: object) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value and where it stands. `value`: dict[str, Node], list[Node], or a plain scalar.

    `keys` holds, for a mapping, where each key stands (its value's own place is in the child).
    `text` is a scalar as it was written; `is_quoted` tells `"1"` from `1`.
    """

    value: Any
    location: Location
    keys: dict[str, Location]
    text: str = ""
    is_quoted: bool = False

    @property
    def kind(self) -> str:
        """What a person would call it."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list"
        return {bool: "true or false", str: "text", type(None): "empty"}.get(type(self.value), "a number")

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def load(text: str, file: Path) -> Node:
    """Parse one document. An empty file is an empty mapping.

    Raises: ConfigError with every problem found, each with its place.
    """
    if _is_too_deep(text):
        raise ConfigError([Problem(message=_TOO_DEEP, code="R001", location=Location(file, 1, 1))])
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax_problem(error, text, file)]) from error
    except yaml.YAMLError as error:  # a reader error: a control character, broken UTF-8
        message = f"this is not YAML: {str(error).splitlines()[0]}"
        raise ConfigError([Problem(message=message, code="R001", location=Location(file, 1, 1))]) from error
    if root is None:
        return Node({}, Location(file, 1, 1), {})
    builder = _Builder(text, file)
    node = builder.build(root)
    del root
    builder.let_go()
    if builder.problems:
        raise ConfigError(builder.problems)
    return node


def marked(text: str) -> yaml.Node | None:
    """PyYAML's own nodes of a text that was loaded before, with their ends: for who puts something in."""
    return yaml.compose(text, Loader=_Loader)


def read(file: Path) -> Node:
    """Load a file. Raises: ConfigError, also for a file that cannot be read or is not UTF-8."""
    try:
        return load(file.read_text(encoding="utf-8-sig"), file)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text (byte {error.start})") from error


def let_go(trees: list[Node]) -> None:
    """Empty a list of trees that nobody else holds: they are freed node by node, so that no other thread
    waits for the whole.
    """
    while trees:
        inside = trees.pop().value
        if isinstance(inside, dict):
            trees += inside.values()
        elif isinstance(inside, list):
            trees += inside


def closest(word: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant, if one is near enough."""
    candidates = list(known)
    folded = {candidate.casefold(): candidate for candidate in candidates}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _is_too_deep(text: str) -> bool:
    """Whether libyaml, which recurses in C without a limit, could overflow the stack and take us with it."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > _DEEPEST:
            return True
    return any(line.startswith(_INDENTED) or _STAIRS.search(line) for line in _long_lines(text))


def _long_lines(text: str) -> Iterator[str]:
    """Those that could hold them, one by one: all of a large file at once would stop the other threads."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start >= len(_INDENTED):
            yield text[start:end]
        start = end + 1


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: Path) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    source = lines[line] if line < len(lines) else ""
    said = error.problem or "this is not YAML"
    message = next((plain for begin, plain in _SAID_PLAINLY.items() if said.startswith(begin)), said)
    if "\t" in source[: column + 1]:
        message = "a tab stands where YAML wants spaces"
    return Problem(
        message=message, code="R001", location=Location(file, line + 1, column + 1), source_line=source
    )


class _Builder:
    """Turns PyYAML's nodes into ours and collects what is wrong with them."""

    def __init__(self, text: str, file: Path) -> None:
        self.text = text
        self.file = file
        self.problems: list[Problem] = []
        self._open: list[yaml.Node] = []
        self._visited: list[yaml.Node] = []
        self._built: set[int] = set()
        self._copies = 0

    def let_go(self) -> None:
        """Free the parser's nodes one by one, the upper ones first: all of a large file at once takes 100 ms,
        in which no other thread runs.
        """
        self._visited.reverse()
        empty(self._visited, self._built)

    def build(self, node: yaml.Node) -> Node:
        self._visited.append(node)
        location = self._location(node)
        if id(node) in self._built:
            self._copies += 1
            if self._copies > _MOST_COPIES:  # anchors of anchors of anchors
                raise ConfigError("this is too large, with its anchors written out", location)
        self._built.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            text: str = node.value
            is_quoted = node.style in _QUOTED
            return Node(text if is_quoted else _scalar(text), location, {}, text, is_quoted)
        if any(node is parent for parent in self._open):
            self._report("an anchor contains itself", location)
            return Node(None, location, {})
        self._open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode):
                return Node([self.build(child) for child in node.value], location, {})
            return self._mapping(node, location)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.Node, location: Location) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, Location] = {}
        for key_node, value_node in node.value:
            self._visited.append(key_node)
            where = self._location(key_node)
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self._report("a key must be plain text", where)
            elif key == "<<" and not key_node.style:
                self._report("merge keys (<<) are not supported; write the keys out", where)
            elif key in keys:
                first = keys[key]
                self._report(
                    f"the key {key!r} stands here twice (first in line {first.line}, column {first.column})",
                    where,
                    code="R002",
                )
            else:
                keys[key] = where
                values[key] = self.build(value_node)
        return Node(values, location, keys)

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()

    def _location(self, node: yaml.Node) -> Location:
        mark = node.start_mark
        return Location(self.file, mark.line + 1, mark.column + 1)

    def _report(self, message: str, location: Location, *, code: str = "R001") -> None:
        line = self._lines[location.line - 1] if location.line <= len(self._lines) else ""
        self.problems.append(Problem(message=message, code=code, location=location, source_line=line))


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER or text[0] not in _BEGIN_NUMBERS:
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
