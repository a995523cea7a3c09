"""`rate` and `spike`: conditions on how many mentions met a named condition before.

What they count is kept elsewhere (bot.counting); the numbers stand in the facts. A counter is known by what
it counts, not by its rule: two rules that count the same share it, and it goes on when only a limit changes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot import duration
from bot.measured import Tally, Window
from rules.query import ListName, parse, walk
from rules.report import Code
from rules.scene import Check, Evidence, Scene, Trace
from rules.terms import meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

    from bot.model import Facts
    from bot.yamlfile import Node
    from rules.reading import Reader
    from rules.terms import WordList

RATE = ("of", "in", "at_least", "distinct", "by")
"""The first three must be there."""
SPIKE = ("of", "in", "against", "times", "at_least")
_MOST = 1_000_000
FACTS: Mapping[str, Callable[[Facts], str | None]] = {
    "author": lambda facts: facts.author_id or facts.handle,
    "platform": lambda facts: facts.platform,
    "lang": lambda facts: facts.lang,
    "kind": lambda facts: facts.kind.value,
}
"""What can be told apart (`distinct`), and what can be counted apart (`by`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What is counted: mentions that meet `check`, each `distinct` value once, apart for each `by`."""

    key: str
    check: Check
    distinct: str | None = None
    by: str | None = None
    windows: dict[str, Window] = field(default_factory=dict)

    def tally(self, scene: Scene) -> Tally:
        facts = scene.facts
        return Tally(
            counter=self.key,
            group=(FACTS[self.by](facts) or "") if self.by else "",
            windows=tuple(self.windows[name] for name in sorted(self.windows)),
            counts=self.check(scene) is not None,
            value=FACTS[self.distinct](facts) if self.distinct else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One `rate` or `spike` as written. `times` None: a rate."""

    of: str
    length: timedelta
    at_least: int
    distinct: str | None = None
    by: str | None = None
    against: timedelta | None = None
    times: float | None = None

    def check(self, window: str) -> Check:
        what = "rate" if self.times is None else "spike"

        def check(scene: Scene) -> Trace:
            counted = scene.facts.counters.get(window)
            if counted is None:
                scene.notes.add(f"{what} of {self.of} unknown")
                return None
            if counted.now < self.at_least:
                return None
            told = f"{self.of} {counted.now} in {duration.show(self.length)}"
            if self.times is None:
                return (Evidence(told),)
            if counted.usual is None:
                scene.notes.add(f"spike of {self.of} unknown: nothing to compare with yet")
                return None
            holds = counted.now >= self.times * counted.usual
            return (Evidence(f"{told}, usual {counted.usual:.1f}"),) if holds else None

        return check


def rate(node: Node, reader: Reader) -> Asked | None:
    values = reader.fields(node, RATE)
    asked = _asked(values, RATE[:3], node, reader, "rate")
    distinct, by = _fact(values, "distinct", reader), _fact(values, "by", reader)
    return asked and replace(asked, distinct=distinct, by=by)


def spike(node: Node, reader: Reader) -> Asked | None:
    values = reader.fields(node, SPIKE)
    asked = _asked(values, SPIKE, node, reader, "spike")
    against = reader.duration(values.get("against"), "against")
    times = _times(values.get("times"), reader)
    if asked is None or against is None or times is None:
        return None
    if against <= asked.length:
        reader.wrong(values["against"], f'longer than "in" ({duration.show(asked.length)})', "against")
    return replace(asked, against=against, times=times)


def _asked(
    values: Mapping[str, Node], names: tuple[str, ...], node: Node, reader: Reader, what: str
) -> Asked | None:
    """What both have; None when something is missing or wrong, which is then reported."""
    missing = [name for name in names if name not in values]
    if missing:
        message = f"{reader.label}: {what} has no {', '.join(missing)}"
        reader.report.error(Code.MISSING, message, node.location)
    of = reader.text(values.get("of"), "of")
    length = reader.duration(values.get("in"), "in")
    at_least = reader.integer(values.get("at_least"), "at_least", low=1, high=_MOST)
    if missing or of is None or length is None or at_least is None:
        return None
    return Asked(of=of, length=length, at_least=at_least)


def _times(node: Node | None, reader: Reader) -> float | None:
    if node is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or node.value <= 1:
        reader.wrong(node, "a number above 1", "times")
        return None
    return float(node.value)


def _fact(values: Mapping[str, Node], name: str, reader: Reader) -> str | None:
    text = reader.text(values.get(name), name)
    if text is not None and text not in FACTS:
        reader.unknown(Code.NAME, name, values[name].location, name=text, known=FACTS)
    return text


class Counters:
    """The counters of one set, each once."""

    def __init__(self, conditions: Mapping[str, Node], lists: Mapping[str, WordList]) -> None:
        self._conditions = conditions
        self._lists = lists
        self.by_key: dict[str, Counter] = {}

    def window(self, asked: Asked, check: Check) -> str:
        """The name under which the facts hold what it asks for."""
        what = [asked.of, sorted(set(self._definition(asked.of))), asked.distinct, asked.by]
        text = json.dumps(what, ensure_ascii=False)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        counter = self.by_key.setdefault(
            key, Counter(key=key, check=check, distinct=asked.distinct, by=asked.by)
        )
        against = f" against {duration.show(asked.against)}" if asked.against else ""
        name = f"{asked.of} {key} in {duration.show(asked.length)}{against}"
        counter.windows[name] = Window(name=name, length=asked.length, against=asked.against)
        return name

    def _definition(self, name: str) -> Iterator[str]:
        """All that decides whether a mention meets a condition: blocks and word lists, down to the last."""
        known: set[str] = set()
        waiting = [name]
        while waiting:
            here = waiting.pop()
            if here in known or here not in self._conditions:
                continue
            known.add(here)
            plain = self._conditions[here].plain()
            yield f"{here}={_canonical(plain)}"
            for text in _texts(plain):
                waiting.append(text)
                yield from self._words(text)

    def _words(self, text: str) -> Iterator[str]:
        query = parse(text).query
        for part in walk(query) if query is not None else ():
            if isinstance(part, ListName) and part.name in self._lists:
                entries = self._lists[part.name]
                told = {lang: sorted(repr(meaning(one)) for one in entries[lang]) for lang in sorted(entries)}
                yield f"${part.name}={json.dumps(told, ensure_ascii=False)}"


def _canonical(plain: object) -> str:
    """The same whatever the order of keys and of lists, which never matters in a condition."""
    if isinstance(plain, dict):
        return json.dumps({name: _canonical(value) for name, value in plain.items()}, sort_keys=True)
    return json.dumps(sorted(map(_canonical, plain)) if isinstance(plain, list) else plain)


def _texts(plain: object) -> Iterator[str]:
    if isinstance(plain, dict):
        for value in plain.values():
            yield from _texts(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from _texts(value)
    elif isinstance(plain, str):
        yield plain
