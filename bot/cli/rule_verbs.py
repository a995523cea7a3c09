"""The verbs of `outcare rules …`: what each takes, and which file does it.

Everything heavy is imported inside the verbs, as in `bot.cli.main`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli import options
from bot.cli.options import Config, Database, FormatOption, Json, RulesFolder

app = typer.Typer(help="Make, check, test, try and explain rules.", no_args_is_help=True)


@app.command()
def explain(
    what: Annotated[str, typer.Argument(help="A text, the id or URL of a stored mention, or - for stdin.")],
    config: Config = None,
    database: Database = None,
    lang: Annotated[str | None, typer.Option(help="The language, if you want to set it.")] = None,
    why_not: Annotated[
        str | None, typer.Option(metavar="RULE", help="Which conditions of this rule are false, and why.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Why a text (or a stored mention) is judged as it is."""
    from bot.cli.rules import Asked, explain_what

    asked = Asked(lang=lang, why_not=why_not, as_json=as_json)
    raise typer.Exit(explain_what(what, config, database, asked))


@app.command("test")
def try_out(
    folder: RulesFolder = None,
    config: Config = None,
    form: FormatOption = options.Format.TEXT,
    name: Annotated[
        str, typer.Option("-k", metavar="NAME", help="Only of rules and scenarios named so.")
    ] = "",
    untested: Annotated[
        bool, typer.Option("--coverage", help="Name every rule, branch and word that no test uses.")
    ] = False,
    packs: Annotated[bool, typer.Option("--packs", help="The tests of the packs too, as tuned.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run them again whenever a file changes; end with Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the tests that stand in the rules. Status 1 if one fails."""
    from bot.cli.rule_tests import Wanted, try_rules, watch_rules

    form = options.Format.JSON if as_json else form
    wanted = Wanted(form=form, name=name, untested=untested, packs=packs)
    if watch:
        watch_rules(config, folder, wanted)
    raise typer.Exit(try_rules(config, folder, wanted))


@app.command("try")
def try_sentences(folder: RulesFolder = None, config: Config = None) -> None:
    """Type sentences and see their verdicts; what is edited meanwhile counts from the next one on."""
    from bot.cli import rule_try

    rule_try.try_sentences(config, folder)


@app.command()
def schema(
    folder: RulesFolder = None,
    config: Config = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Into the folder of the rules; says what line to put into each."),
    ] = False,
) -> None:
    """The rule language as JSON Schema, with your names: an editor completes and underlines by it."""
    from bot.cli.rule_schema import show_schema

    show_schema(config, folder, write=write)


@app.command("check")
def check_rules(
    folder: RulesFolder = None,
    config: Config = None,
    form: FormatOption = options.Format.TEXT,
    strict: Annotated[
        bool, typer.Option("--strict", help="A warning is an error, too, and everything is told.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what no test of a rule looks at, which is left out otherwise.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Every mistake in the rules, without running their tests. Status 1 on errors."""
    from bot.cli import rule_check

    form = options.Format.JSON if as_json else form
    wanted = rule_check.Wanted(form=form, strict=strict, everything=everything or strict)
    raise typer.Exit(rule_check.check_rules(config, folder, wanted))


@app.command("new")
def new_rule(
    name: Annotated[str, typer.Argument(help="What the rule is called; left out: you are asked.")] = "",
    fires: Annotated[
        list[str] | None, typer.Option(help="A sentence on which it must fire. May stand again.")
    ] = None,
    quiet: Annotated[
        list[str] | None, typer.Option(help="A sentence on which it must not. May stand again.")
    ] = None,
    why: Annotated[str, typer.Option(help="What staff reads: why am I seeing this?")] = "",
    score: Annotated[int, typer.Option(min=-100, max=100, help="Its points.")] = 20,
    file: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of the folder of the rules (default: its one file, or a new one)."
        ),
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option(help="A folder of rules (default: the configuration's).", exists=True, file_okay=False),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Into the file, if everything is right with it there.")
    ] = False,
    config: Config = None,
) -> None:
    """Make a rule of example sentences, with its tests; show it, or write it to a file of rules."""
    from bot.cli import rule_new
    from rules.scaffold import Sketch

    sketch = Sketch(name=name, fires=tuple(fires or ()), quiet=tuple(quiet or ()), why=why, score=score)
    place = rule_new.Place(config=config, folder=folder, file=file)
    raise typer.Exit(rule_new.make_rule(sketch, place, write=write))


@app.command("fmt")
def format_rules(
    folder: RulesFolder = None,
    config: Config = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing: show what would change, status 1 if anything.")
    ] = False,
) -> None:
    """Put sections and keys in one order, two blanks a level; comments stay, the meaning too."""
    from bot.cli import rule_fmt

    raise typer.Exit(rule_fmt.format_rules(config, folder, only_check=check))


@app.command("help")
def help_with_code(
    code: Annotated[str, typer.Argument(help="A code of check, like R021; left out: all of them.")] = "",
) -> None:
    """What a code means, with an example of the mistake and how to mend it."""
    from bot.cli.rule_help import show_help

    show_help(code)
