"""`outcare catchup`: what happened since somebody's last shift, in the order in which it is to be read."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import briefing_data
from bot.catchup import FARTHEST, CatchUp, Since, Why, text
from bot.cli import output, setup
from bot.cli.reports import read
from bot.errors import ConfigError
from bot.texts.en import ENGLISH
from bot.told_rows import Reader
from bot.yamlfile import closest

if TYPE_CHECKING:
    from bot.briefing import Briefing
    from bot.reports import Reports
    from bot.settings.load import Settings


def show_catch_up(config: Path | None, person: str, *, since: timedelta | None, as_json: bool) -> None:
    """Raises: ConfigError for somebody who is not in the configuration, StoreError."""
    settings = setup.settings(config, needs_secrets=False)
    _check(settings, person)
    now = datetime.now(UTC)

    async def ask(store: Reports) -> tuple[Since, Briefing]:
        catching_up = CatchUp(store=store, on_call=lambda: settings.on_call)
        start = await catching_up.since(person, now)
        if since is not None:
            start = Since(at=now - min(since, FARTHEST), why=Why.ASKED)
        return start, await catching_up.told(person, start, now)

    start, briefing = read(settings.database, ask)
    if as_json:
        output.json(briefing_data.data(briefing, start, until=now))
        return
    names = {one.key: one.name for one in settings.people}
    zone = next(one.timezone for one in settings.people if one.key == person) or settings.timezone
    reader = Reader(
        texts=ENGLISH,
        zone=zone,
        now=now,
        people=lambda key: names.get(key, key),
        link=lambda _channel, _: None,
    )
    for line in text(briefing, start, reader):
        sys.stdout.write(f"{line}\n")


def _check(settings: Settings, person: str) -> None:
    people = [one.key for one in settings.people]
    if person not in people:
        near = closest(person, people)
        known = f"did you mean {near}?" if near else f"people: {', '.join(people) or 'none yet'}"
        raise ConfigError(f"there is nobody called {person!r} under people in the configuration; {known}")
