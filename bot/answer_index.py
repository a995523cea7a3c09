"""An index of questions in memory: which of them hold a word, and which known words a word may be. Pure.

Plain lists of numbers: SQLite's FTS5 ranks by reading every row, and took longer to find candidates than the
search may take (`benchmarks/retrieval.py` measures both). Knows words and numbers, and nothing of answers.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

STEM, ENDING = 4, 3
"""Forms of a word share so many letters at least, and differ by so many at most."""
_LONGEST = 24
_MOST, _MOST_ROWS = 100, 5_000


class AnswerIndex:
    """`counts`: in how many questions each word stands. Words come folded."""

    def __init__(self, questions: Sequence[Sequence[str]]) -> None:
        self._of: dict[str, array[int]] = {}
        for number, words in enumerate(questions):
            for word in words:
                self._of.setdefault(word, array("I")).append(number)
        self.counts: Mapping[str, int] = {word: len(numbers) for word, numbers in self._of.items()}
        self._known = list(self._of)
        spelled = sorted((hash(form), at) for at, word in enumerate(self._known) for form in spellings(word))
        self._forms = array("q", (form for form, _ in spelled))
        self._words = array("I", (at for _, at in spelled))

    def near(self, word: str) -> set[str]:
        """Known words that may be forms of this one or the same with a typo; some that are neither, too."""
        return {self._known[at] for form in spellings(word) for at in self._with(hash(form))}

    def _with(self, form: int) -> Iterator[int]:
        place = bisect_left(self._forms, form)
        while place < len(self._forms) and self._forms[place] == form:
            yield self._words[place]
            place += 1

    def candidates(self, words: Iterable[str]) -> list[int]:
        """The questions in which the most of these words stand, and some with the rarest; a few hundred."""
        rarest = sorted((word for word in words if word in self._of), key=lambda word: self.counts[word])
        chosen = list(self._bounded(rarest))
        held = Counter(chain.from_iterable(chosen))
        of_so_many: list[list[int]] = [[] for _ in range(len(chosen) + 1)]
        for number, count in held.items():
            of_so_many[count].append(number)
        most = islice(chain.from_iterable(reversed(of_so_many)), _MOST)
        return list(dict.fromkeys(chain(most, islice(chain.from_iterable(chosen), _MOST))))

    def _bounded(self, words: Iterable[str]) -> Iterator[array[int]]:
        """Where the first of them stand, two at least, as long as that is not too much to count."""
        rows = 0
        for place, word in enumerate(words):
            rows += self.counts[word]
            if place >= 2 and rows > _MOST_ROWS:
                return
            yield self._of[word]


def spellings(word: str) -> Iterator[str]:
    """What a word has in common with its forms (its beginnings) and with its typos (itself without a letter).

    Two words that are one typo apart share one: https://en.wikipedia.org/wiki/Levenshtein_distance.
    """
    if not (STEM <= len(word) <= _LONGEST and word.isalpha()):
        return
    for end in range(max(STEM, len(word) - ENDING), len(word) + 1):
        yield f"{word[:end]}-"
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
