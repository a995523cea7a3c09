"""Which rules are worth a look: most texts hold none of the words without which a rule cannot fire.

Of each `when` it is known which words must stand in a text, one of them at least (`Needs`). Where that cannot
be said, the rule is always looked at. Only a shortcut: it never decides that a rule fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from bot.matcher.text import plain_words
from rules.query import And, ListName, Near, Or, Phrase, Query, Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.terms import Text, WordList

Needs: TypeAlias = frozenset[tuple[str, str]] | None
"""One of these must be there, each as (how, what). None: nothing can be named; an empty set: never fires."""

WORD, BEGIN, PIECE = "word", "begin", "piece"
"""A whole word; the beginning of one; a piece of the text, for scripts without blanks and for signs."""


def of_list(entries: WordList) -> Needs:
    """What a word list needs, whatever the language."""
    return any_of(of_query(entry, {}) for variant in entries.values() for entry in variant)


def of_query(query: Query, lists: Mapping[str, Needs]) -> Needs:
    """What a query needs; `lists`: what each word list does."""
    if isinstance(query, Phrase):
        return frozenset({_of_phrase(query)})
    if isinstance(query, ListName):
        return lists[query.name]
    if isinstance(query, Or):
        return any_of(of_query(part, lists) for part in query.parts)
    if isinstance(query, And):
        return all_of(of_query(part, lists) for part in query.parts)
    if isinstance(query, Near):
        return all_of(of_query(side, lists) for side in (query.left, query.right))
    return None  # a NOT, a regular expression


def any_of(several: Iterable[Needs]) -> Needs:
    """Of alternatives: all their words, if each of them has some."""
    found: set[tuple[str, str]] = set()
    for needs in several:
        if needs is None:
            return None
        found |= needs
    return frozenset(found)


def all_of(several: Iterable[Needs]) -> Needs:
    """Of what must all hold: the one with the fewest words says enough."""
    known = [needs for needs in several if needs is not None]
    if len(known) == 1:
        return known[0]
    return min(known, key=lambda needs: (len(needs), sorted(needs)), default=None)


def _of_phrase(phrase: Phrase) -> tuple[str, str]:
    """Its longest word, whole if there is a whole one."""
    words = [word for term in phrase.terms for word in _words(term)]
    if words:
        return max(words, key=lambda word: (word[0] == WORD, len(word[1]), word[1]))
    return PIECE, phrase.terms[0].text


def _words(term: Term) -> Iterable[tuple[str, str]]:
    """Those in it that stand as such wherever it stands; a prefix may go on where it ends."""
    for word in plain_words(term.text):
        goes_on = term.is_prefix and term.text.endswith(word)
        yield (BEGIN if goes_on else WORD), word


class Blocks:
    """What each `when` needs. `queries`: what each query needs, by its place; `conditions` by name."""

    def __init__(self, queries: Mapping[Location, Needs], conditions: Mapping[str, Node]) -> None:
        self._queries = queries
        self._conditions = conditions
        self._known: dict[str, Needs] = {}

    def of(self, node: Node) -> Needs:
        """For a block that has mistakes, too: nothing can be named then."""
        if isinstance(node.value, list):
            return any_of(map(self.of, node.value))
        if isinstance(node.value, dict):
            return all_of(self._of_key(key, child) for key, child in node.value.items())
        return None

    def _of_key(self, key: str, node: Node) -> Needs:
        several: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
        if key == "text":
            return any_of(self._queries.get(one.location) for one in several)
        if key == "is":
            return any_of(self._of_condition(one.text) for one in several)
        if key == "any":
            return any_of(map(self.of, several))
        if key == "all":
            return all_of(map(self.of, several))
        return None

    def _of_condition(self, name: str) -> Needs:
        """Looked at once, however many use it; one that uses itself needs nothing."""
        if name not in self._known:
            self._known[name] = None
            self._known[name] = self.of(self._conditions[name]) if name in self._conditions else None
        return self._known[name]


class Index:
    """The numbers of what is worth a look in a text, by what each needs."""

    __slots__ = ("_always", "_begins", "_groups", "_lengths", "_pieces", "_words")

    def __init__(self, several: Iterable[Needs]) -> None:
        groups: dict[Needs, list[int]] = {}
        for number, needs in enumerate(several):
            groups.setdefault(needs, []).append(number)
        self._always = groups.pop(None, [])
        self._groups = list(groups.values())
        found: dict[str, dict[str, list[int]]] = {WORD: {}, BEGIN: {}, PIECE: {}}
        for group, needs in enumerate(groups):
            for how, what in needs or ():
                found[how].setdefault(what, []).append(group)
        self._words, self._begins, self._pieces = found[WORD], found[BEGIN], tuple(found[PIECE].items())
        self._lengths = sorted({len(begin) for begin in self._begins})

    def pieces(self) -> Iterator[object]:
        """What takes time to free."""
        yield from self._groups
        for found in (self._words, self._begins, dict(self._pieces)):
            yield from found.values()

    def worth_a_look(self, text: Text) -> list[int]:
        """In order."""
        groups = {group for word in self._words.keys() & text.words for group in self._words[word]}
        for word in text.words if self._lengths else ():
            for length in self._lengths:
                if length > len(word):
                    break
                groups.update(self._begins.get(word[:length], ()))
        for piece, some in self._pieces:
            if piece in text.folded:
                groups.update(some)
        numbers = [*self._always, *(number for group in groups for number in self._groups[group])]
        return sorted(numbers)
