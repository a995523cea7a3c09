"""Two definitions of one name, from two packs of a family (`core/en`, `core/es`), made one.

Lists and sentences of tests are put together; of two conditions either may hold. Knows YAML nodes; knows
neither what is used nor what is tuned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.yamlfile import Node
from rules.listfiles import KEY as FILE
from rules.places import shown
from rules.report import Code, Report
from rules.terms import ANY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.errors import Location


def mapping(like: Node, members: Mapping[str, Node], keys: Mapping[str, Location]) -> Node:
    """A mapping that stands where another one does. `keys`: where those that are known stand."""
    return Node(dict(members), like.location, {name: keys.get(name, like.location) for name in members})


def listing(like: Node, entries: Iterable[Node]) -> Node:
    return Node(list(entries), like.location, {})


def entries(node: Node) -> list[Node]:
    """The members of a list, or the one thing that stands in its place."""
    return node.value if isinstance(node.value, list) else [node]


# --- word lists -----------------------------------------------------------------------------------


def variants(node: Node) -> Mapping[str, list[Node]]:
    """What stands in a word list, by the language that it is for."""
    if isinstance(node.value, dict) and FILE not in node.value:
        return {name: entries(child) for name, child in node.value.items()}
    return {ANY_LANGUAGE: entries(node)}


def words(first: Node, second: Node) -> Node:
    """Both lists. What stands in both stands there once."""
    found = {name: list(several) for name, several in variants(first).items()}
    for name, several in variants(second).items():
        there = {entry.text for entry in found.get(name, ())}
        found.setdefault(name, []).extend(entry for entry in several if entry.text not in there)
    return of_variants(first, found)


def of_variants(like: Node, found: Mapping[str, list[Node]]) -> Node:
    """The list of these words; a plain one, if all are for any language."""
    if found.keys() == {ANY_LANGUAGE}:
        return listing(like, found[ANY_LANGUAGE])
    keys = like.keys if isinstance(like.value, dict) else {}
    return mapping(like, {name: listing(like, several) for name, several in found.items()}, keys)


# --- blocks ---------------------------------------------------------------------------------------


def either(first: Node, second: Node) -> Node:
    """A block that holds when one of two does. What both ask for is asked for once."""
    if first.plain() == second.plain():
        return first
    if not isinstance(first.value, dict) or not isinstance(second.value, dict):
        return listing(first, [first, second])
    shared = {
        name: child
        for name, child in first.value.items()
        if name != "any" and name in second.value and child.plain() == second.value[name].plain()
    }
    rests = [_without(block, shared) for block in (first, second)]
    if not all(rest.value for rest in rests):
        return mapping(first, shared, first.keys)
    if all(rest.value.keys() == {"text"} for rest in rests):
        queries = [query for rest in rests for query in entries(rest.value["text"])]
        return mapping(first, {**shared, "text": listing(rests[0].value["text"], queries)}, first.keys)
    return mapping(first, {**shared, "any": listing(first, rests)}, first.keys)


def _without(block: Node, names: Iterable[str]) -> Node:
    left = {name: child for name, child in block.value.items() if name not in names}
    return mapping(block, left, block.keys)


# --- rules ----------------------------------------------------------------------------------------


def rules(name: str, first: Node, second: Node, report: Report) -> Node:
    """One rule of two: `why` is the first's, all else must be the same in both."""
    if not isinstance(first.value, dict) or not isinstance(second.value, dict):
        return first
    members = dict(first.value)
    for key, child in second.value.items():
        if key in _JOINED and key in members:
            members[key] = _JOINED[key](members[key], child)
        elif key in _JOINED:
            members[key] = child
        elif key != "why":
            _same(name, key, first, second, report)
    for key in first.value.keys() - second.value.keys() - _JOINED.keys() - {"why"}:
        _same(name, key, first, second, report)
    return mapping(first, members, {**second.keys, **first.keys})


def _same(name: str, key: str, first: Node, second: Node, report: Report) -> None:
    one, other = (rule.value[key].plain() if key in rule.value else None for rule in (first, second))
    if one != other:
        message = f'rule "{name}": "{key}" is otherwise than in {shown(first.location)}'
        report.error(Code.DUPLICATE, message, second.keys.get(key, second.location))


def _tests(first: Node, second: Node) -> Node:
    if not isinstance(first.value, dict) or not isinstance(second.value, dict):
        return first
    kinds = dict(first.value)
    for kind, several in second.value.items():
        there = entries(kinds[kind]) if kind in kinds else []
        kinds[kind] = listing(several, [*there, *entries(several)])
    return mapping(first, kinds, {**second.keys, **first.keys})


_JOINED: Mapping[str, Callable[[Node, Node], Node]] = {"when": either, "tests": _tests}
