"""`outcare answers save`: what a good reply would change in the file of answers; `--write` changes it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from bot.cli import setup
from bot.cli.answers import configured, given, language
from bot.cli.reports import read
from bot.errors import BotError, ConfigError
from bot.saving import Did, Reply, propose
from bot.settings.answers import check_proposed
from bot.settings.load import Settings
from bot.settings.shape import platforms
from bot.starting import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`of`: the mention that was answered; it tells the question, its language and who asked."""

    reply: str
    question: str | None = None
    of: str | None = None
    lang: str | None = None


def save_answer(wanted: Wanted, config: Path | None, database: Path | None, *, write: bool) -> int:
    """Raises: typer.BadParameter, BotError."""
    if setup.is_demo(config):
        raise ConfigError("these would be the demo's answers: begin with `outcare init`")
    settings, answers = configured(config)
    reply = _reply(wanted, settings, database)
    before = answers.path.read_text(encoding="utf-8-sig")
    proposal = propose(before, answers, reply, keep=settings.own_handles)
    check_proposed(proposal.text, answers, platforms(setup.connectors()))
    if proposal.did is Did.NOTHING:
        sys.stdout.write(f"answer {proposal.entry!r} says so already, to this question\n")
        return 0
    sys.stdout.write(proposal.diff(before, answers.path))
    if write:
        if answers.path.read_text(encoding="utf-8-sig") != before:
            raise BotError(f"{answers.path} has changed meanwhile: try again")
        writing.write({answers.path.resolve(): writing.Text(proposal.text)})
        sys.stdout.write(f"\nis written to {answers.path}\n")
    return 0


def _reply(wanted: Wanted, settings: Settings, database: Path | None) -> Reply:
    text = given(wanted.reply)
    question, lang, name, handle, platform = wanted.question, None, None, None, ""
    if wanted.of is not None:
        of = wanted.of
        stored = read(database or settings.database, lambda store: store.verdict(of))
        if stored is None:
            raise ConfigError(f"no mention {of} is stored")
        facts = stored.facts
        question, lang = question or facts.text, facts.lang
        name, handle, platform = facts.name, facts.handle, facts.platform
    if not question or not question.split():
        raise typer.BadParameter("say what was asked: --question TEXT, or --from ID", param_hint="--question")
    code = language(text, wanted.lang) or lang
    if code is None:
        raise typer.BadParameter("the language of the reply cannot be told: say it", param_hint="--lang")
    bare = settings.voices.on(platform).unsigned(text)
    return Reply(question=question, text=bare, lang=code, name=name or "", handle=handle or "")
