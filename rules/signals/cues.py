"""From cues to a probability that explains itself: sigmoid(bias + the weights that the evidence lists).

It knows negation, repetition, sarcasm and how the signals lean on each other. It knows no language (the
lexicon does) and nothing of mentions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from bot.model import Signal
from rules.signals.body import Body
from rules.signals.lexicon import Hit, Lexicon, Word, is_break

Evidence = tuple[tuple[str, float], ...]

PRESENT = 0.5
"""At or above it a signal counts as present (`question: true`)."""

REPEATED = 0.5
"""Each further cue of the same group counts this much of the one before: "worst, awful, terrible" is one
opinion."""

SARCASM_ABOVE, HOLLOW = 1.3, 0.4
"""Praise beside that much complaint ("great, another outage"), or before a "but" that a complaint follows,
counts only this much."""

_PRAISE = "praise"
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_CAPITALS = re.compile(r"\b[A-ZÀ-ÖØ-Þ]{4,}\b")
_SHOUTED = 0.6
"""A text of which that share is in capitals is merely typed so; single words in capitals are stressed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A body as one language reads it. `negated`: position → the tokens [start, end) that turn it."""

    body: Body
    lexicon: Lexicon
    words: list[str]
    known: list[Word]
    starts: set[int]
    negated: dict[int, tuple[int, int]]

    @property
    def length(self) -> int:
        """In words, signs left out."""
        return sum(map(str.isalnum, [word[0] for word in self.words]))


def read(body: Body, lexicon: Lexicon) -> Reading:
    """Cut a body into a language's words and find what is negated in it."""
    words = lexicon.tokens(body.folded)
    known, starts = lexicon.vocabulary.words(words), lexicon.starts(words)
    negated: dict[int, tuple[int, int]] = {}
    for hit in lexicon.negations.find(known, starts):
        if hit.cue.weight:
            negated |= dict.fromkeys(_reached(words, hit, lexicon), (hit.start, hit.end))
    return Reading(body, lexicon, words, known, starts, negated)


def complaint(reading: Reading) -> Signal:
    """How probably the text complains."""
    scale = reading.lexicon.scales["complaint"]
    weighed = _weigh(reading, "complaint")
    against = [each for each in weighed if each.weight > 0]
    is_sarcastic = sum(each.weight for each in against) >= SARCASM_ABOVE
    turn = _turn(reading, against)
    evidence = []
    for each in weighed:
        is_hollow = each.group == _PRAISE and each.weight < 0 and (is_sarcastic or each.start < turn)
        evidence.append((each.text, each.weight * HOLLOW if is_hollow else each.weight))
    if stressed := _stressed(reading.body.plain):
        evidence.append((f"{stressed} (capitals)", scale.features.get("capitals", 0.0)))
    return _signal(scale.bias, evidence)


def question(reading: Reading) -> Signal:
    """How probably the text asks for something to be told or done."""
    evidence = [(each.text, each.weight) for each in _weigh(reading, "question")]
    return _signal(reading.lexicon.scales["question"].bias, evidence)


def thanks(reading: Reading, *, complaint: Signal, question: Signal) -> Signal:
    """How probably the text is a mere thanks or praise, after which nobody waits for anything."""
    scale = reading.lexicon.scales["thanks"]
    evidence = [(each.text, each.weight) for each in _weigh(reading, "thanks")]
    if (question.value or 0) >= PRESENT:
        evidence.append(("a question", scale.features.get("question", 0.0)))
    if (complaint.value or 0) >= PRESENT:
        evidence.append(("a complaint", scale.features.get("complaint", 0.0)))
    extra = reading.length - int(scale.features.get("free_words", 0))
    if extra > 0:
        evidence.append((f"{reading.length} words", extra * scale.features.get("further_word", 0.0)))
    return _signal(scale.bias, evidence)


def sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


class _Weighed(NamedTuple):
    group: str
    text: str
    weight: float
    start: int


def _weigh(reading: Reading, signal: str) -> list[_Weighed]:
    """What each cue found is worth here, in the order of the text."""
    seen: Counter[tuple[str, bool]] = Counter()
    found = []
    for hit in reading.lexicon.scales[signal].phrases.find(reading.known, reading.starts):
        turned = _turned(reading, hit)
        weight = hit.cue.negated if turned else hit.cue.weight
        # A group that a negation does not touch is one group, negated or not.
        kind = (hit.cue.group, hit.cue.negated != hit.cue.weight and turned is not None)
        text = _quote(reading.words, hit, turned)
        found.append(_Weighed(hit.cue.group, text, weight * REPEATED ** seen[kind], hit.start))
        seen[kind] += 1
    return found


def _turned(reading: Reading, hit: Hit) -> tuple[int, int] | None:
    """The negation that stands over a cue; not the one that is part of it ("no response")."""
    for at in range(hit.start, hit.end) if reading.negated else ():
        by = reading.negated.get(at)
        if by and (by[1] <= hit.start or by[0] >= hit.end):
            return by
    return None


def _turn(reading: Reading, against: list[_Weighed]) -> int:
    """Where a "but" stands after which something is complained of; 0: nowhere."""
    last = max((each.start for each in against), default=-1)
    contrast = reading.lexicon.contrast
    return max((at for at in range(1, last + 1) if reading.words[at] in contrast), default=0)


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


def _stressed(plain: str) -> str | None:
    """The first word in capitals in a text that is not all in capitals."""
    capitals = _CAPITALS.findall(plain)
    if not capitals or len(capitals) >= _SHOUTED * len(_LONG_WORD.findall(plain)):
        return None
    return str(capitals[0])


def _signal(bias: float, evidence: list[tuple[str, float]]) -> Signal:
    moved = [(text, round(weight, 2)) for text, weight in evidence if round(weight, 2)]
    value = sigmoid(bias + sum(weight for _, weight in moved))
    return Signal(
        value=round(value, 4), evidence=tuple(sorted(moved, key=lambda item: (-abs(item[1]), item[0])))
    )
