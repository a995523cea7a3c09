"""`outcare init`: a few questions, a short listen, a paired chat; then files that pass `outcare check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import typer

from bot.cli import setup
from bot.cli.candidate import checked, telegram_account
from bot.cli.hearing import hear
from bot.cli.options import ChatKind
from bot.cli.questions import Questions, required
from bot.errors import BotError, ConfigError
from bot.settings.shape import needs_nothing, platforms, readers
from bot.starting import files, words, writing
from bot.starting.answers import (
    Answers,
    Chat,
    Named,
    read_accounts,
    read_languages,
    read_list,
    read_rivals,
    read_zone,
)
from bot.starting.writing import Text

AGAIN = 3
"""So often a token may be pasted."""
_LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The flags; None: not given."""

    aim: str | None
    brand: str | None
    words: str | None
    accounts: str | None
    context: str | None
    rivals: tuple[str, ...]
    languages: str | None
    timezone: str | None
    chat: ChatKind | None
    telegram_chat: int | None
    telegram_person: int | None
    name: str | None
    listen: timedelta
    wait: timedelta
    yes: bool
    force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything is written."""

    config: Path

    @property
    def rules(self) -> Path:
        return self.config.parent / "rules"

    @property
    def variables(self) -> Path:
        folder = self.config.parent
        return (folder.parent if folder.name == "config" else folder) / ".env.example"

    @property
    def token(self) -> Path:
        return setup.secrets_dir(self.config) / files.TOKEN.lower()


def start(given: Given, config: Path) -> int:
    """Ask, listen, pair, write. Raises: ConfigError, typer.BadParameter."""
    places = Places(config=config)
    _check_free(places, is_forced=given.force)
    if not given.yes and not sys.stdin.isatty():
        message = "there is nobody to ask here: give --yes and --brand NAME, or run it in a terminal"
        raise typer.BadParameter(message)
    questions = Questions(is_silent=given.yes)
    answers = _asked(given, questions)
    answers = _warned(answers, given, questions, places)
    token, chat = _chat(given, questions, answers, places)
    answers = replace(answers, chat=chat)
    texts = {path: Text(text) for path, text in _texts(answers, places).items()}
    checked(texts, places.config, env={**setup.environment(), **({files.TOKEN: token} if token else {})})
    if token and not _has_token(places):
        texts |= {
            places.token: Text(token + "\n", is_secret=True),
            places.token.with_name(".gitignore"): Text("*\n"),
        }
    writing.write(texts)
    _say_what_next(texts, answers, places)
    return 0


def _check_free(places: Places, *, is_forced: bool) -> None:
    rules = sorted(places.rules.glob("*.yaml")) if places.rules.is_dir() else []
    there = writing.taken([places.config, *rules])
    if there and not is_forced:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise ConfigError(
            f"{there[0]} is there already{more}; nothing was asked or written. "
            "--force replaces it, -c other/outcare.yaml writes elsewhere"
        )


# --- questions ------------------------------------------------------------------------------------


def _asked(given: Given, questions: Questions) -> Answers:
    able = platforms(setup.connectors())
    aim = questions.ask(
        "What should be different in three months?",
        given.aim,
        "Everybody who asks us gets a helpful answer within the hour",
        str.strip,
        flag="--aim",
    )
    if given.yes and given.brand is None:
        raise typer.BadParameter("with --yes, --brand NAME cannot be left out")
    name = questions.ask("Your brand's name", given.brand, "", required, flag="--brand")
    looked_for = questions.ask(
        "Words to look for, with commas between", given.words, name, read_list, flag="--words"
    )
    accounts = questions.ask(
        "Your accounts (@acme.example), if any",
        given.accounts,
        "",
        lambda text: read_accounts(text, able),
        flag="--accounts",
    )
    rivals = questions.ask(
        "Rivals (Globex: globex app, @globex.example; Initech), if any",
        ";".join(given.rivals) or None,
        "",
        lambda text: read_rivals([text], able),
        flag="--rival",
    )
    return Answers(
        aim=aim,
        brand=Named(name=name, words=looked_for, accounts=accounts),
        rivals=rivals,
        context=read_list(given.context or ""),
        languages=questions.ask(
            "Languages that you answer in", given.languages, _language(), read_languages, flag="--languages"
        ),
        timezone=questions.ask("Time zone", given.timezone, local_zone(), read_zone, flag="--timezone"),
    )


def _language() -> str:
    """English, and the machine's own."""
    own = os.environ.get("LANG", "").partition("_")[0].lower()
    return f"en, {own}" if len(own) == 2 and own.isalpha() and own != "en" else "en"


def local_zone(environ: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME) -> str:
    """The machine's time zone by its IANA name, UTC where it cannot be told."""
    linked = str(localtime.resolve()).partition("zoneinfo/")[2] if localtime.exists() else ""
    for name in (environ.get("TZ", "").removeprefix(":"), linked):
        try:
            if name:
                return read_zone(name)
        except ValueError:
            continue
    return "UTC"


def _warned(answers: Answers, given: Given, questions: Questions, places: Places) -> Answers:
    """Words that find other people's posts too: say so, listen, and ask for context."""
    named = (answers.brand, *answers.rivals)
    doubtful = {word: why for one in named for word in one.words if (why := words.doubt(word))}
    for word, why in doubtful.items():
        typer.echo(f"  careful: “{word}” {why}, so it finds posts that are not about a brand")
    often = _listened(answers, given, places)
    unsure = [word for word in answers.brand.words if word in doubtful or word in often]
    if not unsure or answers.context:
        return answers
    typer.echo(f"  {words.advice(unsure, answers.brand.name)}")
    context = questions.ask("Context words, if any", given.context, "", read_list, flag="--context")
    return replace(answers, context=context)


def _listened(answers: Answers, given: Given, places: Places) -> tuple[str, ...]:
    """The words that were found too often to be one brand's; tells how often each was seen."""
    wanted = [word for one in (answers.brand, *answers.rivals) for word in one.words]
    if not given.listen or not wanted:
        return ()
    texts = {path: Text(text) for path, text in _texts(answers, places).items()}
    settings = checked(texts, places.config, env=setup.environment())
    counting, told = hear(settings, wanted, given.listen)
    for line in told:
        typer.echo(f"  listened to {line}" if counting.posts else f"  {line}")
    if not counting.posts:
        typer.echo("  nothing was heard, so how often your words are used is not known; going on")
        return ()
    for word, count in counting.seen.items():
        typer.echo(f"    {word:<24} in {count:,} of {counting.posts:,} posts")
    often = words.too_often(counting.seen, counting.posts)
    for word in often:
        typer.echo(f"  careful: “{word}” is used so often that it can hardly mean one brand")
    return often


# --- the chat -------------------------------------------------------------------------------------


def _chat(
    given: Given, questions: Questions, answers: Answers, places: Places
) -> tuple[str | None, Chat | None]:
    """The token that is to be used, and the chat that alerts go to; None, None: this terminal."""
    if given.telegram_chat is not None:
        chat = Chat(id=given.telegram_chat, person_id=given.telegram_person, person_name=given.name or "")
        return None, chat
    kind = given.chat
    if kind is None:
        kind = ChatKind.CONSOLE
        if not given.yes:
            text = "Where should alerts go: console (this terminal) or telegram"
            kind = ChatKind(questions.choose(text, "console", ("console", "telegram")))
    if kind is ChatKind.CONSOLE:
        return None, None
    if given.yes:
        message = "with --yes nobody presses Start: give --telegram-chat ID too, or leave --yes out"
        raise typer.BadParameter(message, param_hint="--chat telegram")
    return _paired(given, questions, answers, places)


def _paired(
    given: Given, questions: Questions, answers: Answers, places: Places
) -> tuple[str | None, Chat | None]:
    from bot.cli import pairing  # noqa: PLC0415 - the client library takes most of a second

    for _ in range(AGAIN):
        token = None
        if not _has_token(places):
            typer.echo(pairing.NEW_BOT)
            token = questions.secret("Token")
        try:
            bot = pairing.check(telegram_account(token, places.config))
            typer.echo(f"  This is @{bot.me.username} ({bot.me.name}).")
            chat = pairing.wait_for_start(bot, within=given.wait, brand=answers.brand.name)
        except BotError as error:
            typer.echo(f"  {pairing.why_not(error)}")
            if token is None:
                break
            continue
        if chat is None:
            break
        name = given.name or chat.person_name
        typer.echo(f"  Paired with {name or 'the group'}; a test card is there.")
        return token, replace(chat, person_name=name)
    typer.echo("  Alerts go to this terminal for now; docs/connectors/telegram.md tells how to add a chat.")
    return None, None


def _has_token(places: Places) -> bool:
    return bool(
        os.environ.get(files.TOKEN) or os.environ.get(f"{files.TOKEN}_FILE") or places.token.is_file()
    )


# --- files ----------------------------------------------------------------------------------------


def _texts(answers: Answers, places: Places) -> dict[Path, str]:
    found = setup.connectors()
    free = [
        name
        for name in readers(found)
        if needs_nothing(found[name].source_settings, found[name].account_settings)
    ]
    starter = (setup.examples().parent / "rules" / "starter.yaml").read_text(encoding="utf-8")
    secrets = {
        files.TOKEN: "Telegram: the token of your bot, from @BotFather",
        "OUTCARE_WEBHOOK__SECRET": "webhooks: what signs them",
    }
    return {
        places.config: files.configuration(answers, free),
        **{places.rules / name: text for name, text in files.rules(answers, starter).items()},
        places.variables: files.variables(secrets),
    }


def _say_what_next(texts: Mapping[Path, Text], answers: Answers, places: Places) -> None:
    typer.echo("\nWritten:")
    for path, text in texts.items():
        if path.name != ".gitignore":
            typer.echo(f"  {path}{'  (only you can read it)' if text.is_secret else ''}")
    own = "" if places.config == setup.OWN else f" -c {places.config}"
    typer.echo(
        f"\nNext:  outcare doctor{own}    tries every connection\n"
        f"       outcare scout{own}     shows where people talk about {answers.brand.name}\n"
        f"       outcare run{own}       starts listening"
    )
