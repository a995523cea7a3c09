"""`outcare rules schema`: what an editor needs to know of the rules."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from bot.cli import setup
from bot.errors import BotError
from bot.rulebook import load_ruleset
from bot.wishes import CONSOLE
from rules.jsonschema import MODELINE, json_schema
from rules.reread import Source
from rules.ruleset import load_rules


def show_schema(config: Path | None, folder: Path | None, *, write: bool) -> None:
    """Raises: ConfigError for rules with mistakes, BotError for a folder that cannot be written to."""
    channels: frozenset[str] = frozenset()
    if folder is None:
        setup.tell_demo(config)
        settings = setup.settings(config, needs_secrets=False)
        rules, folder = load_ruleset(settings), settings.rules
        channels = frozenset(settings.channels) | {CONSOLE}
    else:
        rules = load_rules(folder)
    schema = json_schema(Source(rules).found, channels)
    document = orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() + "\n"
    if not write:
        sys.stdout.write(document)
        return
    file = folder / ".schema" / "rules.json"
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_text(document, encoding="utf-8")
    except OSError as error:
        raise BotError(f"{file} cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{file} is written. Put this line first into each file of rules:\n{MODELINE}\n")
