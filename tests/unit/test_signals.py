"""What the signals say of sentences of our own, and that they can be relied on for any text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Signal, searchable
from rules.signals import lexicon
from rules.signals.measure import measure
from rules.signals.names import EVERY, RANGES

NAMES = set(EVERY)


def value(text: str, name: str, *langs: str) -> float:
    found = measure(text, langs or ("en",))[1][name].value
    assert found is not None
    return found


COMPLAINTS = {
    "en": [
        "@acme STILL waiting for my refund, fed up. where is it??",
        "My order never arrived and nobody answers",
        "This is unacceptable",
        "why is your site down again",
        "I was charged twice",
        "Not happy with the support",
        "the update didn't fix it",
        "your app keeps crashing",
        "thanks for nothing",
        "thanks for ruining my trip",
        "brilliant, another outage 🙄",
        "great, my flight is cancelled again",
        "thanks, but it still fails",
        "I love how you ignore me",
        "won't be buying from you again",
        "on hold for 45 minutes, no response",
        "Worst. Service. Ever.",
        "my parcel hasn’t arrived",
        "sooo slow, what a joke",
    ],
    "de": [
        "Warte seit 3 Wochen auf mein Paket, keine Antwort vom Support",
        "Die App geht nicht",
        "Danke für nichts",
        "na toll, schon wieder eine Störung",
        "Danke, aber es geht immer noch nicht",
        "Mir wurde doppelt abgebucht, unverschämt",
    ],
    "es": [
        "Llevo dos semanas esperando mi pedido y nadie responde",
        "pésimo servicio, quiero mi reembolso",
        "La app no funciona",
        "gracias por nada",
        "Gracias, pero sigue sin funcionar",
    ],
    "fr": [
        "J'attends mon colis depuis trois semaines, aucune réponse",
        "L’application ne marche pas",
        "ça marche pas",
        "merci pour rien",
        "Merci mais ça ne fonctionne toujours pas",
        "C'est une honte, remboursez-moi",
    ],
    "pt": [
        "Estou esperando meu pedido há duas semanas e ninguém responde",
        "péssimo atendimento, quero meu dinheiro de volta",
        "O app não funciona",
        "obrigado por nada",
        "Obrigada, mas ainda não chegou",
    ],
}
QUIET = {
    "en": [
        "love the new app, thanks @acme",
        "no problem at all",
        "no problems so far",
        "not bad at all",
        "never disappoints",
        "can't wait for the launch",
        "best service ever, not a single delay",
        "we open at nine tomorrow",
        "could someone tell me the opening hours",
        "the package arrived today, as promised",
        "hm",
    ],
    "de": ["Super Service, vielen Dank", "kein Problem", "gar nicht schlecht", "Morgen gehen wir ins Kino"],
    "es": ["¡Muchas gracias, ya funciona!", "no hay problema", "Mañana vamos a la playa"],
    "fr": ["Merci beaucoup, c'est résolu !", "pas de problème", "On va au cinéma demain"],
    "pt": ["Muito obrigado, já funciona!", "sem problemas", "Amanhã vamos à praia"],
}
QUESTIONS = {
    "en": [
        "is @acme down?",
        "can you ship to Norway",
        "could someone tell me the opening hours",
        "does anyone know when the shop opens",
        "how do I reset my password",
        "any idea why this happens",
        "is there a student discount",
        "hi, what time do you open",
        "ok so where can I find it",
        "any update on this",
        "??",
    ],
    "de": [
        "Wann kommt mein Paket",
        "kann mir jemand helfen",
        "Habt ihr am Sonntag offen",
        "Hallo, könnt ihr mir helfen",
    ],
    "es": ["¿Dónde está mi paquete", "alguien sabe cuándo abren", "Hola, cómo puedo cambiar mi dirección"],
    "fr": [
        "Où est ma commande ?",
        "comment faire pour changer mon adresse",
        "est-ce que vous livrez en Suisse",
    ],
    "pt": ["Cadê meu pedido", "alguém sabe quando abre", "Oi, como faço para trocar a senha"],
}
STATEMENTS = {
    "en": [
        "see https://shop.example/?page=2 for more",
        "really?!",
        "what a great day",
        "don't worry about it",
        "we open at nine tomorrow",
        "when I was there it was closed",
        "have a nice day",
    ],
    "de": ["Danke, jetzt funktioniert es wieder!", "was für ein Tag", "Morgen gehen wir ins Kino"],
    "es": ["qué bonito día", "Mañana vamos a la playa"],
    "fr": ["quel plaisir de vous lire", "On va au cinéma demain"],
    "pt": ["que legal isso", "Amanhã vamos à praia"],
}
THANKS = {
    "en": [
        "thanks!",
        "thank you, that worked",
        "cheers",
        "Thanks so much, all sorted",
        "love the new app, thanks @acme",
    ],
    "de": ["danke", "Super Service, vielen Dank", "Danke, jetzt funktioniert es wieder!"],
    "es": ["gracias", "¡Muchas gracias, ya funciona!"],
    "fr": ["merci", "Merci beaucoup, c'est résolu !"],
    "pt": ["obrigado", "Muito obrigado, já funciona!", "valeu"],
}
MORE_THAN_THANKS = {
    "en": [
        "thanks, but it still fails",
        "thanks for nothing",
        "no thanks",
        "thanks! when does it ship?",
        "please help, thanks in advance",
        "thanks for ruining my trip",
        "would love to hear back",
        "we open at nine tomorrow",
    ],
    "de": [
        "Danke für nichts",
        "Danke, aber es geht immer noch nicht",
        "Danke im Voraus, wann kommt das Paket",
    ],
    "es": ["gracias por nada", "Gracias, pero sigue sin funcionar"],
    "fr": ["merci pour rien", "Merci mais ça ne fonctionne toujours pas", "merci d'avance"],
    "pt": ["obrigado por nada", "Obrigada, mas ainda não chegou"],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(lang, text) for lang, texts in table.items() for text in texts]


@pytest.mark.parametrize(("lang", "text"), cases(COMPLAINTS))
def test_complaints_are_heard(lang: str, text: str) -> None:
    """Breach, silence, delay, anger, sarcasm and a "but" after thanks are complaints."""
    assert value(text, "complaint", lang) >= 0.5


@pytest.mark.parametrize(("lang", "text"), cases(QUIET))
def test_praise_and_small_talk_are_no_complaints(lang: str, text: str) -> None:
    """Praise, a negated fault and plain talk stay below 0.3, where the praise rules begin."""
    assert value(text, "complaint", lang) < 0.3


@pytest.mark.parametrize(("lang", "text"), cases(QUESTIONS))
def test_questions_are_heard_with_and_without_a_mark(lang: str, text: str) -> None:
    """A mark or an opening makes a question."""
    assert value(text, "question", lang) >= 0.5


@pytest.mark.parametrize(("lang", "text"), cases(STATEMENTS))
def test_statements_are_no_questions(lang: str, text: str) -> None:
    """A mark inside a link, a rhetorical one, and openings that go on as statements ask nothing."""
    assert value(text, "question", lang) < 0.5


@pytest.mark.parametrize(("lang", "text"), cases(THANKS))
def test_mere_thanks_are_thanks(lang: str, text: str) -> None:
    """Thanks and praise after which nobody waits."""
    assert value(text, "thanks", lang) >= 0.5


@pytest.mark.parametrize(("lang", "text"), cases(MORE_THAN_THANKS))
def test_thanks_with_more_to_say_are_not_mere_thanks(lang: str, text: str) -> None:
    """A "but", a question, a complaint or a request beside the thanks keeps somebody waiting."""
    assert value(text, "thanks", lang) < 0.5


def test_evidence_names_the_words_strongest_first() -> None:
    """Staff can read why: the words as they stand in the text, with their weights."""
    evidence = measure("still waiting for my refund, fed up", ("en",))[1]["complaint"].evidence
    assert [word for word, _ in evidence] == ["fed up", "still waiting", "refund"]
    assert [weight for _, weight in evidence] == sorted((w for _, w in evidence), reverse=True)


def test_a_negated_cue_is_quoted_with_its_negation() -> None:
    """The evidence shows "not very helpful", not "helpful"."""
    assert measure("the staff was not very helpful", ("en",))[1]["complaint"].evidence == (
        ("not very helpful", 1.4),
    )


@pytest.mark.parametrize(
    ("lang", "text"), cases(COMPLAINTS) + cases(QUIET) + cases(QUESTIONS) + cases(THANKS)
)
def test_the_evidence_explains_the_value(lang: str, text: str) -> None:
    """bias + the listed weights is exactly the log-odds of the value, nothing hidden."""
    known = lexicon.load(lang)
    assert known is not None
    for name, signal in measure(text, (lang,))[1].items():
        if name == "fake":  # nothing is known of the author
            assert signal == Signal(value=None)
            continue
        total = known.scales[name].bias + sum(weight for _, weight in signal.evidence)
        low, high = RANGES.get(name, (0, 1))
        assert signal.value == pytest.approx(low + (high - low) / (1 + math.exp(-total)), abs=2e-4)


def test_repetition_counts_less_each_time() -> None:
    """Three swear words are one anger, not three."""
    weights = [w for _, w in measure("awful, horrible, terrible", ("en",))[1]["complaint"].evidence]
    assert weights == [1.7, 0.85, 0.42]


def test_capitals_stress_a_word_but_not_a_whole_text() -> None:
    """One word in capitals adds weight; a text typed in capitals does not."""
    assert value("we are STILL here", "complaint") > value("we are still here", "complaint")
    assert value("WE ARE STILL HERE", "complaint") == value("we are still here", "complaint")


@pytest.mark.parametrize(
    "text", ["これは壊れています", "Det här är helt oacceptabelt", "Это просто ужасно, верните деньги"]
)
def test_a_language_without_cues_is_unknown_not_zero(text: str) -> None:
    """Unknown is not low: the values are None."""
    _, signals = measure(text, ())
    assert {name: Signal(value=None) for name in NAMES} == signals


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("これは何ですか？", "ja"),
        ("متى تصل الطلبية؟", "ar"),
        ("πότε θα έρθει το δέμα;", "el"),
        ("πότε θα έρθει το δέμα\u037e", "el"),
        ("Когда придёт посылка?", "ru"),
    ],
)
def test_a_question_mark_asks_in_every_language(text: str, lang: str) -> None:
    """Where the openings are not known, the mark decides, and the rest stays unknown."""
    found, signals = measure(text, (lang,))
    assert lang == found
    assert signals["question"].value is not None
    assert signals["question"].value >= 0.5
    assert signals["complaint"].value is None


def test_a_semicolon_asks_only_in_greek() -> None:
    """Elsewhere it is a semicolon."""
    assert value("it is late; we are closed", "question") < 0.5


def test_emoji_alone_are_understood_without_a_language() -> None:
    """Anger, thanks and "?" need no words."""
    assert value("😡😡", "complaint", "xx", "yy") >= 0.5
    assert value("🙏", "thanks", "xx", "yy") >= 0.5
    assert value("❓", "question", "xx", "yy") >= 0.5


@pytest.mark.parametrize("text", ["", " ", "\u2029", "@acme.example", "1234", "…", "🚲"])
def test_a_text_that_says_nothing_is_unknown(text: str) -> None:
    """No words and no telling sign: no language, no values."""
    assert (None, {name: Signal(value=None) for name in NAMES}) == measure(text, ())


def test_the_body_is_measured_not_its_links_and_alt_texts() -> None:
    """An angry alt text or link target is not the author's complaint."""
    text = searchable("a quiet day", alts=("horrible broken screen",), links=("https://a.example/worst?why",))
    assert measure("a quiet day", ("en",)) == measure(text, ("en",))


def test_a_post_without_a_body_is_measured_by_its_title() -> None:
    """The first part that holds a word speaks."""
    assert value(searchable("@acme", title="Where is my refund?"), "question") >= 0.5


def test_handles_and_brand_names_in_them_are_no_cues() -> None:
    """@terrible_airline is a name."""
    assert measure("flying with @terrible_scam.example today", ("en",))[1]["complaint"].evidence == ()


@pytest.mark.parametrize("dressed", ["DON’T work", "don't work", "Don‘t work", "ｄｏｎ't work"])
def test_quotes_case_and_width_do_not_matter(dressed: str) -> None:
    """Curly and straight, capitals and full width read alike."""
    assert value(f"the app: they {dressed}", "complaint") >= 0.5


TEXTS = st.text() | st.lists(
    st.sampled_from(
        [
            "not",
            "no",
            "thanks",
            "worst",
            "?",
            "!!",
            "waiting",
            "3",
            "weeks",
            "but",
            "🙄",
            "\u2029",
            "n'",
            "ne",
            "@a",
            "#b",
            "\n",
            ";",
        ]
    )
).map(" ".join)


@given(
    text=TEXTS,
    langs=st.lists(st.sampled_from(["en", "de", "fr", "es", "pt", "ja", "el", "", "??", "en-US"])).map(tuple),
)
def test_measuring_is_total_deterministic_and_bounded(text: str, langs: tuple[str, ...]) -> None:
    """Any text gives every signal, each None or within its range, twice the same."""
    lang, signals = measure(text, langs)
    assert set(signals) == NAMES
    for name, signal in signals.items():
        low, high = RANGES.get(name, (0, 1))
        assert signal.value is None or low <= signal.value <= high
    assert (lang, signals) == measure(text, langs)


def test_a_broken_surrogate_is_measured_like_any_text() -> None:
    """JSON may carry half a surrogate pair; nothing raises."""
    assert set(measure("why is it broken \ud83d", ("en",))[1]) == NAMES


def test_a_huge_text_is_measured_by_its_beginning() -> None:
    """A text of megabytes costs no more than its first characters."""
    assert measure("worst service. " + "la " * 100_000, ("en",))[1]["complaint"].evidence[0] == ("worst", 1.7)
