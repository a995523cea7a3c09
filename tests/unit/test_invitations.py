"""Words that invite to write privately, and words that only speak of it."""

from __future__ import annotations

import pytest

from bot.invitations import invited


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sorry to hear that! Please DM us your order number.", "dm us"),
        ("Could you send us a direct message?", "send us a direct message"),
        ("Send us a quick\u00a0DM", "send us a quick dm"),
        ("Please share your number via DM", "share your number via dm"),
        ("Message us privately, please", "message us privately"),
        ("Our DMs are always open!", "our dms are always open"),
        ("Just drop me a private message", "drop me a private message"),
        ("¿Nos cuentas más? Envíanos un mensaje directo", "envianos un mensaje directo"),
        ("Escríbenos por privado, por favor", "escribenos por privado"),
        ("Mándanos tu pedido por MD", "mandanos tu pedido por md"),
        ("Puedes enviar el número por mensaje privado", "enviar el numero por mensaje privado"),
        ("We cannot help here. DM us!", "dm us"),
    ],
)
def test_an_invitation_is_found(text: str, words: str) -> None:
    """In both languages, in any case, with or without accents."""
    assert words == invited(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We open at 9 am and close at 5 pm.",
        "We cannot read direct messages here.",
        "Please don\u2019t send us your password in a direct message.",
        "Please write to care@acme.example.",
        "Message us at acme.example/help",
        "We sent you a message.",
        "No nos envíes datos por mensaje privado.",
        "Tu mensaje ya ha llegado.",
        "The admin will tell us more.",
        "He said DMs were broken.",
        "Es un evento privado.",
    ],
)
def test_what_only_speaks_of_it_is_none(text: str) -> None:
    """A refusal, a time of the day, another way."""
    assert invited(text) == ""
