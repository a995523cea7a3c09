"""`outcare login`: a one-time link for a person, made on the machine that the daemon runs on."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import duration
from bot.cli import output, setup
from bot.errors import ConfigError
from bot.settings.load import Settings
from bot.web.sessions import LINK_LASTS, Sessions, key_beside
from bot.yamlfile import closest


def print_link(config: Path | None, person: str, *, as_json: bool) -> None:
    """Raises: ConfigError for somebody who is not in the configuration, or a secret that cannot be had."""
    settings = setup.settings(config, needs_secrets=False)
    people = {one.key: one.name for one in settings.people}
    if person not in people:
        near = closest(person, people)
        known = f"did you mean {near}?" if near else f"people: {', '.join(people) or 'none yet'}"
        raise ConfigError(f"there is nobody called {person!r} under people in the configuration; {known}")
    sessions = Sessions(key_beside(settings.database), lambda: datetime.now(UTC))
    url = f"{address(settings)}/login/{sessions.link(person)}"
    if as_json:
        output.json({"person": person, "url": url, "seconds": int(LINK_LASTS.total_seconds())})
        return
    sys.stdout.write(f"{url}\n")
    if not address(settings):
        sys.stderr.write("http.port is 0: put the address that the daemon names at its start before this.\n")
    sys.stderr.write(
        f"Signs in {people[person]}, once, within {duration.show(LINK_LASTS)}. Give it to nobody else.\n"
    )


def address(settings: Settings) -> str:
    """Where people reach the page: `web.url`, else where the daemon listens; empty if only that knows."""
    if settings.web.url or not settings.http.port:
        return (settings.web.url or "").rstrip("/")
    host = "127.0.0.1" if settings.http.host in {"0.0.0.0", "::"} else settings.http.host  # noqa: S104 - named, not bound
    return f"http://[{host}]:{settings.http.port}" if ":" in host else f"http://{host}:{settings.http.port}"
