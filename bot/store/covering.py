"""Who covers for whom, as rows. It knows the table covers; which cover counts is said in `bot.oncall`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.oncall import Cover
from bot.store import rows

if TYPE_CHECKING:
    from datetime import datetime

    from bot.store.card import Fetch
    from bot.store.work import Work

_STANDING = (
    "SELECT rotation, person, since, until, ordered_by, ordered_at FROM covers"
    " WHERE ended_at IS NULL AND until > ? ORDER BY since, id"
)


def standing(fetch: Fetch, now: datetime) -> tuple[Cover, ...]:
    """Those that run, and those that are to come."""
    return tuple(
        Cover(
            rotation=row[0],
            person=row[1],
            since=rows.moment(row[2]),
            until=rows.moment(row[3]),
            by=row[4],
            ordered_at=rows.moment(row[5]),
        )
        for row in fetch(_STANDING, (rows.micros(now),))
    )


def begin(work: Work, cover: Cover) -> None:
    work.conn.execute(
        "INSERT INTO covers (rotation, person, since, until, ordered_by, ordered_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            cover.rotation,
            cover.person,
            rows.micros(cover.since),
            rows.micros(cover.until),
            cover.by,
            rows.micros(cover.ordered_at),
        ),
    )


def end(work: Work, person: str, by: str) -> None:
    """All that this person would cover from now on."""
    work.conn.execute(
        "UPDATE covers SET ended_at = ?, ended_by = ? WHERE person = ? AND ended_at IS NULL AND until > ?",
        (work.at, by, person, work.at),
    )
