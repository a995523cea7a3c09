"""Text queries compiled to closures over a folded text.

A search answers with the places that made it true: an empty tuple is "true, by what is absent", None is
"false". Knows the matcher's text; knows nothing of YAML, rules or mentions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice

from bot.matcher.text import PART_BREAK, FoldedText, ends_word, plain_words, word_end
from rules import needs, patterns
from rules.query import And, ListName, Near, Not, Or, Pattern, Phrase, Query, Term

Place = tuple[int, int]
"""[start, end) in the folded text."""
ANY_LANGUAGE = "any"
"""The variant of a list that is looked for in every text."""
_LONG_LIST = 16
"""From so many entries on it is quicker to ask first which of them a text may hold."""


class Text(FoldedText):
    """What queries look at, and the language that decides between the variants of a list (None: unknown)."""

    def __init__(self, original: str, lang: str | None = None) -> None:
        super().__init__(original)
        language, _, region = (lang or "").lower().partition("-")
        self.variants = (ANY_LANGUAGE, language, f"{language}-{region}")

    @cached_property
    def words(self) -> frozenset[str]:
        """See `rules.needs`."""
        return plain_words(self.folded)


Search = Callable[[Text], tuple[Place, ...] | None]
Places = Callable[[Text], Sequence[Place]]
Entry = Phrase | Pattern
WordList = Mapping[str, Sequence[Entry]]
"""What a list looks for, by language; what it looks for in every text stands under `ANY_LANGUAGE`."""


def meaning(entry: Entry) -> object:
    """Two entries that look for the same are one, wherever they stand."""
    return entry.terms if isinstance(entry, Phrase) else entry.text


_MOST_PAIRS = 10_000
"""A bound on the pairs that one NEAR carries on (first in the text first): no post can stall the daemon."""


def _phrase(phrase: Phrase) -> Places:
    """All its places, whole words only, a prefix running to its word's end."""
    first, *rest = _runs(phrase)

    def places(text: Text) -> Sequence[Place]:
        return text.occurrences(first.text, is_prefix=first.is_prefix)

    return (lambda text: _finished(text.folded, places(text), rest)) if rest else places


def _finished(folded: str, begun: Iterable[Place], rest: Sequence[Term]) -> list[Place]:
    found: list[Place] = []
    for start, first_end in begun:
        end: int | None = first_end
        for term in rest:
            end = _next_end(folded, end, term) if end is not None else None
        if end is not None:
            found.append((start, end))
    return found


def _runs(phrase: Phrase) -> list[Term]:
    """The phrase cut behind each star: `cancel* my plan` is `cancel*` and `my plan`."""
    runs: list[Term] = []
    for term in phrase.terms:
        if runs and not runs[-1].is_prefix:
            runs[-1] = Term(f"{runs[-1].text} {term.text}", term.is_prefix)
        else:
            runs.append(term)
    return runs


def _next_end(folded: str, at: int, term: Term) -> int | None:
    """Where `term` ends, if it follows after one blank."""
    end = at + 1 + len(term.text)
    if folded[at : at + 1] != " " or not folded.startswith(term.text, at + 1):
        return None
    if term.is_prefix:
        return word_end(folded, end)
    return end if ends_word(folded, end) else None


def compile_query(query: Query, lists: Mapping[str, WordList]) -> Search:
    """A search for the query. Every list it names must be in `lists`."""
    if isinstance(query, And):
        return _all([compile_query(part, lists) for part in query.parts])
    if isinstance(query, Or):
        return _any([compile_query(part, lists) for part in query.parts])
    if isinstance(query, Not):
        return _not(compile_query(query.part, lists))
    return _first(_places(query, lists))


def _places(query: Query, lists: Mapping[str, WordList]) -> Places:
    if isinstance(query, Phrase | Pattern):
        return find(query)
    if isinstance(query, ListName):
        return _list(lists[query.name])
    if isinstance(query, Or):
        return _every([_places(part, lists) for part in query.parts])
    if isinstance(query, Near):
        sides = _places(query.left, lists), _places(query.right, lists)
        return _near(*sides, query.words, is_ordered=query.is_ordered)
    raise TypeError(f"{type(query).__name__} marks no places")  # the parser refused it


def find(entry: Entry) -> Places:
    """All places of one entry of a list."""
    return _phrase(entry) if isinstance(entry, Phrase) else _pattern(entry)


def _list(variants: WordList) -> Places:
    """Of each list the entries for any language, and those for the text's own."""
    compiled = {lang: _some(entries) for lang, entries in variants.items()}
    if compiled.keys() == {ANY_LANGUAGE}:
        return compiled[ANY_LANGUAGE]
    return lambda text: [
        place for lang in text.variants if lang in compiled for place in compiled[lang](text)
    ]


def _some(entries: Sequence[Entry]) -> Places:
    """The places of many entries: of a long list only those are looked for whose words stand in the text."""
    several = [find(entry) for entry in entries]
    if len(entries) < _LONG_LIST:
        return _every(several)
    index = needs.Index(needs.of_query(entry, {}) for entry in entries)
    return lambda text: [place for number in index.worth_a_look(text) for place in several[number](text)]


def _pattern(pattern: Pattern) -> Places:
    """Each part of a post by itself: `^` and `$` are its ends."""
    finder = patterns.compiled(pattern.text)

    def places(text: Text) -> list[Place]:
        found: list[Place] = []
        begin = 0
        for part in text.folded.split(PART_BREAK):
            found += ((begin + start, begin + end) for start, end in patterns.places(finder, part))
            begin += len(part) + len(PART_BREAK)
        return found

    return places


def _first(places: Places) -> Search:
    """True where something stands; the evidence is what stands first, the longest of those."""

    def search(text: Text) -> tuple[Place, ...] | None:
        found = places(text)
        if not found:
            return None
        return (min(found, key=_leftmost) if len(found) > 1 else found[0],)

    return search


def _leftmost(place: Place) -> Place:
    return place[0], -place[1]


def _every(several: Sequence[Places]) -> Places:
    return lambda text: [place for each in several for place in each(text)]


def _all(searches: Sequence[Search]) -> Search:
    def search(text: Text) -> tuple[Place, ...] | None:
        found: list[Place] = []
        for each in searches:
            places = each(text)
            if places is None:
                return None
            found += places
        return tuple(found)

    return search


def _any(searches: Sequence[Search]) -> Search:
    def search(text: Text) -> tuple[Place, ...] | None:
        return next((places for each in searches if (places := each(text)) is not None), None)

    return search


def _not(inner: Search) -> Search:
    def search(text: Text) -> tuple[Place, ...] | None:
        return None if inner(text) is not None else ()

    return search


def _near(left: Places, right: Places, words: int, *, is_ordered: bool) -> Places:
    def places(text: Text) -> Sequence[Place]:
        others = _in_order(right(text))
        ones = _in_order(left(text)) if others else ()
        if not ones:
            return ()
        forward = _pairs(text, ones, others, words)
        return forward if is_ordered else _in_order([*forward, *_pairs(text, others, ones, words)])

    return places


def _in_order(places: Sequence[Place]) -> Sequence[Place]:
    """Each once. Most often there is one, and then nothing to sort."""
    return sorted(set(places)) if len(places) > 1 else places


def _pairs(text: Text, firsts: Sequence[Place], seconds: Sequence[Place], words: int) -> list[Place]:
    """What reaches from one of `firsts` to one of `seconds` behind it, close enough; not too many."""
    found: list[Place] = []
    begin = 0
    for start, end in firsts:
        while begin < len(seconds) and seconds[begin][0] < start:
            begin += 1
        for second_start, second_end in islice(seconds, begin, None):
            if second_start >= end:
                if not text.is_near(end, second_start, words):
                    break
                if len(found) == _MOST_PAIRS:
                    return found
                found.append((start, second_end))
    return found
