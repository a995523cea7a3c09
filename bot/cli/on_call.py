"""`outcare oncall`: who is on call by the configuration and by what was said in chat, and who is next."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import duties
from bot.cli import output, setup
from bot.cli.reports import read
from bot.hours import NEVER
from bot.oncall import Cover, Duty
from bot.settings.load import Settings
from bot.texts.en import ENGLISH


def show_on_call(config: Path | None, *, as_json: bool) -> None:
    settings = setup.settings(config, needs_secrets=False)
    now = datetime.now(UTC)
    covers: tuple[Cover, ...] = ()
    if settings.database.is_file():
        covers = read(settings.database, lambda store: store.covers(now=now))
    if as_json:
        output.json(
            [
                {"rotation": name, "routes": list(one.routes), **_plain(one.duty(now, covers))}
                for name, one in settings.on_call.rotations.items()
            ]
        )
        return
    for line in _lines(settings, covers, now):
        sys.stdout.write(line + "\n")


def _lines(settings: Settings, covers: tuple[Cover, ...], now: datetime) -> list[str]:
    names = {one.key: one.name for one in settings.people}
    found = duties.lines(
        settings.on_call,
        covers,
        texts=ENGLISH,
        people=lambda key: names.get(key, key),
        now=now,
        zone=settings.timezone,
    )
    return found or [ENGLISH.say("oncall.none")]


def _plain(duty: Duty) -> dict[str, object]:
    until = None if duty.until == NEVER else duty.until
    return {"person": duty.person, "until": until, "then": duty.then, "then_at": duty.then_at}
