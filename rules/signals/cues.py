"""Cues found in a text and what each is worth: the evidence that a signal's value is made of.

It knows negation, repetition and how a value follows from its evidence. It knows no language (the lexicon
does), no signal (`scores` does) and nothing of mentions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from bot.model import Signal
from rules.signals.body import Body
from rules.signals.lexicon import NEGATIONS, Lexicon, Scale, is_break
from rules.signals.phrases import Cue, Hit

Moved = tuple[str, float]
"""A word, or what else was seen, and its weight."""

REPEATED = 0.5
"""Each further cue of the same group counts this much of the one before: "worst, awful, terrible" is one
opinion."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A body as one language reads it. `negated`: position → the tokens [start, end) that turn it.

    `hits`: the cues found, by the numbers of the vocabulary's sets.
    """

    body: Body
    lexicon: Lexicon
    words: list[str]
    hits: list[list[Hit]]
    negated: dict[int, tuple[int, int]]

    @property
    def length(self) -> int:
        """In words, signs left out."""
        return len([word for word in self.words if word[0].isalnum()])


class Weighed(NamedTuple):
    """A cue found. `factor`: what repetition leaves of it; `is_turned`: under a negation."""

    cue: Cue
    text: str
    start: int
    weight: float
    factor: float
    is_turned: bool

    def worth(self, cue: Cue) -> float:
        """What it is worth if its kind of thing weighs as `cue` says."""
        return (cue.negated if self.is_turned else cue.weight) * self.factor


def read(body: Body, lexicon: Lexicon) -> Reading:
    """Cut a body into a language's words and find what is negated in it."""
    words = lexicon.tokens(body.folded)
    vocabulary = lexicon.vocabulary
    known = vocabulary.words(words)
    spots = [at for at, word in enumerate(known) if word.begins]
    starts = lexicon.starts(words) if any(known[at].anchors for at in spots) else ()
    hits = vocabulary.find(known, starts, spots)
    negated: dict[int, tuple[int, int]] = {}
    for hit in hits[NEGATIONS]:
        if hit.cue.weight:
            negated |= dict.fromkeys(_reached(words, hit, lexicon), (hit.start, hit.end))
    return Reading(body, lexicon, words, hits, negated)


def weigh(reading: Reading, scale: Scale) -> list[Weighed]:
    """What each cue of a scale that was found is worth, in the order of the text."""
    seen: dict[tuple[str, bool], int] = {}
    found = []
    for hit in reading.hits[scale.cues]:
        turned = _turned(reading, hit) if reading.negated else None
        # A group that a negation does not touch is one group, negated or not.
        kind = (hit.cue.group, hit.cue.negated != hit.cue.weight and turned is not None)
        text = _quote(reading.words, hit, turned)
        times = seen.get(kind, 0)
        weight = hit.cue.weight if turned is None else hit.cue.negated
        factor = REPEATED**times
        found.append(Weighed(hit.cue, text, hit.start, weight * factor, factor, turned is not None))
        seen[kind] = times + 1
    return found


def evidence(found: Iterable[Weighed]) -> list[Moved]:
    return [(each.text, each.weight) for each in found]


def probability(bias: float, moved: list[Moved]) -> Signal:
    """0 to 1: sigmoid(bias + the weights that the evidence lists)."""
    if not moved:
        return _without_evidence(bias)
    told = _told(moved)
    return Signal(value=round(sigmoid(bias + sum(weight for _, weight in told)), 4), evidence=told)


def scale(bias: float, moved: list[Moved]) -> Signal:
    """-1 to 1: the same, stretched."""
    told = _told(moved)
    return Signal(
        value=round(2 * sigmoid(bias + sum(weight for _, weight in told)) - 1, 4) + 0.0, evidence=told
    )


def sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


@cache
def _without_evidence(bias: float) -> Signal:
    """What most texts are on most scales."""
    return Signal(value=round(sigmoid(bias), 4))


def _told(moved: list[Moved]) -> tuple[Moved, ...]:
    """Strongest first, in two digits, what weighs nothing left out."""
    rounded = [(text, weight) for text, full in moved if full and (weight := round(full, 2))]
    if len(rounded) > 1:
        rounded.sort(key=lambda item: (-abs(item[1]), item[0]))
    return tuple(rounded)


def _turned(reading: Reading, hit: Hit) -> tuple[int, int] | None:
    """The negation that stands over a cue; not the one that is part of it ("no response")."""
    for at in range(hit.start, hit.end):
        by = reading.negated.get(at)
        if by and (by[1] <= hit.start or by[0] >= hit.end):
            return by
    return None


def _quote(words: list[str], hit: Hit, turned: tuple[int, int] | None) -> str:
    if turned is None or hit.cue.negated == hit.cue.weight:
        return " ".join(words[hit.start : hit.end])
    return " ".join(words[min(turned[0], hit.start) : max(turned[1], hit.end)])


def _reached(words: list[str], hit: Hit, lexicon: Lexicon) -> list[int]:
    forward, backward = lexicon.reach
    ahead = range(hit.end, min(hit.end + forward, len(words)))
    behind = range(hit.start - 1, max(hit.start - 1 - backward, -1), -1)
    return [*_until_break(words, ahead, lexicon), *_until_break(words, behind, lexicon)]


def _until_break(words: list[str], positions: range, lexicon: Lexicon) -> list[int]:
    reached = []
    for at in positions:
        if is_break(words[at]) or words[at] in lexicon.turns:
            break
        reached.append(at)
    return reached
