"""Who wrote: every status brings its author along, so that nobody need be asked about them again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from bot.markup import plain
from bot.model import Author
from connectors.mastodon.entities import moment_or_none
from connectors.mastodon.statuses import PLATFORM

if TYPE_CHECKING:
    from bot.ports import Clock, Wiring
    from connectors.mastodon.entities import Person
    from connectors.mastodon.statuses import View

KEEP_SECONDS = 3600.0
MOST = 5_000
_SHARED = "mastodon.people"


class People:
    """Those of whom something was heard within the hour, by their whole name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Author]] = OrderedDict()

    def meet(self, person: Person, view: View) -> Author:
        """Remember somebody as they are now."""
        author = author_of(person, view)
        self._known[author.id] = (self._clock.monotonic(), author)
        self._known.move_to_end(author.id)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return author

    def get(self, acct: str) -> Author | None:
        met_at, author = self._known.get(acct, (0.0, None))
        return author if self._clock.monotonic() - met_at <= KEEP_SECONDS else None


def author_of(person: Person, view: View) -> Author:
    """A missing figure is unknown, not zero."""
    acct = view.acct(person.acct)
    return Author(
        platform=PLATFORM,
        id=acct,
        handle=acct,
        name=person.display_name or person.username or None,
        bio=plain(person.note or "") or None,
        followers=person.followers_count,
        following=person.following_count,
        created_at=moment_or_none(person.created_at),
    )


def people(wiring: Wiring) -> People:
    """Those that all sides of the connector know together."""
    known: People = wiring.shared.setdefault(_SHARED, People(wiring.clock))
    return known
