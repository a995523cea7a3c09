"""`when` blocks compiled to closures.

Knows which conditions there are, how they nest, and the one order they are evaluated in, whatever the order
in the file: facts at hand, then words, then named and nested conditions, last what may be unknown. What is
not in its tables is an error; nothing is ever taken for false. No `eval`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from rules import counters, leaves, measures, ranges, times
from rules.checks import all_of, any_of, found_in_bio, found_in_text
from rules.reading import Reader
from rules.report import Code, Report
from rules.scene import Check, Parts, Scene, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.counters import Asked
    from rules.terms import Search
    from rules.vocabulary import Vocabulary

AUTHOR_FIELDS = (
    "handle", "bio", "followers", "following", "age", "verified", "tier", "known", "staff", "language",
)  # fmt: skip
_DEEPEST_BLOCK = 12
_LONGEST_CHAIN = 20
"""Of conditions that use conditions. Both keep `judge` far from Python's recursion limit."""


class Compiler:
    """Compiles the blocks of one set; named conditions first, each once."""

    def __init__(
        self,
        conditions: Mapping[str, Node],
        vocabulary: Vocabulary,
        report: Report,
        stretches: times.Times,
    ) -> None:
        self.report = report
        self.used: set[str] = set()
        self.times_used: set[str] = set()
        self.waits: set[timedelta] = set()
        """After how long an ask that still waits is to be judged again."""
        self.looks_at: set[str] = set()
        """Which facts any block asks for: not all of them are looked up for sets that do not."""
        self.times = stretches
        self.counters = counters.Counters(conditions, vocabulary.lists)
        self._counted: dict[str, Location] = {}
        self._counting: set[str] = set()
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

    def counted(self, asked: Asked | None, node: Node, reader: Reader, inside: str | None) -> Check | None:
        """The check of a `rate` or `spike`; what it counts is a condition by name."""
        check = self.named(node, reader, inside)
        if check is None or asked is None:
            return None
        self._counted.setdefault(asked.of, node.location)
        if inside is not None:
            self._counting.add(inside)
        return asked.check(self.counters.window(asked, check))

    def check_counted(self) -> None:
        """When all is compiled: what is counted must not itself depend on a count."""
        for name, where in sorted(self._counted.items()):
            if not self._counting.isdisjoint(self._reachable(name)):
                message = f'condition "{name}" is counted, so it must not itself use rate or spike'
                self.report.error(Code.CYCLE, message, where)

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
            return any_of(())
        self._depth += 1
        try:
            return self._block(node)
        finally:
            self._depth -= 1

    def _block(self, node: Node) -> Check:
        if isinstance(node.value, list) and node.value:
            return any_of([self.block(child) for child in node.value])
        return all_of(check for _, check in self.parts(node))

    def parts(self, node: Node) -> Parts:
        """The conditions that stand side by side, in the order of evaluation."""
        values = self.reader.fields(node, CONDITIONS, what="condition")
        self.compiler.looks_at.update(values)
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
        return any_of([found_in_text(search) for search in self._searches(node)])

    def bio(self, node: Node) -> Check:
        return found_in_bio([*self._searches(node)])

    def named(self, node: Node) -> Check:
        named = (self.compiler.named(child, self.reader, self.inside) for child in self.reader.items(node))
        return any_of([check for check in named if check is not None])

    def any(self, node: Node) -> Check:
        return any_of([self.block(child) for child in self._blocks(node)])

    def all(self, node: Node) -> Check:
        return all_of(self.block(child) for child in sorted(self._blocks(node), key=_canonical))

    def negation(self, node: Node) -> Check:
        was_negated, self.is_negated = self.is_negated, True
        inner = self.block(node)
        self.is_negated = was_negated
        return lambda scene: None if inner(scene) is not None else ()

    def signal(self, name: str, node: Node) -> Check:
        return leaves.signal(name, node, self.reader)

    def engagement(self, node: Node) -> Check:
        values = self._fields(node, measures.ENGAGEMENT, "engagement")
        return all_of(measures.engagement(name, values[name], self.reader) for name in values)

    def history(self, node: Node) -> Check:
        values = self._fields(node, measures.HISTORY, "history")
        return all_of(measures.history(values, self.reader) if values else ())

    def thread(self, node: Node) -> Check:
        values = self._fields(node, measures.THREAD, "thread")
        checks = []
        if "position" in values:
            checks.append(measures.position(values["position"], self.reader))
        if "we_spoke" in values:
            checks.append(measures.we_spoke(values["we_spoke"], self.reader))
        if "waiting" in values:
            checks.append(measures.waiting(values["waiting"], self.reader))
            self.compiler.waits.update(_wakes(values["waiting"], self.reader))
        return all_of(checks)

    def _fields(self, node: Node, known: Sequence[str], what: str) -> Mapping[str, Node]:
        """The fields of a block, in the order of evaluation. A block of none is wrong."""
        values = self.reader.fields(node, known, what=f"{what} field")
        if not node.value:
            self.reader.wrong(node, f"at least one {what} field", what)
        return {name: values[name] for name in known if name in values}

    def links(self, node: Node) -> Check:
        return measures.links(node, self.reader)

    def rating(self, node: Node) -> Check:
        return measures.rating(node, self.reader)

    def media(self, node: Node) -> Check:
        return measures.media(node, self.reader)

    def time(self, node: Node) -> Check:
        """Within one of the named stretches of the week, when it was posted."""
        stretches: list[times.Stretch] = []
        for child in self.reader.items(node):
            name = self.reader.text(child, "time")
            if name is not None and name not in self.compiler.times:
                self.reader.unknown(Code.NAME, "time", child.location, name=name, known=self.compiler.times)
            elif name is not None:
                self.compiler.times_used.add(name)
                stretches += self.compiler.times[name]
        return partial(_then, tuple(stretches))

    def rate(self, node: Node) -> Check:
        return self._counted(counters.rate(node, self.reader), node)

    def spike(self, node: Node) -> Check:
        return self._counted(counters.spike(node, self.reader), node)

    def _counted(self, asked: Asked | None, node: Node) -> Check:
        of = node.value.get("of") if isinstance(node.value, dict) else None
        check = of and self.compiler.counted(asked, of, self.reader, self.inside)
        return check or any_of(())

    def author(self, node: Node) -> Check:
        values = self._fields(node, AUTHOR_FIELDS, "author")
        fields: Mapping[str, Callable[[Node], Check]] = {
            "handle": lambda child: leaves.handle(child, self.reader),
            "bio": self.bio,
            "followers": lambda child: leaves.count("followers", child, self.reader),
            "following": lambda child: leaves.count("following", child, self.reader),
            "age": lambda child: leaves.age(child, self.reader),
            "verified": lambda child: leaves.verified(child, self.reader),
            "tier": lambda child: measures.tier(child, self.reader),
            "known": lambda child: measures.customer("known", child, self.reader),
            "staff": lambda child: measures.customer("staff", child, self.reader),
            "language": lambda child: measures.author_language(child, self.reader),
        }
        return all_of(fields[name](child) for name, child in values.items())

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


def _by_signal(name: str, scope: _Scope, node: Node) -> Check:
    return scope.signal(name, node)


CONDITIONS: Mapping[str, Callable[[_Scope, Node], Check]] = {
    "platform": _Scope.platform,
    "kind": _Scope.kind,
    "lang": _Scope.language,
    "links": _Scope.links,
    "media": _Scope.media,
    "time": _Scope.time,
    "text": _Scope.text,
    "is": _Scope.named,
    "any": _Scope.any,
    "all": _Scope.all,
    "not": _Scope.negation,
    **{name: partial(_by_signal, name) for name in leaves.SIGNALS},
    "author": _Scope.author,
    "history": _Scope.history,
    "thread": _Scope.thread,
    "rating": _Scope.rating,
    "engagement": _Scope.engagement,
    "rate": _Scope.rate,
    "spike": _Scope.spike,
}
"""In the order of evaluation."""


def _canonical(node: Node) -> str:
    return json.dumps(node.plain(), sort_keys=True, ensure_ascii=False)


def _wakes(node: Node, reader: Reader) -> Iterable[timedelta]:
    """The moments at which `waiting` may become true: just after, where it asks for more than that."""
    for child in reader.items(node):
        for (low, just_above), high in ranges.of_comparison(child.text) or ():
            with suppress(OverflowError):  # nobody waits for as long
                if high == ranges.HIGHEST:
                    yield timedelta(seconds=low + just_above)


def _then(stretches: Sequence[times.Stretch], scene: Scene) -> Trace:
    if scene.facts.at is None:
        scene.notes.add("time unknown")
        return None
    return () if times.holds(stretches, scene.facts.at) else None


def _once(checks: Mapping[str, Check], name: str, scene: Scene) -> Trace:
    if name not in scene.known:
        scene.known[name] = checks[name](scene)
    return scene.known[name]
