"""The one way in: a text and the languages its platform declared → its language and its signals. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import Signal
from rules.signals import body, cues, language, lexicon

UNKNOWN = Signal(value=None)


def prepare() -> None:
    """Load what every text needs, so that no customer's text has to wait for it: about half a second."""
    for lang in lexicon.LANGUAGES:
        lexicon.load(lang)
    measure("The first text loads the model that tells languages apart.", ())


def measure(text: str, langs: tuple[str, ...]) -> tuple[str | None, Mapping[str, Signal]]:
    """The language and the signals complaint, question, thanks of a searchable text.

    The language is None where it cannot be told; it has its region where that was declared.
    A value is a probability, None is unknown: a language without cues has no complaint and no thanks, and a
    question only where a question mark decides. Total; never touches the network.
    """
    read = body.read(text)
    lang = language.detect(read, langs)
    known = lexicon.load(lang) if lang else None
    found = _signs(read, lang) if known is None else _signals(cues.read(read, known))
    return language.as_declared(lang, langs), found


def _signals(reading: cues.Reading) -> dict[str, Signal]:
    complaint, question = cues.complaint(reading), cues.question(reading)
    thanks = cues.thanks(reading, complaint=complaint, question=question)
    return {"complaint": complaint, "question": question, "thanks": thanks}


def _signs(read: body.Body, lang: str | None) -> dict[str, Signal]:
    """What signs say in every language: a question mark asks; emoji, where there is nothing but signs."""
    if lang == "el":  # Greek asks with what looks like a semicolon, and mostly is typed as one
        read = body.Body(read.plain, read.folded.replace(";", "?"))
    signals = _signals(cues.read(read, lexicon.shared()))
    if read.has_words:
        return {"complaint": UNKNOWN, "question": _if_present(signals["question"]), "thanks": UNKNOWN}
    return {name: signal if signal.evidence else UNKNOWN for name, signal in signals.items()}


def _if_present(signal: Signal) -> Signal:
    return signal if signal.value is not None and signal.value >= cues.PRESENT else UNKNOWN
