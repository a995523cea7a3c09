"""The conditions that compare one fact: platform, kind, language, signals, the author.

Missing data makes a comparison false and is noted, never an error. Knows facts; knows no rule and no order
of evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from bot import duration
from bot.matcher.text import key
from bot.model import Facts, Kind
from bot.texts.language import is_code
from rules.comparing import Compare, amount, length, probability, several, tone
from rules.scene import Check, Evidence, Scene, Trace
from rules.signals.language import canonical
from rules.signals.names import RANGES

if TYPE_CHECKING:
    from bot.yamlfile import Node
    from rules.reading import Reader

T = TypeVar("T")

SIGNALS = tuple(RANGES)
KINDS = {kind.value: kind for kind in Kind}


def platform(node: Node, reader: Reader) -> Check:
    wanted = frozenset(map(str.casefold, reader.texts(node, "platform")))
    return _is(lambda facts: facts.platform.casefold() in wanted)


def kind(node: Node, reader: Reader) -> Check:
    wanted = tuple(reader.choice(child, "kind", KINDS) for child in reader.items(node))
    return _is(lambda facts: facts.kind in wanted)


def is_language(tag: str) -> bool:
    """Whether it is written as a language code is (en, no, pt-BR), and means one."""
    return is_code(tag) and canonical(tag) is not None


def languages(node: Node, reader: Reader, what: str) -> Callable[[str], bool]:
    """Whether a canonical tag is one of these: `pt` is also pt-BR; `pt-BR` is only that; `nb` is `no`."""
    tags = {tag: canonical(tag) for tag in reader.texts(node, what)}
    for child in reader.items(node):
        if child.text in tags and not is_language(child.text):
            reader.wrong(child, "a language code like en, no or pt-BR", what)
    wanted = frozenset(tag.lower() for tag in tags.values() if tag)

    def are(tag: str) -> bool:
        spoken = tag.lower()
        return spoken in wanted or spoken.partition("-")[0] in wanted

    return are


def language(node: Node, reader: Reader) -> Check:
    are_wanted = languages(node, reader, "lang")

    def check(scene: Scene) -> Trace:
        if scene.lang is None:
            scene.notes.add("lang unknown")
            return None
        return () if are_wanted(scene.lang) else None

    return check


def signal(name: str, node: Node, reader: Reader) -> Check:
    """`true` (at least 0.5), `false` (below), or a comparison."""
    holds = several(node, reader, lambda child: _measured(name, child, reader))

    def check(scene: Scene) -> Trace:
        measured = scene.facts.signals.get(name)
        if measured is None or measured.value is None:
            scene.notes.add(f"{name} unknown ({spoken(scene.facts)})")
            return None
        value = measured.value
        return (Evidence(f"{name} {value:.2f}"),) if holds(value) else None

    return check


def _measured(name: str, node: Node, reader: Reader) -> Compare | None:
    return (tone if name == "sentiment" else probability)(name, node, reader)


def spoken(facts: Facts) -> str:
    return f"language {facts.lang}" if facts.lang else "language unknown"


def count(name: str, node: Node, reader: Reader) -> Check:
    return of_fact(
        f"author.{name}",
        (lambda facts: facts.followers) if name == "followers" else (lambda facts: facts.following),
        several(node, reader, lambda child: amount(name, child, reader)),
        lambda number: f"{name} {number}",
    )


def age(node: Node, reader: Reader) -> Check:
    holds = several(node, reader, lambda child: length("age", child, reader, example="< 30d"))
    return of_fact(
        "author.age",
        lambda facts: facts.age,
        lambda old: holds(old.total_seconds()),
        lambda old: f"account age {duration.show(old)}",
    )


def verified(node: Node, reader: Reader) -> Check:
    wanted = reader.flag(node, "verified", otherwise=True)
    shown = "verified" if wanted else "not verified"
    return of_fact(
        "author.verified", lambda facts: facts.verified, lambda value: value == wanted, lambda _: shown
    )


def handle(node: Node, reader: Reader) -> Check:
    wanted = frozenset(_bare(text) for text in reader.texts(node, "handle"))
    return of_fact(
        "author.handle",
        lambda facts: facts.handle,
        lambda name: _bare(name) in wanted,
        lambda name: f"@{name}",
    )


def _bare(name: str) -> str:
    return key(name).removeprefix("@")


def _is(holds: Callable[[Facts], bool]) -> Check:
    return lambda scene: () if holds(scene.facts) else None


def of_fact(
    name: str,
    fact: Callable[[Facts], T | None],
    holds: Callable[[T], bool],
    shown: Callable[[T], str],
) -> Check:
    """`name` is what is noted where the fact is unknown."""

    def check(scene: Scene) -> Trace:
        value = fact(scene.facts)
        if value is None:
            scene.notes.add(f"{name} unknown")
            return None
        return (Evidence(shown(value)),) if holds(value) else None

    return check
