"""The canonical form of a rule file: sections and keys in one order, two blanks a level, comments kept.

Whole lines are moved, and nothing is written anew, so that comments stay what they are. Whatever the names in
sections are, they keep their order: only keys have one. Knows how a file looks and the order of keys; knows
nothing of what a rule means. What is not understood stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from bot import yamlfile
from bot.errors import ConfigError
from rules.schema import LEVEL_KEYS, PERSONA_KEYS, ROUTE_KEYS, RULE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.yamlfile import Node

STEP = 2
_UNUSUAL_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""What Python takes for the end of a line and YAML does not, or the other way round."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The order of a mapping's keys (none: as they are), and what stands below each, or below every one."""

    order: Sequence[str] = ()
    below: Mapping[str, Shape] = field(default_factory=dict)
    each: Shape | None = None

    def of(self, key: str) -> Shape:
        return self.below.get(key) or self.each or _ANY

    def rank(self, key: str) -> int:
        """What is not known stays behind the rest."""
        return self.order.index(key) if key in self.order else len(self.order)


_ANY = Shape()
_TESTS = Shape(("fires", "quiet", "todo"))
_RULE = Shape(RULE_KEYS, {"tests": _TESTS})
_SCENARIO = Shape(("given", "expect"))
FILE = Shape(
    (
        "brand", "use", "tune", "words", "conditions", "times", "personas", "rules", "urgency", "routes",
        "drafts", "tests",
    ),
    {
        "personas": Shape(each=Shape(PERSONA_KEYS)),
        "rules": Shape(each=_RULE),
        "urgency": Shape(("critical", "high", "normal", "low"), each=Shape(LEVEL_KEYS)),
        "routes": Shape(each=Shape(ROUTE_KEYS)),
        "tests": Shape(each=_SCENARIO),
    },
)  # fmt: skip


class _NotUnderstood(Exception):  # noqa: N818 - named by what is the matter
    """A way to write YAML that is not rearranged: the file stays as it is."""


def canonical(text: str, file: Path) -> str:
    """The text in its canonical form, which means the same; or as it is.

    Raises: ConfigError for what is not YAML.
    """
    before = yamlfile.load(text, file)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style or set(text) & set(_UNUSUAL_BREAKS):
        return text
    try:
        after = _File(text.replace("\r\n", "\n").replace("\r", "\n"), root).written()
        is_same = _meaning(yamlfile.load(after, file)) == _meaning(before)
    except (_NotUnderstood, ConfigError):
        return text
    return after if is_same else text


def _meaning(file: Node) -> object:
    """The content, and the one order that counts."""
    plain = file.plain()
    personas = plain.get("personas")
    return plain, list(personas) if isinstance(personas, dict) else None


class _File:
    def __init__(self, text: str, root: yaml.MappingNode) -> None:
        self.lines = text.split("\n")
        self.root = root
        self.inside: set[int] = set()
        """The lines that lie inside a text of several lines: what looks like a comment there is none."""
        seen: set[int] = set()
        for node in _nodes(root):
            if id(node) in seen:
                raise _NotUnderstood  # an anchor, used again
            seen.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                self.inside.update(self._lines_inside(node))

    def _lines_inside(self, node: yaml.ScalarNode) -> Iterator[int]:
        start = node.start_mark.line
        if node.style not in {"|", ">"}:
            yield from range(start + 1, node.end_mark.line + 1)
            return
        behind = range(start + 1, len(self.lines))
        column = next((_indent(self.lines[at]) for at in behind if self.lines[at].strip()), 0)
        for at in behind:
            if self.lines[at].strip() and _indent(self.lines[at]) < column:
                return
            yield at

    def written(self) -> str:
        first = self.root.value[0][0].start_mark.line
        ends = (at for at in range(first, len(self.lines)) if self.lines[at].startswith(("---", "...")))
        end = next((at for at in ends if at not in self.inside), len(self.lines))
        others = (at for at in range(first - 1, -1, -1) if not self.lines[at].startswith("#"))
        head = next((at + 1 for at in others), first)  # without a blank line all above belongs to the file
        body = self._mapping(self.root, (head, end), 0, FILE)
        above = [line.rstrip() for line in self.lines[:head]]
        return "\n".join([*above, *body, *self.lines[end:]]).rstrip("\n") + "\n"

    def _mapping(self, node: yaml.MappingNode, span: tuple[int, int], column: int, shape: Shape) -> list[str]:
        """The lines of a block mapping with its keys in `column`: blank lines stay, comments go with keys."""
        old = node.value[0][0].start_mark.column
        starts = [key.start_mark.line for key, _ in node.value]
        parts = list(self._parts(starts, span, old))
        entries = []
        for number, (key, value) in enumerate(node.value):
            lead, stop = parts[number]
            lines = [*_comments(self.lines[lead : starts[number]], column)]
            lines += self._entry(key, value, stop, column, shape.of(key.value))
            entries.append((shape.rank(key.value), number, lines))
        gaps = [number > 0 and not self.lines[lead].strip() for number, (lead, _) in enumerate(parts)]
        ordered = sorted(entries, key=lambda entry: entry[:2])
        written = [
            line
            for gap, (_, _, lines) in zip(gaps, ordered, strict=True)
            for line in ([""] if gap else []) + lines
        ]
        return [*written, *self._tail(parts[-1][1], span[1], column)]

    def _parts(self, starts: Sequence[int], span: tuple[int, int], column: int) -> Iterator[tuple[int, int]]:
        """Where the lines of each entry begin, with the comments above it, and where they end."""
        begin = span[0]
        for start, after in zip(starts, [*starts[1:], span[1]], strict=True):
            end = self._lead(after, column, start)
            yield begin, end
            begin = end

    def _tail(self, begin: int, end: int, column: int) -> list[str]:
        """The comments below the last entry."""
        comments = _comments(self.lines[begin:end], column)
        return ([""] if comments and not self.lines[begin].strip() else []) + comments

    def _lead(self, start: int, column: int, above: int) -> int:
        """The first of the lines above `start` that belong to it: comments that are not indented deeper."""
        at = start
        while at - 1 > above and at - 1 not in self.inside and _is_between(self.lines[at - 1], column):
            at -= 1
        return at

    def _entry(self, key: yaml.Node, value: yaml.Node, end: int, column: int, shape: Shape) -> list[str]:
        start, by = key.start_mark.line, column - key.start_mark.column
        head = " " * column + self.lines[start][key.start_mark.column :].rstrip()
        first = _first_line(value)
        if first is not None and first > start:
            return [head, *self._block(value, (start + 1, end), column + STEP, shape)]
        if isinstance(value, yaml.MappingNode) and value.start_mark.line == value.end_mark.line == start:
            at, length = value.start_mark.column, value.end_mark.column - value.start_mark.column
            head = head[: at + by] + _flow(self.lines[start], value, shape) + head[at + by + length :]
        return [head, *self._moved((start + 1, end), by, column)]

    def _block(self, node: yaml.Node, span: tuple[int, int], column: int, shape: Shape) -> list[str]:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, span, column, shape)
        return self._sequence(node, span, column)

    def _sequence(self, node: yaml.Node, span: tuple[int, int], column: int) -> list[str]:
        """The lines of a block sequence, its dashes in `column`."""
        old = self._dash(node.value[0])
        starts = [item.start_mark.line for item in node.value]
        parts = list(self._parts(starts, span, old))
        lines: list[str] = []
        for start, item, (lead, stop) in zip(starts, node.value, parts, strict=True):
            lines += [""] if lines and not self.lines[lead].strip() else []
            lines += _comments(self.lines[lead:start], column)
            lines += self._item(item, (start, stop), column)
        return [*lines, *self._tail(parts[-1][1], span[1], column)]

    def _dash(self, item: yaml.Node) -> int:
        """The column of the dash before an item."""
        before = self.lines[item.start_mark.line][: item.start_mark.column].rstrip()
        if before.strip() != "-":
            raise _NotUnderstood
        return len(before) - 1

    def _item(self, item: yaml.Node, span: tuple[int, int], column: int) -> list[str]:
        old = self._dash(item)
        if isinstance(item, yaml.MappingNode) and not item.flow_style:
            first, *rest = self._mapping(item, span, column + STEP, _ANY)
            return [" " * column + "- " + first.lstrip(), *rest]
        head = " " * column + "- " + self.lines[span[0]][item.start_mark.column :].rstrip()
        return [head, *self._moved((span[0] + 1, span[1]), column - old, column)]

    def _moved(self, span: tuple[int, int], by: int, column: int) -> list[str]:
        """Lines that go on with a value: as they are, so much farther to the right."""
        lines = []
        for at in range(*span):
            line = self.lines[at]
            least = column + (at in self.inside or not line.lstrip().startswith("#"))
            moved = " " * max(least, _indent(line) + by) + line.lstrip(" ")
            if at in self.inside:
                lines.append(moved if line.strip() else line)
            else:
                lines.append(moved.rstrip())
        while lines and not lines[-1].strip():
            lines.pop()
        return lines


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _nodes(key)
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item)


def _first_line(node: yaml.Node) -> int | None:
    """Where a block of keys or items begins; None for what is no block."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return None
    first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node.value[0]
    line: int = first.start_mark.line
    return line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_between(line: str, column: int) -> bool:
    return not line.strip() or (line.lstrip().startswith("#") and _indent(line) <= column)


def _comments(lines: Sequence[str], column: int) -> list[str]:
    """Comments in one column; blank lines among them stay, one of each."""
    found: list[str] = []
    for line in lines:
        if line.strip():
            found.append(" " * column + line.strip())
        elif found and found[-1]:
            found.append("")
    return found


def _flow(line: str, node: yaml.MappingNode, shape: Shape) -> str:
    """A mapping in one line, `{…}`, with its keys in order; as it was written, if they are."""
    pieces = []
    for number, (key, value) in enumerate(node.value):
        written = line[value.start_mark.column : value.end_mark.column]
        below = shape.of(key.value)
        new = (
            _flow(line, value, below) if isinstance(value, yaml.MappingNode) and value.flow_style else written
        )
        name = line[key.start_mark.column : key.end_mark.column]
        pieces.append((shape.rank(key.value), number, f"{name}: {new}", new != written))
    if not any(piece[3] for piece in pieces) and pieces == sorted(pieces):
        return line[node.start_mark.column : node.end_mark.column]
    return "{" + ", ".join(piece[2] for piece in sorted(pieces)) + "}"
