"""What lies between the position and now, in stretches: each is a walk down the newest mentions.

X keeps the newest 800 for an account (https://docs.x.com/x-api/posts/timelines/integrate), and new ones come
in above while older ones are read: in a burst, after an outage, after `429 Too Many Requests` the oldest may
have fallen out of the list before they were read. So where that may be, the recent search is asked for what
lies between the position and the oldest that was read. It costs five times as much, but only for what is
missing: what the list had is above that, and a search that finds nothing costs nothing. Only where the money
does not reach, or X has the posts no more, is that a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import Unavailable
from bot.model import Gap
from connectors.x.budget import is_spent
from connectors.x.ids import first_id, moment
from connectors.x.pages import PAGE, List, Walk, walk_down
from connectors.x.search import KEPT as SEARCHED
from connectors.x.search import LAG, LEAST, PATH, TOKEN

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.x.own import Own

NAME, MISSED = "x-mentions", "x-mentions-search"
SUSPECT = 500
"""So many may have pushed others out of the list of 800: more came while they were read, and X counts those
too that it does not show.
"""


@dataclass
class Stretch:
    """`below`: what is searched for under the walk, once that is over; `gap`: what cannot be had. `is_late`:
    the walk was interrupted, nobody knows for how many.
    """

    walk: Walk
    is_late: bool = False
    is_sure: bool = False
    below: Walk | None = None
    gap: Gap | None = None


@dataclass
class Stretches:
    """`since`: the position. The oldest stretch comes first; only the newest can be unfinished."""

    own: Own
    since: int
    listed: List
    held: list[Stretch] = field(default_factory=list)

    async def read_on(self) -> bool:
        """One walk to its end; whether more may have come meanwhile. Raises: Unavailable, Refused.

        What was read by then stays, so that a walk which was interrupted goes on where it stopped.
        """
        is_new = not self.held or self.held[-1].walk.is_done
        if is_new:
            self.held.append(Stretch(Walk(self._newest)))
        walk = self.held[-1].walk
        self.held[-1].is_late = not is_new and walk.oldest > 0
        await walk_down(self.own, walk, self.listed, {})
        if not walk.seen and is_new:
            self.held.pop()
        return walk.seen >= PAGE or not is_new

    async def next(self, now: datetime) -> Stretch | None:
        """The oldest, when nothing is missing in it any more, or never comes. Raises: as `read_on`."""
        if not self.held or not self.held[0].walk.is_done:
            return None
        oldest = self.held[0]
        if oldest.is_late or oldest.walk.seen >= SUSPECT:
            await self._look_below(oldest, now)
        else:
            oldest.is_sure = True
        return oldest if oldest.is_sure else None

    def done(self, stretch: Stretch) -> None:
        """It was given out."""
        self.held.remove(stretch)
        self.since = max(stretch.walk.newest, self.since)

    @property
    def _newest(self) -> int:
        return max([self.since, *(one.walk.newest for one in self.held)])

    async def _look_below(self, stretch: Stretch, now: datetime) -> None:
        """Once the index of the search has what would stand there."""
        walk = stretch.walk
        if stretch.is_sure or moment(walk.oldest) > now - LAG:
            return
        below = stretch.below = stretch.below or Walk(walk.since, oldest=walk.oldest)
        below.since = max(walk.since, first_id(now - SEARCHED))
        below.is_done = below.is_done or below.oldest <= below.since + 1
        listed = List(
            path=PATH,
            source=MISSED,
            price=self.own.budget.price_per_post_read,
            least=LEAST,
            token_name=TOKEN,
        )
        query = f"@{self.own.handle} -is:retweet -from:{self.own.handle}"
        try:
            await walk_down(self.own, below, listed, {"query": query})
        except Unavailable as error:
            if not is_spent(error):
                raise
        walk.tweets |= below.tweets
        walk.strange += below.strange
        reached = below.since if below.is_done else below.oldest
        if reached > walk.since and sum(one.walk.seen for one in self.held) >= SUSPECT:
            until = moment(reached)
            stretch.gap = Gap(
                source=NAME, started_at=min(moment(walk.since), until), ended_at=until, reason="overflow"
            )
        stretch.is_sure = True
