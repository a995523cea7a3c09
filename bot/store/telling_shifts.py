"""Shifts that begin are told: in the writer's unit, together with the row that says so.

What is to be told follows from `bot.handing_over`; this knows the tables turns_told and mornings_told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import handing_over
from bot.handing_over import Book, Told
from bot.shifts import LOOKS_BACK, Known, Roster
from bot.store import covering, effects, rows
from bot.store.card import Fetch, fetcher

if TYPE_CHECKING:
    from datetime import datetime

    from bot.store.work import Work


def tell_due(work: Work, roster: Roster) -> None:
    """What is due becomes effects, and is known afterwards."""
    if roster.is_empty:
        return
    fetch = fetcher(work.conn)
    book = _book(fetch)
    due_at = handing_over.due_at(roster, book, covering.standing(fetch, _told_to(book) or work.now))
    if due_at is None or due_at > work.now:
        return
    covers = covering.standing(fetch, work.now - LOOKS_BACK)
    step = handing_over.step(roster, book, covers, work.now)
    for effect in step.effects:
        effects.insert(work, effects.New(effect=effect), leased=False)
    _keep(work, step.book)


def next_at(fetch: Fetch, roster: Roster) -> datetime | None:
    """When something is to be told next."""
    if roster.is_empty:
        return None
    book = _book(fetch)
    told_to = _told_to(book)
    covers = covering.standing(fetch, told_to) if told_to else ()
    return handing_over.due_at(roster, book, covers)


def _told_to(book: Book) -> datetime | None:
    return min((known.told_to for known in book.rotations.values()), default=None)


def _book(fetch: Fetch) -> Book:
    turns = fetch("SELECT rotation, person, last, since, told_to FROM turns_told", ())
    mornings = fetch("SELECT person, told_to, carded_at FROM mornings_told", ())
    return Book(
        rotations={
            row[0]: Known(person=row[1], last=row[2], since=rows.moment(row[3]), told_to=rows.moment(row[4]))
            for row in turns
        },
        people={
            row[0]: Told(told_to=rows.moment(row[1]), carded_at=rows.moment_or_none(row[2]))
            for row in mornings
        },
    )


def _keep(work: Work, book: Book) -> None:
    work.conn.executemany(
        "INSERT INTO turns_told (rotation, person, last, since, told_to) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (rotation) DO UPDATE SET person = excluded.person, last = excluded.last,"
        " since = excluded.since, told_to = excluded.told_to",
        [
            (name, one.person, one.last, rows.micros(one.since), rows.micros(one.told_to))
            for name, one in book.rotations.items()
        ],
    )
    work.conn.executemany(
        "INSERT INTO mornings_told (person, told_to, carded_at) VALUES (?, ?, ?)"
        " ON CONFLICT (person) DO UPDATE SET told_to = excluded.told_to, carded_at = excluded.carded_at",
        [
            (person, rows.micros(one.told_to), rows.micros_or_none(one.carded_at))
            for person, one in book.people.items()
        ],
    )
