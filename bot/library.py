"""The best matching prepared answers for what somebody wrote. Pure.

Words decide, not meaning: a question variant is found when its telling words (or forms of them, or words with
a typo) stand in the post. How rare a word is among the questions says how much it tells; function words tell
little. The index finds candidates fast; what they are worth is worked out here. It knows no file.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from math import log

from bot.answer_index import ENDING, STEM, AnswerIndex
from bot.answers import Answer, Answers, primary

FLOOR = 0.5
"""What matches less is not proposed: mostly it is about something else."""
LONGEST = 4_000
"""So many characters of a post are looked at."""

_MOST_WORDS = 60
_MOST_PIECES = 12
_CANDIDATES = 40
_LIGHT = 0.15
"""What a function word weighs beside a word that stands in every question."""
_OF_QUESTION = 0.7
"""So much it counts that the question's words are in the post; the rest: the post's in the question."""
_LEAST_OF_QUESTION = FLOOR ** (1 / _OF_QUESTION)
"""With less of the question's words no score reaches the floor."""
_LIKE_STEM, _LIKE_TYPO = 0.9, 0.85

_ADDRESSES = re.compile(r"https?://\S+|www\.\S+|@[\w.-]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ](?=\w)")
_PIECES = re.compile(r"[.!?…。！？\n]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]+")
"""Scripts that put no blanks between words: pairs of characters do for words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer that matches. `text` is in `lang`; `is_foreign`: there is none in the language asked for.

    `score` is from 0 to 1: how much of the question and the post is about the same. `question`: by which it
    was found.
    """

    answer: Answer
    text: str
    lang: str
    score: float
    question: str
    is_foreign: bool = False


def words(text: str) -> Iterator[str]:
    """Folded: without case, accents, addresses and handles."""
    plain = _APOSTROPHES.sub("", _ADDRESSES.sub(" ", text))
    flat = unicodedata.normalize("NFKD", plain).casefold()
    bare = "".join(character for character in flat if not unicodedata.combining(character))
    for found in _WORD.finditer(bare):
        yield from _parts(found[0])


def _parts(word: str) -> Iterator[str]:
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()]
        pairs = [run[0][place : place + 2] for place in range(len(run[0]) - 1)]
        yield from pairs or [run[0]]
        at = run.end()
    if at < len(word):
        yield word[at:]


@cache
def function_words() -> Mapping[str, frozenset[str]]:
    """By language."""
    text = files("bot").joinpath("function_words.txt").read_text(encoding="utf-8")
    sections = re.split(r"^\[(\w+)\]\n", text, flags=re.MULTILINE)[1:]
    return {lang: frozenset(several.split()) for lang, several in zip(*[iter(sections)] * 2, strict=True)}


def _light(lang: str | None) -> frozenset[str]:
    """The function words of a language that is known; of all, if it is not."""
    by_language = function_words()
    own = by_language.get(primary(lang)) if lang else None
    return own or frozenset().union(*by_language.values())


def likeness(one: str, other: str) -> float:
    """1: the same; less: forms of one word, or one with a typo; 0: neither. A number is only like itself."""
    if one == other:
        return 1.0
    if min(len(one), len(other)) < STEM or not (one.isalpha() and other.isalpha()):
        return 0.0
    alike = _shared(one, other)
    longer = max(len(one), len(other))
    if alike >= max(STEM, 0.6 * longer) and longer - alike <= ENDING:
        return _LIKE_STEM
    return _LIKE_TYPO if _is_typo(one, other, alike) else 0.0


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _is_typo(one: str, other: str, start: int) -> bool:
    """Whether one letter is wrong, missing or too much, or two stand the wrong way round."""
    a, b = one[start:], other[start:]
    end = _shared(a[::-1], b[::-1])
    a, b = a[: len(a) - end], b[: len(b) - end]
    return (len(a) <= 1 and len(b) <= 1) or (len(a) == 2 and a == b[::-1])


class Library:
    """Answers and the index of their questions."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self._of: list[tuple[Answer, str]] = [
            (answer, question) for answer in answers for question in answer.questions
        ]
        self._words = [tuple(dict.fromkeys(words(question))) for _, question in self._of]
        self._index = AnswerIndex(self._words)

    def search(
        self, text: str, lang: str | None, *, on: date, platform: str | None = None, limit: int = 3
    ) -> tuple[Found, ...]:
        """The best, best first; only those in another language when there is none in this one."""
        best: dict[str, Found] = {}
        for found in self._found(text, lang, on, platform):
            if found.answer.name not in best or best[found.answer.name].score < found.score:
                best[found.answer.name] = found
        several = sorted(best.values(), key=lambda found: (-found.score, found.answer.name))
        own = [found for found in several if not found.is_foreign]
        return tuple((own or several)[:limit])

    def _found(self, text: str, lang: str | None, on: date, platform: str | None) -> Iterator[Found]:
        pieces = _pieces(text)
        asked = _Asked(index=self._index, of=len(self._words), light=_light(lang))
        asked.hear(pieces)
        for number in self._nearest(asked.telling(), on, platform):
            answer, question = self._of[number]
            if (score := asked.score(self._words[number])) >= FLOOR:
                yield _found(answer, question, score, lang)

    def _nearest(self, telling: Mapping[str, float], on: date, platform: str | None) -> Iterable[int]:
        """The questions that are worth a closer look."""
        several = (one for one in self._index.candidates(telling) if self._of[one][0].holds(on, platform))
        worth = {one: sum(telling.get(word, 0.0) for word in self._words[one]) for one in several}
        return heapq.nsmallest(_CANDIDATES, worth, key=lambda one: (-worth[one], one))


@dataclass(kw_only=True)
class _Asked:
    """One search among `of` questions; `light`: words that tell little."""

    index: AnswerIndex
    of: int
    light: frozenset[str]
    _pieces: list[tuple[frozenset[str], float]] = field(default_factory=list)
    """The words of each, and what they weigh together."""
    _meant: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    """A word of questions → the words of the post that may mean it, and how much they are like it."""
    _weights: dict[str, float] = field(default_factory=dict)

    def hear(self, pieces: Iterable[Sequence[str]]) -> None:
        for piece in pieces:
            self._pieces.append((frozenset(piece), sum(map(self._weight, piece))))
        for word in dict.fromkeys(word for piece, _ in self._pieces for word in sorted(piece)):
            for other, value in self._like(word):
                self._meant.setdefault(other, []).append((word, value))

    def _like(self, word: str) -> Iterator[tuple[str, float]]:
        is_known = word in self.index.counts
        if is_known:
            yield word, 1.0
        if word not in self.light:
            least = _LIKE_TYPO if is_known else 0.0  # what is a word itself is no other's typo
            for other in self.index.near(word):
                if other != word and (value := likeness(word, other)) > least:
                    yield other, value

    def telling(self) -> Mapping[str, float]:
        """What to look for, and what it weighs; function words only where there is nothing else."""
        wanted = self._meant.keys() - self.light or self._meant.keys()
        best = {word: max(value for _, value in self._meant[word]) for word in wanted}
        return {word: value * self._weight(word) for word, value in best.items()}

    def score(self, question: Sequence[str]) -> float:
        """How much of the question and of one of the pieces is about the same, for the best of them.

        0 where no piece can reach the floor: none holds more of the question than the whole post does.
        """
        alike = [(other, word, value) for other in question for word, value in self._meant.get(other, ())]
        whole = sum(map(self._weight, question))
        best = sum(
            self._weight(other) * value for other, value in {(other, value) for other, _, value in alike}
        )
        if best < whole * _LEAST_OF_QUESTION:
            return 0.0
        return max(self._score(piece, alike, whole=whole) for piece in self._pieces)

    def _score(
        self, piece: tuple[frozenset[str], float], alike: Iterable[tuple[str, str, float]], *, whole: float
    ) -> float:
        met: dict[str, float] = {}
        covered: dict[str, float] = {}
        for other, word, value in alike:
            if word in piece[0]:
                met[other] = max(met.get(other, 0.0), value)
                covered[word] = max(covered.get(word, 0.0), value)
        of_question, of_piece = self._share(met, whole), self._share(covered, piece[1])
        return float(of_question**_OF_QUESTION * of_piece ** (1 - _OF_QUESTION))

    def _share(self, found: Mapping[str, float], of: float) -> float:
        weighed = sum(self._weight(word) * value for word, value in found.items())
        return min(weighed / of, 1.0) if of else 0.0

    def _weight(self, word: str) -> float:
        """What stands in every question tells half as much as what stands in one."""
        known = self._weights.get(word)
        if known is None:
            count = self.index.counts.get(word, 0)
            rare = log(self.of / count) / log(self.of + 1) if count else 0.0
            known = self._weights[word] = _LIGHT if word in self.light else 1.0 + rare
        return known


def _pieces(text: str) -> list[tuple[str, ...]]:
    """The words of the whole and of each sentence: who explains much still asks one thing."""
    plain = _ADDRESSES.sub(" ", text[:LONGEST])
    whole = tuple(dict.fromkeys(words(plain)))[:_MOST_WORDS]
    looked_at = frozenset(whole)
    sentences = (tuple(dict.fromkeys(words(one))) for one in _PIECES.split(plain)[:_MOST_PIECES])
    return [whole, *(one for one in sentences if one and one != whole and looked_at.issuperset(one))]


def _found(answer: Answer, question: str, score: float, lang: str | None) -> Found:
    said_in = answer.said_in(lang)
    shown = said_in or next(iter(answer.texts))
    return Found(
        answer=answer,
        text=answer.texts[shown],
        lang=shown,
        score=round(score, 3),
        question=question,
        is_foreign=said_in is None or (lang is not None and primary(shown) != primary(lang)),
    )
