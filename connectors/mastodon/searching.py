"""What people say of the brands without a tag or a name: the full-text search of an account's server.

`GET /api/v2/search?type=statuses` (https://docs.joinmastodon.org/methods/search/), by an account, for each
word that is watched; there is no "or". It finds posts whose authors opted in (Mastodon with Elasticsearch),
what the account itself had to do with (GoToSocial), or all that the server knows (Pleroma); a server without
it finds nothing or refuses. What is published comes into an index a while later, so that each reading goes
back by a margin. Only what is public is taken: all else is told to the account. Limits: one request a word
and poll.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from bot.errors import Refused
from bot.model import Batch
from connectors.mastodon.lists import Lists
from connectors.mastodon.lookup import view_of
from connectors.mastodon.once import is_told_here
from connectors.mastodon.paging import Listing, Row, status_row
from connectors.mastodon.people import people
from connectors.mastodon.position import MARGIN, Position, beginning, cursor_at, resumed
from connectors.mastodon.server import own_server
from connectors.mastodon.statuses import PLATFORM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from bot.model import Cursor
    from bot.ports import Watch, Wiring
    from connectors.mastodon.account import OneAccount

NAME = "mastodon-search"
PATH = "/api/v2/search"
_PAGE = 40
_PUBLIC = frozenset({"public", "unlisted"})


class SearchSource:
    """`bot.ports.Source`, polled. `account`: what an account beside the first one is called."""

    platform = PLATFORM
    is_stream = False
    cursor_at = staticmethod(cursor_at)

    def __init__(self, settings: OneAccount, wiring: Wiring, account: str = "") -> None:
        self.name = f"{NAME}-{account}" if account else NAME
        self._server = server = own_server(settings, wiring)
        self._clock = wiring.clock
        self._lists = Lists(
            server=server,
            source=self.name,
            clock=wiring.clock,
            people=people(wiring),
            counts=lambda status, _: is_told_here(status, server, wiring),
            overlap=MARGIN,
        )
        self.poll_every = settings.search_every

    @property
    def place(self) -> str:
        return self._server.name

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        listings = searches(getattr(watch, "words", ()))
        now = self._clock.now()
        if after is None:
            windows = dict.fromkeys(listings or [""], beginning(now))
            yield Batch(cursor=Position(server=self._server.name, windows=windows).text)
            return
        position = resumed(after, self.name, listings, now, server=self._server.name)
        await self._server.me()
        to = (await view_of(self._server), watch)
        try:
            for word, listing in listings.items():
                async with aclosing(self._lists.read(word, listing, position, to)) as batches:
                    async for batch, behind in batches:
                        yield batch
                        position = behind
        except Refused as error:  # a server without a search says so in its own way
            says = f"{self._server.name} does not search posts for this account ({error})"
            raise type(error)(says, reason=error.reason) from error


def searches(words: Iterable[str]) -> dict[str, Listing]:
    """By what is looked for: in quotes, so that nothing in it is an order to the search."""
    wanted = dict.fromkeys(" ".join(word.replace('"', " ").split()) for word in words)
    return {word: search(word) for word in wanted if word}


def search(word: str) -> Listing:
    query = (("q", f'"{word}"'), ("type", "statuses"))
    return Listing(path=PATH, page=_PAGE, row=public_row, query=query, is_search=True)


def public_row(raw: bytes) -> Row | str | None:
    row = status_row(raw)
    return None if isinstance(row, Row) and row.status.visibility not in _PUBLIC else row
