"""The grammar of text queries (docs/rules.md, "Text queries"): a lexer and a parser that recovers.

Turns one string into a tree; every mistake in it is collected with its place inside the string. Knows
neither word lists (only that a name stands there) nor how a text is searched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.matcher.text import key
from rules.tokens import Kind, Mistake, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DEEPEST = 40
_WORDS = (Kind.WORD, Kind.QUOTED)
_BETWEEN = (Kind.NEAR, Kind.BEFORE)
_AFTER_ALL = (Kind.END, Kind.OR, Kind.CLOSE)


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a phrase, in its normal form."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side."""

    terms: tuple[Term, ...]
    at: int


@dataclass(frozen=True, slots=True)
class ListName:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, as it stands between the slashes."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Near:
    """`left` and `right` with at most `words` words between them; `is_ordered`: the left one first."""

    left: Query
    right: Query
    words: int
    at: int
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    part: Query
    at: int


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Query, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Query, ...]
    at: int


Query = Phrase | ListName | Pattern | Near | Not | And | Or


@dataclass(frozen=True, slots=True)
class Parsed:
    """`query` is None when there is nothing to search for; it is only to be used without mistakes."""

    query: Query | None
    mistakes: tuple[Mistake, ...]


def parse(text: str) -> Parsed:
    """Read a query. Never raises: what is wrong is in `mistakes`, in the order of places."""
    parser = _Parser(text)
    query = parser.whole()
    return Parsed(query, tuple(sorted(parser.mistakes, key=lambda mistake: mistake.at)))


def is_positive(query: Query) -> bool:
    """Whether a text must contain something to match: `NOT a` and `a OR NOT b` match almost everything."""
    if isinstance(query, Not):
        return False
    if isinstance(query, And):
        return any(map(is_positive, query.parts))
    if isinstance(query, Or):
        return all(map(is_positive, query.parts))
    return True


def is_searchable(query: Query) -> bool:
    """Whether a query marks places, as NEAR needs it: words, lists, alternatives of them, NEAR itself."""
    if isinstance(query, Or):
        return all(map(is_searchable, query.parts))
    return not isinstance(query, And | Not)


def show(query: Query) -> str:
    """A query as it may be written."""
    if isinstance(query, Phrase):
        return " ".join(term.text + "*" * term.is_prefix for term in query.terms)
    if isinstance(query, ListName):
        return f"${query.name}"
    if isinstance(query, Pattern):
        return f"/{query.text}/"
    if isinstance(query, Near):
        operator = "BEFORE" if query.is_ordered else "NEAR"
        return f"{show(query.left)} {operator}/{query.words} {show(query.right)}"
    if isinstance(query, Not):
        return f"NOT {show(query.part)}"
    between = " OR " if isinstance(query, Or) else " AND "
    return f"({between.join(map(show, query.parts))})"


def _near(left: Query, right: Query, operator: Token) -> Near:
    is_ordered = operator.kind is Kind.BEFORE
    return Near(left, right, operator.number, operator.at, is_ordered)


def walk(query: Query) -> Iterator[Query]:
    """The query and everything in it."""
    waiting = [query]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, And | Or):
            waiting += reversed(part.parts)
        elif isinstance(part, Near):
            waiting += (part.right, part.left)
        elif isinstance(part, Not):
            waiting.append(part.part)


class _Parser:
    """Recursive descent, one method a level of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens, self.mistakes = tokens(text)
        self.position = 0
        self.token = self.tokens[0]
        self.depth = 0

    def whole(self) -> Query | None:
        query = self._or()
        while self._has_more():
            self._mistake('")" closes nothing', self._take())
            more = self._or() if self._has_more() else None
            query = query or more
        if query is None and not self.mistakes:
            self._mistake("the query is empty", self.token)
        return query

    def _has_more(self) -> bool:
        return self.token.kind is not Kind.END

    def _or(self) -> Query | None:
        at = self.token.at
        parts = self._list(self._and, Kind.OR)
        return parts[0] if len(parts) == 1 else Or(tuple(parts), at) if parts else None

    def _list(self, part: Callable[[], Query | None], separator: Kind) -> list[Query]:
        found = [part()]
        while self.token.kind is separator:
            self._take()
            found.append(part())
        return [query for query in found if query is not None]

    def _and(self) -> Query | None:
        at = self.token.at
        parts = [self._negatable()]
        while self.token.kind not in _AFTER_ALL:
            if self.token.kind is Kind.AND:
                self._take()
            elif self.token.kind is not Kind.NOT and not self._is_beside_broken():
                self._mistake(f"AND, OR or NEAR/n is missing before {self.token.shown}", self.token)
            parts.append(self._negatable())
        present = tuple(part for part in parts if part is not None)
        return present[0] if len(present) == 1 else And(present, at) if present else None

    def _is_beside_broken(self) -> bool:
        """Whether what is missing here is only the consequence of a mistake that is already reported."""
        wrong = {mistake.at for mistake in self.mistakes}
        nearby = self.tokens[max(0, self.position - 1) : self.position + 1]
        return any(token.kind is Kind.BROKEN or token.at in wrong for token in nearby)

    def _negatable(self) -> Query | None:
        if self.token.kind is not Kind.NOT:
            return self._near()
        at = self._take().at
        part = self._near()
        return Not(part, at) if part else None

    def _near(self) -> Query | None:
        begin = self.token.at
        left = self._atom()
        while self.token.kind in _BETWEEN:
            operator = self._take()
            right = self._atom()
            if not self._is_wrong_between(begin, self.token.at):
                self._check_sides(operator, left, right)
            left = _near(left, right, operator) if left and right else left or right
        return left

    def _check_sides(self, operator: Token, *sides: Query | None) -> None:
        if not all(side is None or is_searchable(side) for side in sides):
            name = operator.kind.value
            self._mistake(f"{name} needs words, lists, /…/ or (… OR …) on both sides", operator)

    def _is_wrong_between(self, begin: int, end: int) -> bool:
        return any(begin <= mistake.at < end for mistake in self.mistakes)

    def _atom(self) -> Query | None:
        if self.token.kind is Kind.OPEN:
            return self._group()
        if self.token.kind is Kind.LIST:
            token = self._take()
            return ListName(token.text, token.at)
        if self.token.kind is Kind.PATTERN:
            token = self._take()
            return Pattern(token.text, token.at)
        if self.token.kind in _WORDS:
            return self._phrase()
        if self.token.kind is Kind.BROKEN:
            self._take()
            return None
        self._missing_operand()
        return None

    def _missing_operand(self) -> None:
        before = self.tokens[self.position - 1] if self.position else None
        here = self.token
        if here.kind is Kind.CLOSE and not self.depth:
            return  # `whole` says that it closes nothing
        if here.kind is Kind.NOT:
            self._mistake("NOT can only begin a query or follow AND", self._take())
        elif before is not None and before.kind is not Kind.BROKEN:
            side = "something is missing after" if before.kind is not Kind.CLOSE else "unexpected"
            self._mistake(f"{side} {before.shown}", before)
        elif here.kind is not Kind.END:
            self._mistake(f"something is missing before {here.shown}", here)

    def _group(self) -> Query | None:
        opening = self._take()
        self.depth += 1
        if self.depth > _DEEPEST:
            self._mistake("parentheses are nested too deeply", opening)
            self._go_to(len(self.tokens) - 1)
            return None
        inner = self._or()
        self.depth -= 1
        if self.token.kind is Kind.CLOSE:
            self._take()
        else:
            self._mistake('"(" is never closed', opening)
        return inner

    def _phrase(self) -> Query | None:
        at = self.token.at
        terms: list[Term] = []
        while self.token.kind in _WORDS:
            token = self._take()
            folded = key(token.text)
            if folded:
                terms.append(Term(folded, token.is_prefix))
            else:
                self._mistake(f"there is nothing to look for in {token.shown}", token)
        return Phrase(tuple(terms), at) if terms else None

    def _take(self) -> Token:
        token = self.token
        if token.kind is not Kind.END:
            self._go_to(self.position + 1)
        return token

    def _go_to(self, position: int) -> None:
        self.position = position
        self.token = self.tokens[position]

    def _mistake(self, message: str, token: Token) -> None:
        if not any(mistake.at == token.at for mistake in self.mistakes):
            self.mistakes.append(Mistake(message, token.at))
