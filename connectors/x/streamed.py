"""What people say about the brands, as it is said: the filtered stream, for the words that are watched.

`GET /2/tweets/search/stream` (https://docs.x.com/x-api/posts/filtered-stream/introduction), with the app's
bearer token: one connection, 50 of them made in 15 minutes, 250 posts a second, each paid for. It only
pushes: what was said while there was no connection is searched for, and so is what the index did not have
yet. What both tell is told once. (`backfill_minutes` would do it for enterprise plans.) Terms:
https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.cursors import readable
from bot.errors import Unauthorized, Unavailable
from bot.model import Batch, Cursor
from connectors.x.budget import PLATFORM
from connectors.x.ids import cursor, first_id
from connectors.x.own import shared_account
from connectors.x.reading import Heard, Reading
from connectors.x.reconnects import Reconnects
from connectors.x.rules_in_step import RulesInStep
from connectors.x.search import NAME, SearchSource, Settings
from connectors.x.stream import opened
from connectors.x.stream_position import Position
from connectors.x.tweets import FIELDS, tweet_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from decimal import Decimal

    from bot.ports import Watch, Wiring
    from connectors.x.stream import Frame

STREAM = "/2/tweets/search/stream"
NO_WORDS = timedelta(minutes=1)


class StreamedSearch:
    """`bot.ports.Source`, a stream with a search behind it."""

    name = NAME
    platform = PLATFORM
    is_stream = True

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._wiring, self._clock = wiring, wiring.clock
        self._search = SearchSource(settings, wiring)
        self._reconnects = Reconnects(wiring.clock)
        self._rules: RulesInStep | None = None
        self._reached = 0
        """Up to here everything was told since the program began, also where nobody said anything."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncGenerator[Batch, None]:
        own = shared_account(self._wiring)
        if own is None:
            raise Unauthorized("X is read in the name of an account: docs/connectors/x.md tells how")
        with readable(NAME, self._clock.now()):
            position = Position.of(after or cursor(first_id(self._clock.now())))
        me = await own.me()
        await own.meter.room(own.budget.price_per_post_read, 1)
        rules = self._rules = self._rules or RulesInStep(own.app, own.handle)
        rules.forget()
        await self._keep(rules, watch)
        pushed = Pushed(least=own.budget.price_per_post_read, rules=rules)
        reading = Reading(own, me, watch, pushed, self._search)
        reading.position = position.filled(self._reached)
        async with opened(own.app, self._wiring, STREAM, FIELDS, self._reconnects) as lines:
            yield Batch(cursor=position.text) if after is None else Batch()
            async with aclosing(reading.batches(lines)) as batches:
                async for batch in batches:
                    reached = reading.reached
                    yield batch
                    self._reached = max(self._reached, reached)
                    await self._keep(rules, watch)

    async def _keep(self, rules: RulesInStep, watch: Watch) -> None:
        """Where nothing is watched, nothing is asked for. Raises: Unavailable, Refused."""
        words = getattr(watch, "words", ())
        if not rules.of(words):
            message = "no word is watched on X, so there is nothing to stream"
            raise Unavailable(message, retry_after=NO_WORDS, unsent=True)
        await rules.keep(words)


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What the filtered stream tells: posts, each with the rules that let it through."""

    least: Decimal
    rules: RulesInStep

    def heard(self, frame: Frame) -> Heard:
        tweet = tweet_of(bytes(frame.data))
        is_ours = self.rules.fits(frame.matching_rules)
        return Heard(price=self.least, tweet=tweet if is_ours else None, is_strange=tweet is None)
