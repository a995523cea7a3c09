"""The query matcher against a slow, obvious one: regular expressions and every pair of places."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from rules.needs import Index, of_list, of_query
from rules.query import And, ListName, Near, Not, Or, Pattern, Phrase, Query, parse
from rules.terms import ANY_LANGUAGE, Text, compile_query

QUERIES, TEXTS = 100, 100
"""For each of the fresh seeds, of which there are ten."""
WORDS = ("late", "refund", "money", "a", "b", "c++", "#acme", "@acme", "don't", "x1")
BREAKS = (" ", " ", " ", " ", ", ", ". ", "-", "\n", "\u2029", "")
LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "pay": {ANY_LANGUAGE: ("money", "re*"), "de": ("late",)},
    "few": {"fr": ("a b",)},
    "many": {
        ANY_LANGUAGE: (
            "late",
            "refunds",
            "mon*",
            "a b",
            "b a",
            "c++ a",
            "#acme",
            "@acme b",
            "don't",
            "x1 x1",
            "late late",
            "fund",
            "money refund",
            "x1 late",
            "b b",
            "a refund",
            "refund a",
            "fu*",
        ),
    },
}
"""`many` is so long that it is asked first which of its entries a text may hold."""
PART_BREAK = "\u2029"


def places(query: Query, text: str, lang: str) -> set[tuple[int, int]]:
    """Each place of a word, a phrase, a pattern, a list, and each pair that is near enough."""
    if isinstance(query, Phrase):
        return found(" ".join(term.text + "*" * term.is_prefix for term in query.terms), text)
    if isinstance(query, Pattern):
        parts = re.finditer(f"[^{PART_BREAK}]*", text)
        return {
            (part.start() + hit.start(), part.start() + hit.end())
            for part in parts
            for hit in re.finditer(query.text, part[0], re.IGNORECASE)
            if hit[0]
        }
    if isinstance(query, ListName):
        variants = LISTS[query.name]
        wanted = (*variants.get(ANY_LANGUAGE, ()), *variants.get(lang, ()))
        return {place for entry in wanted for place in found(entry, text)}
    if isinstance(query, Or):
        return {place for part in query.parts for place in places(part, text, lang)}
    assert isinstance(query, Near)
    lefts, rights = places(query.left, text, lang), places(query.right, text, lang)
    pairs = {(one, other) for one in lefts for other in rights}
    if not query.is_ordered:
        pairs |= {(other, one) for one, other in pairs}
    return {
        (first[0], second[1])
        for first, second in pairs
        if first[1] <= second[0] and between(text, first[1], second[0]) <= query.words
    }


def found(entry: str, text: str) -> set[tuple[int, int]]:
    """`entry` as it is written in a list."""
    words = entry.split(" ")
    pattern = " ".join(re.escape(word.removesuffix("*")) + r"\w*" * word.endswith("*") for word in words)
    before = r"(?<!\w)" if re.match(r"[\w#@]", words[0]) else ""
    behind = r"(?!\w)" if re.search(r"[\w*]\Z", words[-1]) else ""
    looked_for = re.compile(f"(?={before}({pattern}){behind})")
    return {hit.span(1) for hit in looked_for.finditer(text)}


def between(text: str, end: int, start: int) -> int:
    """Words that begin there; too many where a part of the post ends there."""
    if PART_BREAK in text[end:start]:
        return 10**6
    begins = (hit.start() for hit in re.finditer(r"\w+(?:'\w+)*", text))
    return sum(end <= at < start for at in begins)


def holds(query: Query, text: str, lang: str) -> bool:
    if isinstance(query, And):
        return all(holds(part, text, lang) for part in query.parts)
    if isinstance(query, Or):
        return any(holds(part, text, lang) for part in query.parts)
    if isinstance(query, Not):
        return not holds(query.part, text, lang)
    return bool(places(query, text, lang))


class Made:
    """Queries and texts by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def text(self) -> str:
        pieces = (
            self.chance.choice((*WORDS, *WORDS, "fund", "refunds", "!"))
            for _ in range(self.chance.randrange(14))
        )
        return "".join(piece + self.chance.choice(BREAKS) for piece in pieces)

    def query(self, depth: int = 3) -> str:
        """A whole one: alternatives of conjunctions, some of them negated."""
        make: Callable[[], str] = (lambda: self.part(depth)) if depth else self.near
        parts = [make() for _ in range(self.chance.choice((1, 1, 2, 3)))]
        return f" {self.chance.choice(('AND', 'OR'))} ".join(parts)

    def part(self, depth: int) -> str:
        kind = self.chance.random()
        if kind < 0.2:
            return f"({self.query(depth - 1)})"
        return f"NOT {self.near()}" if kind < 0.35 else self.near()

    def near(self) -> str:
        sides = [self.atom() for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3)))]
        return "".join(
            side
            + (f" {self.chance.choice(('NEAR', 'BEFORE'))}/{self.chance.randrange(4)} ")
            * (at < len(sides) - 1)
            for at, side in enumerate(sides)
        )

    def atom(self) -> str:
        kind = self.chance.random()
        if kind < 0.15:
            return f"${self.chance.choice(sorted(LISTS))}"
        if kind < 0.3:
            return f"/{self.chance.choice(('re[a-z]+', 'a|b', '^late', '[0-9]$', 'o.e'))}/"
        if kind < 0.4:
            return f"({self.atom()} OR {self.atom()})"
        words = [self.chance.choice(WORDS) for _ in range(self.chance.choice((1, 1, 1, 2)))]
        return " ".join(word + "*" * (word[-1].isalpha() and self.chance.random() < 0.2) for word in words)


def disagreements(seed: int) -> Iterator[str]:
    made = Made(seed)
    lists = {
        name: {lang: [entry_of(entry) for entry in entries] for lang, entries in variants.items()}
        for name, variants in LISTS.items()
    }
    texts = [made.text() for _ in range(TEXTS)]
    for _ in range(QUERIES):
        written = made.query()
        parsed = parse(written)
        assert parsed.query is not None
        assert () == parsed.mistakes, (written, parsed.mistakes)
        search = compile_query(parsed.query, lists)
        index = Index([of_query(parsed.query, {name: of_list(entries) for name, entries in lists.items()})])
        for text in texts:
            lang = made.chance.choice(("en", "de", "fr"))
            whole = Text(text, lang)
            is_found = search(whole) is not None
            if is_found != holds(parsed.query, whole.folded, lang):
                yield f"{written} in {text!r} ({lang})"
            if is_found and not index.worth_a_look(whole):
                yield f"{written} is not looked at in {text!r}"


def entry_of(entry: str) -> Phrase:
    query = parse(entry).query
    assert isinstance(query, Phrase)
    return query


def test_equal_to_the_reference(matcher_seed: int) -> None:
    """A hundred thousand pairs of a query and a text in each run, the same answer for each."""
    assert [] == list(disagreements(matcher_seed))[:3]
