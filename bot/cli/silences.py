"""`outcare silences`: what is silenced just now, until when, by whom, why, and how much that has held."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli import output, setup
from bot.cli.reports import read
from bot.orders import Silence
from bot.silencing import listed
from bot.texts.en import ENGLISH
from connectors.console import visible


def show_silences(config: Path | None, *, as_json: bool) -> None:
    settings = setup.settings(config, needs_secrets=False)
    now = datetime.now(UTC)
    found: tuple[Silence, ...] = ()
    if settings.database.is_file():
        found = read(settings.database, lambda store: store.silences(now=now))
    if as_json:
        output.json([{**output.plain(one), "called": one.called} for one in found])
        return
    names = {one.key: one.name for one in settings.people}
    for one in found:
        name = names.get(one.person, one.person)
        line = listed(ENGLISH, one, now=now, zone=settings.timezone, name=name)
        sys.stdout.write(visible(line) + "\n")
    if not found:
        sys.stdout.write(ENGLISH.say("silence.none") + "\n")
