"""The one way in: a text and the languages its platform declared → its language and its signals.

Pure, but for the plug-ins that somebody installed.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import AuthorFacts, Measured, Signal
from rules.signals import body, cues, language, lexicon, plugins, scores
from rules.signals.fake import fake
from rules.signals.names import EVERY

UNKNOWN = Signal(value=None)
_WITHOUT_WORDS = ("question", "spam")
"""What signs can show in a language without cues: a question mark asks, a link draws elsewhere."""


def prepare() -> None:
    """Load what every text needs, so that no customer's text has to wait for it: about half a second."""
    for lang in lexicon.LANGUAGES:
        lexicon.load(lang)
    measure("The first text loads the model that tells languages apart.", ())


def measure(text: str, langs: tuple[str, ...], author: AuthorFacts | None = None) -> Measured:
    """The language and the signals (`names.EVERY`, and those of plug-ins) of a searchable text.

    The language is None where it cannot be told; it has its region where that was declared. None is unknown:
    in a language without cues most signals are, and `question` and `spam` are known only where signs decide.
    `author`: who wrote it, as far as that is known; only `fake` reads it.
    Total; never touches the network.
    """
    read = body.read(text)
    lang = language.detect(read, langs)
    known = lexicon.load(lang) if lang else None
    found = _signs(read, lang) if known is None else scores.of_text(cues.read(read, known))
    found["fake"] = fake(lexicon.shared().scales["fake"], found.get("spam", UNKNOWN), author)
    told = language.as_declared(lang, langs)
    signals: Mapping[str, Signal] = {name: found.get(name, UNKNOWN) for name in EVERY}
    if others := plugins.installed():
        signals = plugins.added(others, signals, text, told, author)
    return told, signals


def _signs(read: body.Body, lang: str | None) -> dict[str, Signal]:
    """What signs say in every language: a question mark asks; emoji, where there is nothing but signs."""
    if lang == "el":  # Greek asks with what looks like a semicolon, and mostly is typed as one
        read = body.Body(read.plain, read.folded.replace(";", "?"), read.links, read.handles)
    found = scores.of_text(cues.read(read, lexicon.shared()))
    if read.has_words:
        return {name: found[name] for name in _WITHOUT_WORDS if found[name].is_present}
    return {name: signal for name, signal in found.items() if signal.evidence}
