"""What of a rule set its tests use: branches of conditions and queries, words of lists.

Reads the set's sources once more; the daemon never needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.places import is_of_pack, within
from rules.query import Or, parse, show, walk
from rules.reread import Source
from rules.scene import Scene
from rules.terms import ANY_LANGUAGE, Entry, Search, Text, compile_query, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.errors import Location
    from bot.model import Facts
    from bot.yamlfile import Node
    from rules.ruleset import RuleSet
    from rules.scene import Check

BRANCH, WORD = "branch", "word"

_TextOf = Callable[[Scene], Text]
_Holds = Callable[[Scene], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that a test can use: one of several alternatives (`BRANCH`), an entry of a list (`WORD`)."""

    kind: str
    shown: str
    location: Location
    holds: _Holds


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every part of the set, and those that held in no test."""

    parts: tuple[Part, ...]
    unused: tuple[Part, ...]

    def share(self, kind: str) -> tuple[int, int]:
        """How many parts of a kind are used, and how many there are."""
        every = sum(part.kind == kind for part in self.parts)
        return every - sum(part.kind == kind for part in self.unused), every


def coverage(rules: RuleSet, tried: Iterable[Facts]) -> Coverage:
    """What these facts use of a set that has no mistakes; what packs bring with them is not counted."""
    parts = tuple(part for part in _Parts(rules).all() if not is_of_pack(part.location.file))
    scenes = [Scene(facts) for facts in tried]
    return Coverage(parts, tuple(part for part in parts if not any(map(part.holds, scenes))))


class _Parts:
    def __init__(self, rules: RuleSet) -> None:
        self._source = Source(rules)

    def all(self) -> Iterator[Part]:
        blocks = [
            *self._source.found.conditions.values(),
            *(rule.when for rule in self._source.found.rules),
            *(persona.when for persona in self._source.found.personas),
        ]
        for block in blocks:
            if block is not None:
                yield from self._of_block(block)
        for name in self._source.found.words:
            yield from self._of_list(name)

    def _of_block(self, node: Node) -> Iterator[Part]:
        if isinstance(node.value, list):
            yield from self._of_any(node.value)
            return
        for key, child in (node.value or {}).items():
            if key == "text":
                yield from self._of_queries(child, _text)
            elif key == "author" and "bio" in child.value:
                yield from self._of_queries(child.value["bio"], _bio)
            elif key == "all":
                yield from (part for block in child.value for part in self._of_block(block))
            elif key in {"any", "not"}:
                yield from self._of_block(child)

    def _of_any(self, blocks: Sequence[Node]) -> Iterator[Part]:
        for block in blocks:
            if len(blocks) > 1:
                yield Part(
                    kind=BRANCH,
                    shown=" ".join(f"{key}:" for key in block.value),
                    location=block.location,
                    holds=_true(self._source.compiler.block(block, "coverage")),
                )
            yield from self._of_block(block)

    def _of_queries(self, node: Node, text_of: _TextOf) -> Iterator[Part]:
        queries = list(self._source.reader.items(node))
        for one in queries:
            query = parse(one.text).query
            assert query is not None  # noqa: S101 - the set has been loaded
            alternatives = [query] if len(queries) > 1 else []
            alternatives += [part for each in walk(query) if isinstance(each, Or) for part in each.parts]
            for part in alternatives:
                yield Part(
                    kind=BRANCH,
                    shown=show(part),
                    location=within(one, part.at, self._source.texts),
                    holds=_found(compile_query(part, self._source.vocabulary.lists), text_of),
                )

    def _of_list(self, name: str) -> Iterator[Part]:
        for lang, node, entry in self._source.vocabulary.entries[name]:
            variant = "" if lang == ANY_LANGUAGE else f" ({lang})"
            yield Part(
                kind=WORD,
                shown=f'${name} "{node.text}"{variant}',
                location=node.location,
                holds=_said(entry, lang),
            )


def _text(scene: Scene) -> Text:
    return scene.text


def _bio(scene: Scene) -> Text:
    return scene.bio


def _true(check: Check) -> _Holds:
    return lambda scene: check(scene) is not None


def _found(search: Search, text_of: _TextOf) -> _Holds:
    return lambda scene: search(text_of(scene)) is not None


def _said(entry: Entry, lang: str) -> _Holds:
    """In the post or about its author, in a language that the entry is for."""
    places = find(entry)

    def holds(scene: Scene) -> bool:
        return any(lang in text.variants and any(places(text)) for text in (scene.text, scene.bio))

    return holds
