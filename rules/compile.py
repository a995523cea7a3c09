"""`when` blocks compiled to closures.

Knows which conditions there are, how they nest, and the one order they are evaluated in, whatever the order
in the file: facts at hand, then words, then named and nested conditions, last what may be unknown. What is
not in its tables is an error; nothing is ever taken for false. No `eval`.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from rules import leaves
from rules.reading import Reader
from rules.report import Code, Report
from rules.scene import Check, Evidence, Parts, Scene, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.terms import Search, Text
    from rules.vocabulary import Vocabulary

AUTHOR_FIELDS = ("handle", "bio", "followers", "following", "age", "verified")
LATER_AUTHOR_FIELDS = ("tier", "known", "staff", "language")
LATER_CONDITIONS = (
    "spam", "urgent", "toxic", "fake", "sentiment", "engagement", "history", "thread", "links", "rating",
    "media", "time", "rate", "spike",
)  # fmt: skip


_DEEPEST_BLOCK = 12
_LONGEST_CHAIN = 20
"""Of conditions that use conditions. Both keep `judge` far from Python's recursion limit."""


class Compiler:
    """Compiles the blocks of one set; named conditions first, each once."""

    def __init__(self, conditions: Mapping[str, Node], vocabulary: Vocabulary, report: Report) -> None:
        self.report = report
        self.used: set[str] = set()
        self._vocabulary = vocabulary
        self._names = conditions
        self._checks: dict[str, Check] = {}
        self._uses: dict[str, dict[str, Location]] = {name: {} for name in conditions}
        for name, node in conditions.items():
            scope = _Scope(self, Reader(report, f'condition "{name}"'), inside=name)
            self._checks[name] = scope.block(node)
        self._find_circles()
        self._find_chains()

    def block(self, node: Node, label: str) -> Check:
        """The check of a persona's `when`."""
        return _Scope(self, Reader(self.report, label)).block(node)

    def parts(self, node: Node, label: str) -> Parts:
        """The conditions of a rule's `when`, all of which must hold; one part without a name for a list."""
        scope = _Scope(self, Reader(self.report, label))
        is_list = isinstance(node.value, list)
        return (("", scope.block(node)),) if is_list else scope.parts(node)

    def search(self, node: Node, reader: Reader, *, is_negated: bool) -> Search | None:
        return self._vocabulary.query(node, reader, is_negated=is_negated)

    def named(self, node: Node, reader: Reader, inside: str | None) -> Check | None:
        """The check of a condition by name, evaluated once a mention."""
        name = reader.text(node, "is")
        if name is None:
            return None
        if name not in self._names:
            reader.unknown(Code.NAME, "condition", node.location, name=name, known=self._names)
            return None
        self.used.add(name)
        if inside is not None:
            self._uses[inside].setdefault(name, node.location)
        return partial(_once, self._checks, name)

    def _find_circles(self) -> None:
        for name in sorted(self._uses):
            for used, where in self._uses[name].items():
                if name in self._reachable(used):
                    message = f'condition "{name}" uses itself through "{used}"'
                    self.report.error(Code.CYCLE, message, where)

    def _find_chains(self) -> None:
        """Peel off the conditions that use none of those left; who is left after so many rounds is deeper."""
        left = {name: {used for used in self._uses[name] if used in self._uses} for name in self._uses}
        for _ in range(_LONGEST_CHAIN):
            left = {name: uses & left.keys() for name, uses in left.items() if uses & left.keys()}
        if left and not self.report.has_errors:
            name = min(left)
            where = min(self._uses[name].values())
            message = (
                f'condition "{name}" uses conditions that use conditions … more than {_LONGEST_CHAIN} deep'
            )
            self.report.error(Code.CYCLE, message, where)

    def _reachable(self, name: str) -> set[str]:
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            here = waiting.pop()
            if here not in reached:
                reached.add(here)
                waiting += self._uses[here]
        return reached


class _Scope:
    """One definition being compiled: its label for messages, and whether we stand under a `not:`."""

    def __init__(self, compiler: Compiler, reader: Reader, *, inside: str | None = None) -> None:
        self.compiler = compiler
        self.reader = reader
        self.inside = inside
        self.is_negated = False
        self._depth = 0

    def block(self, node: Node) -> Check:
        """Keys side by side: all of them; a list of blocks: any of them."""
        if self._depth == _DEEPEST_BLOCK:
            self.reader.wrong(node, f"at most {_DEEPEST_BLOCK} blocks inside each other", "when")
            return _any(())
        self._depth += 1
        try:
            return self._block(node)
        finally:
            self._depth -= 1

    def _block(self, node: Node) -> Check:
        if isinstance(node.value, list) and node.value:
            return _any([self.block(child) for child in node.value])
        return all_of(check for _, check in self.parts(node))

    def parts(self, node: Node) -> Parts:
        """The conditions that stand side by side, in the order of evaluation."""
        values = self.reader.fields(node, CONDITIONS, LATER_CONDITIONS, what="condition")
        if not node.value:
            message = f"{self.reader.label}: an empty condition matches everything"
            self.reader.report.error(Code.EVERYTHING, message, node.location)
        return tuple((name, CONDITIONS[name](self, values[name])) for name in CONDITIONS if name in values)

    def platform(self, node: Node) -> Check:
        return leaves.platform(node, self.reader)

    def kind(self, node: Node) -> Check:
        return leaves.kind(node, self.reader)

    def language(self, node: Node) -> Check:
        return leaves.language(node, self.reader)

    def text(self, node: Node) -> Check:
        return _any([_text(search) for search in self._searches(node)])

    def bio(self, node: Node) -> Check:
        return _bio([*self._searches(node)])

    def named(self, node: Node) -> Check:
        named = (self.compiler.named(child, self.reader, self.inside) for child in self.reader.items(node))
        return _any([check for check in named if check is not None])

    def any(self, node: Node) -> Check:
        return _any([self.block(child) for child in self._blocks(node)])

    def all(self, node: Node) -> Check:
        return all_of(self.block(child) for child in sorted(self._blocks(node), key=_canonical))

    def negation(self, node: Node) -> Check:
        was_negated, self.is_negated = self.is_negated, True
        inner = self.block(node)
        self.is_negated = was_negated
        return lambda scene: None if inner(scene) is not None else ()

    def complaint(self, node: Node) -> Check:
        return leaves.signal("complaint", node, self.reader)

    def question(self, node: Node) -> Check:
        return leaves.signal("question", node, self.reader)

    def author(self, node: Node) -> Check:
        values = self.reader.fields(node, AUTHOR_FIELDS, LATER_AUTHOR_FIELDS, what="author field")
        if not node.value:
            self.reader.wrong(node, "at least one author field", "author")
        fields: Mapping[str, Callable[[Node], Check]] = {
            "handle": lambda child: leaves.handle(child, self.reader),
            "bio": self.bio,
            "followers": lambda child: leaves.count("followers", child, self.reader),
            "following": lambda child: leaves.count("following", child, self.reader),
            "age": lambda child: leaves.age(child, self.reader),
            "verified": lambda child: leaves.verified(child, self.reader),
        }
        return all_of(fields[name](values[name]) for name in AUTHOR_FIELDS if name in values)

    def _searches(self, node: Node) -> list[Search]:
        found = (
            self.compiler.search(child, self.reader, is_negated=self.is_negated)
            for child in self.reader.items(node)
        )
        return [search for search in found if search is not None]

    def _blocks(self, node: Node) -> Iterable[Node]:
        if not isinstance(node.value, list) or not node.value:
            self.reader.wrong(node, "a list of conditions")
            return ()
        return node.value


CONDITIONS: Mapping[str, Callable[[_Scope, Node], Check]] = {
    "platform": _Scope.platform,
    "kind": _Scope.kind,
    "lang": _Scope.language,
    "text": _Scope.text,
    "is": _Scope.named,
    "any": _Scope.any,
    "all": _Scope.all,
    "not": _Scope.negation,
    "complaint": _Scope.complaint,
    "question": _Scope.question,
    "author": _Scope.author,
}
"""In the order of evaluation."""


def _canonical(node: Node) -> str:
    return json.dumps(node.plain(), sort_keys=True, ensure_ascii=False)


def _once(checks: Mapping[str, Check], name: str, scene: Scene) -> Trace:
    if name not in scene.known:
        scene.known[name] = checks[name](scene)
    return scene.known[name]


def all_of(checks: Iterable[Check]) -> Check:
    """True when each is; the evidence of all, in the order of evaluation."""
    members = tuple(checks)
    if len(members) == 1:
        return members[0]

    def check(scene: Scene) -> Trace:
        found: list[Evidence] = []
        for member in members:
            trace = member(scene)
            if trace is None:
                return None
            found += trace
        return tuple(found)

    return check


def _any(members: Sequence[Check]) -> Check:
    """True when one is. All are asked, so that the order in the file changes neither evidence nor notes."""
    if len(members) == 1:
        return members[0]

    def check(scene: Scene) -> Trace:
        traces = [trace for member in members if (trace := member(scene)) is not None]
        if not traces:
            return None
        return tuple(sorted({evidence for trace in traces for evidence in trace}, key=_reading_order))

    return check


def _reading_order(evidence: Evidence) -> tuple[int, int, str]:
    span = evidence.span
    return (span.start, span.end, evidence.text) if span else (-1, -1, evidence.text)


def _text(search: Search) -> Check:
    def check(scene: Scene) -> Trace:
        places = search(scene.text)
        return None if places is None else tuple(_quoted(scene.text, place) for place in places)

    return check


def _quoted(text: Text, place: tuple[int, int]) -> Evidence:
    span = text.span(*place)
    return Evidence(f'"{" ".join(text.original[span.start : span.end].split())}"', span)


def _bio(searches: Sequence[Search]) -> Check:
    def check(scene: Scene) -> Trace:
        if scene.facts.bio is None:
            scene.notes.add("author.bio unknown")
            return None
        found = [places for search in searches if (places := search(scene.bio)) is not None]
        if not found:
            return None
        quoted = sorted({_quoted(scene.bio, place).text for places in found for place in places})
        return tuple(Evidence(f"bio {text}") for text in quoted)

    return check
