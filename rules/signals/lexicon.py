"""A language's cues, read from its data file.

It knows the format of `data/*.yaml` (docs/signals.md). What the weights add up to is `cues`' matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot import yamlfile
from rules.signals import body
from rules.signals.phrases import Cue, Vocabulary

DATA = Path(__file__).parent / "data"
LANGUAGES = ("de", "en", "es", "fr", "pt")
SCALES = ("complaint", "question", "thanks", "spam", "urgent", "toxic", "sentiment", "fake")
"""What a data file may have a section for; a language whose file lacks one does not know that signal."""

_BREAKS = frozenset(".…,;:()¿¡\n")
_MARKS = frozenset("!" + body.QUESTION_MARKS)
_SECTIONS = ("groups", "shares", "hosts")
NEGATIONS = 0
"""The number of the negations among a vocabulary's sets; the scales follow."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One signal in one language: the cues, and what a text without any is worth (`bias`, a log-odds).

    `cues`: the number of its cues among the vocabulary's sets. `shares`: what the groups of the complaint
    are worth here. `hosts`: parts of addresses that tell.
    """

    bias: float
    cues: int
    features: Mapping[str, float]
    shares: Mapping[str, Cue]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All that is known of a language; `scales` has the signals that its file has cues for.

    `reach`: how many words after and before it a negation turns; it stops at a break and at `turns` ("and").
    `contrast`: words like "but". `common`: short words that tell the language. `elided`: l' and d' are words.
    `verb_first`: after a clause the verb comes first, so a comma opens no question.
    """

    lang: str | None
    vocabulary: Vocabulary
    scales: Mapping[str, Scale]
    reach: tuple[int, int]
    lead_ins: frozenset[str]
    turns: frozenset[str]
    contrast: frozenset[str]
    common: frozenset[str]
    elided: bool
    verb_first: bool

    def tokens(self, folded: str) -> list[str]:
        return body.tokens(folded, elided=self.elided)

    def starts(self, words: list[str]) -> set[int]:
        """Where a clause begins; a lead-in ("hi", "so", "anna84") leaves the next word a beginning too."""
        found = set()
        is_start = True
        for at, word in enumerate(words):
            if is_start:
                found.add(at)
            if not (word == "," and self.verb_first):
                is_start = is_break(word) or (is_start and (word in self.lead_ins or _is_numbered(word)))
        return found


def is_break(word: str) -> bool:
    """Whether a token is a sign that ends a clause."""
    return word[0] in _BREAKS or word[0] in _MARKS


def _is_numbered(word: str) -> bool:
    """A point of a list, or a nickname: people are called by it before they are asked."""
    return word[0].isdigit() or word[-1].isdigit()


@cache
def load(lang: str) -> Lexicon | None:
    """The lexicon of a language; None for one without a data file.

    Raises: ConfigError for a data file that is no YAML, ValueError for a phrase that stands in two groups.
    """
    return _build(lang, _read("any"), _read(lang)) if lang in LANGUAGES else None


@cache
def shared() -> Lexicon:
    """What holds in every language: question marks, emoji."""
    return _build(None, _read("any"), {})


def _read(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = yamlfile.read(DATA / f"{name}.yaml").plain()
    return plain


def _build(lang: str | None, shared: dict[str, Any], own: dict[str, Any]) -> Lexicon:
    elided = bool(own.get("elided", False))
    negation = own.get("negation", {})
    negators = [(word, Cue("negation", 1.0, 1.0)) for word in negation.get("words", ())]
    excepted = [(word, Cue("no negation", 0.0, 0.0)) for word in negation.get("except", ())]
    sources = {name: (shared[name], own.get(name, {})) for name in SCALES if lang is None or name in own}
    sets = [[*negators, *excepted], *(_cues(each) for each in sources.values())]
    return Lexicon(
        lang=lang,
        vocabulary=Vocabulary(sets, numbers=frozenset(own.get("numbers", ())), elided=elided),
        scales={
            name: _scale(each, index) for index, (name, each) in enumerate(sources.items(), NEGATIONS + 1)
        },
        reach=(negation.get("forward", 0), negation.get("backward", 0)),
        lead_ins=frozenset(own.get("lead_ins", ())),
        turns=frozenset(negation.get("turns", ())),
        contrast=frozenset(own.get("contrast", ())),
        common=frozenset(str(own.get("common", "")).split()),
        elided=elided,
        verb_first=bool(own.get("verb_first", False)),
    )


def _cues(sources: tuple[dict[str, Any], ...]) -> list[tuple[str, Cue]]:
    groups = [each for source in sources for each in source.get("groups", {}).items()]
    return [(phrase, _cue(group, values)) for group, values in groups for phrase in values["words"]]


def _scale(sources: tuple[dict[str, Any], ...], cues: int) -> Scale:
    merged: dict[str, float] = {}
    shares: dict[str, Cue] = {}
    hosts: list[str] = []
    for source in sources:
        merged |= {name: value for name, value in source.items() if name not in _SECTIONS}
        shares |= {group: _cue(group, values) for group, values in source.get("shares", {}).items()}
        hosts += source.get("hosts", ())
    bias = merged.pop("bias")
    return Scale(bias, cues, merged, shares, tuple(hosts))


def _cue(group: str, values: Mapping[str, Any]) -> Cue:
    weight = float(values["weight"])
    return Cue(group, weight, float(values.get("negated", weight)))
