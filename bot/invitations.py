"""Whether a text asks somebody to write to us privately, in English or Spanish. Pure.

Who is invited and not heard is worse off than who was not answered: so `check` warns of such words where we
cannot read what they invite to. It looks for requests, not for the mere words: "we cannot read direct
messages" invites nobody.
"""

from __future__ import annotations

import re
import unicodedata

_EN = r"(?:dms?|p\.?m\.?s?|(?:direct|private)[ -]messages?)"
_BY = r"\b(?:by|via|through|over|in|into)(?: an?| your| our| the)?"
_ES = r"(?:dms?|mds?|mensajes? (?:directos?|privados?)|privado|inbox)"
_INVITATIONS = re.compile(
    "|".join(
        (
            r"\b(?:dm|pm|direct[ -]message|private[ -]message) (?:us|me)\b",
            r"\bmessage (?:us|me) (?:directly|privately|in private)\b",
            rf"\b(?:send|drop|shoot|write|give|leave) (?:us|me) [^.!?\n]{{0,40}}?\b{_EN}(?!\w)",
            rf"\b(?:send|share|tell|give|write|contact|reach|message)\b[^.!?\n]{{0,60}}{_BY} {_EN}(?!\w)",
            rf"\bour {_EN} (?:are|is) (?:always )?open\b",
            rf"\b(?:envi|mand|escrib|contact|dej|pas|cuent|hab|diri)\w*(?:nos|me)\b[^.!?\n]{{0,60}}?\b{_ES}\b",
            rf"\b(?:envi|mand|escrib|cont|compart)\w*\b[^.!?\n]{{0,60}}?\bpor (?:un )?{_ES}\b",
        )
    )
)
_REFUSALS = re.compile(r"\b(?:not|never|cannot|without|no|nunca|sin)\b|n't\b")


def invited(text: str) -> str:
    """The words by which a text invites somebody to write privately; empty: it does not."""
    flat = _folded(text)
    for sentence in re.split(r"[.!?\n]+(?=\s|$)", flat):
        found = _INVITATIONS.search(sentence)
        if found and not _REFUSALS.search(sentence[: found.end()]):
            return found[0]
    return ""


def _folded(text: str) -> str:
    """Small letters without accents, one blank between words; lines stay apart."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    return "\n".join(" ".join(line.split()) for line in bare.splitlines())
