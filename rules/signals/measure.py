"""The one way in: a text and the languages its platform declared → its language and its signals. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import Signal
from rules.signals import body, cues, language, lexicon

UNKNOWN = Signal(value=None)


def measure(text: str, langs: tuple[str, ...]) -> tuple[str | None, Mapping[str, Signal]]:
    """The language (None: cannot tell) and the signals complaint, question, thanks of a searchable text.

    A value is a probability, None is unknown: a language without cues has no complaint and no thanks, and a
    question only where a question mark decides. Total; never touches the network.
    """
    read = body.read(text)
    lang = language.detect(read, langs)
    known = lexicon.load(lang) if lang else None
    if known is None:
        return lang, {"complaint": UNKNOWN, "question": _marked(read, lang), "thanks": UNKNOWN}
    reading = cues.read(read, known)
    complaint, question = cues.complaint(reading), cues.question(reading)
    thanks = cues.thanks(reading, complaint=complaint, question=question)
    return lang, {"complaint": complaint, "question": question, "thanks": thanks}


def _marked(read: body.Body, lang: str | None) -> Signal:
    """A question mark asks in every language; without one nothing is known."""
    if lang == "el":  # Greek asks with what looks like a semicolon, and mostly is typed as one
        read = body.Body(read.plain, read.folded.replace(";", "?"))
    signal = cues.question(cues.read(read, lexicon.shared()))
    return signal if signal.value is not None and signal.value >= 0.5 else UNKNOWN
