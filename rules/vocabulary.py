"""Word lists and text queries of one rule set: read, resolved, compiled; mistakes point into the query.

Knows `words:` and the query language; knows no other condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.matcher.text import is_spaceless, key
from bot.yamlfile import closest
from rules import listfiles, needs, patterns
from rules.leaves import is_language
from rules.places import within
from rules.query import ListName, Pattern, Phrase, Query, Term, is_positive, parse, walk
from rules.reading import Reader
from rules.report import Code, Report
from rules.signals.language import canonical
from rules.terms import ANY_LANGUAGE, Entry, Search, WordList, compile_query, meaning
from rules.tokens import Mistake, is_operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.needs import Needs

_LONGEST_CHAIN = 20
_FORMS = (listfiles.KEY,)

_BAD_PATTERN = {
    patterns.BadPattern: Code.PATTERN,
    patterns.TooLarge: Code.TOO_LARGE,
    patterns.FoundEverywhere: Code.EVERYTHING,
}


class Vocabulary:
    """The word lists by name, those inside others spread out, and the queries that use them."""

    def __init__(self, words: Mapping[str, Node], texts: Mapping[Path, str], report: Report) -> None:
        self.report = report
        self.used: set[str] = set()
        self._texts = texts
        self._nodes = words
        self.lists: dict[str, WordList] = {}
        self.entries: dict[str, list[tuple[str, Node, Entry]]] = {}
        """What stands in each list itself: the language it is for, where it stands, what it looks for."""
        for name in words:
            self._resolve(name, ())
        self.needs: dict[Location, Needs] = {}
        """What each query needs, by its place."""
        self.queries: dict[Location, Query] = {}
        """Each query that has no mistake, by its place."""
        self._lists_need = {name: needs.of_list(entries) for name, entries in self.lists.items()}

    def query(self, node: Node, reader: Reader, *, is_negated: bool) -> Search | None:
        """Compile one query; None when something is wrong with it, which is then reported."""
        text = reader.text(node, "text")
        if text is None:
            return None
        parsed = parse(text)
        for mistake in parsed.mistakes:
            self._report(mistake, node, reader)
        parts = [*walk(parsed.query)] if parsed.query is not None else []
        if parsed.query is None or not self._are_known(parts, node, reader) or parsed.mistakes:
            return None
        if not is_negated and not is_positive(parsed.query):
            message = (
                f"{reader.label}: this query matches almost everything; put something positive beside NOT"
            )
            self.report.error(Code.EVERYTHING, message, node.location)
            return None
        self._mention_substrings(parts, node, reader)
        self.queries[node.location] = parsed.query
        self.needs[node.location] = needs.of_query(parsed.query, self._lists_need)
        return compile_query(parsed.query, self.lists)

    def _report(self, mistake: Mistake, node: Node, reader: Reader) -> None:
        where = within(node, mistake.at, self._texts)
        message = f"{reader.label}: {mistake.message}"
        self.report.error(Code.QUERY, message, where, suggestion=mistake.suggestion)

    def _are_known(self, parts: Iterable[Query], node: Node, reader: Reader) -> bool:
        """Whether the lists among them are there, and the regular expressions are some."""
        is_known = True
        for part in parts:
            if isinstance(part, ListName):
                self.used.add(part.name)
                is_known &= self._knows(part.name, node, part.at, reader)
            elif isinstance(part, Pattern):
                is_known &= self._compiles(part.text, node, part.at, reader)
        return is_known

    def _compiles(self, pattern: str, node: Node, at: int, reader: Reader) -> bool:
        try:
            patterns.compiled(pattern)
        except patterns.BadPattern as error:
            message = f"{reader.label}: /{pattern}/: {error}"
            self.report.error(_BAD_PATTERN[type(error)], message, within(node, at, self._texts))
            return False
        return True

    def _knows(self, name: str, node: Node, at: int, reader: Reader) -> bool:
        if name in self._nodes:
            return True
        where = within(node, at, self._texts)
        what = f"{reader.label}: unknown word list ${name}"
        self.report.unknown(Code.CONDITION, what, where, name=name, known=self._nodes)
        return False

    def _mention_substrings(self, parts: Iterable[Query], node: Node, reader: Reader) -> None:
        for part in parts:
            if isinstance(part, Phrase):
                self._mention_substring(part, node, reader, part.at)

    def _mention_substring(self, phrase: Phrase, node: Node, reader: Reader, at: int) -> None:
        words = " ".join(term.text for term in phrase.terms)
        if is_spaceless(words[0]) or is_spaceless(words[-1]):
            message = f'{reader.label}: "{words}" is also found inside longer words: its script has no blanks'
            self.report.warn(Code.SUBSTRING, message, within(node, at, self._texts))

    def _resolve(self, name: str, above: tuple[str, ...]) -> WordList:
        if name in self.lists:
            return self.lists[name]
        reader = Reader(self.report, f'word list "{name}"')
        found: dict[str, dict[object, Entry]] = {ANY_LANGUAGE: {}}
        own = self.entries[name] = []
        for lang, node in self._variants(self._nodes[name], reader):
            for entry in self._entries(node, reader):
                for inner, each in self._entry(entry, reader, (*above, name)):
                    if not entry.text.startswith("$"):
                        own.append((lang, entry, each))
                    both = inner if lang == ANY_LANGUAGE else lang
                    if inner in {ANY_LANGUAGE, both}:
                        found.setdefault(both, {}).setdefault(meaning(each), each)
        self.lists[name] = {lang: tuple(entries.values()) for lang, entries in found.items()}
        return self.lists[name]

    def _variants(self, node: Node, reader: Reader) -> Iterator[tuple[str, Node]]:
        """The languages of a list, and what stands under each."""
        if not isinstance(node.value, dict) or listfiles.KEY in node.value:
            yield ANY_LANGUAGE, node
            return
        for name, where in node.keys.items():
            if name == ANY_LANGUAGE or is_language(name):
                yield (name if name == ANY_LANGUAGE else (canonical(name) or name).lower()), node.value[name]
            else:
                message = f'{reader.label}: "{name}" is no language (en, pt-BR …, or "any" for all of them)'
                self.report.error(Code.TYPE, message, where, suggestion=closest(name, [*_FORMS]))

    def _entries(self, node: Node, reader: Reader) -> Iterator[Node]:
        if isinstance(node.value, dict):
            yield from self._from_file(node, reader)
        elif not node.value and not isinstance(node.value, int | float):
            reader.wrong(node, "a list of words")
        else:
            yield from reader.items(node)

    def _from_file(self, node: Node, reader: Reader) -> Iterator[Node]:
        values = reader.fields(node, _FORMS)
        if listfiles.KEY not in values or reader.text(values[listfiles.KEY], "file") is None:
            return
        path = listfiles.path_of(node)
        text = self._texts.get(path) if path else None
        if path is None or text is None:
            wanted = "a file of UTF-8 text (no .yaml), named from the folder of the rules and inside it"
            reader.wrong(values[listfiles.KEY], wanted, "file", code=Code.SYNTAX)
            return
        entries = list(listfiles.lines(text, path))
        if not entries:
            reader.wrong(values[listfiles.KEY], "a file with at least one word in it", "file")
        yield from entries

    def _entry(self, node: Node, reader: Reader, above: tuple[str, ...]) -> Iterator[tuple[str, Entry]]:
        """What one entry stands for, and in which language."""
        text = (reader.text(node, "an entry") or "").strip()
        if text.startswith("$"):
            inner = self._inner(text[1:], node, reader, above)
            yield from ((lang, entry) for lang, entries in inner.items() for entry in entries)
        elif len(text) > 2 and text[0] == text[-1] == "/":
            if self._compiles(text[1:-1], node, 0, reader):
                yield ANY_LANGUAGE, Pattern(text[1:-1], 0)
        elif text and (phrase := self._phrase(text, node, reader)) is not None:
            self._mention_substring(phrase, node, reader, 0)
            yield ANY_LANGUAGE, phrase

    def _inner(self, name: str, node: Node, reader: Reader, above: tuple[str, ...]) -> WordList:
        self.used.add(name)
        if not self._knows(name, node, 0, reader):
            return {}
        if name in above:
            circle = " → ".join(f"${step}" for step in (*above[above.index(name) :], name))
            self.report.error(Code.CYCLE, f"{reader.label}: contains itself: {circle}", node.location)
            return {}
        if len(above) == _LONGEST_CHAIN:
            message = f"{reader.label}: lists use lists more than {_LONGEST_CHAIN} deep"
            self.report.error(Code.CYCLE, message, node.location)
            return {}
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
