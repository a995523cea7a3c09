"""`outcare answers check` and `search`: what is wrong in the file, and what would be proposed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from bot.answers import Answers
from bot.cli import output, setup
from bot.cli.check import as_dict
from bot.errors import ConfigError
from bot.library import Found, Library
from bot.problems import in_order, with_source
from bot.settings.answers import DEFAULT_ANSWERS, load_answers, remarks
from bot.settings.load import Settings
from bot.settings.shape import platforms
from rules.signals.language import canonical
from rules.signals.measure import measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    text: str
    lang: str | None = None
    platform: str | None = None


def check_answers(file: Path | None, config: Path | None, *, strict: bool, as_json: bool) -> int:
    """Status 1 on an error; with `strict` on a warning too."""
    answers: Answers | None = None
    try:
        answers = load_answers(file, platforms(setup.connectors())) if file else configured(config)[1]
    except ConfigError as error:
        found = in_order(error.problems)
    else:
        text = answers.path.read_text(encoding="utf-8-sig", errors="replace")
        found = with_source(remarks(answers, today=datetime.now().astimezone().date()), {answers.path: text})
    is_right = not any(strict or not one.is_warning for one in found)
    if as_json:
        output.json({"ok": is_right, "problems": [as_dict(one) for one in found]})
        return 0 if is_right else 1
    if found:
        output.problems(found)
    if answers is not None:
        sys.stdout.write(f"{answers.path}: {_counted(len(answers), 'answer')}\n")
    return 0 if is_right else 1


def configured(config: Path | None) -> tuple[Settings, Answers]:
    """Raises: ConfigError, also when there is no file of answers."""
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    if settings.answers is None:
        where = setup.config_path(config).with_name(DEFAULT_ANSWERS)
        example = setup.examples().with_name(DEFAULT_ANSWERS)
        raise ConfigError(f"there are no answers yet: write {where} ({example} shows how)")
    return settings, settings.answers


def search_answers(query: Query, config: Path | None, *, as_json: bool) -> int:
    """Status 1 when nothing is found."""
    settings, answers = configured(config)
    text = given(query.text)
    lang = language(text, query.lang)
    today = datetime.now(settings.timezone).date()
    found = Library(answers).search(text, lang, on=today, platform=query.platform)
    if as_json:
        output.json({"lang": lang, "found": [_as_dict(one) for one in found]})
    elif found:
        sys.stdout.write("\n".join(_shown(one) for one in found) + "\n")
    else:
        sys.stdout.write(f"nothing in {answers.path} is about this (language: {lang or 'unknown'})\n")
    return 0 if found else 1


def language(text: str, said: str | None) -> str | None:
    """As it was said, else as it reads. Raises: typer.BadParameter."""
    if said is None:
        return measure(text, ())[0]
    code = canonical(said)
    if code is None:
        raise typer.BadParameter(f"{said!r} is no language code (en, no, pt-BR)", param_hint="--lang")
    return code


def given(text: str) -> str:
    """What was typed, or standard input. Bytes that are no UTF-8 are shown as such."""
    typed = sys.stdin.buffer.read() if text == "-" else text.encode("utf-8", "surrogateescape")
    plain = typed.decode("utf-8", "replace").strip()
    if not plain:
        raise typer.BadParameter("the text is empty: give one, or - for stdin")
    return plain


def _shown(found: Found) -> str:
    foreign = f", in {found.lang}" if found.is_foreign else ""
    score = f"{round(100 * found.score):3} %"
    return f"{score}  {found.answer.name}  ({found.question}{foreign})\n       {found.text}"


def _as_dict(found: Found) -> dict[str, object]:
    return {
        "name": found.answer.name,
        "score": found.score,
        "lang": found.lang,
        "is_foreign": found.is_foreign,
        "question": found.question,
        "text": found.text,
        "link": found.answer.link,
    }


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
