"""`outcare answers`: check, search, save, as people and scripts see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.errors import BotError, ConfigError

CONFIG = "brand: {name: acme, words: [acme]}\nsources: {}\nchannels: {console: {}}\n"
ANSWERS = """answers:
  delivery:
    questions: [Where is my order?]
    answer: {en: Two days., de: Zwei Tage.}
  old:
    questions: [Where is my order]
    lang: en
    answer: Three days.
    valid_until: 2020-01-01
"""
run = CliRunner()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "outcare.yaml"
    file.write_text(CONFIG, "utf-8")
    (tmp_path / "answers.yaml").write_text(ANSWERS, "utf-8")
    return file


def outcare(*words: str) -> tuple[int, str, str]:
    result = run.invoke(app, ["answers", *words])
    if isinstance(result.exception, BotError):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_check_tells_what_is_unwise(config: Path) -> None:
    """As warnings, with their lines; `--strict` makes them errors."""
    status, out, err = outcare("check", "-c", str(config))
    assert (0, f"{config.with_name('answers.yaml')}: 2 answers\n") == (status, out)
    assert "answers.yaml:5:3: answer 'old' has expired (2020-01-01)" in err
    assert "answers.yaml:6:17: this question stands in line 3 already (answer 'delivery')" in err
    assert 1 == outcare("check", "-c", str(config), "--strict")[0]


def test_check_tells_mistakes(config: Path, tmp_path: Path) -> None:
    """Of the configuration's file, or of one that is named; for scripts as JSON."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("answers:\n  a: {question: [x], answer: {en: y}}\n", "utf-8")
    status, out, _ = outcare("check", str(wrong), "--json")
    assert 1 == status
    assert ["questions", None] == sorted(
        (one["suggestion"] for one in json.loads(out)["problems"]), key=lambda one: one is None
    )
    (tmp_path / "answers.yaml").write_text("answers: 1\n", "utf-8")
    status, _, err = outcare("check", "-c", str(config))
    assert 1 == status
    assert "answers must be a mapping (name: answer), not a number" in err


def test_search_shows_scores(config: Path) -> None:
    """What would be proposed, in the language of the text or the one that is said; nothing is status 1."""
    status, out, _ = outcare("search", "where is my order, acme?", "-c", str(config))
    assert 0 == status
    assert out.endswith("%  delivery  (Where is my order?)\n       Two days.\n")
    status, out, _ = outcare("search", "where is my order?", "-c", str(config), "--lang", "de", "--json")
    found = json.loads(out)
    assert ("de", "delivery", "Zwei Tage.") == (
        found["lang"],
        found["found"][0]["name"],
        found["found"][0]["text"],
    )
    assert 0.9 < found["found"][0]["score"] <= 1.0
    status, out, _ = outcare("search", "what lovely weather today", "-c", str(config))
    assert (1, True) == (status, out.endswith("is about this (language: en)\n"))
    assert 2 == outcare("search", "x", "-c", str(config), "--lang", "Klingon")[0]


def test_save_shows_the_change_and_writes_only_when_told(config: Path) -> None:
    """A unified diff; the file stays until `--write`."""
    file = config.with_name("answers.yaml")
    words = (
        "save",
        "There are none, everything is in the price.",
        "--question",
        "What about taxes?",
        "-c",
        str(config),
    )
    status, out, _ = outcare(*words)
    assert (0, ANSWERS) == (status, file.read_text("utf-8"))
    assert "+  taxes:\n" in out
    assert 0 == outcare(*words, "--write")[0]
    assert file.read_text("utf-8").startswith(ANSWERS)
    status, out, _ = outcare(*words, "--write")
    assert (0, "answer 'taxes' says so already, to this question\n") == (status, out)
    assert 2 == outcare("save", "yes", "-c", str(config))[0]


def test_save_leaves_the_signature_out(config: Path) -> None:
    """It is put under each draft anyway."""
    config.write_text(f"{CONFIG}voice: {{default: {{signature: — Acme}}}}\n", "utf-8")
    said = "There are none, everything is in the price.\n— Acme"
    status, out, _ = outcare("save", said, "--question", "What about taxes?", "-c", str(config))
    assert (0, True) == (status, '+      en: "There are none, everything is in the price."\n' in out)


def test_without_a_file_it_says_what_to_do(config: Path) -> None:
    """One line with the place, and where an example stands."""
    config.with_name("answers.yaml").unlink()
    with pytest.raises(ConfigError, match=r"there are no answers yet: write .*answers\.yaml \(.*shows how\)"):
        outcare("search", "x", "-c", str(config))


def test_check_of_everything_looks_at_answers_too(config: Path) -> None:
    """`outcare check` warns of them."""
    (config.parent / "rules").mkdir()
    result = run.invoke(app, ["check", "-c", str(config)])
    assert "has expired (2020-01-01)" in result.stderr
