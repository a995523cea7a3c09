"""What spam, urgent, toxic and sentiment say of sentences of our own."""

from __future__ import annotations

import pytest

from rules.signals.measure import measure

Cases = dict[str, list[str]]


def value(text: str, name: str, *langs: str) -> float:
    found = measure(text, langs or ("en",))[1][name].value
    assert found is not None
    return found


def cases(table: Cases) -> list[tuple[str, str]]:
    return [(lang, text) for lang, texts in table.items() for text in texts]


SPAM: Cases = {
    "en": [
        "check out my channel for funny cat videos",
        "Subscribe to me and I will follow back!",
        "Earn money from home, link in bio",
        "GIVEAWAY! follow and retweet to win a free iPhone https://win.example/a",
        "my new mixtape is out now, go listen",
        "use my code SAVE20 and click the link https://shop.example/x",
        "https://www.gofundme.com/some-campaign please help",
        "best crypto trading signals on telegram, DM me for more",
        "visit  kidsmedia . com for free gift cards",
        "https://a.example/x",
    ],
    "es": [
        "Suscríbete a mi canal, subo videos cada día",
        "Gana dinero desde casa, link en bio",
        "SORTEO: sígueme y comparte para ganar https://win.example/a",
        "Visita mi página y usa mi código de descuento",
    ],
    "de": ["Schaut mal bei meinem Kanal vorbei", "Geld verdienen von zuhause, Link in Bio"],
    "fr": ["Abonnez-vous à ma chaîne", "Gagner de l'argent facile, lien en bio"],
    "pt": ["Inscreva-se no meu canal", "Ganhe dinheiro em casa, link na bio"],
}
NO_SPAM: Cases = {
    "en": [
        "where is my order? https://shop.example/track/84",
        "your new app is great, check it out everyone",
        "I can't unsubscribe from your newsletter",
        "the error is here https://pics.example/screenshot.png, please help",
        "thanks @acme",
        "can you follow back so I can DM you",
        "is there a discount code for students?",
        "We open at nine. See you tomorrow.",
    ],
    "es": [
        "¿dónde está mi pedido? https://tienda.example/84",
        "el código de descuento no funciona",
        "Mañana vamos a la playa",
    ],
    "de": ["Wo bleibt mein Paket? https://shop.example/84", "Morgen gehen wir ins Kino"],
    "fr": ["Où est ma commande ? https://boutique.example/84", "On va au cinéma demain"],
    "pt": ["Cadê meu pedido? https://loja.example/84", "Amanhã vamos à praia"],
}
URGENT: Cases = {
    "en": [
        "your charger caught fire last night",
        "URGENT please call me back",
        "my account was hacked and money is gone",
        "need help asap, my flight leaves in 2 hours",
        "production is down and all our customers are affected, losing money",
        "she had an allergic reaction to your cream",
        "I am stranded at the airport with two kids, please help!!",
    ],
    "es": [
        "el cargador se incendió anoche",
        "URGENTE, por favor llamen",
        "me hackearon la cuenta y desapareció el dinero",
        "mi vuelo sale en 2 horas, necesito ayuda ya",
        "estoy varada en el aeropuerto con mi bebé sola, ayuda",
    ],
    "de": ["Das Ladegerät hat gebrannt", "dringend, bitte sofort melden", "mein Konto wurde gehackt"],
    "fr": ["le chargeur a pris feu", "c'est urgent, répondez vite", "mon compte a été piraté"],
    "pt": ["o carregador pegou fogo", "é urgente, preciso de ajuda agora", "hackearam minha conta"],
}
NO_HURRY: Cases = {
    "en": [
        "no rush, just curious when it ships",
        "this mixtape is fire",
        "love the new app",
        "it is not urgent at all",
        "what colours does it come in?",
        "the shop on the corner opens at nine",
    ],
    "es": ["no es urgente, cuando puedan", "me encanta la nueva app", "¿qué colores hay?"],
    "de": ["nicht dringend, wenn ihr Zeit habt", "Welche Farben gibt es?"],
    "fr": ["rien d'urgent, quand vous pourrez", "Quelles couleurs avez-vous ?"],
    "pt": ["não é urgente, quando puderem", "Quais cores vocês têm?"],
}
TOXIC: Cases = {
    "en": [
        "you idiots",
        "fuck you and your company",
        "hope you die",
        "go kill yourself",
        "what a bunch of morons",
    ],
    "es": ["son unos idiotas, gilipollas", "vete a la mierda", "ojalá te mueras", "hijos de puta"],
    "de": ["ihr seid alle Idioten", "verpisst euch", "halt die Fresse"],
    "fr": ["bande de cons", "ferme ta gueule", "va crever"],
    "pt": ["vai tomar no cu", "seus idiotas", "tomara que morram"],
}
CIVIL: Cases = {
    "en": [
        "this is terrible service and I am furious",
        "holy shit this is fucking amazing, love you guys",
        "damn, the app is down again",
        "your product sucks",
        "we open at nine tomorrow",
        "not an idiot, just tired",
    ],
    "es": ["pésimo servicio, estoy harto", "de puta madre el concierto", "la app es una mierda"],
    "de": ["schlechter Service, ich bin sauer", "scheiße geil das Konzert"],
    "fr": ["service lamentable, je suis furieux", "putain c'est trop bon"],
    "pt": ["péssimo atendimento, estou furioso", "o show foi foda demais"],
}
GLAD: Cases = {
    "en": ["I love this, amazing team", "so excited and proud", "not bad at all, thanks"],
    "es": ["me encanta, excelente equipo", "qué alegría, estoy feliz"],
    "de": ["ich liebe es, super Team", "so stolz und glücklich"],
    "fr": ["j'adore, équipe formidable", "trop fier, quelle joie"],
    "pt": ["adorei, equipe maravilhosa", "que alegria, estou feliz"],
}
SAD: Cases = {
    "en": ["awful, I hate it", "heartbroken and scared", "thanks for nothing", "the staff was not helpful"],
    "es": ["horrible, lo odio", "qué tristeza, tengo miedo", "gracias por nada"],
    "de": ["schrecklich, ich hasse es", "ich habe Angst, so traurig"],
    "fr": ["horrible, je déteste", "tellement de tristesse et de peur"],
    "pt": ["horrível, odeio", "que tristeza, tenho medo"],
}


@pytest.mark.parametrize(("lang", "text"), cases(SPAM))
def test_who_draws_people_elsewhere_is_spam(lang: str, text: str) -> None:
    """One's own channel, followers, riches, offers, and nothing but a link."""
    assert value(text, "spam", lang) >= 0.5


@pytest.mark.parametrize(("lang", "text"), cases(NO_SPAM))
def test_customers_with_links_and_codes_are_no_spam(lang: str, text: str) -> None:
    """A link or a discount code alone is everybody's."""
    assert value(text, "spam", lang) < 0.5


@pytest.mark.parametrize(("lang", "text"), cases(URGENT))
def test_danger_theft_haste_and_deadlines_are_urgent(lang: str, text: str) -> None:
    """An hour from now is too late."""
    assert value(text, "urgent", lang) >= 0.5


@pytest.mark.parametrize(("lang", "text"), cases(NO_HURRY))
def test_what_can_wait_is_not_urgent(lang: str, text: str) -> None:
    """Negated haste, slang and small talk."""
    assert value(text, "urgent", lang) < 0.5


@pytest.mark.parametrize(("lang", "text"), cases(TOXIC))
def test_insults_and_threats_are_toxic(lang: str, text: str) -> None:
    """Words against people."""
    assert value(text, "toxic", lang) >= 0.5


@pytest.mark.parametrize(("lang", "text"), cases(CIVIL))
def test_anger_and_cursing_alone_are_not_toxic(lang: str, text: str) -> None:
    """Who is furious with a product attacks nobody; cursing may be praise."""
    assert value(text, "toxic", lang) < 0.5


@pytest.mark.parametrize(("lang", "text"), cases(GLAD))
def test_praise_and_joy_are_above_zero(lang: str, text: str) -> None:
    """The tone is clearly good."""
    assert value(text, "sentiment", lang) > 0.3


@pytest.mark.parametrize(("lang", "text"), cases(SAD))
def test_complaint_and_sorrow_are_below_zero(lang: str, text: str) -> None:
    """The tone is clearly bad."""
    assert value(text, "sentiment", lang) < -0.3


def test_a_text_without_feeling_is_neutral() -> None:
    """Nothing moved it: zero, and no evidence."""
    signal = measure("the parcel has four sides", ("en",))[1]["sentiment"]
    assert (0.0, ()) == (signal.value, signal.evidence)


def test_a_complaint_with_a_link_is_less_spam() -> None:
    """Who complains wants something of us."""
    lure = "click here https://a.example/x"
    assert value(f"still waiting, this is awful, {lure}", "spam") < value(lure, "spam")


def test_links_are_told_apart_by_what_surrounds_them() -> None:
    """The evidence says what kind of link it was."""
    told = {
        text: [word for word, _ in measure(text, ("en",))[1]["spam"].evidence]
        for text in (
            "https://a.example/x",
            "lunch https://a.example/x",
            "a https://a.example/1 b https://a.example/2 c https://a.example/3",
            "lunch https://ouo.io/x",
            "lunch at a . com",
            "lunch at a.com",
        )
    }
    assert list(told.values()) == [
        ["nothing but a link"],
        ["a link"],
        ["3 links", "a link"],
        ["a link to ouo.io", "a link"],
        ["an address torn apart"],
        ["an address"],
    ]


def test_many_hashtags_and_handles_count() -> None:
    """Posts that shout to everybody."""
    text = "@a @b @c @d @e @f sunny day #a #b #c #d #e"
    words = [word for word, _ in measure(text, ("en",))[1]["spam"].evidence]
    assert words == ["5 hashtags", "6 handles"]


def test_spam_is_seen_in_any_language_where_signs_decide() -> None:
    """Without cues of the language a value below one half would be a guess."""
    assert value("https://a.example/x", "spam", "xx") >= 0.5
    assert measure("これは壊れています", ())[1]["spam"].value is None


def test_exclamation_adds_only_to_what_is_urgent_already() -> None:
    """Enthusiasm is no emergency."""
    assert value("lovely day!!", "urgent") == value("lovely day", "urgent")
    assert value("call me asap!!", "urgent") > value("call me asap", "urgent")
