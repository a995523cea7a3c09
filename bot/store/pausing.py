"""Pauses of publishing as rows. It knows the table pauses; the newest that nobody ended counts."""

from __future__ import annotations

from bot.pausing import Paused
from bot.store import rows
from bot.store.card import Fetch
from bot.store.work import Work


def paused(fetch: Fetch) -> Paused | None:
    found = fetch(
        "SELECT person, reason, begun_at FROM pauses WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1", ()
    )
    if not found:
        return None
    person, reason, since = found[0]
    return Paused(person=person, reason=reason, since=rows.moment(since))


def begin(work: Work, pause: Paused) -> None:
    """A new one takes the place of the one before: its reason is the one that counts."""
    end(work, pause.person)
    work.conn.execute(
        "INSERT INTO pauses (person, reason, begun_at) VALUES (?, ?, ?)",
        (pause.person, pause.reason, rows.micros(pause.since)),
    )


def end(work: Work, person: str) -> None:
    work.conn.execute(
        "UPDATE pauses SET ended_at = ?, ended_by = ? WHERE ended_at IS NULL", (work.at, person)
    )
