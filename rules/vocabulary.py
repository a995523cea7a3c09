"""Word lists and text queries of one rule set: read, resolved, compiled; mistakes point into the query.

Knows `words:` and the query language; knows no other condition.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.matcher.text import is_spaceless, key
from rules.places import within
from rules.query import And, ListName, Near, Not, Or, Phrase, Query, Term, is_positive, parse
from rules.reading import Reader
from rules.report import Code, Report
from rules.terms import Search, compile_query
from rules.tokens import Mistake, is_operator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot.yamlfile import Node

_LONGEST_CHAIN = 20
_REGEX = re.compile(r"/.+/[a-z]*\Z")


class Vocabulary:
    """The word lists by name, those inside others spread out, and the queries that use them."""

    def __init__(self, words: Mapping[str, Node], texts: Mapping[Path, str], report: Report) -> None:
        self.report = report
        self.used: set[str] = set()
        self._texts = texts
        self._nodes = words
        self.lists: dict[str, tuple[Phrase, ...]] = {}
        for name in words:
            self._resolve(name, ())

    def query(self, node: Node, reader: Reader, *, is_negated: bool) -> Search | None:
        """Compile one query; None when something is wrong with it, which is then reported."""
        text = reader.text(node, "text")
        if text is None:
            return None
        parsed = parse(text)
        for mistake in parsed.mistakes:
            self._report(mistake, node, reader)
        if parsed.query is None or not self._knows_lists(parsed.query, node, reader) or parsed.mistakes:
            return None
        if not is_negated and not is_positive(parsed.query):
            message = (
                f"{reader.label}: this query matches almost everything; put something positive beside NOT"
            )
            self.report.error(Code.EVERYTHING, message, node.location)
            return None
        self._mention_substrings(parsed.query, node, reader)
        return compile_query(parsed.query, self.lists)

    def _report(self, mistake: Mistake, node: Node, reader: Reader) -> None:
        where = within(node, mistake.at, self._texts)
        message = f"{reader.label}: {mistake.message}"
        if mistake.is_later:
            self.report.later(message, where)
        else:
            self.report.error(Code.QUERY, message, where, suggestion=mistake.suggestion)

    def _knows_lists(self, query: Query, node: Node, reader: Reader) -> bool:
        unknown = False
        for part in _walk(query):
            if isinstance(part, ListName):
                self.used.add(part.name)
                unknown |= not self._knows(part.name, node, part.at, reader)
        return not unknown

    def _knows(self, name: str, node: Node, at: int, reader: Reader) -> bool:
        if name in self._nodes:
            return True
        where = within(node, at, self._texts)
        what = f"{reader.label}: unknown word list ${name}"
        self.report.unknown(Code.CONDITION, what, where, name=name, known=self._nodes)
        return False

    def _mention_substrings(self, query: Query, node: Node, reader: Reader) -> None:
        for part in _walk(query):
            if isinstance(part, Phrase):
                self._mention_substring(part, node, reader, part.at)

    def _mention_substring(self, phrase: Phrase, node: Node, reader: Reader, at: int) -> None:
        words = " ".join(term.text for term in phrase.terms)
        if is_spaceless(words[0]) or is_spaceless(words[-1]):
            message = f'{reader.label}: "{words}" is also found inside longer words: its script has no blanks'
            self.report.warn(Code.SUBSTRING, message, within(node, at, self._texts))

    def _resolve(self, name: str, above: tuple[str, ...]) -> tuple[Phrase, ...]:
        if name in self.lists:
            return self.lists[name]
        reader = Reader(self.report, f'word list "{name}"')
        phrases: dict[tuple[Term, ...], Phrase] = {}
        for entry in self._entries(self._nodes[name], reader):
            for phrase in self._entry(entry, reader, (*above, name)):
                phrases.setdefault(phrase.terms, phrase)
        self.lists[name] = tuple(phrases.values())
        return self.lists[name]

    def _entries(self, node: Node, reader: Reader) -> Iterator[Node]:
        if isinstance(node.value, dict):
            self._later_form(node, reader)
        elif not node.value and not isinstance(node.value, int | float):
            reader.wrong(node, "a list of words")
        else:
            yield from reader.items(node)

    def _later_form(self, node: Node, reader: Reader) -> None:
        names = {"file": 'a list from a "file:"', "add": '"add:"', "remove": '"remove:"'}
        for name, where in node.keys.items():
            self.report.later(f"{reader.label}: {names.get(name, 'a variant for each language')}", where)

    def _entry(self, node: Node, reader: Reader, above: tuple[str, ...]) -> tuple[Phrase, ...]:
        text = (reader.text(node, "an entry") or "").strip()
        if text.startswith("$"):
            return self._inner(text[1:], node, reader, above)
        if _REGEX.match(text):
            self.report.later(f"{reader.label}: a regular expression (/…/)", node.location)
            return ()
        phrase = self._phrase(text, node, reader) if text else None
        if phrase is None:
            return ()
        self._mention_substring(phrase, node, reader, 0)
        return (phrase,)

    def _inner(self, name: str, node: Node, reader: Reader, above: tuple[str, ...]) -> tuple[Phrase, ...]:
        self.used.add(name)
        if not self._knows(name, node, 0, reader):
            return ()
        if name in above:
            circle = " → ".join(f"${step}" for step in (*above[above.index(name) :], name))
            self.report.error(Code.CYCLE, f"{reader.label}: contains itself: {circle}", node.location)
            return ()
        if len(above) == _LONGEST_CHAIN:
            message = f"{reader.label}: lists use lists more than {_LONGEST_CHAIN} deep"
            self.report.error(Code.CYCLE, message, node.location)
            return ()
        return self._resolve(name, above)

    def _phrase(self, text: str, node: Node, reader: Reader) -> Phrase | None:
        """One word or phrase; within quotation marks nothing in it is special."""
        if len(text) > 1 and text[0] in '"“”„' and text[-1] in '"“”„':
            return self._of([Term(key(text[1:-1]))], text, node, reader)
        words = text.split()
        operator = next((word for word in words if is_operator(word)), None)
        if operator is not None:
            message = (
                f'{reader.label}: an entry is one word or phrase; "{operator}" belongs in a query under text'
            )
            self.report.error(Code.QUERY, message, within(node, text.index(operator), self._texts))
            return None
        return self._of(
            [Term(key(word.removesuffix("*")), word.endswith("*")) for word in words], text, node, reader
        )

    def _of(self, terms: list[Term], text: str, node: Node, reader: Reader) -> Phrase | None:
        if all(term.text for term in terms):
            return Phrase(tuple(terms), 0)
        message = f'{reader.label}: there is nothing to look for in "{text}"'
        self.report.error(Code.QUERY, message, node.location)
        return None


def _walk(query: Query) -> Iterator[Query]:
    yield query
    if isinstance(query, And | Or):
        for part in query.parts:
            yield from _walk(part)
    elif isinstance(query, Near):
        yield from _walk(query.left)
        yield from _walk(query.right)
    elif isinstance(query, Not):
        yield from _walk(query.part)
