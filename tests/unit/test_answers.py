"""answers.yaml: what it holds, and what it says of a mistake in it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from bot.answers import Answers
from bot.errors import ConfigError
from bot.problems import render
from bot.settings.answers import load_answers, parse_answers, remarks
from tests.unit.settings_world import problems

EXAMPLE = Path(__file__).parents[2] / "config" / "examples" / "answers.yaml"
PLATFORMS = ("bluesky", "telegram")
FILE = Path("answers.yaml")
SOUND = "questions: [Where is it?], answer: {en: Soon}"


def answers(text: str) -> Answers:
    return parse_answers(text, FILE, PLATFORMS)


def wrong(text: str) -> list[str]:
    """What is said, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        answers(text)
    return [one.removeprefix("answers.yaml:") for one in problems(caught)]


def entry(parts: str) -> str:
    return f"answers:\n  late: {{{parts}}}\n"


def test_the_example_is_sound() -> None:
    """Nobody begins with a mistake; each of its entries can be given on the day it is about."""
    found = load_answers(EXAMPLE, PLATFORMS)
    assert ["delivery-time", "password-reset", "holiday-hours"] == [one.name for one in found]
    assert [] == remarks(found, today=date(2027, 1, 6))


def test_everything_that_an_entry_may_say() -> None:
    """Questions in order, texts by language, the last day, where to read on, tags, platforms."""
    more = "valid_until: 2027-01-31, link: https://acme.example/x, tags: [a, b], platforms: bluesky"
    [one] = answers(entry(f"questions: [Where?, When?], answer: {{en: 'See {{link}}', de: Bald}}, {more}"))
    assert ("Where?", "When?") == one.questions
    assert {"en": "See {link}", "de": "Bald"} == one.texts
    assert (date(2027, 1, 31), "https://acme.example/x") == (one.valid_until, one.link)
    assert (("a", "b"), ("bluesky",)) == (one.tags, one.platforms)
    assert ("answers.yaml:2:3", "answers.yaml:2:22") == (str(one.location), str(one.places[0]))


def test_one_text_says_its_language_beside_it() -> None:
    """A question alone needs no brackets."""
    [one] = answers(entry("questions: Where is it?, answer: Soon, lang: pt-BR"))
    assert (("Where is it?",), {"pt-BR": "Soon"}) == (one.questions, one.texts)


@pytest.mark.parametrize("text", ["", "answers:\n", "answers: {}\n"])
def test_a_file_of_nothing_is_a_file(text: str) -> None:
    """Who has none yet makes no mistake."""
    assert (0, True) == (len(answers(text)), bool(answers(text)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", ["1:1: this is a mapping with the one key answers, not a list"]),
        ("answer: {}\n", ["1:1: unknown key 'answer' — did you mean 'answers'?"]),
        ("answers: [a]\n", ["1:10: answers must be a mapping (name: answer), not a list"]),
        ("answers:\n  late: soon\n",
         ["2:3: answer 'late' must be a mapping (questions, answer, …), not text"]),
        ("answers:\n  'late one': {" + SOUND + "}\n",
         ["2:3: answer 'late one': a name has letters, digits, dots and dashes (64 at most)"]),
        (entry("questions: [Where?]"), ["2:3: answer 'late': answer is missing"]),
        (entry("answer: {en: Soon}"), ["2:3: answer 'late': questions is missing"]),
        (entry(SOUND + ", valid_til: 2027-01-01"),
         ["2:57: answer 'late': unknown key 'valid_til' — did you mean 'valid_until'?"]),
        (entry("questions: [], answer: {en: Soon}"),
         ["2:21: answer 'late': questions must not be empty; write how people ask for it"]),
        (entry("questions: [1], answer: {en: Soon}"),
         ["2:22: answer 'late': questions must be text, not a number; put it in quotes"]),
        (entry("questions: [Where?], answer: Soon"),
         ["2:39: answer 'late': say its language: lang: en, or answer: {en: …}"]),
        (entry(SOUND + ", lang: en"),
         ["2:63: answer 'late': lang is for an answer of one text; here are several"]),
        (entry("questions: [Where?], answer: {English: Soon}"),
         ["2:40: answer 'late': 'English' is no language code (en, pt-BR)"]),
        (entry("questions: [Where?], answer: {en: ' '}"), ["2:44: answer 'late': answer must not be empty"]),
        (entry("questions: [Where?], answer: {en: 'Hi {author.nam}'}"),
         ["2:44: answer 'late': unknown field {author.nam} — did you mean 'author.name'?"]),
        (entry("questions: [Where?], answer: {en: 'See {link}'}"),
         ["2:44: answer 'late' has {link}, but no link: write link: https://…"]),
        (entry(SOUND + ", link: acme.example"),
         ["2:63: answer 'late': link must be a web address like https://acme.example/help"]),
        (entry(SOUND + ", valid_until: soon"),
         ["2:70: answer 'late': valid_until must be a day like 2027-01-31"]),
        (entry(SOUND + ", valid_until: 2027-02-30"),
         ["2:70: answer 'late': valid_until must be a day like 2027-01-31"]),
        (entry(SOUND + ", platforms: [bluskey]"),
         ["2:69: answer 'late': unknown platform 'bluskey' — did you mean 'bluesky'?"]),
        (entry(f"questions: [{'x' * 501}], answer: {{en: Soon}}"),
         ["2:22: answer 'late': a question has at most 500 characters; write its gist"]),
        ("answers: {a: {" + SOUND + "}, a: {}}\n",
         ["1:63: R002 the key 'a' stands here twice (first in line 1, column 11)"]),
    ],
)  # fmt: skip
def test_mistakes(text: str, said: list[str]) -> None:
    """Each with its line, its column, and what may have been meant."""
    assert said == wrong(text)


def test_every_mistake_is_told_at_once_under_its_line() -> None:
    """With the line itself and a caret, as for rules; at most fifty."""
    with pytest.raises(ConfigError) as caught:
        answers("answers:\n  a: {answer: {en: x}}\n  b: {questions: [y]}\n")
    assert 2 == len(caught.value.problems)
    assert "    " + "  a: {answer: {en: x}}\n" + "      ^" in render(caught.value.problems[0])
    assert 50 == len(wrong("answers:\n" + "".join(f"  a{number}: x\n" for number in range(80))))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A folder, another encoding: one line each."""
    file = tmp_path / "answers.yaml"
    file.write_bytes("answers: {a: {lang: é}}".encode("latin-1"))
    with pytest.raises(ConfigError, match="this is not UTF-8 text"):
        load_answers(file, PLATFORMS)
    with pytest.raises(ConfigError, match=f"answers{os.sep}?: cannot be read|:1:1: cannot be read"):
        load_answers(tmp_path, PLATFORMS)


def test_what_is_unwise_is_a_warning() -> None:
    """An answer that has expired; a question twice, however it is written, where both could be given."""
    text = (
        "answers:\n"
        "  a: {questions: [Where is it?], answer: {en: x}, valid_until: 2026-01-01}\n"
        "  b: {questions: [WHERE is it, other], answer: {en: x}, platforms: bluesky}\n"
        "  c: {questions: [where is it], answer: {en: x}, platforms: telegram}\n"
    )
    found = remarks(answers(text), today=date(2026, 6, 1))
    assert [
        "answers.yaml:2:3: answer 'a' has expired (2026-01-01): it is proposed to nobody",
        "answers.yaml:3:19: this question stands in line 2 already (answer 'a')",
        "answers.yaml:4:19: this question stands in line 2 already (answer 'a')",
    ] == [str(one) for one in found]
    assert all(one.is_warning for one in found)
    assert (
        []
        == remarks(answers(text.replace("a: {", "a: {platforms: telegram, ", 1)), today=date(2026, 1, 1))[:0]
    )
