"""The verbs of `outcare answers …`: what each takes, and which file does it.

Everything heavy is imported inside the verbs, as in `bot.cli.main`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Config, Database, Json

app = typer.Typer(help="Check, search and extend the prepared answers.", no_args_is_help=True)

Lang = Annotated[
    str | None, typer.Option("--lang", metavar="CODE", help="The language, if you want to set it.")
]


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A file (default: the configuration's).", exists=True, dir_okay=False),
    ] = None,
    config: Config = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning is an error, too.")] = False,
    as_json: Json = False,
) -> None:
    """Every mistake, expired answers, and questions that stand there twice. Status 1 on errors."""
    from bot.cli.answers import check_answers

    raise typer.Exit(check_answers(file, config, strict=strict, as_json=as_json))


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="What somebody wrote, or - for stdin.")],
    config: Config = None,
    lang: Lang = None,
    platform: Annotated[str | None, typer.Option(help="As if it were written there.")] = None,
    as_json: Json = False,
) -> None:
    """Which answers would be proposed, with their scores. Status 1 if none."""
    from bot.cli.answers import Query, search_answers

    query = Query(text=text, lang=lang, platform=platform)
    raise typer.Exit(search_answers(query, config, as_json=as_json))


@app.command()
def save(
    reply: Annotated[str, typer.Argument(help="What was answered, or - for stdin.")],
    question: Annotated[str | None, typer.Option(help="What was asked.")] = None,
    of: Annotated[
        str | None,
        typer.Option("--from", metavar="ID", help="The stored mention that was answered, by id or URL."),
    ] = None,
    lang: Lang = None,
    write: Annotated[
        bool, typer.Option("--write", help="Into the file; without it the change is shown.")
    ] = False,
    config: Config = None,
    database: Database = None,
) -> None:
    """Keep a good reply as an answer: shows what would change in the file, comments kept."""
    from bot.cli.answer_save import Wanted, save_answer

    wanted = Wanted(reply=reply, question=question, of=of, lang=lang)
    raise typer.Exit(save_answer(wanted, config, database, write=write))
