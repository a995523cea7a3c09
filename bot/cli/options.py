"""The options of the verbs that have many: each with its help, which docs/getting-started.md repeats."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot import duration


class ChatKind(StrEnum):
    CONSOLE = "console"
    TELEGRAM = "telegram"


def a_duration(text: str | timedelta) -> timedelta:
    """For the command line; a default comes as it is."""
    if isinstance(text, timedelta):
        return text
    try:
        return duration.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _time(help_: str, name: str, default: str) -> object:
    return typer.Option(name, parser=a_duration, metavar="DURATION", help=help_, show_default=default)


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="OUTCARE_CONFIG",
        show_default="config/outcare.yaml, else the demo",
        help="The configuration file.",
    ),
]
Database = Annotated[
    Path | None, typer.Option("--database", help="Another database than the configuration's.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document for scripts.")]
RulesFolder = Annotated[
    Path | None,
    typer.Argument(help="A folder of rules (default: the configuration's).", exists=True, file_okay=False),
]
Aim = Annotated[str | None, typer.Option(help="What should be different in three months?")]
BrandName = Annotated[str | None, typer.Option("--brand", help="The name of your brand.")]
Words = Annotated[
    str | None, typer.Option(help="What to look for: 'acme, acme support'. Left out: the brand's name.")
]
Accounts = Annotated[
    str | None, typer.Option(help="Your accounts: '@acme.example' (Bluesky), or platform:handle.")
]
Context = Annotated[
    str | None, typer.Option(help="Words beside which an everyday word means you: 'iphone, ipad, app store'.")
]
Rival = Annotated[
    list[str] | None, typer.Option(help="A rival: 'Globex: globex app, @globex.example'. May stand again.")
]
Languages = Annotated[str | None, typer.Option(help="Languages that the team answers in: 'en, de'.")]
Timezone = Annotated[str | None, typer.Option(help="The time zone of the times on cards: Europe/Berlin.")]
ChatChoice = Annotated[ChatKind | None, typer.Option("--chat", help="Where alerts go.")]
TelegramChat = Annotated[int | None, typer.Option(help="The chat's id, when it is known: nothing is paired.")]
TelegramPerson = Annotated[int | None, typer.Option(help="Your id there, when it is known.")]
PersonName = Annotated[str | None, typer.Option("--name", help="Your name, as colleagues see it on cards.")]
ListenFor = Annotated[
    timedelta, _time("How long to listen for the words; 0s: not at all.", "--listen", "10s")
]
WaitFor = Annotated[timedelta, _time("How long to wait for Start to be pressed.", "--wait", "5m")]
SampleOf = Annotated[str | None, typer.Option("--brand", help="Another brand than the configuration's.")]
Category = Annotated[
    str | None, typer.Option(help="Words for what you sell, sampled too: 'espresso machine, coffee grinder'.")
]
SampledSince = Annotated[
    timedelta, _time("How far back to begin, where a platform replays.", "--since", "1h")
]
SampledWithin = Annotated[timedelta, _time("How long to read at most.", "--within", "1m")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what is not given takes its default.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
NewConfig = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="OUTCARE_CONFIG", help="The file to write; rules go beside it."),
]


class Format(StrEnum):
    """For people, for programs, for annotations in a pull request, for a CI's list of tests."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    JUNIT = "junit"


FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="For people, for scripts, or for a CI server.")
]
