"""The command `outcare`: finds the verb, turns errors into one line and an exit code.

Exit codes: 0 all is well, 1 problems were found (or the daemon could not start, or whoever read the output
went away), 2 wrong use. Everything heavy is imported inside the verbs, so that `outcare --help` is quick.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from datetime import timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import answer_verbs, options, output, rule_verbs
from bot.cli.options import Config, Database, Json
from bot.errors import BotError, ConfigError

app = typer.Typer(
    name="outcare",
    help="Listen to what people say about a brand, triage it with YAML rules, alert people in chat.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_USUAL = gc.get_threshold()
_WHILE_IMPORTING = 50_000
"""What is imported stays: to look for garbage in it again and again is a tenth of each verb's time."""


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"outcare {version('outcare')}")
        raise typer.Exit


@app.callback()
def _every_verb(
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    import structlog

    # What is written to standard output is the answer; `run` and its likes set up more.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


db_app = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.add_typer(rule_verbs.app, name="rules")
app.add_typer(answer_verbs.app, name="answers")
app.add_typer(db_app, name="db")


class By(StrEnum):
    RULE = "rule"


@app.command()
def run(
    config: Config = None,
    since: Annotated[
        timedelta | None,
        typer.Option(
            parser=options.a_duration,
            metavar="DURATION",
            help="On the first start, read from so long ago (like 2h) instead of from now.",
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Play the demo, whatever is configured; it needs no network.")
    ] = False,
    pace: Annotated[
        float, typer.Option(hidden=True, min=0.01, help="Seconds a minute of the demo's day.")
    ] = 1.0,
    day: Annotated[Path | None, typer.Option(hidden=True, help="Another day for the demo.")] = None,
) -> None:
    """Start the daemon: listen, triage, alert. Stops on Ctrl-C or SIGTERM with nothing lost.

    Without a configuration of yours it plays the demo: a made-up brand on made-up platforms, in data/demo.db.
    """
    from bot.cli import setup

    if demo or setup.is_demo(config):
        from bot.cli.demo import run_demo

        gc.set_threshold(*_USUAL)
        run_demo(config, pace=pace, day=day)
    else:
        from bot.cli.run import run_daemon

        gc.set_threshold(*_USUAL)
        run_daemon(config, since or timedelta())


@app.command()
def check(config: Config = None, as_json: Json = False) -> None:
    """Check the whole configuration, rules included, without network. Status 1 on errors, 0 on warnings."""
    from bot.cli.check import check_all

    raise typer.Exit(check_all(config, as_json=as_json))


@app.command()
def init(
    aim: options.Aim = None,
    brand: options.BrandName = None,
    words: options.Words = None,
    accounts: options.Accounts = None,
    context: options.Context = None,
    rival: options.Rival = None,
    languages: options.Languages = None,
    timezone: options.Timezone = None,
    chat: options.ChatChoice = None,
    telegram_chat: options.TelegramChat = None,
    telegram_person: options.TelegramPerson = None,
    name: options.PersonName = None,
    listen: options.ListenFor = timedelta(seconds=10),
    wait: options.WaitFor = timedelta(minutes=5),
    yes: options.Yes = False,
    force: options.Force = False,
    config: options.NewConfig = Path("config/outcare.yaml"),
) -> None:
    """Ask a few questions, pair a chat, and write a configuration and first rules for your own brand."""
    from bot.cli.init import Given, start

    given = {key: value for key, value in locals().items() if key in Given.__dataclass_fields__}
    raise typer.Exit(start(Given(**given, rivals=tuple(rival or ())), config))


@app.command()
def doctor(
    config: Config = None,
    send: Annotated[bool, typer.Option("--send", help="Send a test card to every channel as well.")] = False,
    as_json: Json = False,
) -> None:
    """Try every credential and address, and say what each may do. Status 1 if something must be mended."""
    from bot.cli.doctor import examine

    raise typer.Exit(examine(config, send=send, as_json=as_json))


@app.command()
def scout(
    config: Config = None,
    brand: options.SampleOf = None,
    words: options.Words = None,
    accounts: options.Accounts = None,
    rival: options.Rival = None,
    category: options.Category = None,
    since: options.SampledSince = timedelta(hours=1),
    within: options.SampledWithin = timedelta(minutes=1),
    as_json: Json = False,
) -> None:
    """Sample where people talk about the brand and its rivals, how much, and who answers. Keeps nothing."""
    from bot.cli.scout import Wanted
    from bot.cli.scout import scout as sample

    given = {"words": words, "accounts": accounts, "category": category, "since": since, "within": within}
    wanted = Wanted(config=config, brand=brand, rivals=tuple(rival or ()), **given)  # type: ignore[arg-type]
    raise typer.Exit(sample(wanted, as_json=as_json))


@app.command()
def status(config: Config = None, database: Database = None, as_json: Json = False) -> None:
    """What the daemon has seen, what waits, and what does not work."""
    from bot.cli.reports import show_status

    raise typer.Exit(show_status(config, database, as_json=as_json))


@app.command()
def stats(
    config: Config = None,
    database: Database = None,
    since: Annotated[
        timedelta,
        typer.Option(parser=options.a_duration, metavar="DURATION", help="Asks since so long ago (like 3d)."),
    ] = timedelta(days=7),
    as_json: Json = False,
) -> None:
    """How long asks took to be seen, alerted, claimed, approved and answered; promises; who waits longest."""
    from bot.cli.stats import show_stats

    raise typer.Exit(show_stats(config, database, since=since, as_json=as_json))


@app.command()
def inbox(
    config: Config = None,
    database: Database = None,
    by: Annotated[
        By | None, typer.Option(help="What became of all of them instead, by the rule that fired.")
    ] = None,
    since: Annotated[
        timedelta | None,
        typer.Option(
            parser=options.a_duration, metavar="DURATION", help="Only what came since so long ago (like 3d)."
        ),
    ] = None,
    brand: Annotated[str | None, typer.Option(help="Only this brand (rivals included).")] = None,
    rule: Annotated[str | None, typer.Option(help="Only mentions for which this rule fired.")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Answered, dismissed, ignored ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Mentions, most urgent and longest waiting first."""
    from bot.cli.reports import InboxQuery, show_inbox, show_rules

    query = InboxQuery(brand=brand, rule=rule, include_closed=show_all, since=since, limit=limit)
    show = show_rules if by is By.RULE else show_inbox
    raise typer.Exit(show(config, database, query, as_json=as_json))


@app.command()
def login(
    person: Annotated[str, typer.Argument(help="A key under people in the configuration.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print a link that signs a person in on the page, once, within ten minutes."""
    from bot.cli.login import print_link

    print_link(config, person, as_json=as_json)


@app.command()
def oncall(config: Config = None, as_json: Json = False) -> None:
    """Say who is on call in each rotation, until when, and who is next."""
    from bot.cli.on_call import show_on_call

    show_on_call(config, as_json=as_json)


@app.command()
def silences(config: Config = None, as_json: Json = False) -> None:
    """Say what is silenced, until when, by whom, why, and how many mentions that has held."""
    from bot.cli.silences import show_silences

    show_silences(config, as_json=as_json)


@app.command()
def catchup(
    person: Annotated[str, typer.Option(help="A key under people in the configuration.")],
    config: Config = None,
    since: Annotated[
        timedelta | None,
        typer.Option(
            parser=options.a_duration,
            metavar="DURATION",
            help="Since so long ago (like 8h) instead of their last shift.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what happened since somebody's last shift: what is theirs, what presses, what others did."""
    from bot.cli.catchup import show_catch_up

    show_catch_up(config, person, since=since, as_json=as_json)


@app.command()
def signals(
    file: Annotated[
        Path | None,
        typer.Argument(help="Texts, one a line (default: standard input).", exists=True, dir_okay=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With the language, and the words that moved each value.")
    ] = False,
    as_text: Annotated[bool, typer.Option("--text", help="The same for people.")] = False,
) -> None:
    """Measure texts, one a line: one flat JSON object a line, name → number or null.

    A line may be a JSON object as well, {"text": …, "lang": …, "author": {"followers": …}}.
    """
    from bot.cli.signals import Shape, measure_texts

    measure_texts(file, Shape.TEXT if as_text else Shape.FULL if as_json else Shape.FLAT)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recorded Jetstream file, .jsonl or .jsonl.zst.")],
    config: Config = None,
    database: Annotated[
        Path | None, typer.Option(help="Keep the result in this database (default: a temporary one).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a recording through the whole pipeline, as fast as it goes. Delivers nothing."""
    from bot.cli.replay import replay_file

    raise typer.Exit(replay_file(file, config, database, as_json=as_json))


@db_app.command()
def upgrade(config: Config = None, database: Database = None) -> None:
    """Bring the database to the schema of this program. Stop the daemon first."""
    from bot.cli.reports import upgrade_database

    upgrade_database(config, database)


def main() -> None:
    """The console script."""
    gc.set_threshold(_WHILE_IMPORTING, *_USUAL[1:])
    if sys.platform == "win32":
        output.error("Windows itself is not supported yet: run it in WSL (docs/installing.md)")
        sys.exit(1)
    try:
        app()
    except ConfigError as error:
        output.problems(error.problems)
        sys.exit(1)
    except BotError as error:
        output.error(str(error))
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        # Python flushes once more at the end: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        output.error("the disk that the output goes to is full")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
