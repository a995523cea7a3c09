"""Why a rule did not fire on a mention: each condition that was false, what it asks for, and what was so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot import duration
from bot.yamlfile import Node
from rules.leaves import SIGNALS, spoken
from rules.places import within
from rules.query import ListName, Not, Pattern, Phrase, Query, parse, show, walk
from rules.reread import Source
from rules.scene import Scene
from rules.terms import Text, compile_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.errors import Location
    from bot.model import Facts
    from rules.ruleset import RuleSet

_MOST_QUOTED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`path` leads to the condition in the rule (`author.followers`); it `asks` for this, and `was` that."""

    path: str
    location: Location
    asks: str
    was: str


def why_not(rules: RuleSet, name: str, facts: Facts) -> tuple[Reason, ...]:
    """Empty if it fires. Raises: KeyError for a rule that is not there."""
    return why_none(rules, [name], facts)[name]


def why_none(rules: RuleSet, names: Iterable[str], facts: Facts) -> Mapping[str, tuple[Reason, ...]]:
    """The same for several rules."""
    asked = _Asked(rules, facts)
    found = {rule.name: rule.when for rule in asked.source.found.rules}
    whens = {name: found[name] for name in names}
    return {name: tuple(asked.block(when, "")) if when else () for name, when in whens.items()}


class _Asked:
    def __init__(self, rules: RuleSet, facts: Facts) -> None:
        self.source = Source(rules)
        self.facts = facts
        self.scene = Scene(facts)

    def block(self, node: Node, path: str) -> Iterator[Reason]:
        """Why a block is false; nothing if it is true."""
        if self._is_true(node):
            return
        if isinstance(node.value, list):
            for number, block in enumerate(node.value, 1):
                yield from self.block(block, f"{path}[{number}]")
            return
        for key, child in node.value.items():
            if not self._is_true(_only(node, key)):
                yield from self._condition(key, child, f"{path}.{key}".lstrip("."))

    def _is_true(self, block: Node) -> bool:
        return self.source.compiler.block(block, "again")(self.scene) is not None

    def _condition(self, key: str, node: Node, path: str) -> Iterator[Reason]:
        """Why one condition is false."""
        if key == "text":
            yield from self._text(node, path, self.scene.text)
        elif key in {"any", "all"}:
            yield from self.block(node, path) if key == "any" else self._each(node, path)
        elif key == "is":
            for name in self.source.reader.items(node):
                yield from self.block(self.source.found.conditions[name.text], f"{path} {name.text}")
        elif key in {"author", "engagement", "history", "thread"}:
            for field in (field for field in node.value if field != "within"):
                if not self._is_true(self._field_alone(node, field, inside=key)):
                    yield from self._field(key, field, node.value[field], f"{path}.{field}")
        else:
            yield Reason(path=path, location=node.location, asks=_asks(key, node), was=self._was(key, node))

    def _each(self, node: Node, path: str) -> Iterator[Reason]:
        for number, block in enumerate(node.value, 1):
            yield from self.block(block, f"{path}[{number}]")

    def _field_alone(self, node: Node, field: str, *, inside: str) -> Node:
        """A block with one of the fields; `within` stays, for it is no condition of its own."""
        kept = {name: child for name, child in node.value.items() if name in {field, "within"}}
        one = Node(kept, node.location, {name: node.keys[name] for name in kept})
        return Node({inside: one}, node.location, {inside: node.location})

    def _field(self, key: str, field: str, node: Node, path: str) -> Iterator[Reason]:
        if field == "bio" and self.facts.bio is not None:
            yield from self._text(node, path, self.scene.bio)
            return
        value = _fact(self.facts, key, field)
        yield Reason(path=path, location=node.location, asks=_asks(field, node), was=_told(value))

    def _text(self, node: Node, path: str, text: Text) -> Iterator[Reason]:
        for one in self.source.reader.items(node):
            query = parse(one.text).query
            assert query is not None  # noqa: S101 - the set has been loaded
            where = within(one, query.at, self.source.texts)
            yield Reason(path=path, location=where, asks=one.text, was=self._said(query, text))

    def _said(self, query: Query, text: Text) -> str:
        """Which words of a query are there and which are not."""
        unwanted = {id(leaf) for part in walk(query) if isinstance(part, Not) for leaf in walk(part)}
        leaves = [part for part in walk(query) if isinstance(part, Phrase | ListName | Pattern)]
        there: dict[str, str] = {}
        missing: dict[str, None] = {}
        for leaf in leaves:
            places = compile_query(leaf, self.source.vocabulary.lists)(text)
            if places is None:
                if id(leaf) not in unwanted:
                    missing[show(leaf)] = None
            else:
                span = text.span(*places[0])
                there[show(leaf)] = " ".join(text.original[span.start : span.end].split())[:_MOST_QUOTED]
        told = [f'{leaf} is there ("{words}")' for leaf, words in there.items()]
        told += [f"{leaf} is not" for leaf in missing]
        return "; ".join(told if missing or not there else [*told, "but not as the query asks for it"])

    def _was(self, key: str, node: Node) -> str:
        if key == "not":
            trace = self.source.compiler.block(node, "again")(self.scene) or ()
            return ", ".join(dict.fromkeys(evidence.text for evidence in trace)) or "all of it is so"
        if key in SIGNALS:
            signal = self.facts.signals.get(key)
            known = signal is not None and signal.value is not None
            return f"{signal.value:.2f}" if signal and known else f"unknown ({spoken(self.facts)})"
        if key in {"rate", "spike"}:
            return self._counted(node)
        facts = self.facts
        at_hand: dict[str, object] = {"kind": facts.kind.value, "time": facts.at, "lang": self.scene.lang}
        return _told(at_hand[key] if key in at_hand else getattr(facts, key))

    def _counted(self, node: Node) -> str:
        """What the counters that it may look at stand at."""
        of = f"{node.value['of'].text} "
        counted = [each for name, each in sorted(self.facts.counters.items()) if name.startswith(of)]
        return ", ".join(f"{each.now} (usual {_told(each.usual)})" for each in counted) or "unknown"


def _only(node: Node, key: str) -> Node:
    """A block with one of its keys."""
    return Node({key: node.value[key]}, node.location, {key: node.keys[key]})


def _fact(facts: Facts, key: str, field: str) -> object:
    if key == "author":
        return facts.spoken if field == "language" else getattr(facts, field)
    if key == "thread":
        names = {True: "reply", False: "first", None: None}
        return names[facts.is_reply] if field == "position" else getattr(facts, field)
    value = getattr(getattr(facts, key), field, None)
    return len(value) if isinstance(value, tuple) else value


def _told(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, timedelta):
        return duration.show(value)
    return "unknown" if value is None else str(value)


def _asks(key: str, node: Node) -> str:
    """As it is written in the file."""
    if key == "not":
        return "that this is not so"
    if isinstance(node.value, list):
        return " or ".join(child.text for child in node.value)
    if isinstance(node.value, dict):
        return ", ".join(f"{name} {child.text}" for name, child in node.value.items())
    return node.text
