"""Prepared answers: how long a search among 10,000 takes, beside SQLite's FTS5, and how often it is right.

`python -m benchmarks.retrieval [--json] [--repetitions N]`. Questions are pieces of posts, three to an
answer; posts are what is searched for. With `OUTCARE_DATA` also hand-written messages with their intents:
each fifth of them is searched for among the rest. FTS5 only finds and ranks candidates, one part of a search.
"""

from __future__ import annotations

import csv
import gc
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.corpus import SEED, data, origin, posts
from benchmarks.harness import Finding, cpu_minima, main, percentile
from bot.answers import Answer, Answers
from bot.errors import Location
from bot.library import Library, words

ANSWERS, VARIANTS, SEARCHES = 10_000, 3, 200
TODAY = date(2026, 11, 22)
PLACE = Location(Path("answers.yaml"), 1, 1)
_FOLDS = 5


def answer(name: str, questions: Iterable[str]) -> Answer:
    return Answer(name=name, questions=tuple(questions), texts={"en": name}, location=PLACE)


def questions(count: int) -> Iterator[str]:
    """As long as people write them: four to twelve words of a post, from wherever."""
    chance = random.Random(SEED)
    said = [one.split() for one in posts()]
    for _ in range(count):
        one = chance.choice(said)
        start = chance.randrange(max(len(one) - 3, 1))
        yield " ".join(one[start : start + chance.randint(4, 12)])


class Fts:
    """The usual way: FTS5, words joined by OR, ranked by bm25."""

    def __init__(self, several: Sequence[str]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE questions USING fts5(words, tokenize='porter unicode61')")
        self._db.executemany(
            "INSERT INTO questions(rowid, words) VALUES (?, ?)",
            ((number, " ".join(words(one))) for number, one in enumerate(several)),
        )

    def search(self, text: str, limit: int = 3) -> list[int]:
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words(text)))
        if not match:
            return []
        asked = "SELECT rowid FROM questions WHERE questions MATCH ? ORDER BY rank LIMIT ?"
        return [row[0] for row in self._db.execute(asked, (match, limit))]


def timed(search: Callable[[str], object], texts: Iterable[str]) -> list[float]:
    """Milliseconds of processor time of each."""
    took = []
    for text in texts:
        began = time.process_time()
        search(text)
        took.append((time.process_time() - began) * 1000)
    return took


def _speed(repetitions: int) -> Iterator[Finding]:
    several = list(questions(ANSWERS * VARIANTS))
    answers = Answers(
        path=PLACE.file,
        entries=tuple(
            answer(f"a{number}", several[number * VARIANTS : (number + 1) * VARIANTS])
            for number in range(ANSWERS)
        ),
    )
    began = time.process_time()
    library = Library(answers)
    built = time.process_time() - began
    fts = Fts(several)
    texts = posts()[:SEARCHES]

    def ours(text: str) -> object:
        return library.search(text, "en", on=TODAY)

    sides = {"ours": lambda: [*map(ours, texts)], "fts": lambda: [*map(fts.search, texts)]}
    best = cpu_minima(sides, repetitions=min(repetitions, 5))
    gc.disable()
    single = timed(ours, posts()[: 5 * SEARCHES])
    gc.enable()
    mean, other = (best[name] / SEARCHES * 1000 for name in ("ours", "fts"))
    yield Finding(
        target="A1", what="a search among 10,000 answers, the mean", figure=mean, unit="ms", at_most=5,
        detail=f"FTS5 with bm25, candidates only: {other:.2f} ms; {origin()}",
    )  # fmt: skip
    yield Finding(
        target="A1", what="… 99th percentile", figure=percentile(single, 0.99), unit="ms", at_most=5,
        detail=f"the median: {percentile(single, 0.5):.2f} ms",
    )  # fmt: skip
    yield Finding(target="A2", what="making the index of 10,000 answers", figure=built, unit="s")


def _quality() -> Iterator[Finding]:
    """Each fifth of the messages among the rest."""
    folder = data()
    if folder is None:
        return
    with (folder / "support_intents.csv").open(encoding="utf-8", newline="") as file:
        rows = [(text, intent) for text, intent, *_ in csv.reader(file)]
    random.Random(SEED).shuffle(rows)
    right = wrong = by_fts = 0
    for fold in range(_FOLDS):
        known = [row for number, row in enumerate(rows) if number % _FOLDS != fold]
        library, fts = _of(known), Fts([text for text, _ in known])
        for text, intent in rows[fold::_FOLDS]:
            found = library.search(text, "en", on=TODAY, limit=1)
            right += bool(found) and found[0].answer.name == intent
            wrong += bool(found) and found[0].answer.name != intent
            ranked = fts.search(text, 1)
            by_fts += bool(ranked) and known[ranked[0]][1] == intent
    total = len(rows)
    yield Finding(
        target="A3", what="hand-written messages of which the first answer is the right one", unit="%",
        figure=100 * right / total,
        detail=f"{100 * wrong / total:.0f} % another one, the rest none; FTS5:"
        f" {100 * by_fts / total:.0f} % right, nearly all others another one ({total} messages)",
    )  # fmt: skip


def _of(rows: Iterable[tuple[str, str]]) -> Library:
    by_intent: dict[str, list[str]] = {}
    for text, intent in rows:
        by_intent.setdefault(intent, []).append(text)
    return Library(Answers(path=PLACE.file, entries=tuple(answer(*one) for one in by_intent.items())))


def measure(repetitions: int) -> Iterable[Finding]:
    yield from _speed(repetitions)
    yield from _quality()


if __name__ == "__main__":
    main("retrieval", measure)
