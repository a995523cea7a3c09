"""From cues to a probability that explains itself: sigmoid(bias + the weights that the evidence lists).

It knows negation, repetition, sarcasm and how the signals lean on each other. It knows no language (the
lexicon does) and nothing of mentions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

from bot.model import Signal
from rules.signals.body import Body
from rules.signals.lexicon import Hit, Lexicon, is_break

Evidence = tuple[tuple[str, float], ...]

REPEATED = 0.5
"""Each further cue of the same group counts this much of the one before: "worst, awful, terrible" is one
opinion."""

SARCASM_ABOVE, SARCASM = 1.4, 0.4
"""Praise beside that much complaint is meant as praise less than half the time ("great, another outage")."""

_PRAISE = "praise"
_CAPITALS = re.compile(r"\b[^\W\d_]{4,}\b")
_SHOUTED = 0.6
"""A text of which that share is in capitals is merely typed so; single words in capitals are stressed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A body as one language reads it. `negated`: position → the tokens [start, end) that turn it."""

    body: Body
    lexicon: Lexicon
    words: list[str]
    starts: set[int]
    negated: dict[int, tuple[int, int]]

    @property
    def length(self) -> int:
        """In words, signs left out."""
        return sum(word[0].isalnum() for word in self.words)


def read(body: Body, lexicon: Lexicon) -> Reading:
    """Cut a body into a language's words and find what is negated in it."""
    words = lexicon.tokens(body.folded)
    starts = lexicon.starts(words)
    negated: dict[int, tuple[int, int]] = {}
    for hit in lexicon.negations.find(words, starts):
        if hit.cue.weight:
            negated |= dict.fromkeys(_reached(words, hit, lexicon), (hit.start, hit.end))
    return Reading(body, lexicon, words, starts, negated)


def complaint(reading: Reading) -> Signal:
    """How probably the text complains."""
    weighed = _weigh(reading, "complaint")
    against = sum(weight for _, _, weight in weighed if weight > 0)
    if against >= SARCASM_ABOVE:
        weighed = [
            (group, text, weight * SARCASM if group == _PRAISE and weight < 0 else weight)
            for group, text, weight in weighed
        ]
    evidence = [(text, weight) for _, text, weight in weighed]
    scale = reading.lexicon.scales["complaint"]
    if stressed := _stressed(reading.body.plain):
        evidence.append((f"{stressed} (capitals)", scale.features.get("capitals", 0.0)))
    return _signal(scale.bias, evidence)


def question(reading: Reading) -> Signal:
    """How probably the text asks for something to be told or done."""
    evidence = [(text, weight) for _, text, weight in _weigh(reading, "question")]
    return _signal(reading.lexicon.scales["question"].bias, evidence)


def thanks(reading: Reading, *, complaint: Signal, question: Signal) -> Signal:
    """How probably the text is a mere thanks or praise, after which nobody waits for anything."""
    scale = reading.lexicon.scales["thanks"]
    evidence = [(text, weight) for _, text, weight in _weigh(reading, "thanks")]
    if (question.value or 0) >= 0.5:
        evidence.append(("a question", scale.features.get("question", 0.0)))
    if (complaint.value or 0) >= 0.5:
        evidence.append(("a complaint", scale.features.get("complaint", 0.0)))
    extra = reading.length - int(scale.features.get("free_words", 0))
    if extra > 0:
        evidence.append((f"{reading.length} words", extra * scale.features.get("further_word", 0.0)))
    return _signal(scale.bias, evidence)


def sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _weigh(reading: Reading, signal: str) -> list[tuple[str, str, float]]:
    """(group, words, weight) of each cue found, in the order of the text."""
    seen: Counter[tuple[str, bool]] = Counter()
    found = []
    for hit in reading.lexicon.scales[signal].phrases.find(reading.words, reading.starts):
        turned = reading.negated.get(hit.start)
        weight = hit.cue.negated if turned else hit.cue.weight
        # A group that a negation does not touch is one group, negated or not.
        kind = (hit.cue.group, hit.cue.negated != hit.cue.weight and turned is not None)
        weight *= REPEATED ** seen[kind]
        seen[kind] += 1
        found.append((hit.cue.group, _quote(reading.words, hit, turned), weight))
    return found


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
    if not any(char.isupper() for char in plain):
        return None
    words = _CAPITALS.findall(plain)
    capitals = [word for word in words if word.isupper()]
    return capitals[0] if capitals and len(capitals) < _SHOUTED * len(words) else None


def _signal(bias: float, evidence: list[tuple[str, float]]) -> Signal:
    moved = [(text, round(weight, 2)) for text, weight in evidence if round(weight, 2)]
    value = sigmoid(bias + sum(weight for _, weight in moved))
    return Signal(
        value=round(value, 4), evidence=tuple(sorted(moved, key=lambda item: (-abs(item[1]), item[0])))
    )
