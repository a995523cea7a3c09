"""What the demo itself says: in the phone, in the terminal, and where the written day has no answer.

Knows words only. What Outcare says, on cards and to whoever presses a button, is not here: that is real.
"""

from __future__ import annotations

WELCOME = (
    "This is the staff's chat of Velorbo, a made-up e-bike service. You are Alex. "
    "Press Claim on a card: it is yours, and everybody sees that it is."
)
NOTICE = (
    "This is the demo: nobody in it is real. You are Alex: claim something, here or on the phone. "
    "For your own brand run “outcare init”."
)
ANSWER_SOON = (
    "Yours. Somebody of Velorbo now answers in the network's own app, not here; watch the card close itself."
)
ONLY_YOU = (
    "Yours. This one is on X, where nobody answers in the app for you: reply to the card, then press "
    "Publish. X asks for a cent; what is spent is counted against the month's budget."
)
CLOSED = "The answer is out on the network. Outcare saw it there, stopped the clock and closed the card."
GIVES_WAY = "Fine, not mine then. I take the next one."
LEFT_ALONE = "You dismissed it, so nobody answers this one."
YOURS_TO_SAY = "You write this answer yourself, so nobody else will. Look at the card, then press Publish."
THE_END = (
    "The day is over; what you claim is still answered. Your own brand takes ten minutes: "
    "run “outcare init” in the terminal."
)

_ANSWERS = {
    "en": "Thanks for telling us, {name}. We are looking into it right now and will write again here.",
    "es": "Gracias por avisarnos, {name}. Lo estamos mirando ahora mismo y te escribimos por aquí.",
    "de": "Danke für den Hinweis, {name}. Wir sehen es uns gerade an und melden uns hier.",
    "fr": "Merci de nous l'avoir signalé, {name}. Nous regardons tout de suite et revenons vers vous ici.",
    "pt": "Obrigado por avisar, {name}. Estamos a ver isto agora mesmo e voltamos a escrever aqui.",
    "ja": "お知らせありがとうございます、{name}さん。ただいま確認しています。こちらで改めてご連絡します。",
}


def lost(who: str, told: str) -> str:
    """A colleague came too late."""
    return f"{who} pressed Claim on the same card a moment later, and was told: “{told}”"


def thanked(name: str) -> str:
    """The customer is content, and no phone rings."""
    return f"{name} said thanks. It is stored with the conversation; nobody is bothered."


def answer(name: str, lang: str) -> str:
    """What the brand answers where nobody has written it down."""
    return _ANSWERS.get(lang, _ANSWERS["en"]).format(name=name.split(maxsplit=1)[0])
