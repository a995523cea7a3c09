"""Down a list of a server, newest first, page by page, to what was read before.

https://docs.joinmastodon.org/api/guidelines/#pagination: `since_id` ends a list above an id, `max_id` begins
a page below one. Which id that is stands in a `Link`; servers without that header go on below the last row.
What a search finds is in counted pages (https://docs.joinmastodon.org/methods/search/).
Ids are handed back as they came, never compared: they grow as text on one server and as numbers on another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from connectors.mastodon.entities import Found as Searched
from connectors.mastodon.entities import moment_or_none, piece, status_of
from connectors.mastodon.server import SPARE

if TYPE_CHECKING:
    from connectors.mastodon.api import Answer
    from connectors.mastodon.entities import Status
    from connectors.mastodon.server import Server

MOST_PAGES = 200


class _Id(msgspec.Struct, frozen=True):
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: a status, or what tells of one. `at`: by when the list is sorted."""

    id: str
    at: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list: where it is, how long a page may be, and what makes a row of what stands in it.

    `row`: None for what is passed over, a name for what cannot be read. `is_search`: it is what a search
    found, whose pages are counted (`offset`), and whose newest need not stand first.
    """

    path: str
    page: int
    row: Callable[[bytes], Row | str | None]
    query: Sequence[tuple[str, str]] = ()
    is_search: bool = False


@dataclass
class Found:
    """What a walk found, newest first; `strange`: names of what cannot be read. `is_whole`: not cut short."""

    rows: list[Row] = field(default_factory=list)
    strange: set[str] = field(default_factory=set)
    is_whole: bool = True


@dataclass
class Walk:
    """A way down a list. One that was broken off is gone on with where it stopped. `is_over`: it was not."""

    found: Found = field(default_factory=Found)
    below: str | None = None
    pages: int = 0
    rows: int = 0
    is_over: bool = False

    def turn(self, answer: Answer, page: list[msgspec.Raw], listing: Listing) -> str | None:
        """A page was read: where the next one begins is kept, and where this one began is told. After a page
        of a search that is much shorter than it may be nothing more is expected.
        """
        before = self.below
        self.pages, self.rows = self.pages + 1, self.rows + len(page)
        if listing.is_search:
            self.found.rows.sort(key=lambda row: row.at, reverse=True)
            self.below = str(self.rows) if len(page) > listing.page // 2 else None
        else:
            self.below = _below(answer, page)
        return before


async def down_to(
    server: Server,
    listing: Listing,
    *,
    since: str | None = None,
    floor: datetime | None = None,
    pages: int | None = None,
    walk: Walk | None = None,
) -> Found:
    """Rows above `since`; where that is not met (the server takes no notice of it, or it is gone), not those
    at the end that lie below `floor`. In some lists a row stands by when the server heard of it, whatever
    time it says.

    Raises: Unavailable, Refused.
    """
    walk = walk or Walk()
    while not walk.is_over:
        answer = await _asked(server, listing, since, walk.below)
        _went_on(walk, answer, listing, (since, floor))
        if not walk.is_over and walk.pages >= (pages or MOST_PAGES):
            walk.is_over, walk.found.is_whole = True, False
    return walk.found


def _went_on(
    walk: Walk, answer: Answer, listing: Listing, bounds: tuple[str | None, datetime | None]
) -> None:
    """A page further. Raises: Unavailable."""
    since, floor = bounds
    page = answer.read(Searched).statuses if listing.is_search else answer.read(list[msgspec.Raw])
    found, first = walk.found, len(walk.found.rows)
    for raw in page:
        _take(listing.row(bytes(raw)), found)
    fresh = found.rows[first:]
    before = walk.turn(answer, page, listing)
    if _is_met(found, since):
        walk.is_over = True
    elif _is_passed(fresh, floor) or walk.below in {None, before}:
        walk.is_over = True
        _cut(found, floor)


async def _asked(server: Server, listing: Listing, since: str | None, below: str | None) -> Answer:
    names = ("min_id", "offset") if listing.is_search else ("since_id", "max_id")
    bounds = zip(names, (since, below), strict=True)
    given = [(name, value) for name, value in bounds if value is not None]
    query = [("limit", str(listing.page)), *listing.query, *given]
    answer = await server.get(listing.path, query, spare=SPARE)
    if answer.status != 200:
        raise answer.error()
    return answer


def _take(row: Row | str | None, found: Found) -> None:
    if isinstance(row, Row):
        found.rows.append(row)
    elif row is not None:
        found.strange.add(row)


def _below(answer: Answer, page: list[msgspec.Raw]) -> str | None:
    """Where the next page begins; None: there is none."""
    if not page:
        return None
    if answer.has_links and answer.older != "":
        return answer.older
    last = piece(page[-1], _Id)
    return last.id if last else None


def _is_met(found: Found, since: str | None) -> bool:
    """What lies at and below it is left out."""
    for number, row in enumerate(found.rows):
        if row.id == since:
            del found.rows[number:]
            return True
    return False


def _is_passed(page: list[Row], floor: datetime | None) -> bool:
    """One row alone may be late, or tell a wrong time."""
    return floor is not None and bool(page) and all(row.at < floor for row in page[-2:])


def _cut(found: Found, floor: datetime | None) -> None:
    while floor is not None and found.rows and found.rows[-1].at < floor:
        found.rows.pop()


def status_row(raw: bytes) -> Row | str | None:
    """A row of a list of statuses; boosts are passed over."""
    status = status_of(msgspec.Raw(raw))
    if status is None:
        return name_of(raw)
    return None if status.is_boost else row_of(status, status.id, status.created_at)


def name_of(raw: bytes) -> str:
    """By its id, if that can be read: the rest of it may change from one reading to the next."""
    known = piece(msgspec.Raw(raw), _Id)
    return known.id if known else hashlib.blake2b(raw, digest_size=8).hexdigest()


def row_of(status: Status, row_id: str, at: str) -> Row | None:
    """None: its time is none."""
    moment = moment_or_none(at)
    return Row(id=row_id, at=moment, status=status) if moment else None
