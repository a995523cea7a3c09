"""Whether somebody asks us to leave them alone. Pure.

Only a message that says nothing else: "stop writing to me" is one, "when does it stop?" is a question. Such a
wish is rare, and to miss one is worse than to keep an answer back that staff can still give in the app.
"""

from __future__ import annotations

import re

from bot.model import ADDRESSED, Kind

_SAYS = frozenset({
    "stop", "please stop", "stop it", "unsubscribe", "opt out", "leave me alone", "stop writing to me",
    "stop replying to me", "stop messaging me", "do not reply", "dont reply to me", "don't reply to me",
    "para", "basta", "no me escribas", "no me escriban", "no me respondas", "no me respondan",
    "dejadme en paz", "déjenme en paz", "baja",
    "stopp", "lass mich in ruhe", "lasst mich in ruhe", "schreibt mir nicht", "abmelden",
    "arrêtez", "laissez-moi tranquille", "désabonner", "ne me répondez plus",
    "pare", "parem", "me deixem em paz", "cancelar inscrição",
})  # fmt: skip
_NAMES = re.compile(r"@\S+")
_EDGES = " \t\r\n.,;:!?¡¿…'\"“”«»"


def wants_no_answers(text: str, kind: Kind) -> bool:
    """Whether the whole of it, said to us, is such a wish."""
    if kind not in ADDRESSED or len(text) > 200:
        return False
    return " ".join(_NAMES.sub(" ", text).replace("’", "'").split()).strip(_EDGES).casefold() in _SAYS
