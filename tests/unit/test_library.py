"""Which prepared answers are found for what somebody wrote: typos, other words, other languages, nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer_index import spellings
from bot.library import FLOOR, Library, likeness, words
from bot.settings.answers import parse_answers

TODAY = date(2026, 11, 22)
TEXT = """
answers:
  delivery:
    questions: [Where is my order?, How long does delivery take?, My parcel has not arrived,
      Wo bleibt meine Bestellung?, Mein Paket ist nicht angekommen]
    answer: {en: Orders take two days., de: Bestellungen brauchen zwei Tage.}
  password:
    questions: [I cannot log in, How do I reset my password?, No puedo iniciar sesión]
    answer: {en: A new password is two clicks away., es: Puedes pedir una contraseña nueva.}
  cancel:
    questions: [How do I cancel my subscription?, I want to end my membership, Wie kündige ich mein Abo?]
    answer: {en: Under Settings you can cancel., de: In den Einstellungen kannst du kündigen.}
  hours:
    questions: [What are your opening hours?, Are you open on Sundays?]
    answer: {en: From 9 to 17.}
    valid_until: 2026-11-22
  invoice:
    questions: [Where do I find my invoice?, ¿Dónde está mi factura?, 請求書はどこですか]
    answer: {es: Las facturas están en tu cuenta., ja: 請求書はアカウントにあります。}
  sideloading:
    questions: [Can I sideload the app?]
    answer: {en: Only from the shop.}
    platforms: [telegram]
  error-403:
    questions: [What does error 403 mean?]
    answer: {en: It means that you are not signed in.}
"""
LIBRARY = Library(parse_answers(TEXT, Path("answers.yaml"), ("bluesky", "telegram")))


def search(text: str, lang: str | None, platform: str = "bluesky") -> list[tuple[str, str]]:
    return [
        (found.answer.name, found.lang)
        for found in LIBRARY.search(text, lang, on=TODAY, platform=platform, limit=2)
    ]


QUALITY = [
    ("Where is my order?", "en", "delivery"),
    ("@acme.example where's my ordr??", "en", "delivery"),
    ("I ordered three weeks ago and my parcel still hasn't arived. This is ridiculous, never again!", "en",
     "delivery"),
    ("hey how long do deliveries usually take", "en", "delivery"),
    ("wo bleibt denn meine bestelung?!", "de", "delivery"),
    ("Paket wieder nicht angekommen, danke für nichts", "de", "delivery"),
    ("forgot my pasword, how can I reset it", "en", "password"),
    ("can't log in since the update", "en", "password"),
    ("No puedo iniciar sesion en la app", "es", "password"),
    ("how to cancell my subscribtion", "en", "cancel"),
    ("I'd like to end the membership of my mother", "en", "cancel"),
    ("Wie kann ich das Abo kündigen?", "de", "cancel"),
    ("are you guys open this sunday", "en", "hours"),
    ("donde esta mi factura??", "es", "invoice"),
    ("請求書はどこにありますか？", "ja", "invoice"),
    ("getting error 403 again", "en", "error-403"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lang", "name"), QUALITY)
def test_what_is_meant_is_found_first(text: str, lang: str, name: str) -> None:
    """Typos, endings, accents, a question in the middle of a complaint, a language without blanks."""
    assert name == search(text, lang)[0][0]


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("I love this", "en"),
        ("where is my cat", "en"),
        ("how long does it take to cook rice?", "en"),
        ("getting error 404 again", "en"),
        ("Guten Morgen zusammen, wie geht es euch?", "de"),
        ("", None),
        ("@acme.example https://acme.example/order", "en"),
        ("🎉🎉🎉", None),
        ("is it me or are they all the same", "en"),
    ],
)
def test_what_is_about_something_else_finds_nothing(text: str, lang: str | None) -> None:
    """Function words, names and links alone are no question; another number is another error."""
    assert [] == search(text, lang)


@pytest.mark.parametrize("text", ["locked out of my account", "my package is lost", "refund please"])
def test_other_words_for_the_same_are_not_found(text: str) -> None:
    """The limit of a search by words (docs/answers.md): a variant has to be written for them."""
    assert [] == search(text, "en")


def test_a_draft_speaks_the_mentions_language() -> None:
    """The text is in that language or one of another region; another language only where there is none."""
    assert [("delivery", "de")] == search("wo bleibt meine Bestellung", "de-AT")
    assert [("invoice", "es")] == search("where do I find my invoice", "en")
    [foreign] = LIBRARY.search("where do I find my invoice", "en", on=TODAY)
    assert (True, "es") == (foreign.is_foreign, foreign.lang)
    [own] = LIBRARY.search("¿dónde está mi factura?", "es-MX", on=TODAY)
    assert not own.is_foreign
    assert [("invoice", "es")] == search("invoice: where do I find my one?", None)


def test_an_answer_is_given_up_to_its_last_day() -> None:
    """On it, not after it."""
    found = [LIBRARY.search("your opening hours?", "en", on=day) for day in (TODAY, TODAY.replace(day=23))]
    assert [1, 0] == [len(several) for several in found]


def test_an_answer_is_given_on_its_platforms() -> None:
    """Without a platform it is looked for on all of them."""
    assert [] == search("can I sideload it", "en")
    assert [("sideloading", "en")] == search("can I sideload it", "en", platform="telegram")
    assert LIBRARY.search("can I sideload it", "en", on=TODAY)


def test_the_score_is_a_share_and_says_by_which_question() -> None:
    """1 for the question itself, less for less of it, nothing below the floor."""
    [same] = LIBRARY.search("how do i cancel my subscription", "en", on=TODAY)
    assert (1.0, "How do I cancel my subscription?") == (same.score, same.question)
    [less] = LIBRARY.search("please cancel the stupid thing for my subscription number", "en", on=TODAY)
    assert FLOOR <= less.score < same.score


def test_a_long_post_is_looked_at_in_parts() -> None:
    """A hundred thousand characters cost no more than four thousand."""
    assert [("cancel", "en")] == search("How do I cancel my subscription? " + "lorem ipsum " * 9_000, "en")


def test_nothing_is_found_in_an_empty_library() -> None:
    """A file without entries is no mistake."""
    assert () == Library(parse_answers("", Path("a"), ())).search("anything", "en", on=TODAY)


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ("order", "order", 1.0), ("order", "orders", 0.9), ("bestellung", "bestellt", 0.9),
        ("password", "pasword", 0.85), ("refnud", "refund", 0.85), ("ordre", "order", 0.85),
        ("cat", "car", 0.0), ("403", "404", 0.0), ("v2000", "v2001", 0.0), ("lemon", "melon", 0.0),
        ("delivery", "delicacy", 0.0),
    ],
)  # fmt: skip
def test_words_that_are_alike(one: str, other: str, value: float) -> None:
    """The same, a form, a typo, neither; whichever comes first."""
    assert (value, value) == (likeness(one, other), likeness(other, one))


@given(st.text("abcdef", min_size=4, max_size=10), st.integers(0, 9), st.sampled_from("abcdef"))
def test_words_that_are_alike_share_a_spelling(word: str, place: int, letter: str) -> None:
    """So the index finds whatever counts as like it."""
    at = place % len(word)
    for other in (
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 :],
    ):
        if likeness(word, other):
            assert not set(spellings(word)).isdisjoint(spellings(other))


def test_words_are_folded() -> None:
    """No case, accents, addresses, handles; elisions closed; scripts without blanks in pairs."""
    assert ["wheres", "cafe", "no", "2"] == list(words("Where’s CAFÉ @ann.example no_2 https://a.example/x"))
    assert ["ab", "請求", "求書", "は"] == list(words("AB請求書 は"))


@given(st.text(max_size=200), st.sampled_from([None, "en", "de", "xx"]))
def test_any_text_can_be_searched_for(text: str, lang: str | None) -> None:
    """Total, and the scores are shares."""
    assert all(FLOOR <= found.score <= 1.0 for found in LIBRARY.search(text, lang, on=TODAY))
