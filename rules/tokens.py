"""The lexer of text queries: words, quoted words, `$lists`, `/patterns/`, operators in capitals, parentheses.

Knows what a single token may look like; what tokens may follow each other is `rules.query`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from bot.yamlfile import closest

NEAREST, FARTHEST = 0, 100
_OPERATORS = ("AND", "OR", "NOT", "NEAR", "BEFORE")
_PIECE = re.compile(r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<quote>["“”„])|(?P<word>[^\s()"“”„]+))')
_NEAR = re.compile(r"(NEAR|BEFORE)/([0-9]+)\Z")
_NEAR_ANYHOW = re.compile(r"(?:near|before)/", re.IGNORECASE)
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)(/?)", re.DOTALL)
"""As far as the next slash without a backslash before it."""
_LIST = re.compile(r"\$([\w/-]+)\Z")
_QUOTES = re.compile('["“”„]')
_LOUD = re.compile(r"([A-Z]{3,7})(/.*|[^A-Z]?|[^A-Z][0-9]+)\Z")
_DISTANCE = re.compile(r"([A-Z]\w*)/[0-9]+\Z")
_SHORT_SLIPS = {
    short: meant
    for meant, shorts in (("AND", "AN ND AD"), ("NOT", "NO NT OT"), ("OR", "RO"))  # codespell:ignore
    for short in shorts.split()
}
_HINTS = {"-": "NOT", "!": "NOT", "|": "OR", "&": "AND", "+": "AND"}
_LEADING = "#@'"


class Kind(Enum):
    WORD = "word"
    QUOTED = "quoted"
    LIST = "list"
    PATTERN = "pattern"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    BEFORE = "BEFORE"
    OPEN = "("
    CLOSE = ")"
    BROKEN = "broken"
    END = "end"


class Token(NamedTuple):
    """`text` is a word without its `*`, a list's name, or what stands between slashes.

    `number` is the n of NEAR and BEFORE; `at` counts from 0.
    """

    kind: Kind
    at: int
    text: str = ""
    number: int = 0
    is_prefix: bool = False

    @property
    def shown(self) -> str:
        """As a message shows it."""
        if self.kind is Kind.QUOTED:
            return f'"{self.text}"'
        if self.kind is Kind.PATTERN:
            return f"/{self.text}/"
        written = f"${self.text}" if self.kind is Kind.LIST else self.text or self.kind.value
        return f'"{written}{"*" if self.is_prefix else ""}"'


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at `at` (from 0) in a query."""

    message: str
    at: int
    suggestion: str | None = None


def tokens(text: str) -> tuple[list[Token], list[Mistake]]:
    """The tokens of a query, END last, and what is wrong with single ones."""
    lexer = _Lexer(text)
    lexer.run()
    found = [*lexer.tokens, Token(Kind.END, len(text))]
    return found, lexer.mistakes + [slip for at in range(len(found)) if (slip := _short_slip(found, at))]


def _short_slip(found: list[Token], at: int) -> Mistake | None:
    """A word of one or two capitals that stands where an operator would: `refund AN late`, `NT refund`."""
    token = found[at]
    if token.kind is not Kind.WORD or not token.text.isupper() or len(token.text) > 2:
        return None
    begins, ends = (
        {Kind.WORD, Kind.QUOTED, Kind.LIST, Kind.PATTERN, Kind.OPEN},
        {Kind.WORD, Kind.QUOTED, Kind.LIST, Kind.PATTERN, Kind.CLOSE},
    )
    is_between = at > 0 and found[at - 1].kind in ends
    meant = _SHORT_SLIPS.get(token.text) or ("OR" if set(token.text) & set("OR") else None)
    if meant is None or found[at + 1].kind not in begins or is_between == (meant == "NOT" and at == 0):
        return None
    return _misspelling(token.text, meant, token.at)


def _misspelling(word: str, meant: str, at: int) -> Mistake:
    if meant in {"NEAR", "BEFORE"}:
        return Mistake(f'"{word}" is no operator', at, suggestion=f"{meant}/5")
    return Mistake(f'"{word}" is no operator (a word that is meant goes in lower case)', at, suggestion=meant)


def is_operator(word: str) -> bool:
    """Whether a word is one of the operators, with its number where it takes one."""
    return word in {"AND", "OR", "NOT"} or re.match(r"(?:NEAR|BEFORE)/[0-9]+\Z", word) is not None


def is_like_operator(word: str) -> str | None:
    """The operator that a word in capitals was probably meant to be (`ANX`, `NAER/5`, `NOR` …)."""
    if word.upper() in _OPERATORS and not (word.islower() or word.istitle()):
        return word.upper()
    if distance := _DISTANCE.match(word):
        return closest(distance[1], _OPERATORS)
    loud = _LOUD.match(word)
    if loud is None:
        return None
    return next((operator for operator in _OPERATORS if _is_one_slip(loud[1], operator)), None)


def _is_one_slip(word: str, meant: str) -> bool:
    """One letter too many, too few, wrong, or two swapped."""
    if abs(len(word) - len(meant)) > 1:
        return False
    at = next((i for i, pair in enumerate(zip(word, meant, strict=False)) if pair[0] != pair[1]), len(meant))
    rest, wanted = word[at:], meant[at:]
    swapped = rest[1::-1] + rest[2:]
    return rest[1:] in {wanted, wanted[1:]} or rest == wanted[1:] or swapped == wanted


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.mistakes: list[Mistake] = []

    def run(self) -> None:
        at = 0
        while (piece := _PIECE.match(self.text, at)) is not None:  # the pattern takes anything but blanks
            at = self._piece(str(piece.lastgroup), piece)

    def _piece(self, kind: str, piece: re.Match[str]) -> int:
        start, end = piece.span(kind)
        if kind == "word":
            return self._word(piece[kind], start)
        if kind == "quote":
            return self._quoted(start)
        self.tokens.append(Token(Kind.OPEN if kind == "open" else Kind.CLOSE, start))
        return end

    def _quoted(self, at: int) -> int:
        closing = _QUOTES.search(self.text, at + 1)
        if closing is None:
            self._mistake("the quotation mark is never closed", at)
        end = closing.start() if closing else len(self.text)
        self.tokens.append(Token(Kind.QUOTED, at, self.text[at + 1 : end]))
        return end + 1

    def _word(self, word: str, at: int) -> int:
        if word[0] == "/":
            return self._pattern(at)
        token = self._operator(word, at) or self._list(word, at) or self._plain(word, at)
        self.tokens.append(token or Token(Kind.BROKEN, at, word))
        return at + len(word)

    def _pattern(self, at: int) -> int:
        found = _PATTERN.match(self.text, at)
        assert found is not None  # noqa: S101 - it begins with a slash
        after = self.text[found.end() : found.end() + 1]
        if not found[2]:
            self._mistake('a regular expression is never closed ("/" as a word goes in quotation marks)', at)
        elif after and not after.isspace() and after not in "()":
            message = "nothing follows the second slash: upper and lower case are the same anyway"
            self._mistake(message, found.end())
        self.tokens.append(Token(Kind.PATTERN, at, found[1]))
        return found.end() if found[2] else len(self.text)

    def _operator(self, word: str, at: int) -> Token | None:
        if word in {"AND", "OR", "NOT"}:
            return Token(Kind(word), at, word)
        near = _NEAR.match(word)
        if near is None:
            return None
        number = int(near[2][:4])
        if number > FARTHEST:
            self._mistake(f"{near[1]}/n takes n from {NEAREST} to {FARTHEST}", at)
        return Token(Kind(near[1]), at, word, number=number)

    def _list(self, word: str, at: int) -> Token | None:
        if word[0] != "$":
            return None
        name = _LIST.match(word)
        if name is None:
            self._mistake('"$" begins the name of a word list; put the word in quotation marks', at)
            return Token(Kind.BROKEN, at, word)
        return Token(Kind.LIST, at, name[1])

    def _plain(self, word: str, at: int) -> Token | None:
        if word.isalnum() and word.islower():  # nearly all are, and nothing can be wrong with them
            return Token(Kind.WORD, at, word)
        if _NEAR_ANYHOW.match(word) and not word.startswith(("NEAR", "BEFORE")):
            self._mistake(f'operators stand in capitals: "{word.upper()}"', at)
        elif operator := is_like_operator(word):
            self.mistakes.append(_misspelling(word, operator, at))
        elif problem := _unfit(word):
            self._mistake(problem, at)
        else:
            return Token(Kind.WORD, at, word.removesuffix("*"), is_prefix=word.endswith("*"))
        return None

    def _mistake(self, message: str, at: int) -> None:
        self.mistakes.append(Mistake(message, at))


def _unfit(word: str) -> str | None:
    """Why this cannot be a word of a query without quotation marks."""
    first = word[0]
    if word.endswith((",", ";")):
        return f'"{word}": a comma separates nothing here; write OR, or put it in quotation marks'
    if first in _HINTS:
        return f'a word cannot begin with "{first}"; write {_HINTS[first]}, or put it in quotation marks'
    if first.isascii() and not first.isalnum() and first not in _LEADING:
        return f'a word cannot begin with "{first}"; put it in quotation marks'
    if "*" in word[:-1]:
        return f'"{word}": a star can only end a word'
    return None
