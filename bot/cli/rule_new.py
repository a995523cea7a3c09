"""`outcare rules new`: a rule made of example sentences, shown, or written where it is right in every way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from bot import rulebook
from bot.cli import output, setup
from bot.cli.questions import Questions, required
from bot.errors import BotError, ConfigError, Problem
from bot.starting import writing
from bot.starting.words import common
from rules import scaffold
from rules.folder import read_texts
from rules.ruleset import Examined, examine_rules
from rules.scaffold import Sketch
from rules.signals.measure import measure
from rules.trial import failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the rule goes, as it was asked for; what was not said is found out."""

    config: Path | None = None
    folder: Path | None = None
    file: str = ""


def make_rule(sketch: Sketch, place: Place, *, write: bool) -> int:
    """Status 1, and nothing written, when the rule would break something.

    Raises: typer.BadParameter, BotError.
    """
    is_asked = not sketch.fires and sys.stdin.isatty()
    if is_asked:
        sketch = _asked(sketch)
    if not scaffold.is_name(sketch.name):
        raise typer.BadParameter("a rule is called by letters, digits and hyphens", param_hint="NAME")
    if not sketch.fires:
        raise typer.BadParameter("give a sentence on which the rule must fire", param_hint="--fires")
    query = scaffold.suggest(sketch, common())
    if query is None:
        raise BotError(
            "no words tell the sentences that must fire from those that must not: "
            "give others, or write the rule by hand (docs/rules.md)"
        )
    sys.stdout.write("rules:\n" + scaffold.written(sketch, query))
    if is_asked and not write:
        write = typer.confirm("\nWrite it?", default=False)
    return _write(sketch, query, place) if write else 0


def _asked(sketch: Sketch) -> Sketch:
    questions = Questions(is_silent=False)
    name = sketch.name or questions.ask("What is the rule called", None, "", required, flag="NAME")
    fires = tuple(_sentences("A sentence on which it must fire"))
    quiet = tuple(_sentences("One on which it must stay quiet"))
    why = sketch.why or questions.ask("Why staff sees it", None, "", str.strip, flag="--why")
    return replace(sketch, name=name, fires=fires, quiet=quiet, why=why)


def _sentences(prompt: str) -> Iterator[str]:
    """Until nothing is typed."""
    while True:
        answer: str = typer.prompt(f"{prompt} (nothing: no more)", default="", show_default=False)
        if not answer.strip():
            return
        yield answer.strip()


def _write(sketch: Sketch, query: str, place: Place) -> int:
    folder = setup.rules_folder(place.config, place.folder)
    before = _examined(place, folder, {}).usable()
    if any(rule.name == sketch.name for rule in before.every):
        raise typer.BadParameter(f"there is a rule {sketch.name!r} already", param_hint="NAME")
    texts = read_texts(folder)
    path = _path(sketch, place, folder, texts)
    text = scaffold.added(texts.get(path, ""), sketch, query)
    if text is None:
        raise BotError(
            f"the rules in {path} stand in braces: put this one there by hand, or use another --file"
        )
    after = _examined(place, folder, {path: text})
    wrong = [one for one in after.problems if not one.is_warning]
    if after.rules is not None:
        known = {one.message for one in failures(before)}
        wrong += [one for one in failures(after.rules) if one.message not in known]
    if wrong:
        output.problems(wrong)
        sys.stderr.write(f"nothing was written to {path}\n")
        return 1
    if path.exists() and path.read_text(encoding="utf-8-sig") != texts.get(path):
        raise BotError(f"{path} has changed meanwhile: try again")
    writing.write({path.resolve(): writing.Text(text)})
    _tell(
        path,
        [
            one
            for one in after.problems
            if one not in before.warnings and _is_new(one, text, texts.get(path, ""))
        ],
    )
    return 0


def _is_new(problem: Problem, text: str, before: str) -> bool:
    """Whether it is about a line that was not there."""
    lines = text.splitlines()
    where = problem.location
    return where is not None and where.line <= len(lines) and lines[where.line - 1] not in before.splitlines()


def _tell(path: Path, warnings: list[Problem]) -> None:
    sys.stdout.write(f"\nis written to {path}, and its tests pass\n")
    if warnings:
        output.problems(warnings)


def _examined(place: Place, folder: Path, instead: dict[Path, str]) -> Examined:
    if place.folder is not None:
        return examine_rules(folder, measure=measure, instead=instead)
    return rulebook.examined(setup.settings(place.config, needs_secrets=False), instead=instead)


def _path(sketch: Sketch, place: Place, folder: Path, texts: dict[Path, str]) -> Path:
    """The file that was named, else the only one there is, else a new one."""
    if not place.file:
        return next(iter(texts)) if len(texts) == 1 else folder / f"{sketch.name}.yaml"
    path = folder / place.file
    if (
        Path(place.file).name != place.file
        or path.suffix not in {".yaml", ".yml"}
        or place.file.startswith(".")
    ):
        raise typer.BadParameter(f"the name of a file in {folder} that ends in .yaml", param_hint="--file")
    if path.exists() and path not in texts:
        raise ConfigError(f"{path} is no file of rules")
    return path
