"""`outcare catchup`: what happened since somebody's last shift, in the order in which it is to be read."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import incident_cards
from bot.catchup import FARTHEST, CatchUp, Since, Why, text
from bot.cli import output, setup
from bot.cli.reports import read
from bot.errors import ConfigError
from bot.texts.en import ENGLISH
from bot.told_rows import Reader
from bot.yamlfile import closest

if TYPE_CHECKING:
    from bot.briefing import Briefing, Share
    from bot.overview import Row, Rows
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
        output.json({**plain(briefing), "why": start.why.value, "until": now})
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


def plain(briefing: Briefing) -> Mapping[str, object]:
    """For scripts."""
    running = briefing.running
    return {
        "person": briefing.person,
        "since": briefing.since,
        "mine": _rows(briefing.mine),
        "urgent": _rows(briefing.urgent),
        "incidents": [incident_cards.data(one.incident) for one in running.bursts],
        "more_incidents": running.more_bursts,
        "gaps": [
            {"source": one.source, "from": one.started_at, "to": one.ended_at, "reason": one.reason}
            for one in running.gaps
        ],
        "more_gaps": running.more_gaps,
        "silences": [
            {
                "scope": one.scope.value,
                "name": one.name,
                "until": one.until,
                "person": one.person,
                "reason": one.reason,
            }
            for one in running.silences
        ],
        "paused_since": running.paused.since if running.paused else None,
        "missed": {**_rows(briefing.missed), "open": briefing.still_missed},
        "answered": [
            {"person": person, "count": count}
            for person, count in sorted(briefing.handled.items(), key=lambda one: -one[1])
        ],
        "mentions": _share(briefing.mentions),
        "topics": [{"name": one.name, **_share(one)} for one in briefing.topics],
        "platforms": [{"name": one.name, **_share(one)} for one in briefing.platforms],
    }


def _rows(found: Rows) -> dict[str, object]:
    return {"count": found.count, "rows": [_row(one) for one in found.rows]}


def _row(row: Row) -> dict[str, object]:
    one = row.listed
    return {
        "mention_id": one.mention_id,
        "platform": one.platform,
        "urgency": one.urgency.label,
        "state": one.state.value,
        "claimed_by": one.claimed_by,
        "due_at": one.due_at,
        "author": one.handle or one.author_id,
        "text": one.text or one.title,
        "url": one.url,
    }


def _share(share: Share) -> dict[str, object]:
    return {"count": share.count, "usual": share.usual}
